"""A program that talks as the worker inside Blender does, draws a disc, and misbehaves when it is asked to."""

import errno
import json
import os
import subprocess
import sys
import time
from typing import Any

import numpy as np


def tell(**message: Any) -> None:
    print(json.dumps(message), flush=True)


def draw(*, azimuth: float, size: int, samples: int, file: str) -> dict[str, Any]:
    """A disc of radiance .18, its edge soft, that is as wide as the cosine of the azimuth."""
    for done in range(samples + 1):
        print(f"Fra:1 Mem:12M | Sample {done}/{samples}")
        tell(progress=[done, samples])
    y, x = (np.mgrid[0:size, 0:size] + 0.5) / size - 0.5
    wide = 0.2 + 0.2 * abs(np.cos(np.radians(azimuth)))
    alpha = np.clip((0.4 - np.hypot(x * 0.4 / wide, y)) * size, 0, 1)
    np.save(file, np.dstack([alpha * 0.18] * 3 + [alpha]).astype(np.float32))
    return {}


def misbehave(*, how: str) -> dict[str, Any]:
    """What real programs do on a bad day."""
    match how:
        case "hang":
            time.sleep(60)
        case "die":
            os.kill(os.getpid(), 9)
        case "crash":
            os.abort()
        case "leave":
            sys.exit(0)
        case "eat":
            kept = [bytearray(1 << 20) for _ in range(1 << 20)]
            print(len(kept))
        case "babble":
            print("x" * 1_000_000)
            print('{"progress": [1, 2]')
            print("[1, 2]")
        case "spawn":
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "of-fake-blender"])
            time.sleep(60)
        case "memory":
            raise MemoryError
        case "disk":
            raise OSError(errno.ENOSPC, "full")
        case "refuse":
            raise PermissionError("the text 'x' is registered to run")
        case "fail":
            raise ValueError("no such node")
    return {}


KINDS = {MemoryError: "memory", OSError: "disk", PermissionError: "refused"}
TASKS = {
    "open": lambda *, folder, device, threads: {
        "device": "cpu",
        "files": sorted(os.listdir(folder)),
        "threads": threads,
    },
    "dress": lambda *, colour, prints: {
        "prints": [np.load(item["file"]).shape for item in prints],
        "colour": colour,
    },
    "render": draw,
    "misbehave": misbehave,
    "who": lambda: {"pid": os.getpid()},
}

if __name__ == "__main__":
    print("Blender 5.0.1 (a fake)")
    version = [int(part) for part in os.environ.get("FAKE_VERSION", "5.0.1").split(".")]
    tell(ready={"blender": version, "name": ".".join(map(str, version))})
    for line in sys.stdin:
        request = json.loads(line)
        try:
            tell(done=TASKS[request.pop("do")](**request))
        except Exception as error:
            tell(error={"kind": KINDS.get(type(error), "failed"), "message": str(error)})
