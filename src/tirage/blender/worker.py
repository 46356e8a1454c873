"""One warm Blender for many pictures: opens a scene folder, dresses its garment, renders views of it.

Everything it is given lies in its working folder, and so does everything it makes; it opens no .blend.
Requests: open, dress, render (see the functions); how they come: lines.py."""

import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import bpy  # noqa: E402
import numpy as np  # noqa: E402
from lines import Line, Missing, Task  # noqa: E402
from material import Print, dress  # noqa: E402
from scene import open_studio, render  # noqa: E402

from studio import Studio  # noqa: E402

SAMPLE = re.compile(r"Sample (\d+)/(\d+)")
GPUS = ("OPTIX", "CUDA", "HIP", "METAL", "ONEAPI")
"""Cycles' names for what it can compute on, the fastest first."""


class Worker:
    """The open studio, and what requests do with it."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.studio: Studio | None = None
        bpy.app.handlers.render_stats.append(self._stats)

    def open(self, *, folder: str, device: str, threads: int) -> dict[str, Any]:
        """Builds the scene of a folder; `device` is auto, cpu or gpu. Answers the device that was taken."""
        self.studio = open_studio(Path(folder))
        bpy.app.handlers.render_stats[:] = [self._stats]  # a new file drops handlers
        scene = self.studio.scene
        scene.render.threads = threads
        found = choose_device(device)
        scene.cycles.device = "CPU" if found == "cpu" else "GPU"
        return {"device": found}

    def dress(
        self, *, colour: list[float], prints: list[dict[str, Any]], fabric: str | None
    ) -> dict[str, Any]:
        """Linear fabric colour; prints name a .npy of linear premultiplied pixels, uint16 (h, w, 4)."""
        red, green, blue = colour
        worn = [read_print(**item) for item in prints]
        dress(self._open, colour=(red, green, blue), prints=worn, fabric=fabric)
        return {}

    def render(self, *, azimuth: float, size: int, samples: int, file: str) -> dict[str, Any]:
        """One view as a .npy of linear premultiplied float32 (size, size, 4), row 0 on top."""
        path = Path(file)
        pixels = render(self._open, path.with_suffix(".exr"), azimuth=azimuth, size=size, samples=samples)
        np.save(path, pixels)
        path.with_suffix(".exr").unlink()
        return {}

    @property
    def _open(self) -> Studio:
        if self.studio is None:
            raise RuntimeError("no scene is open")
        return self.studio

    def _stats(self, text: str, _depsgraph: object) -> None:
        if found := SAMPLE.search(text):
            self.line.progress(int(found[1]), int(found[2]))


def read_print(*, file: str, panel: str, x: float, y: float, width: float, rotation: float) -> Print:
    """A print whose pixels lie in a file."""
    pixels = np.load(file).astype(np.float32) / np.float32(65535)
    return Print(pixels=pixels, panel=panel, x=x, y=y, width=width, rotation=rotation)


def choose_device(wish: str) -> str:
    """cpu, or the kind of GPU that Cycles found, in lower case.

    Missing: a GPU is wished for, and there is none."""
    preferences = bpy.context.preferences.addons["cycles"].preferences
    built_in = {kind for kind, *_ in preferences.get_device_types(bpy.context)}
    for kind in GPUS if wish != "cpu" else ():
        if kind not in built_in:
            continue
        preferences.compute_device_type = kind
        preferences.refresh_devices()
        if any(device.type == kind for device in preferences.devices):
            for device in preferences.devices:
                device.use = device.type == kind
            return kind.lower()
    if wish == "gpu":
        raise Missing("Cycles reports no GPU")
    preferences.compute_device_type = "NONE"
    return "cpu"


def main() -> None:
    """Serves until the line is closed."""
    line = Line()
    worker = Worker(line)
    tasks: dict[str, Task] = {"open": worker.open, "dress": worker.dress, "render": worker.render}
    line.serve(tasks, blender=list(bpy.app.version), name=bpy.app.version_string)


if __name__ == "__main__":
    main()
