"""A 10.00 cm square comes out at its centimetres: found in pictures, mapped back through the mesh's UVs.
The way back (bench/regions.py) is a projection of its own, so the renderer is not asked about itself.
"""

from __future__ import annotations

from functools import cache

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


@cache
def renderer_of(template: str) -> Renderer:
    return Renderer(load(template))


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


def corners(places: Floats, cover: Floats) -> Floats:
    """The square's corners (4, 2): where lines through the half-covered pixels of its sides meet."""
    lines = {side: edge(places, cover, *side) for side in ((0, -1), (0, 1), (1, -1), (1, 1))}
    found = []
    for x_sign, y_sign in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        (a, b), (c, d) = lines[0, x_sign], lines[1, y_sign]  # x = a + b y, y = c + d x
        x = (a + b * c) / (1 - b * d)
        found.append((x, c + d * x))
    return np.array(found)


def edge(places: Floats, cover: Floats, axis: int, sign: int) -> tuple[float, float]:
    """Where one side lies: its place in cm along `axis` at the middle, and its slope."""
    along, across = places[..., 1 - axis], places[..., axis] * sign
    half = (cover > 0.2) & (cover < 0.8) & (np.abs(along) < 0.4 * SIDE) & (np.abs(across - SIDE / 2) < 1)
    assert half.sum() > 30
    slope, middle = np.polyfit(along[half], places[..., axis][half], 1)
    return float(middle), float(slope)


@pytest.mark.rows("G-2")
@pytest.mark.parametrize(
    ("template", "place", "azimuth"),
    [
        ("tee", Placement("front", -2.37, 30.0, SIDE), 0),
        ("tee", Placement("front", 3.0, 20.0, SIDE, 33.0), 0),
        ("tee", Placement("back", 3.1, 25.0, SIDE), 180),
        ("tee", Placement("sleeve-left", 4.0, 12.0, SIDE), 110),  # where no fold hides a side
        ("tee", Placement("sleeve-right", -2.0, 13.0, SIDE), 250),
        (
            "tote",
            Placement("front", -2.0, 20.0, SIDE, 7.0),
            0,
        ),  # not along pixels
        ("tote", Placement("back", 1.5, 24.0, SIDE, -20.0), 180),
        ("poster", Placement("print", 3.3, 17.0, SIDE, 5.0), 0),
        ("poster", Placement("print", -2.0, 25.0, SIDE, 12.0), 45),
    ],
    ids=lambda value: value.panel if isinstance(value, Placement) else "",
)
def test_a_ten_centimetre_square_lies_where_it_was_asked(
    template: str, place: Placement, azimuth: float
) -> None:
    places, cover = seen(renderer_of(template), place, azimuth)
    turn = np.radians(place.rotation)
    upright = places @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    half = SIDE / 2
    asked = np.array([(-half, -half), (half, -half), (half, half), (-half, half)])
    assert np.abs(corners(upright, cover) - asked).max() < 0.1
    inside = (np.abs(upright) < half - 0.2).all(axis=2)
    beyond = (np.abs(upright) > half + 0.2).any(axis=2)
    assert np.mean(cover[inside] < 0.8) < 1e-3
    assert np.mean(cover[beyond] > 0.2) < 1e-3
