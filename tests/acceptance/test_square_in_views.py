"""A 10.00 cm square comes out at its centimetres: found in rendered pictures, mapped back through the mesh's UVs.
The way back (bench/regions.py) is a projection of its own, so the renderer is not asked about itself.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.regions import Regions, regions
from tirage.media.intake import Design
from tirage.media.values import Colour
from tirage.mockup.model import Template
from tirage.mockup.placement import Placement, Print, resolve
from tirage.mockup.relight import Renderer
from tirage.mockup.template import load

Floats = NDArray[np.float64]

SIZE = 1024
SIDE = 10.0
WHITE, BLACK = Colour.parse("#ffffff"), (0, 0, 0, 255)


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(load("tee"))


def square(place: Placement, template: Template) -> Print:
    pixels = np.full((400, 400, 4), BLACK, np.uint8)
    design = Design(
        pixels=pixels, width=400, height=400, kind="png", sha256="square", bytes_size=1, name="square.png"
    )
    return Print(resolve(width=400, height=400, where=place, template=template), design=design)


def seen(renderer: Renderer, place: Placement, azimuth: float) -> tuple[Floats, Floats]:
    """Where ink was found: places in the square's own cm (n, 2), and how much ink (n,) of 1."""
    grey, template = Colour(242, 242, 242), renderer.template

    def still(prints: list[Print]) -> Floats:
        picture = renderer.still(prints=prints, colour=WHITE, azimuth=azimuth, size=SIZE, background=grey)
        return picture.astype(np.float64).mean(axis=2)

    bare, inked = still([]), still([square(place, template)])
    cover = 1 - _linear(inked) / _linear(bare)
    there = on_panel(regions(template, azimuth=azimuth, size=SIZE), place.panel, template)
    panel = template.panel(place.panel)
    assert panel is not None
    return there - panel.origin - (place.x, place.y), cover / np.nanmax(cover)


def _linear(codes: Floats) -> Floats:
    return np.asarray((codes / 255) ** 2.2)


def on_panel(found: Regions, name: str, template: Template) -> Floats:
    """Atlas cm of the pixels that show the outside of a panel and nothing else; NaN elsewhere."""
    number = next(i for i, panel in enumerate(template.panels) if panel.name == name)
    there = found.surface & ~found.seams & (found.panel == number)
    return np.where(there[..., None], found.atlas, np.nan)
