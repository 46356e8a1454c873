"""Draws the canvas: `python templates/tote/weave.py` writes canvas.png, a grey tile of plain weave.

Our own drawing: yarns of uneven thickness over and under each other, periodic at the tile's edges."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from params import HERE, WEAVE, Weave

F64 = NDArray[np.float64]


def periodic(rng: np.random.Generator, shape: tuple[int, int], rough: tuple[float, float]) -> F64:
    """Noise of unit deviation that wraps around; rough: its shortest waves per tile, down and across."""
    down, across = (np.abs(np.fft.fftfreq(n, 1 / n)) for n in shape)
    keep = np.exp(-((down[:, None] / rough[0]) ** 2) - (across[None] / rough[1]) ** 2)
    noise = np.fft.ifft2(np.fft.fft2(rng.normal(size=shape)) * keep).real
    return np.asarray(noise / noise.std())


def weave(p: Weave = WEAVE) -> NDArray[np.uint8]:
    """(size, size) grey; 255 is the brightest yarn."""
    rng, size = np.random.default_rng(p.seed), round(p.tile_cm * p.px_per_cm)
    count = round(p.tile_cm * p.yarns_per_cm)
    y, x = (np.indices((size, size)) + 0.5) / size * count
    x = x + 0.10 * periodic(rng, (size, size), (count / 5, count / 2))
    y = y + 0.10 * periodic(rng, (size, size), (count / 2, count / 5))
    i, j = np.floor(x), np.floor(y)
    u, v = x - i - 0.5, y - j - 0.5
    warp = (i + j) % 2 == 0
    across, along = np.where(warp, u, v), np.where(warp, v, u)
    number = np.where(warp, i, j).astype(int) % count
    along_tile = np.where(warp, y, x) / count
    thick = thickness(rng, count, size, number, along_tile, warp, p)
    bump = np.sqrt(np.clip(1 - (across / (0.5 * thick)) ** 2, 0, 1)) * np.cos(np.pi * 0.82 * along) ** 0.6
    hair = np.where(
        warp, periodic(rng, (size, size), (count, size)), periodic(rng, (size, size), (size, count))
    )
    tone = 1 - p.deep * (1 - bump) ** 1.3 + p.hair * hair + p.slub * (thick - 1)
    return np.asarray(np.rint(np.clip(tone, 0, 1.12) / 1.12 * 255), np.uint8)


def thickness(
    rng: np.random.Generator,
    count: int,
    size: int,
    number: NDArray[np.int64],
    along: F64,
    warp: NDArray[np.bool_],
    p: Weave,
) -> F64:
    """The yarn's thickness over its place: each varies along its length, weft more than warp."""
    profiles = np.stack([periodic(rng, (count, size), (count * 9, count / 6)) for _ in range(2)])
    at = np.floor(along * size).astype(int) % size
    amount = np.where(warp, 0.6, 1.0) * p.uneven
    return np.asarray(1 + amount * profiles[np.where(warp, 0, 1), number, at])


def main() -> None:
    """Write the tile."""
    cv2.imwrite(str(HERE / "canvas.png"), weave(), [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == "__main__":
    main()
