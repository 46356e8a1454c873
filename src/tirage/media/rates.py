"""Frame rates as exact fractions: 29.97 is 30000/1001, and a frame's time is never a rounded second."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

__all__ = ["RATES", "Rate", "nearest"]


@dataclass(frozen=True, slots=True, order=True)
class Rate:
    """Frames a second, exactly."""

    fps: Fraction

    @property
    def nominal(self) -> int:
        """The frames that a second of timecode counts: 30 for 29.97."""
        return round(self.fps)

    @property
    def drops(self) -> bool:
        """Whether timecode can be drop-frame: 29.97 and 59.94 (SMPTE ST 12-1)."""
        return self.fps.denominator == 1001 and self.nominal % 30 == 0

    @property
    def name(self) -> str:
        """As people write it: 25, 29.97."""
        if self.fps.denominator == 1:
            return str(self.fps.numerator)
        return f"{float(self.fps):.3f}".rstrip("0")

    def seconds(self, frames: int) -> Fraction:
        """How long so many frames last."""
        return frames / self.fps

    def frame_at(self, seconds: Fraction) -> int:
        """The frame nearest to a time; halves go up."""
        return nearest(seconds * self.fps)

    @classmethod
    def parse(cls, text: str) -> Rate:
        """A rate by its name in RATES, or as a fraction of one of them; ValueError otherwise."""
        if text in RATES:
            return RATES[text]
        return cls.of(Fraction(text))

    @classmethod
    def of(cls, fps: Fraction) -> Rate:
        """The rate of RATES that is meant: within 50 ppm, as tools write 29.97 or 2997/100.

        ValueError: it is none of them."""
        for rate in RATES.values():
            if abs(fps - rate.fps) <= rate.fps * TOLERANCE:
                return rate
        raise ValueError


def nearest(value: Fraction) -> int:
    """The nearest integer; halves go up, so that equal steps stay equal."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


TOLERANCE = Fraction(50, 1_000_000)
RATES: dict[str, Rate] = {
    "23.976": Rate(Fraction(24000, 1001)),
    "24": Rate(Fraction(24)),
    "25": Rate(Fraction(25)),
    "29.97": Rate(Fraction(30000, 1001)),
    "30": Rate(Fraction(30)),
    "50": Rate(Fraction(50)),
    "59.94": Rate(Fraction(60000, 1001)),
    "60": Rate(Fraction(60)),
}
"""The rates that a session can have."""
