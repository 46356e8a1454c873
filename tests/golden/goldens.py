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
from tirage.mockup.catalogue import VIEWS, Preset, PresetRule
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
SHAPES = ("tote", "mug", "poster")
"""Templates that have goldens, too, each in a folder of its own."""
ALL_AROUND = {
    "tee": (
        Placement("front", 0, 24, 26),
        Placement("back", 0, 26, 26),
        Placement("sleeve-left", 0, 14, 8),
        Placement("sleeve-right", 0, 14, 8),
    ),
    "longsleeve": (
        Placement("front", 0, 24, 26),
        Placement("back", 0, 26, 26),
        Placement("sleeve-left", 0, 46, 8, 90),
        Placement("sleeve-right", 0, 46, 8, -90),
    ),
    "tote": (Placement("front", 0, 20, 26), Placement("back", 0, 22, 26)),
    "mug": (Placement("wrap", 6.44, 4.85, 7), Placement("wrap", -6.44, 4.85, 6)),
    "poster": (Placement("print", 0, 20, 26),),
}
"""What is printed, by template, where views are what is shown."""
TURNED = {
    "tee": Placement("front", 1, 23, 22, -12),
    "longsleeve": Placement("front", 1, 23, 22, -12),
    "tote": Placement("front", 1, 20, 22, -12),
    "mug": Placement("wrap", 6.44, 4.85, 6, -12),
    "poster": Placement("print", 1, 20, 22, -12),
}
"""The same where colours are."""


WRAP_FRONT = 3.0
"""Centimetres from the middle of a mug's panel, from where its front or its back shows art best."""


@dataclass(frozen=True, slots=True)
class Golden:
    """One picture: its template, its file's stem, fabric, view, and where the design lies."""

    template: str
    name: str
    colour: str
    azimuth: float
    places: Sequence[Preset | Placement]

    @property
    def path(self) -> Path:
        """Where it lies."""
        return folder(self.template) / f"{self.name}.png"


def folder(template: str) -> Path:
    """Where a template's goldens lie."""
    return FOLDER / template if template in SHAPES else FOLDER


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
    """One for each preset in a view that shows it and for each view, in white; for each named colour."""
    name, pale = template.info.id, "white"
    presets = [
        Golden(name, f"preset-{preset}", pale, _seen_from(rule), (preset,))
        for preset, rule in template.presets.items()
    ]
    views = [Golden(name, f"view-{v.name}", pale, v.azimuth, ALL_AROUND[name]) for v in VIEWS]
    colours = [Golden(name, f"colour-{c}", c, 0.0, (TURNED[name],)) for c in template.colours]
    return [*presets, *views, *colours]


def _seen_from(rule: PresetRule) -> float:
    """The azimuth of a view that shows a preset; a mug's panel goes round it, away from the handle."""
    if rule.panel == "wrap":
        return 0.0 if rule.x > WRAP_FRONT else 180.0 if rule.x < -WRAP_FRONT else 270.0
    return 180.0 if rule.panel == "back" else 0.0


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
    wanted, home = goldens(renderer.template), folder(renderer.template.info.id)
    home.mkdir(exist_ok=True)
    for golden in wanted:
        golden.path.write_bytes(encode_image(pixels=render(renderer, golden), kind=ImageFormat.PNG))
    for path in set(home.glob("*.png")) - {golden.path for golden in wanted}:
        path.unlink()
    return [golden.path for golden in wanted]


@cache
def _design() -> Design:
    return read_design(DESIGN)
