"""The shipped renderer against path-traced pictures of what is no garment: bag, mug, poster."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.quality import Reference, Score, faults, read_references, references_of, scene, score
from tirage.mockup.relight import Renderer
from tirage.mockup.template import load

REACHED = {  # dB over the whole, pictures between the views: what tests hold; docs/open.md has the targets
    "tote": (44.0, 44.0),
    "mug": (39.0, 42.0),
    "poster": (41.0, 40.0),
}
CASES = [(name, reference) for name in REACHED for reference in read_references(references_of(name))]


@pytest.fixture(scope="module")
def renderers() -> dict[str, Renderer]:
    return {name: Renderer(load(name)) for name in REACHED}


@pytest.mark.parametrize("name", REACHED)
def test_the_references_are_whole_and_of_this_template(name: str) -> None:
    folder = references_of(name)
    references = read_references(folder)
    assert faults(folder, references, load(name)) == []
    assert [reference.role for reference in references].count("pair") == 3
    assert [reference.role for reference in references].count("turntable") == 1
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 2_000_000


@pytest.mark.parametrize(("name", "reference"), CASES, ids=lambda value: getattr(value, "name", value))
def test_a_picture_is_near_its_reference(
    name: str, reference: Reference, renderers: dict[str, Renderer]
) -> None:
    found = score(scene(renderers[name], reference))
    assert found.whole >= REACHED[name][reference.role == "turntable"], found


def test_a_glaze_without_its_lamps_is_noticed() -> None:
    mug = load("mug")
    dull = replace(mug, lamps=tuple(replace(lamp, power_w=1e-6) for lamp in mug.lamps))
    assert white_mug(Renderer(dull)).whole < 38


def white_mug(renderer: Renderer) -> Score:
    (reference,) = [one for name, one in CASES if name == "mug" and one.name.startswith("white")]
    return score(scene(renderer, reference))
