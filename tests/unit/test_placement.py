"""Presets and free placements: where art lies in centimetres, what is refused, and the map to its pixels."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import synthetic
from hypothesis import given
from hypothesis import strategies as st

from tirage.errors import BadInput
from tirage.mockup.catalogue import PRESETS, Anchor, Preset, PresetRule
from tirage.mockup.description import full_size
from tirage.mockup.model import Template
from tirage.mockup.placement import (
    PlacedArt,
    Placement,
    Print,
    parse_place,
    resolve,
    to_design,
    to_panel,
    turn,
)
from tirage.mockup.template import load


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return load(synthetic.write_package(tmp_path_factory.mktemp("packages") / "plain"))


def at_full_size(preset: Preset, template: Template) -> PlacedArt:
    rule = PRESETS[preset]
    return resolve(
        width=round(rule.width * 10), height=round(rule.max_height * 10), where=preset, template=template
    )


def box(art: PlacedArt) -> tuple[float, float, float, float]:
    return (
        art.x - art.width / 2,
        art.y - art.height / 2,
        art.x + art.width / 2,
        art.y + art.height / 2,
    )


@pytest.mark.rows("R044", "R278")
@pytest.mark.parametrize("preset", Preset)
def test_every_preset_fills_its_size_where_the_table_says_inside_the_print_area(
    preset: Preset, template: Template
) -> None:
    rule, art = PRESETS[preset], at_full_size(preset, template)
    panel = template.panel(rule.panel)
    assert panel is not None
    assert panel.print_area is not None
    assert panel.hem_y is not None
    left, top, right, bottom = box(art)
    assert (art.panel, art.rotation) == (rule.panel, 0)
    assert (art.width, art.height) == pytest.approx((rule.width, rule.max_height))
    assert art.x == rule.x
    if rule.anchor is Anchor.TOP:
        assert top == pytest.approx(rule.distance)
    else:
        assert panel.hem_y - bottom == pytest.approx(rule.distance)
    area = panel.print_area
    assert area[0] <= left < right <= area[2]
    assert area[1] <= top < bottom <= area[3] + 1e-9


def test_a_preset_can_hold_the_middle(template: Template) -> None:
    rule = PresetRule("front", 20, 30, 0, Anchor.MIDDLE, 25)
    changed = replace(template, presets={Preset.CHEST_LARGE: rule})
    for width, height, size in ((400, 600, (20, 30)), (400, 200, (20, 10)), (100, 600, (5, 30))):
        art = resolve(width=width, height=height, where=Preset.CHEST_LARGE, template=changed)
        assert (art.width, art.height) == pytest.approx(size)
        assert (art.x, art.y) == (0, 25)
    front = template.panel("front")
    assert front is not None
    assert full_size(rule, front) == (-10, 10, 10, 40)


@pytest.mark.rows("R278")
def test_no_two_presets_are_the_same(template: Template) -> None:
    placed = {at_full_size(preset, template) for preset in Preset}
    assert len(placed) == 9


@pytest.mark.rows("R044")
def test_left_chest_is_the_wearers_left_which_is_right_in_the_picture(template: Template) -> None:
    assert resolve(width=10, height=10, where=Preset.CHEST_SMALL, template=template).x == 9


@pytest.mark.rows("R272")
@given(
    width=st.integers(1, 20000),
    height=st.integers(1, 20000),
    preset=st.sampled_from(list(Preset)),
)
def test_presets_keep_the_aspect_ratio_and_touch_width_or_height(
    width: int, height: int, preset: Preset, template: Template
) -> None:
    art, rule = resolve(width=width, height=height, where=preset, template=template), PRESETS[preset]
    assert art.width * height == pytest.approx(art.height * width, rel=1e-12)
    assert art.width <= rule.width * (1 + 1e-12)
    assert art.height <= rule.max_height * (1 + 1e-12)
    assert math.isclose(art.width, rule.width) or math.isclose(art.height, rule.max_height)


def test_a_free_placement_keeps_the_aspect_ratio(template: Template) -> None:
    where = Placement("back", -3.5, 20.25, 12, 30)
    art = resolve(width=1200, height=600, where=where, template=template)
    assert art == PlacedArt("back", -3.5, 20.25, 12, 6, 30)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (Placement("pocket", 0, 10, 5), ("'pocket'", "front, back, sleeve-left")),
        (Placement("collar-front", 0, 1, 2), ("takes no print", "front, back, sleeve-left")),
        (Placement("front", 0, 10, 100), ("1000 cm tall", "150 cm")),
    ],
)
def test_what_the_template_cannot_print_is_refused(
    place: Placement, words: tuple[str, str], template: Template
) -> None:
    with pytest.raises(BadInput) as caught:
        resolve(width=10, height=100, where=place, template=template)
    assert caught.value.code == "INVALID_PLACEMENT"
    text = caught.value.message + caught.value.hint
    assert all(word in text for word in words)


def test_a_preset_the_template_lacks_is_refused_with_those_it_has(tmp_path: Path) -> None:
    package = synthetic.write_package(tmp_path / "plain")
    rule = {"panel": "front", "width": 8, "max_height": 8, "x": 1, "anchor": "top", "distance": 6}
    synthetic.edit(package, lambda content: content.update(presets={"chest-small": rule}))
    own = load(package)
    assert resolve(width=1, height=1, where=Preset.CHEST_SMALL, template=own) == PlacedArt(
        "front", 1, 10, 8, 8, 0
    )
    with pytest.raises(BadInput) as caught:
        resolve(width=1, height=1, where=Preset.BACK_LARGE, template=own)
    assert caught.value.code == "INVALID_PRESET"
    assert caught.value.hint == "This template has chest-small."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x", math.nan),
        ("x", math.inf),
        ("y", -math.inf),
        ("y", 1e9),
        ("width", 0.0),
        ("width", -5.0),
        ("width", 1e6),
        ("width", math.nan),
        ("rotation", math.nan),
        ("rotation", 361.0),
    ],
)
def test_impossible_numbers_are_refused_by_name(name: str, value: float) -> None:
    numbers = {"x": 0.0, "y": 10.0, "width": 10.0, "rotation": 0.0} | {name: value}
    with pytest.raises(BadInput, match=name) as caught:
        Placement("front", **numbers)
    assert caught.value.code == "INVALID_PLACEMENT"


@pytest.mark.parametrize(
    ("text", "placement", "file"),
    [
        ("front:0,20,22", Placement("front", 0, 20, 22), None),
        ("sleeve-left:-1.5,.5,8.25,-90", Placement("sleeve-left", -1.5, 0.5, 8.25, -90), None),
        (" back : 1 , 2 , 3. , +45 ", Placement("back", 1, 2, 3, 45), None),
        ("front:0,20,22=logo.png", Placement("front", 0, 20, 22), Path("logo.png")),
        ("front:0,20,22,5=a=b:c,d.png", Placement("front", 0, 20, 22, 5), Path("a=b:c,d.png")),
    ],
)
def test_places_are_read(text: str, placement: Placement, file: Path | None) -> None:
    assert parse_place(text) == (placement, file)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "name a panel"),
        ("front", "name a panel"),
        (":1,2,3", "name a panel"),
        ("front:", "gives 1 of"),
        ("front:1,2", "gives 2 of"),
        ("front:1,2,3,4,5", "gives 5 of"),
        ("front:1,2,wide", "width 'wide'"),
        ("front:1,,3", "y ''"),
        ("front:nan,2,3", "x 'nan'"),
        ("front:1,inf,3", "y 'inf'"),
        ("front:1,2,1e3", "width '1e3'"),
        ("front:1,2,1_0", "width '1_0'"),
        ("front:1,2,3,٤", "rotation"),
        ("front:1,2,0", "width"),
        ("front:1,2,999999", "width"),
        ("front:1,2,3=", "no file"),
        ("front:" + "9" * 10000, "gives 1 of"),
    ],
)
def test_unreadable_places_are_refused_with_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_place(text)
    assert caught.value.code == "INVALID_PLACEMENT"
    assert words in caught.value.message
    assert len(caught.value.message) < 250


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(BadInput):
        assert parse_place("front:" + text)[0].panel == "front"


def test_quarter_turns_are_exact_and_clockwise() -> None:
    for degrees, right_goes in ((0, (1, 0)), (90, (0, 1)), (180, (-1, 0)), (-90, (0, -1)), (360, (1, 0))):
        assert tuple(turn(degrees) @ (1, 0)) == right_goes


def test_corners_turn_clockwise_about_the_centre() -> None:
    corners = PlacedArt("front", 10, 20, 4, 2, 90).corners()
    assert corners.tolist() == [[11, 18], [11, 22], [9, 22], [9, 18]]


coordinates = st.floats(-200, 200)
arts = st.builds(
    PlacedArt,
    st.just("front"),
    coordinates,
    coordinates,
    st.floats(0.5, 100),
    st.floats(0.5, 100),
    st.floats(-360, 360),
)


@given(art=arts, x=coordinates, y=coordinates, width=st.integers(1, 8000), height=st.integers(1, 8000))
def test_panel_to_pixels_and_back_is_the_identity(
    art: PlacedArt, x: float, y: float, width: int, height: int
) -> None:
    print_ = Print(art, synthetic.sized(width, height))
    there, back = to_design(print_), to_panel(print_)
    pixel = there[:, :2] @ (x, y) + there[:, 2]
    assert back[:, :2] @ pixel + back[:, 2] == pytest.approx((x, y), abs=1e-6)


@given(art=arts)
def test_the_arts_corners_are_the_designs_corners(art: PlacedArt) -> None:
    there = to_design(Print(art, synthetic.sized(640, 480)))
    pixels = art.corners() @ there[:, :2].T + there[:, 2]
    assert pixels == pytest.approx(np.array([[0, 0], [640, 0], [640, 480], [0, 480]]), abs=1e-6)


def test_resolution_is_pixels_over_inches() -> None:
    assert Print(PlacedArt("front", 0, 20, 25.4, 25.4, 0), synthetic.sized(1500, 1500)).dpi == 150


def test_whole_numbers_make_the_same_art_as_decimals(template: Template) -> None:
    whole, decimal = Placement("front", 0, 20, 10), Placement("front", 0.0, 20.0, 10.0)
    arts = [resolve(width=10, height=20, where=where, template=template) for where in (whole, decimal)]
    assert repr(arts[0]) == repr(arts[1])
