"""The Cycles renderer: relight's orders, path-traced in Blender; minutes where that takes seconds.
Blender gets the template's mesh and maps and the prints' texels, and gives linear radiance back; the view
transform and the background are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tirage.media.blender import START_S, Blender
from tirage.media.process import never
from tirage.media.values import Colour
from tirage.mockup.camera import pixels_per_cm
from tirage.mockup.develop import develop
from tirage.mockup.ink import box_factor, texels
from tirage.mockup.model import RendererInfo, Template
from tirage.mockup.order import DEFAULT_SAMPLES, checked_samples
from tirage.mockup.placement import Print, template_trims, turn
from tirage.mockup.scene_folder import write_scene_folder

CYCLES = RendererInfo("cycles", "1")
"""Written into its manifests, with settings; the version changes whenever pictures do."""
TEXELS_PER_PIXEL = 4
"""Designs are averaged down to this: finer texels would cost memory and show nothing."""
SCENE, DRESS, DEVICE = "scene", "dress", "device"
"""Notes of what Blender was told, and where the scene lies in its folder."""
Picture = NDArray[np.uint8]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that a picture may take, and may go without telling anything."""

    step_s: float
    silence_s: float

    @classmethod
    def of(cls, size: int, samples: int) -> Patience:
        """Ten times what two idle cores take: 2 CPU-s for a sample of a megapixel, 22 for its denoising."""
        megapixels = size * size / 1e6
        return cls(600 + megapixels * (10 * samples + 110), 300 + 110 * megapixels)


PREPARE = Patience(300.0, 300.0)
"""To open a scene or to take prints in: seconds, on a busy machine minutes."""


def longest(sizes: Sequence[int], samples: int) -> float:
    """Seconds after which an order of pictures of these sizes has certainly stopped moving."""
    return START_S + 2 * PREPARE.step_s + sum(Patience.of(size, samples).step_s for size in sizes)


class CyclesRenderer:
    """Renders one template in a Blender that is lent: many renderers, of many jobs, can share one.

    `progress` is told samples done and wanted of the picture at work; `cancelled` is asked all the time.
    """

    def __init__(
        self,
        template: Template,
        *,
        blender: Blender,
        samples: int = DEFAULT_SAMPLES,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] = never,
    ) -> None:
        """INVALID_SAMPLES when there cannot be so many; Blender is started with the first picture."""
        self.template = template
        self._blender = blender
        self._samples = checked_samples(samples)
        self._progress = progress
        self._cancelled = cancelled

    @property
    def renderer(self) -> RendererInfo:
        """What made the pictures, down to Blender's version; starts it when it has not been."""
        with self._blender.lock:
            self._open()
            settings: dict[str, str | int] = {
                "samples": self._samples,
                "blender": self._blender.version,
                "device": str(self._blender.told[DEVICE]),
            }
        return replace(CYCLES, settings=settings)

    def stills(
        self,
        *,
        prints: Sequence[Print],
        colour: Colour,
        azimuths: Sequence[float],
        size: int,
        background: Colour | None,
    ) -> Iterator[Picture]:
        """Pictures in the order of the azimuths, (size, size, 3) RGB; without background straight RGBA.

        Errors as `Blender.ask`.
        """
        for azimuth in azimuths:
            radiance = self._render(prints, colour, azimuth, size)
            yield develop(radiance, exposure=self.template.exposure, background=background)

    def turntable(
        self, *, prints: Sequence[Print], colour: Colour, size: int, frames: int, background: Colour
    ) -> Iterator[Picture]:
        """Frames (size, size, 3) of one turn from the front, towards the wearer's left."""
        azimuths = [360 * number / frames for number in range(frames)]
        return self.stills(prints=prints, colour=colour, azimuths=azimuths, size=size, background=background)

    def _render(
        self, prints: Sequence[Print], colour: Colour, azimuth: float, size: int
    ) -> NDArray[np.float32]:
        """One view's premultiplied linear radiance (size, size, 4)."""
        patience = Patience.of(size, self._samples)
        with self._blender.lock:
            self._open()
            self._dress(prints, colour, size)
            path = self._blender.start() / "view.npy"
            self._ask("render", patience, azimuth=azimuth, size=size, samples=self._samples, file=str(path))
            radiance: NDArray[np.float32] = np.load(path)
            path.unlink()
        return radiance

    def _open(self) -> None:
        """Has Blender build this template's scene, unless it has."""
        folder = self._blender.start() / SCENE
        content = self.template.info.content_sha256
        if self._blender.told.get(SCENE) == content:
            return
        self._blender.told.clear()
        folder.mkdir(exist_ok=True)
        write_scene_folder(self.template, folder)
        answer = self._ask(
            "open", PREPARE, folder=str(folder), device=self._blender.device, threads=self._blender.threads
        )
        self._blender.told |= {SCENE: content, DEVICE: answer["device"]}

    def _dress(self, prints: Sequence[Print], colour: Colour, size: int) -> None:
        """Has Blender put on this colour, the template's trims and these prints, unless it has."""
        prints = [*template_trims(self.template), *prints]
        density = TEXELS_PER_PIXEL * pixels_per_cm(self.template.camera, size)
        wanted = (colour, tuple((item.design.sha256, item.art, box_factor(item, density)) for item in prints))
        if self._blender.told.get(DRESS) == wanted:
            return
        folder = self._blender.start()
        files = [folder / f"print{number}.npy" for number in range(len(prints))]
        entries = [
            write_print(item, box_factor(item, density), path)
            for item, path in zip(prints, files, strict=True)
        ]
        self._ask(
            "dress",
            PREPARE,
            colour=colour.to_albedo(),
            prints=entries,
            fabric=self.template.fabric_of(colour),
        )
        for path in files:
            path.unlink()
        self._blender.told[DRESS] = wanted

    def _ask(self, task: str, patience: Patience, **values: object) -> Mapping[str, Any]:
        return self._blender.ask(
            task,
            step_s=patience.step_s,
            silence_s=patience.silence_s,
            progress=self._progress,
            cancelled=self._cancelled,
            **values,
        )


def write_print(print_: Print, factor: int, path: Path) -> dict[str, object]:
    """Writes a print's linear premultiplied texels, (h, w, 4) uint16; its entry for Blender.

    The last boxes may reach beyond the design, so the entry's centre and width are those of whole boxes.
    """
    art, design = print_.art, print_.design
    pixels = texels(design.pixels, factor)[1:-1, 1:-1]
    np.save(path, pixels)
    height, width = (side * factor for side in pixels.shape[:2])
    scale = art.width / design.width
    beyond = np.array([width - design.width, height - design.height]) / 2 * scale
    x, y = turn(art.rotation) @ beyond + (art.x, art.y)
    return {
        "file": str(path),
        "panel": art.panel,
        "x": float(x),
        "y": float(y),
        "width": width * scale,
        "rotation": art.rotation,
    }
