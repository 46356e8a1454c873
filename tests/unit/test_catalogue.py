"""The tables of presets, views and the turntable, against the numbers they were decided with."""

from __future__ import annotations

import pytest

from tirage.errors import BadInput
from tirage.mockup.catalogue import PRESETS, TURNTABLE, VIEWS, Anchor, Preset, preset

NAMES = [
    "chest-small",
    "chest-medium",
    "chest-large",
    "back-small",
    "back-medium",
    "back-large",
    "back-bottom-small",
    "back-bottom-medium",
    "back-bottom-large",
]


@pytest.mark.rows("R044", "R198", "R278", "C-01")
def test_there_are_exactly_nine_presets_and_each_has_a_row() -> None:
    assert list(Preset) == NAMES
    assert list(PRESETS) == list(Preset)


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_is_found_by_its_name(name: str) -> None:
    assert preset(name).value == name


@pytest.mark.rows("R078", "R216", "C-01")
@pytest.mark.parametrize("name", ["dead-center-medium", "", "CHEST-MEDIUM", "chest_medium", "x" * 500])
def test_other_names_are_refused_with_the_nine(name: str) -> None:
    with pytest.raises(BadInput) as caught:
        preset(name)
    assert caught.value.code == "INVALID_PRESET"
    assert all(known in caught.value.hint for known in NAMES)
    assert len(caught.value.message) < 120


@pytest.mark.parametrize(
    ("name", "panel", "width", "height", "x", "anchor", "distance"),
    [
        ("chest-small", "front", 10, 12, 9, Anchor.TOP, 9),
        ("chest-medium", "front", 22, 28, 0, Anchor.TOP, 7.5),
        ("chest-large", "front", 30, 40, 0, Anchor.TOP, 7),
        ("back-small", "back", 12, 14, 0, Anchor.TOP, 6),
        ("back-medium", "back", 24, 30, 0, Anchor.TOP, 9),
        ("back-large", "back", 32, 42, 0, Anchor.TOP, 9),
        ("back-bottom-small", "back", 12, 10, 0, Anchor.BOTTOM, 8),
        ("back-bottom-medium", "back", 22, 16, 0, Anchor.BOTTOM, 8),
        ("back-bottom-large", "back", 32, 22, 0, Anchor.BOTTOM, 8),
    ],
)
def test_the_presets_are_the_decided_ones(
    name: str, panel: str, width: float, height: float, x: float, anchor: Anchor, distance: float
) -> None:
    rule = PRESETS[Preset(name)]
    assert (rule.panel, rule.width, rule.max_height) == (panel, width, height)
    assert (rule.x, rule.anchor, rule.distance) == (x, anchor, distance)


@pytest.mark.rows("R231")
def test_the_views_stand_in_the_order_of_the_media() -> None:
    assert [(view.name, view.azimuth) for view in VIEWS] == [
        ("front_0deg", 0),
        ("left_90deg", 90),
        ("right_270deg", 270),
        ("back_180deg", 180),
        ("front_45deg_left", 45),
        ("front_45deg_right", 315),
    ]


def test_the_turntable_turns_once_in_steps_of_five_degrees() -> None:
    angles = [TURNTABLE.azimuth(frame=frame) for frame in range(TURNTABLE.frames)]
    assert angles == [5.0 * frame for frame in range(72)]
    assert TURNTABLE.frames_per_second == 24
