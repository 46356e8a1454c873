"""Light models every garment from every side as a photographer's would: folds read on white and on black."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.light_range import UNLIKE, garments, light_ranges, unlike_halves
from tirage.mockup.relight import Renderer
from tirage.mockup.template import load

SIZE = 1024


@pytest.fixture(scope="module", params=garments())
def renderer(request: pytest.FixtureRequest) -> Renderer:
    return Renderer(load(request.param))


def test_folds_read_from_every_side(renderer: Renderer) -> None:
    faults = [fault for view in light_ranges(renderer, size=SIZE) for fault in view.faults]
    assert faults == []


def test_the_fronts_halves_are_no_mirror_images(renderer: Renderer) -> None:
    assert unlike_halves(renderer, size=SIZE) >= UNLIKE


def test_flat_and_glaring_light_are_noticed() -> None:
    tee = load("tee")
    dark = {
        name: replace(found, outside_scale=0.0, inside_scale=0.0)
        for name, found in tee.light.items()
        if name not in {"world", "indirect_a", "indirect_b"}
    }
    flat = Renderer(replace(tee, light={**tee.light, **dark}))
    bright = Renderer(replace(tee, exposure=tee.exposure * 2))
    assert any("white spreads" in fault for view in light_ranges(flat, size=512) for fault in view.faults)
    assert any("black spreads" in fault for view in light_ranges(flat, size=512) for fault in view.faults)
    assert any("white reaches" in fault for view in light_ranges(bright, size=512) for fault in view.faults)
