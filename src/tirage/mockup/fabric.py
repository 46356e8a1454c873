"""A fabric's tile made ready for the kernels: its look at each fineness, and where its yarn leads the ink.
A tile is relative: its mean is the fabric's colour.  native/fabric.c lays it over a view.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tirage.mockup import kernels
from tirage.mockup.kernels import ATLAS_STEPS, FABRIC_LEVELS, FABRIC_ONE, pointer
from tirage.mockup.model import Fabric, Template

FAINT = 0.025
"""A film leaves out a tile whose factor varies less than this from pixel to pixel: it would pass unseen."""
FADED = 0.004
"""The same for a level of it, where cloth turns away."""
PIXEL_BLUR = 0.42
"""Standard deviation of the pixel filter in pixels (view.filter_taps)."""
PASSED, STOPPED = 0.44, 0.56
"""Waves a pixel up to which a level shows stitches, and from which on nothing: regular waves give moiré."""
STITCHES, FINEST = 8.0, 0.9
"""Waves a centimetre from which on they are regular; coarser ones are uneven yarn, which aliases into noise:
they are left to the pixel filter up to so many a pixel, where it has stopped them."""
YARN_WAVES = (1.5, 9.0)
"""Waves a centimetre that ink follows: from stitch to stitch, and where the yarn is uneven."""
YARN_FINEST = 0.3
"""Of them a view follows those of so many a pixel: it keeps one place a pixel.  Finer ones soften edges."""
INK_REACH_CM = 0.008
"""How far all of them lead ink: the standard deviation."""
_SIDES = 16
"""Sides of levels are multiples of this: quick to transform."""
_YARN_TEXELS = 5
"""Least texels a wave of the yarn, which are taken as they are and not interpolated."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """A template's fabric as pictures of one size show it."""

    deviation: float
    """How much its factor varies from pixel to pixel."""
    hidden: float
    """Its variance within pixels."""
    levels: kernels.Fabric
    texels: tuple[NDArray[np.uint16], ...]
    """What the levels point to: (side + 2, side + 2, 2) this level and the next, with a border."""


@dataclass(frozen=True, slots=True, eq=False)
class Yarn:
    """Where a template's ink is led off its place, whatever fabric a colour is of: views serve all."""

    field: NDArray[np.int8]
    """(side, side, 2) in steps of the atlas; repeats as the tile does."""
    tiles: float
    """Tiles side by side over the atlas."""

    def for_kernels(self) -> kernels.Yarn:
        """The same as the kernels take it."""
        return kernels.Yarn(field=pointer(self.field, np.int8), side=len(self.field), tiles=self.tiles)


