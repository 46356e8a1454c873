"""Timecode and rates, against OpenTimelineIO's own arithmetic."""

from __future__ import annotations

from fractions import Fraction

import opentimelineio as library
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tirage.media.rates import RATES, Rate, nearest
from tirage.video.timecode import format_timecode, frames_of_day, parse_timecode

KINDS = [(rate, drop) for rate in RATES.values() for drop in {False, rate.drops}]


def names(kind: object) -> str:
    return kind.name if isinstance(kind, Rate) else ("DF" if kind else "NDF")


@pytest.mark.parametrize(("rate", "drop"), KINDS, ids=names)
def test_numbers_come_back(rate: Rate, drop: bool) -> None:
    day = frames_of_day(rate, drop=drop)
    edges = [minute * 60 * rate.nominal + step for minute in (1, 2, 9, 10, 11, 60) for step in range(-6, 7)]
    for number in [*range(100), *edges, *range(0, day, 40_009), day - 1]:
        text = format_timecode(number, rate, drop=drop)
        assert parse_timecode(text, rate) == number, text
    assert format_timecode(day, rate, drop=drop) == format_timecode(0, rate, drop=drop)


@pytest.mark.parametrize(("rate", "drop"), KINDS, ids=names)
def test_another_program_counts_alike(rate: Rate, drop: bool) -> None:
    fps = float(rate.fps)
    for number in range(0, frames_of_day(rate, drop=drop), 77_773):
        time = library.opentime.RationalTime(number, fps)
        told = library.opentime.to_timecode(time, fps, drop_frame=drop)
        assert format_timecode(number, rate, drop=drop) == told


@pytest.mark.parametrize(
    ("text", "rate", "drop", "reason"),
    [
        ("", "25", None, "no timecode"),
        ("1:2:3:4", "25", None, "no timecode"),
        ("01:02:03:04:05", "25", None, "no timecode"),
        ("01:02:03:٠٤", "25", None, "no timecode"),
        ("24:00:00:00", "25", None, "over 23"),
        ("00:60:00:00", "25", None, "over 59"),
        ("00:00:60:00", "25", None, "over 59"),
        ("00:00:00:25", "25", None, "0 to 24"),
        ("00:00:00;10", "25", None, "which 25 does not have"),
        ("00:00:00:10", "23.976", True, "which 23.976 does not have"),
        ("00:01:00;00", "29.97", None, "leaves it out"),
        ("00:01:00;01", "29.97", None, "leaves it out"),
        ("00:01:00:01", "29.97", True, "leaves it out"),
        ("00:09:00;03", "59.94", None, "leaves it out"),
    ],
)
def test_what_is_wrong_is_said(text: str, rate: str, drop: bool | None, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_timecode(text, RATES[rate], drop=drop)


def test_numbers_that_drop_frame_keeps() -> None:
    rate = RATES["29.97"]
    assert parse_timecode("00:01:00;02", rate) == 1800
    assert parse_timecode("00:10:00;00", rate) == 17982
    assert parse_timecode("01:00:00;00", rate) == 107892
    assert parse_timecode("00:09:00;04", RATES["59.94"]) - parse_timecode("00:08:59;59", RATES["59.94"]) == 1


@pytest.mark.parametrize("text", ["29.97", "2997/100", "30000/1001"])
def test_rates_are_known_by_what_tools_write(text: str) -> None:
    assert Rate.parse(text) == RATES["29.97"]


@pytest.mark.parametrize("text", ["", "12", "29.9", "nonsense", "1/0", "-25"])
def test_other_rates_are_refused(text: str) -> None:
    with pytest.raises((ValueError, ZeroDivisionError)):
        Rate.parse(text)


@given(st.fractions())
def test_halves_go_up(value: Fraction) -> None:
    assert abs(nearest(value) - value) <= Fraction(1, 2)
    assert nearest(value + 1) == nearest(value) + 1
    assert nearest(Fraction(2 * nearest(value) + 1, 2)) == nearest(value) + 1
