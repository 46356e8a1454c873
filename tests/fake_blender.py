"""A program that talks as the worker inside Blender does, draws a disc, and misbehaves when asked to."""

import errno
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

MOST_SAMPLES = 4096


def tell(**message: object) -> None:
    print(json.dumps(message), flush=True)


def draw(*, azimuth: float, size: int, samples: int, file: str) -> dict[str, Any]:
    """A disc of radiance .18, its edge soft, that is as wide as the cosine of the azimuth.

    With the most samples there can be it takes forever.
    """
    if samples == MOST_SAMPLES:
        tell(progress=[1, samples])
        spawn()
    for done in range(samples + 1):
        print(f"Fra:1 Mem:12M | Sample {done}/{samples}")
        tell(progress=[done, samples])
    y, x = (np.mgrid[0:size, 0:size] + 0.5) / size - 0.5
    wide = 0.2 + 0.2 * abs(np.cos(np.radians(azimuth)))
    alpha = np.clip((0.4 - np.hypot(x * 0.4 / wide, y)) * size, 0, 1)
    np.save(file, np.dstack([alpha * 0.18] * 3 + [alpha]).astype(np.float32))
    return {}


def hang() -> None:
    time.sleep(60)


def babble() -> None:
    print("x" * 1_000_000)
    print('{"progress": [1, 2]')
    print("[1, 2]")


def spawn() -> None:
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "of-fake-blender"])
    time.sleep(60)


def throw(error: Exception) -> None:
    raise error


BAD_DAYS: dict[str, Callable[[], object]] = {
    "hang": hang,
    "babble": babble,
    "spawn": spawn,
    "die": lambda: os.kill(os.getpid(), 9),
    "crash": os.abort,
    "leave": lambda: sys.exit(0),
    "eat": lambda: len([bytearray(1 << 20) for _ in range(1 << 20)]),
    "memory": lambda: throw(MemoryError()),
    "disk": lambda: throw(OSError(errno.ENOSPC, "full")),
    "refuse": lambda: throw(PermissionError("the text 'x' is registered to run")),
    "fail": lambda: throw(ValueError("no such node")),
}


def misbehave(*, how: str) -> dict[str, Any]:
    BAD_DAYS[how]()
    return {}


def scene(*, folder: str, device: str, threads: int) -> dict[str, Any]:
    return {"device": "cpu" if device == "auto" else device, "threads": threads, "files": len(folder)}


KINDS = {MemoryError: "memory", OSError: "disk", PermissionError: "refused"}


def dress(*, colour: list[float], prints: list[dict[str, Any]], fabric: str | None) -> dict[str, Any]:
    worn = [np.load(item["file"]).shape for item in prints]
    return {"prints": worn, "colour": colour, "fabric": fabric}


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "open": scene,
    "dress": dress,
    "render": draw,
    "misbehave": misbehave,
    "who": lambda: {"pid": os.getpid()},
}

if __name__ == "__main__":
    print("Blender 5.0.1 (a fake)")
    tell(ready={"blender": [5, 0, 1], "name": "5.0.1"})
    for line in sys.stdin:
        request = json.loads(line)
        try:
            tell(done=TASKS[request.pop("do")](**request))
        except Exception as error:  # noqa: BLE001 – every failure is an answer
            tell(error={"kind": KINDS.get(type(error), "failed"), "message": str(error)})
