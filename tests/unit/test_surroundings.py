"""Prints tint the light that bounces to them: the map of what is around, and what it does to a picture."""

from __future__ import annotations

import numpy as np
import pytest
import synthetic
from numpy.typing import NDArray

from tirage.media.intake import Design
from tirage.media.values import Colour
from tirage.mockup.ink import make_layer, texels
from tirage.mockup.model import Template
from tirage.mockup.placement import Placement, Print, resolve
from tirage.mockup.relight import Renderer
from tirage.mockup.surroundings import surroundings
from tirage.mockup.template import load

WHITE, GREY = Colour(230, 230, 227), Colour(242, 242, 242)
SIDE = 300


@pytest.fixture(scope="module")
def tee() -> Template:
    return load("tee")


def picture_of(ring: tuple[int, int, int, int]) -> Design:
    """A light square amid a ring."""
    pixels = np.full((SIDE, SIDE, 4), ring, np.uint8)
    pixels[120:180, 120:180] = (200, 180, 160, 255)
    return synthetic.design(pixels)


def placed(tee: Template, design: Design, x: float = 0) -> Print:
    where = Placement("front", x, 26, 30)
    return Print(resolve(width=SIDE, height=SIDE, where=where, template=tee), design)


def around(tee: Template, *prints: Print) -> NDArray[np.float32]:
    layers = [make_layer(tee, print_, 2, texels(print_.design.pixels, 2)) for print_ in prints]
    return surroundings(layers, tee.atlas_cm)


def test_a_print_is_around_its_middle_and_nowhere_far_off(tee: Template) -> None:
    found = around(tee, placed(tee, synthetic.design(np.full((SIDE, SIDE, 4), (0, 0, 255, 255), np.uint8))))
    assert found.shape == (128, 128, 4)
    x, y = (round(c) for c in np.add(tee.panels[0].origin, (0, 26)))
    assert found[y, x] == pytest.approx((0, 0, 1, 1), abs=1e-3)
    assert found[y, x + 15, 3] == pytest.approx(0.5, abs=0.1)
    assert found[y, x + 40 :].max() == pytest.approx(0, abs=1e-6)
    assert found[..., 3].sum() == pytest.approx(30 * 30, rel=0.01)


def test_what_lies_on_top_is_around(tee: Template) -> None:
    red, blue = (
        placed(tee, synthetic.design(np.full((SIDE, SIDE, 4), rgba, np.uint8)))
        for rgba in ((255, 0, 0, 255), (0, 0, 255, 128))
    )
    x, y = (round(c) for c in np.add(tee.panels[0].origin, (0, 26)))
    assert around(tee, red, blue)[y, x] == pytest.approx((1 - 128 / 255, 0, 128 / 255, 1), abs=2e-3)


def test_dark_ink_around_darkens_light_ink(tee: Template) -> None:
    """By what bounces between them: some codes in folds, next to nothing where cloth is flat."""
    renderer = Renderer(tee, threads=1)
    clear, dark = (
        renderer.still(
            prints=[placed(tee, picture_of(ring))], colour=WHITE, azimuth=0, size=512, background=GREY
        )
        for ring in ((0, 0, 0, 0), (10, 10, 10, 255))
    )
    apart = clear.astype(int) - dark
    square = (np.abs(apart) < 40).all(axis=2) & (apart != 0).any(axis=2)
    assert square.sum() > 500
    assert 0.5 < apart[square].mean() < 20
    assert (apart[square] >= 0).mean() > 0.99
