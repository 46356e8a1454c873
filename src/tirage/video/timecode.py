"""Timecode and frame numbers, both ways: SMPTE ST 12-1, with and without dropped numbers.
A frame number is the count of frames from 00:00:00:00; 24 hours later it begins again.
"""

from __future__ import annotations

import re

from tirage.media.rates import Rate

__all__ = ["format_timecode", "frames_of_day", "parse_timecode"]

SHAPE = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.,])(\d\d)", re.ASCII)


def parse_timecode(text: str, rate: Rate, *, drop: bool | None = None) -> int:
    """The frame number of `HH:MM:SS:FF`.

    `;` or `,` before the frames says drop-frame, `:` and `.` that `drop` decides (non-drop by default).
    ValueError says in a sentence what is wrong: the shape, a number, a frame that drop-frame leaves out.
    """
    match = SHAPE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:20]!r} is no timecode like 01:02:03:04")
    hours, minutes, seconds, frames = (int(match[i]) for i in (1, 2, 3, 5))
    if hours > 23 or minutes > 59 or seconds > 59:
        raise ValueError(f"{text} has hours over 23, minutes or seconds over 59")
    if frames >= rate.nominal:
        raise ValueError(
            f"{text} has frame {frames}, and at {rate.name} a second has 0 to {rate.nominal - 1}"
        )
    number = ((hours * 60 + minutes) * 60 + seconds) * rate.nominal + frames
    if not (match[4] in ";," if drop is None else drop or match[4] in ";,"):
        return number
    if not rate.drops:
        raise ValueError(f"{text} is drop-frame, which {rate.name} does not have")
    left_out = _dropped(rate)
    if frames < left_out and seconds == 0 and minutes % 10:
        raise ValueError(f"{text} does not exist: drop-frame leaves it out")
    total = hours * 60 + minutes
    return number - left_out * (total - total // 10)


def format_timecode(number: int, rate: Rate, *, drop: bool = False) -> str:
    """`HH:MM:SS:FF`, with `;` before the frames for drop-frame; numbers over 24 hours begin again."""
    number %= frames_of_day(rate, drop=drop)
    if drop:
        left_out = _dropped(rate)
        minute = 60 * rate.nominal - left_out
        tens, rest = divmod(number, 10 * minute + left_out)
        # the first minute of ten has all its numbers
        number += 9 * left_out * tens + left_out * max(0, (rest - left_out) // minute)
    seconds, frames = divmod(number, rate.nominal)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{';' if drop else ':'}{frames:02}"


def frames_of_day(rate: Rate, *, drop: bool) -> int:
    """How many numbers there are in 24 hours; ValueError for drop-frame at a rate that has none."""
    if drop and not rate.drops:
        raise ValueError(f"{rate.name} has no drop-frame timecode")
    return 24 * 3600 * rate.nominal - (24 * 54 * _dropped(rate) if drop else 0)


def _dropped(rate: Rate) -> int:
    """Numbers left out at nine of ten full minutes."""
    return rate.nominal // 15
