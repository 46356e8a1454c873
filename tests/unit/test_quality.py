"""The shipped renderer against path-traced pictures of the same garment, without Blender: the thresholds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench import targets
from bench.colours import Kept, kept_colours
from bench.quality import SHIPPED, Reference, Score, faults, read_references, scene, score
from tirage.mockup.model import Template
from tirage.mockup.relight import Renderer
from tirage.mockup.template import load

REFERENCES = read_references(SHIPPED)
PAIRS = [reference for reference in REFERENCES if reference.role == "pair"]
TURNS = [reference for reference in REFERENCES if reference.role == "turntable"]


@pytest.fixture(scope="module")
def tee() -> Template:
    return load("tee")


@pytest.fixture(scope="module")
def renderer(tee: Template) -> Renderer:
    return Renderer(tee)


@pytest.fixture(scope="module")
def scores(renderer: Renderer) -> dict[str, Score]:
    return {reference.name: score(scene(renderer, reference)) for reference in [*PAIRS, *TURNS]}


def test_the_references_are_whole_and_of_this_template(tee: Template) -> None:
    assert faults(SHIPPED, REFERENCES, tee) == []
    shown = {(reference.colour, reference.design, reference.azimuth) for reference in PAIRS}
    colours = [tee.colours[name] for name in ("white", "black", "red")]
    assert shown == {(c, d, a) for c in colours for d in ("text", "photo", "lines") for a in (0, 45)}
    assert len(TURNS) == 2
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) <= 9_000_000


@pytest.mark.parametrize("reference", PAIRS, ids=lambda reference: reference.name)
def test_a_pair_is_near_its_reference(reference: Reference, scores: dict[str, Score]) -> None:
    found = scores[reference.name]
    assert targets.WORST_PAIR.holds(found.whole, smoke=True), found
    assert targets.WORST_OUTSIDE.holds(found.outside, smoke=True), found
    assert targets.WORST_SSIM.holds(found.ssim, smoke=True), found


@pytest.mark.parametrize("reference", TURNS, ids=lambda reference: reference.name)
def test_a_turntable_angle_nobody_tuned_for_is_near_its_reference(
    reference: Reference, scores: dict[str, Score]
) -> None:
    assert targets.WORST_TURN.holds(scores[reference.name].whole, smoke=True), scores[reference.name]


def test_the_thresholds_notice_light_from_elsewhere(tee: Template) -> None:
    """A tenth more light, or the lamps' maps in another order, is no longer the same garment."""
    brighter = replace(tee, exposure=tee.exposure * 1.1)
    names = list(tee.light)
    turned = replace(tee, light={**tee.light, names[0]: tee.light[names[1]], names[1]: tee.light[names[0]]})
    for wrong in (brighter, turned):
        found = score(scene(Renderer(wrong), PAIRS[0]))
        assert not targets.WORST_PAIR.holds(found.whole, smoke=True)


@pytest.fixture(scope="module")
def colours(renderer: Renderer) -> list[Kept]:
    return list(kept_colours(renderer))


@pytest.mark.rows("R285", "R289", "G-6")
def test_colours_stay_what_they_are(colours: list[Kept], tee: Template) -> None:
    assert len(colours) == len(tee.colours) + 6 + 2 * 6
    changed = [
        kept
        for kept in colours
        if kept.judged and not kept.grey
        if not (targets.HUE.holds(kept.turned) and targets.CHROMA.holds(kept.share))
    ]
    assert changed == []


def test_greys_get_no_colour(colours: list[Kept]) -> None:
    assert [kept for kept in colours if kept.grey and kept.tinted > 3] == []
