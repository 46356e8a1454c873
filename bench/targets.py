"""What the product has to reach: every bound once, for the tests, the benchmark's page and the smoke run."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum


class Sense(StrEnum):
    """Which side of the bound is good."""

    AT_MOST = "≤"
    AT_LEAST = "≥"


@dataclass(frozen=True, slots=True)
class Target:
    """One bound; `slack` is the factor that a smoke run forgives, `cores` what the work can keep busy.

    A smoke run notices a gross step back and no more: `make test` holds quality, docs/benchmarks.md keeps
    speed. It takes the better of the clock and the CPU time, so that it never fails for a busy machine.
    """

    what: str
    unit: str
    sense: Sense
    bound: float
    slack: float = 3.0
    aim: float | None = None
    cores: int = 2

    def holds(self, value: float, *, smoke: bool = False) -> bool:
        """Whether a value is good; a missing one (NaN) is not."""
        limit = self.limit(smoke=smoke)
        return value <= limit if self.sense is Sense.AT_MOST else value >= limit

    def met_by(self, found: Measured, *, smoke: bool = False) -> bool:
        """Whether what was measured is good; in a smoke run it may be so by the CPU time."""
        undisturbed = found.undisturbed if smoke else None
        return self.holds(found.value, smoke=smoke) or (
            undisturbed is not None and self.holds(undisturbed, smoke=smoke)
        )

    def limit(self, *, smoke: bool = False) -> float:
        """The bound, loosened by the slack in a smoke run."""
        slack = self.slack if smoke else 1.0
        return self.bound * slack if self.sense is Sense.AT_MOST else self.bound / slack


@dataclass(frozen=True, slots=True)
class Measured:
    """One number that was measured, and how: `note` says the spread or what it is made of.

    `undisturbed`, of times and rates, is the best that the CPU time spent allows with nothing else running.
    """

    what: str
    unit: str
    value: float
    note: str = ""
    undisturbed: float | None = None


def median(target: Target, values: Sequence[float]) -> Measured:
    """The median of several runs of what a target bounds, with their spread."""
    note = f"{min(values):.3g}–{max(values):.3g}, {len(values)} runs" if len(values) > 1 else ""
    return Measured(target.what, target.unit, statistics.median(values), note)


WORST_PAIR = Target("worst pair, whole garment", "dB", Sense.AT_LEAST, 44.0, slack=1.0)
WORST_OUTSIDE = Target("worst pair, outside", "dB", Sense.AT_LEAST, 46.0, slack=1.0)
WORST_SSIM = Target("worst pair, SSIM", "", Sense.AT_LEAST, 0.99, slack=1.0)
WORST_TURN = Target("worst turntable angle", "dB", Sense.AT_LEAST, 42.0, slack=1.0)
HUE = Target("largest turn of a hue", "°", Sense.AT_MOST, 5.0, slack=1.0)
CHROMA = Target("least chroma kept", "", Sense.AT_LEAST, 0.85, slack=1.0)
JPEG_VIEWS = Target("six views, 2048² JPEG", "s", Sense.AT_MOST, 0.5, aim=0.15)
PNG_VIEWS = Target("six views, 2048² PNG", "s", Sense.AT_MOST, 0.8)
NEW_SIZE = Target("six views, first time at a size", "s", Sense.AT_MOST, 2.5)
NEW_COLOUR = Target("six views, first time in a colour", "s", Sense.AT_MOST, 2.5, slack=1.25)
FILM = Target("72 frames, 1024² MP4", "s", Sense.AT_MOST, 3.0, aim=1.5)
FILM_AGAIN = Target("72 frames again, another design", "s", Sense.AT_MOST, 2.0, slack=5.0)
CATALOGUE = Target("catalogue, 2048² JPEG", "pictures/s", Sense.AT_LEAST, 40.0, slack=5.0, aim=80.0)
COLD = Target("whole cold process, six JPEG views", "s", Sense.AT_MOST, 2.5)
HELP = Target("tirage --help", "s", Sense.AT_MOST, 0.3, slack=2.0, cores=1)
MEMORY = Target("peak memory", "MB", Sense.AT_MOST, 800.0, slack=1.5)
LOAD = Target("package load", "ms", Sense.AT_MOST, 150.0)
VIEW_KEPT = Target("kept per view, 2048²", "MB", Sense.AT_MOST, 40.0, slack=1.25)
DISK = Target("kept on disk per template and size", "MB", Sense.AT_MOST, 300.0, slack=1.0)

SHAPES = ("tote", "mug", "poster")
"""Other templates that ship: of their speed, what a shop waits for."""


def of_shape(name: str) -> tuple[Target, Target, Target]:
    """Six pictures the first time and again, and a turntable, of another template than the tee."""
    first, again, film = (
        replace(target, what=f"{name}: {target.what}") for target in (NEW_SIZE, JPEG_VIEWS, FILM)
    )
    return first, again, film


TARGETS = (
    WORST_PAIR,
    WORST_OUTSIDE,
    WORST_SSIM,
    WORST_TURN,
    HUE,
    CHROMA,
    JPEG_VIEWS,
    PNG_VIEWS,
    NEW_SIZE,
    NEW_COLOUR,
    FILM,
    FILM_AGAIN,
    CATALOGUE,
    COLD,
    HELP,
    LOAD,
    MEMORY,
    VIEW_KEPT,
    DISK,
    *(target for name in SHAPES for target in of_shape(name)),
)
