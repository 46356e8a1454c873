"""The source's grid: a file's frames in pieces of about a second that begin where decoding can begin.
Segments lie on it, so that a trim changes only the pieces at the cut; and recorders' drift becomes runs.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from math import lcm

from tirage.media.media_facts import VideoFacts
from tirage.media.rates import Rate
from tirage.video.segment import Run
from tirage.video.session import Asset

__all__ = ["Piece", "borders", "pieces", "place_of"]

LONGEST_S = 3
"""Seconds of a cell at most: longer GOPs are cut up, which costs decoding from their beginning."""

TOGETHER = 2
"""Cells that are coded as one: a program and a first frame for each cost up to a tenth of it."""

Piece = tuple[int, tuple[Run, ...]]
"""A file's index, and frames of one cell of it."""


def borders(facts: VideoFacts, rate: Rate) -> tuple[int, ...]:
    """The first frame of every cell, and the number of frames at the end."""
    return _borders(facts.keys, facts.frames, rate.nominal)


def place_of(facts: VideoFacts, rate: Rate, frame: int) -> int:
    """Which cells that are coded together a frame lies in."""
    return (bisect_right(borders(facts, rate), frame) - 1) // TOGETHER


@lru_cache(maxsize=256)
def _borders(keys: tuple[int, ...], frames: int, second: int) -> tuple[int, ...]:
    found, longest = [0], LONGEST_S * second
    for key in [*(key for key in keys if 0 < key < frames), frames]:
        if key - found[-1] < second and key != frames:
            continue
        parts = -((found[-1] - key) // longest)
        begin, length = found[-1], key - found[-1]
        found += [begin + length * part // parts for part in range(1, parts + 1)]
    return tuple(found)


def pieces(asset: Asset, rate: Rate, *, start: int, length: int) -> Iterator[Piece]:
    """Frames of the session as pieces of the asset's files, in order.

    IndexError: the asset has no such frame.
    """
    current: tuple[int, int] | None = None
    runs: list[Run] = []
    for media_start, media_length in _runs(asset, rate, start, length):
        for file, cell, run in _split(asset, rate, media_start, media_length):
            if current is not None and current != (file, cell):
                yield current[0], tuple(runs)
                runs = []
            current = (file, cell)
            runs.append(run)
    if current is not None:
        yield current[0], tuple(runs)


def _runs(asset: Asset, rate: Rate, start: int, length: int) -> Iterator[tuple[int, int]]:
    """The session's frames as stretches of the media's that follow one another."""
    if asset.sync.drift == 0:
        yield asset.sync.media_frame(start, rate), length
        return
    # SyncMap.media_frame in whole numbers, which are a hundred times as fast as fractions
    speed, offset = asset.sync.speed, asset.sync.offset * rate.fps + Fraction(1, 2)
    whole = lcm(speed.denominator, offset.denominator)
    step, first = int(speed * whole), int(offset * whole)
    begin = previous = (start * step + first) // whole
    for frame in range(start + 1, start + length):
        media = (frame * step + first) // whole
        if media != previous + 1:
            yield begin, previous + 1 - begin
            begin = media
        previous = media
    yield begin, previous + 1 - begin


def _split(asset: Asset, rate: Rate, start: int, length: int) -> Iterator[tuple[int, int, Run]]:
    """A stretch of the media's frames, cut where files and cells end: file, cell, frames of the file."""
    while length > 0:
        file, frame = asset.locate(start)
        facts = asset.files[file].played_facts
        assert facts is not None and facts.video is not None  # noqa: S101, PT018 – `locate` counts its frames
        grid = borders(facts.video, rate)
        cell = bisect_right(grid, frame) - 1
        part = min(length, grid[cell + 1] - frame)
        yield file, cell, Run(start=frame, length=part)
        start, length = start + part, length - part
