"""The golden pictures: which there are, how each is made, and when another picture is the same.
Small on purpose; below the smallest size that can be ordered, so they go through the renderer directly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tirage.media.encode import ImageFormat, encode_image
from tirage.media.intake import Design, read_design
from tirage.media.values import Colour
from tirage.mockup.catalogue import PRESETS, VIEWS, Preset
from tirage.mockup.model import Template
from tirage.mockup.placement import Placement, Print, resolve
from tirage.mockup.relight import Renderer

Picture = NDArray[np.uint8]

FOLDER = Path(__file__).resolve().parent
DESIGN = FOLDER.parents[1] / "bench" / "designs" / "lines.png"
SIZE = 384
BACKGROUND = Colour(242, 242, 242)
MEAN, MOST = 0.25, 3
"""Codes that a picture may differ from its golden: on average over the garment, and anywhere."""
ALL_AROUND = (
    Placement("front", 0, 24, 26),
    Placement("back", 0, 26, 26),
    Placement("sleeve-left", 0, 14, 8),
    Placement("sleeve-right", 0, 14, 8),
)
TURNED = (Placement("front", 1, 23, 22, -12),)


@dataclass(frozen=True, slots=True)
class Golden:
    """One picture: its file's stem, fabric, view, and where the design lies."""

    name: str
    colour: str
    azimuth: float
    places: Sequence[Preset | Placement]

    @property
    def path(self) -> Path:
        """Where it lies."""
        return FOLDER / f"{self.name}.png"


@dataclass(frozen=True, slots=True)
class Difference:
    """How far two pictures are apart, in codes."""

    mean: float
    most: int

    @property
    def same(self) -> bool:
        """Whether that is nothing."""
        return self.mean <= MEAN and self.most <= MOST


def goldens(template: Template) -> list[Golden]:
    """One for each preset in its view, each view in white, and each named colour from the front."""
    side = {"front": 0.0, "back": 180.0}
    presets = [Golden(f"preset-{p}", "white", side[PRESETS[p].panel], (p,)) for p in Preset]
    views = [Golden(f"view-{view.name}", "white", view.azimuth, ALL_AROUND) for view in VIEWS]
    colours = [Golden(f"colour-{name}", name, 0.0, TURNED) for name in template.colours]
    return [*presets, *views, *colours]


def render(renderer: Renderer, golden: Golden) -> Picture:
    """The picture as the renderer makes it now, (SIZE, SIZE, 3)."""
    template, design = renderer.template, _design()
    prints = [
        Print(
            resolve(width=design.width, height=design.height, where=place, template=template), design=design
        )
        for place in golden.places
    ]
    return renderer.still(
        prints=prints,
        colour=template.colours[golden.colour],
        azimuth=golden.azimuth,
        size=SIZE,
        background=BACKGROUND,
    )


def difference(first: Picture, second: Picture) -> Difference:
    """Absolute difference, averaged where either shows anything but background."""
    apart = np.abs(first.astype(int) - second)
    behind = (BACKGROUND.red, BACKGROUND.green, BACKGROUND.blue)
    garment = (first != behind).any(axis=2) | (second != behind).any(axis=2)
    return Difference(float(apart[garment].mean()) if garment.any() else 0.0, int(apart.max()))


def read(golden: Golden) -> Picture:
    """The picture that is kept.  FileNotFoundError when there is none."""
    codes = cv2.imdecode(np.frombuffer(golden.path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if codes is None:
        raise OSError(f"{golden.path} is damaged")
    return np.asarray(cv2.cvtColor(codes, cv2.COLOR_BGR2RGB), np.uint8)


def make(renderer: Renderer) -> list[Path]:
    """Writes all goldens anew and removes those that are no more; the paths."""
    wanted = goldens(renderer.template)
    for golden in wanted:
        golden.path.write_bytes(encode_image(pixels=render(renderer, golden), kind=ImageFormat.PNG))
    for path in set(FOLDER.glob("*.png")) - {golden.path for golden in wanted}:
        path.unlink()
    return [golden.path for golden in wanted]


@cache
def _design() -> Design:
    return read_design(DESIGN)
