"""Which part of a camera's picture another shape shows: the largest of that shape, around the focus."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction

from tirage.media.media_facts import VideoFacts
from tirage.video.segment import Box, Framing
from tirage.video.session import FocusPoint
from tirage.video.spec import Spec

__all__ = ["framing", "keeps_size", "shown_size"]

MIDDLE = (0.5, 0.5)


def shown_size(facts: VideoFacts) -> tuple[int, int, Fraction]:
    """Width and height in pixels as players turn them, and a pixel's width over its height then."""
    if facts.rotation % 180:
        return facts.height, facts.width, 1 / facts.aspect
    return facts.width, facts.height, facts.aspect


def framing(
    facts: VideoFacts, focus: Sequence[FocusPoint], spec: Spec, *, start: int, length: int
) -> Framing:
    """The boxes for frames `start` to `start + length` of the session; even numbers of pixels.

    The focus is in the middle of the box as far as the picture's edges allow, and moves evenly between
    its points; before the first and after the last it stays.
    """
    width, height, aspect = shown_size(facts)
    box_width, box_height = _box_size(width, height, Fraction(spec.width, spec.height) / aspect)
    inside = [point.frame for point in focus if start < point.frame < start + length - 1]
    path: list[tuple[int, Box]] = []
    for frame in [start, *inside, start + length - 1]:
        x, y = _focus_at(focus, frame)
        box = Box(_place(x, width, box_width), _place(y, height, box_height), box_width, box_height)
        path.append((frame - start, box))
    if all(box == path[0][1] for _, box in path):
        return Framing((path[0],))
    return Framing(tuple(path))


def keeps_size(shown: Framing, spec: Spec) -> bool:
    """Whether the box has the output's size, pixel for pixel."""
    box = shown.path[0][1]
    return shown.still and (box.width, box.height) == (spec.width, spec.height)


def _box_size(width: int, height: int, shape: Fraction) -> tuple[int, int]:
    """The largest box of a shape, width over height in pixels, that fits; even."""
    if width > height * shape:
        return min(_even(height * shape), width // 2 * 2), height // 2 * 2
    return width // 2 * 2, min(_even(width / shape), height // 2 * 2)


def _even(value: Fraction) -> int:
    return max(2, 2 * round(value / 2))


def _place(focus: float, whole: int, part: int) -> int:
    """Where a box begins whose middle is the focus, kept inside; even."""
    begin = round(focus * whole - part / 2)
    return min(max(begin, 0), whole - part) // 2 * 2


def _focus_at(focus: Sequence[FocusPoint], frame: int) -> tuple[float, float]:
    if not focus:
        return MIDDLE
    after = bisect_right(focus, frame, key=lambda point: point.frame)
    before, behind = focus[max(after - 1, 0)], focus[min(after, len(focus) - 1)]
    if behind.frame <= before.frame:
        return before.x, before.y
    part = min(max((frame - before.frame) / (behind.frame - before.frame), 0.0), 1.0)
    return before.x + (behind.x - before.x) * part, before.y + (behind.y - before.y) * part
