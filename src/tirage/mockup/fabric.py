"""A fabric's tile made ready for the kernels: its look at each fineness, and where its yarn leads the ink.
A tile is relative: its mean is the fabric's colour.  native/fabric.c lays it over a view.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tirage.mockup import kernels
from tirage.mockup.kernels import ATLAS_STEPS, FABRIC_LEVELS, FABRIC_ONE, pointer
from tirage.mockup.model import Fabric, Template

FAINT = 0.0205
"""A film leaves out a tile whose factor varies less than this from pixel to pixel: it would pass unseen."""
FADED = 0.004
"""The same for a level of it, where cloth turns away."""
PIXEL_BLUR = 0.42
"""Standard deviation of the pixel filter in pixels (view.filter_taps)."""
PASSED, STOPPED = 0.44, 0.56
"""Waves a pixel up to which a level shows all, and from which on nothing: what is finer gives moiré."""
YARN_WAVES = (1.0, 2.5)
"""Waves a centimetre that ink follows: what pixels cannot show as places they would still show as light at edges."""
INK_REACH_CM = 0.006
"""How far it does: the standard deviation."""


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """A template's fabric as pictures of one size show it."""

    name: str
    levels: kernels.Fabric
    texels: tuple[NDArray[np.uint16], ...]
    """What the levels point to."""
    yarn: NDArray[np.float32]
    """(side, side, 2) how ink is led off its place, in standard deviations; repeats as the tile does."""
    tiles: float
    """Tiles side by side over the atlas."""
    reach: float
    """A standard deviation in atlas units."""


class _Waves:
    """A tile as waves, which are taken out at will; it repeats, so nothing is approximated."""

    def __init__(self, fabric: Fabric) -> None:
        tile, self._size_cm = fabric.tile, fabric.size_cm
        self.side = len(tile)
        self._spectrum = np.fft.fft2(tile / tile.mean()) / tile.size
        along = np.fft.fftfreq(self.side) * self.side
        self._number = along
        self._per_cm = np.hypot(along[:, None], along[None]) / self._size_cm

    def passed(self, pixel_cm: float) -> NDArray[np.float64]:
        """What pixels of that size leave of each wave."""
        a_pixel = self._per_cm * pixel_cm
        edge = np.clip((STOPPED - a_pixel) / (STOPPED - PASSED), 0, 1)
        return np.asarray(np.exp(-2 * (np.pi * PIXEL_BLUR * a_pixel) ** 2) * edge * edge * (3 - 2 * edge))

    def deviation(self, passed: NDArray[np.float64]) -> float:
        """Standard deviation of what is left."""
        left = np.abs(self._spectrum * passed) ** 2
        return float(np.sqrt(left.sum() - left[0, 0]))

    def tile(self, passed: NDArray[np.float64], side: int) -> NDArray[np.float64]:
        """What is left as a tile (side, side), its texels' centres where they belong."""
        kept = np.concatenate([np.arange(side // 2), np.arange(self.side - side // 2, self.side)])
        shift = np.exp(1j * np.pi * self._number[kept] * (1 / side - 1 / self.side))
        spectrum = (self._spectrum * passed)[np.ix_(kept, kept)] * shift[:, None] * shift[None]
        return np.asarray(np.fft.ifft2(spectrum).real * side**2)

    def yarn(self, pixel_cm: float) -> NDArray[np.float32]:
        """Two fields of the yarn's unevenness, (side, side, 2), each of deviation 1 with all waves."""
        low, high = YARN_WAVES
        band = ((self._per_cm >= low) & (self._per_cm <= high)).astype(np.float64)
        field = self.tile(band * (self._per_cm * pixel_cm <= 0.5), self.side)
        apart = np.roll(field, (self.side // 2, self.side // 3), axis=(0, 1))
        deviation = max(self.deviation(band), 1e-6)  # a tile too coarse for such waves has none
        return np.ascontiguousarray(np.stack([field, apart], axis=-1) / deviation, np.float32)


def make_pattern(
    template: Template, name: str, pixels_per_cm: float, *, least: float = 0.0
) -> Pattern | None:
    """The fabric of that name in pictures of this fineness; None where it varies less than `least`."""
    fabric, pixel_cm = template.fabrics[name], 1 / pixels_per_cm
    waves = _Waves(fabric)
    if waves.deviation(waves.passed(pixel_cm)) < least:
        return None
    texels = []
    for index in range(FABRIC_LEVELS):
        wide_cm = pixel_cm * 2 ** (index / 2)
        passed = waves.passed(wide_cm)
        if index and waves.deviation(passed) < FADED:
            break
        side = min(waves.side, max(4, 2 ** int(np.ceil(np.log2(2 * fabric.size_cm / wide_cm)))))
        texels.append(np.rint(waves.tile(passed, side).clip(0, 1.99) * FABRIC_ONE).astype(np.uint16))
    tiles = template.atlas_cm / fabric.size_cm
    levels = kernels.Fabric(
        levels=len(texels), tiles=tiles, finest=(pixel_cm / template.atlas_cm * ATLAS_STEPS) ** 2
    )
    for index, level in enumerate(texels):
        levels.texels[index] = pointer(level, np.uint16).value
        levels.side[index] = len(level)
    for index, panel in enumerate(template.panels):
        levels.covered[index] = panel.fabric
    return Pattern(
        name=name,
        levels=levels,
        texels=tuple(texels),
        yarn=waves.yarn(pixel_cm),
        tiles=tiles,
        reach=INK_REACH_CM / template.atlas_cm,
    )
