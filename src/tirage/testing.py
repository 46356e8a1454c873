"""Stand-ins for tests of programs that use Tirage: no rendering, no template's light, no real time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from tirage.media.values import Colour
from tirage.mockup.model import RendererInfo, Template
from tirage.mockup.placement import Print

__all__ = ["FakeClock", "FakeRenderer"]

Picture = NDArray[np.uint8]


class FakeClock:
    """A clock that stands still until it is moved; for `JobService(…, clock=…)`."""

    def __init__(self, now: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The time it shows."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Moves it, backwards too."""
        self.now += timedelta(seconds=seconds)


class FakeRenderer:
    """Draws a flat patch of cloth whose width follows the camera; satisfies what `make_mockup` needs.

    `asked` counts the pictures.  With `failing_at` the picture of that number, from 0, raises that error.
    """

    def __init__(self, template: Template, *, failing_at: dict[int, BaseException] | None = None) -> None:
        self.template = template
        self.renderer = RendererInfo("fake", "1")
        self.asked = 0
        self._failing_at = failing_at or {}

    def stills(
        self,
        *,
        prints: Sequence[Print],
        colour: Colour,
        azimuths: Sequence[float],
        size: int,
        background: Colour | None,
    ) -> Iterator[Picture]:
        """Pictures in the order of the azimuths: (size, size, 3), or 4 channels without a background."""
        for azimuth in azimuths:
            yield self._draw(prints, colour, azimuth, size, background)

    def turntable(
        self, *, prints: Sequence[Print], colour: Colour, size: int, frames: int, background: Colour
    ) -> Iterator[Picture]:
        """One turn, frame by frame."""
        for frame in range(frames):
            yield self._draw(prints, colour, 360 * frame / frames, size, background)

    def _draw(
        self, prints: Sequence[Print], colour: Colour, azimuth: float, size: int, background: Colour | None
    ) -> Picture:
        number, self.asked = self.asked, self.asked + 1
        if number in self._failing_at:
            raise self._failing_at[number]
        behind = (0, 0, 0, 0) if background is None else (*_bytes(background), 255)
        picture = np.full((size, size, 4), behind, np.uint8)
        half = round(size * (0.2 + 0.2 * abs(np.cos(np.radians(azimuth)))))
        cloth = picture[size // 8 : -size // 8, size // 2 - half : size // 2 + half]
        cloth[:] = (*_bytes(colour), 255)
        for print_ in prints:
            pixel = print_.design.pixels[print_.design.height // 2, print_.design.width // 2]
            cloth[size // 4 : size // 2, half // 2 : -half // 2] = (*pixel[:3], 255)
        return picture if background is None else np.ascontiguousarray(picture[..., :3])


def _bytes(colour: Colour) -> tuple[int, int, int]:
    return colour.red, colour.green, colour.blue