@dataclass(frozen=True, slots=True, eq=False)
class _Waves:
    """A tile, or what is left of it, as waves: it repeats, so nothing is approximated."""

    spectrum: NDArray[np.complex64]
    """(2 n + 1, n + 1) for -n to n waves down a tile (as `rows` counts them) and 0 to n across."""
    side: int
    """Texels of the tile."""
    size_cm: float

    @property
    def rows(self) -> Floats:
        """Waves down the tile by row of the spectrum: 0 to n, then -n to -1."""
        most = self.spectrum.shape[1] - 1
        return np.concatenate([np.arange(most + 1), np.arange(-most, 0)]).astype(np.float32)

    @property
    def per_cm(self) -> Floats:
        """How fine each wave is."""
        columns = np.arange(self.spectrum.shape[1], dtype=np.float32)
        return np.asarray(np.hypot(self.rows[:, None], columns) / np.float32(self.size_cm))

    def up_to(self, per_cm: float) -> _Waves:
        """Those alone that may be so coarse."""
        most = self.spectrum.shape[1] - 1
        kept = min(most, int(per_cm * self.size_cm))
        rows = np.concatenate([np.arange(kept + 1), np.arange(2 * most + 1 - kept, 2 * most + 1)])
        return _Waves(self.spectrum[rows, : kept + 1], self.side, self.size_cm)

    def times(self, share: Floats) -> _Waves:
        """A share of each."""
        return _Waves(self.spectrum * share, self.side, self.size_cm)

    @property
    def deviation(self) -> float:
        """Standard deviation of the tile."""
        power = np.abs(self.spectrum) ** 2
        return float(np.sqrt(power[1:, 0].sum() + 2 * power[:, 1:].sum()))

    def tile(self, side: int) -> Floats:
        """The tile (side, side), its texels' centres where they belong."""
        rows, columns = self.rows, np.arange(self.spectrum.shape[1], dtype=np.float32)
        shift = np.complex64(1j * np.pi * (1 / side - 1 / self.side))
        spectrum = np.zeros((side, side // 2 + 1), np.complex64)
        spectrum[rows.astype(int), : len(columns)] = (
            self.spectrum * np.exp(shift * rows)[:, None] * np.exp(shift * columns)
        )
        return np.asarray(np.fft.irfft2(spectrum, (side, side)) * np.float32(side**2))

    def interpolated(self, side: int) -> _Waves:
        """So much stronger that texels between which a kernel interpolates show them as they are."""
        rows, columns = (np.sinc(n / side) ** -2 for n in (self.rows, np.arange(self.spectrum.shape[1])))
        return self.times(np.outer(rows, columns).astype(np.float32))


@lru_cache(4)
def _waves(fabric: Fabric) -> _Waves:
    """A fabric's tile as waves, those of two texels left out."""
    side = len(fabric.tile)
    spectrum = np.fft.rfft2(fabric.tile / fabric.tile.mean()) / fabric.tile.size
    kept = np.r_[0 : side // 2, side // 2 + 1 : side]
    return _Waves(spectrum[kept, : side // 2].astype(np.complex64), side, fabric.size_cm)


def _seen(waves: _Waves, pixel_cm: float) -> _Waves:
    """What pixels of that size leave of a tile."""
    left = waves.up_to(FINEST / pixel_cm)
    per_cm = left.per_cm
    a_pixel = per_cm * np.float32(pixel_cm)
    edge = np.clip((STOPPED - a_pixel) / (STOPPED - PASSED), 0, 1)
    calm = np.where(per_cm < STITCHES, a_pixel <= FINEST, edge * edge * (3 - 2 * edge))
    passed = np.exp(np.float32(-2 * (np.pi * PIXEL_BLUR) ** 2) * a_pixel * a_pixel)
    return left.times(np.asarray(passed * calm, np.float32))


def _levels(waves: _Waves, pixel_cm: float) -> list[NDArray[np.uint16]]:
    """The texels of each level, from pixels of that size on, until nothing is left to be seen."""
    seen = [_seen(waves, pixel_cm * 2 ** (index / 2)) for index in range(FABRIC_LEVELS)]
    count = next((i for i, left in enumerate(seen) if i and left.deviation < FADED), len(seen))
    even = waves.up_to(0)
    levels = []
    for index, pair in enumerate(zip(seen[:count], [*seen[1:count], even], strict=True)):
        texels = 2 * waves.size_cm / pixel_cm / 2 ** (index / 2)
        side = min(2 * waves.side, _SIDES * int(np.ceil(texels / _SIDES)))
        tiles = np.stack([left.interpolated(side).tile(side) for left in pair], axis=-1)
        codes = np.rint(tiles.clip(0, 1.99) * FABRIC_ONE).astype(np.uint16)
        levels.append(np.pad(codes, ((1, 1), (1, 1), (0, 0)), mode="wrap"))
    return levels


def _between(waves: _Waves, low: float, high: float) -> Floats:
    """1 for waves so fine, 0 for others."""
    per_cm = waves.per_cm
    return np.asarray((per_cm >= low) & (per_cm <= high), np.float32)


def make_yarn(template: Template, pixels_per_cm: float) -> Yarn | None:
    """Two fields of the unevenness of the template's first fabric, as pictures of this fineness can show it.

    None where it has none, or they cannot."""
    fabric = next(iter(template.fabrics.values()), None)
    low, high = YARN_WAVES
    finest = min(high, YARN_FINEST * pixels_per_cm)
    if fabric is None or finest <= low:
        return None
    band = _waves(fabric).up_to(high)
    band = band.times(_between(band, low, high))
    seen = band.times(_between(band, low, finest)).up_to(finest)
    side = 2 ** int(np.ceil(np.log2(_YARN_TEXELS * finest * fabric.size_cm)))
    field = seen.tile(side) / max(band.deviation, 1e-6)  # a tile too coarse for such waves has none
    apart = np.roll(field, (side // 2, side // 3), axis=(0, 1))
    steps = np.stack([field, apart], axis=-1) * (INK_REACH_CM / template.atlas_cm * ATLAS_STEPS)
    return Yarn(np.rint(steps.clip(-127, 127)).astype(np.int8), template.atlas_cm / fabric.size_cm)


def make_pattern(template: Template, name: str, pixels_per_cm: float) -> Pattern:
    """The fabric of that name in pictures of this fineness."""
    fabric, pixel_cm = template.fabrics[name], 1 / pixels_per_cm
    waves = _waves(fabric)
    texels = _levels(waves, pixel_cm)
    tiles = template.atlas_cm / fabric.size_cm
    levels = kernels.Fabric(
        levels=len(texels), tiles=tiles, finest=(pixel_cm / template.atlas_cm * ATLAS_STEPS) ** 2
    )
    for index, level in enumerate(texels):
        levels.texels[index] = pointer(level, np.uint16).value
        levels.side[index] = len(level) - 2
    for index, panel in enumerate(template.panels):
        levels.covered[index] = panel.fabric
    deviation = _seen(waves, pixel_cm).deviation
    hidden = max(waves.deviation**2 - deviation**2, 0.0)
    return Pattern(deviation=deviation, hidden=hidden, levels=levels, texels=tuple(texels))
