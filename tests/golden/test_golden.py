"""Pictures look as they did when somebody last looked at them."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from tests.golden.goldens import FOLDER, SHAPES, Golden, difference, folder, goldens, read, render
from tirage.mockup.catalogue import VIEWS, Preset
from tirage.mockup.relight import Renderer
from tirage.mockup.template import load

TEE = load("tee")
ALL = goldens(TEE)


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(TEE)


@pytest.mark.rows("R044", "R231", "R289")
@pytest.mark.parametrize("golden", ALL, ids=lambda golden: golden.name)
def test_a_picture_is_its_golden(golden: Golden, renderer: Renderer) -> None:
    found = difference(read(golden), render(renderer, golden))
    assert found.same, found


def test_there_is_one_for_each_preset_view_and_colour_and_no_other() -> None:
    assert len(ALL) == len(Preset) + len(VIEWS) + len(TEE.colours)
    assert {path.stem for path in FOLDER.glob("*.png")} == {golden.name for golden in ALL}
    assert sum(golden.path.stat().st_size for golden in ALL) <= 3_000_000


@pytest.mark.rows("R044", "R231")
def test_no_two_presets_and_no_two_views_look_alike() -> None:
    white = [golden for golden in ALL if golden.colour == "white"]
    pictures = {golden.name: read(golden)[::2, ::2] for golden in white}
    alike = [
        pair for pair in combinations(pictures, 2) if difference(pictures[pair[0]], pictures[pair[1]]).same
    ]
    assert alike == []


SHAPES_OF = {name: load(name) for name in SHAPES}
OF_SHAPES = [golden for template in SHAPES_OF.values() for golden in goldens(template)]


@pytest.fixture(scope="module")
def shapes() -> dict[str, Renderer]:
    return {name: Renderer(template) for name, template in SHAPES_OF.items()}


@pytest.mark.parametrize("golden", OF_SHAPES, ids=lambda golden: f"{golden.template}-{golden.name}")
def test_a_picture_of_a_shape_is_its_golden(golden: Golden, shapes: dict[str, Renderer]) -> None:
    found = difference(read(golden), render(shapes[golden.template], golden))
    assert found.same, found


@pytest.mark.parametrize("name", SHAPES)
def test_each_shape_has_one_for_each_preset_view_and_colour(name: str) -> None:
    template = SHAPES_OF[name]
    wanted = [golden for golden in OF_SHAPES if golden.template == name]
    assert len(wanted) == len(template.presets) + len(VIEWS) + len(template.colours)
    assert {path.stem for path in folder(name).glob("*.png")} == {golden.name for golden in wanted}
    assert sum(golden.path.stat().st_size for golden in wanted) <= 2_500_000


@pytest.mark.parametrize("name", SHAPES)
def test_one_percent_of_light_on_a_shape_is_noticed(name: str) -> None:
    template = SHAPES_OF[name]
    brighter = Renderer(replace(template, exposure=template.exposure * 1.01))
    golden = next(golden for golden in OF_SHAPES if golden.template == name)
    assert not difference(read(golden), render(brighter, golden)).same


@pytest.fixture(scope="module", params=[0.99, 1.01])
def changed(request: pytest.FixtureRequest) -> Renderer:
    return Renderer(replace(TEE, exposure=TEE.exposure * request.param))


@pytest.mark.parametrize("golden", ALL, ids=lambda golden: golden.name)
def test_one_percent_of_light_is_noticed(golden: Golden, changed: Renderer) -> None:
    assert not difference(read(golden), render(changed, golden)).same
