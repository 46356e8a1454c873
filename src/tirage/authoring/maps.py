"""Small tools on atlas maps, (h, w, c) float32."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
NEAR = 4  # texels that unknown ones take from their neighbours
GUTTER = 6  # texels kept around an island


def halve(values: Floats) -> Floats:
    """Mean of 2 × 2 texels, over (h, w, c)."""
    height, width, channels = values.shape
    return np.asarray(values.reshape(height // 2, 2, width // 2, 2, channels).mean((1, 3)), np.float32)


def double(values: Floats) -> Floats:
    """Bilinear enlargement by two, edges repeated, over (h, w, c)."""
    for axis in (0, 1):
        padding = [(1, 1) if a == axis else (0, 0) for a in range(3)]
        wide = np.pad(values, padding, mode="edge")
        middle, before, after = (np.take(wide, np.arange(i, i + values.shape[axis]), axis) for i in (1, 0, 2))
        pairs = np.stack([0.75 * middle + 0.25 * before, 0.75 * middle + 0.25 * after], axis=axis + 1)
        values = pairs.reshape(*(n * 2 if a == axis else n for a, n in enumerate(values.shape)))
    return values.astype(np.float32)


def push_pull(values: Floats, covered: Mask) -> Floats:
    """Fill uncovered texels of (h, w, c) from their surroundings through a pyramid of weighted means."""
    weight = covered[..., None].astype(np.float32)
    levels = [(values * weight, weight)]
    while min(levels[-1][0].shape[:2]) > 4:
        levels.append((halve(levels[-1][0]), halve(levels[-1][1])))
    filled = (levels[-1][0] / np.maximum(levels[-1][1], 1e-6)).astype(np.float32)
    for total, share in reversed(levels[:-1]):
        mean = (total / np.maximum(share, 1e-6)).astype(np.float32)
        filled = np.where(share > 1e-6, mean, double(filled))
    return filled


def continued(values: Floats, known: Mask) -> Floats:
    """Fill unknown texels of (h, w, c): near known ones from right beside, so that nothing far leaks in."""
    for _ in range(NEAR):
        kernel = np.ones((3, 3), np.float32)
        share = cv2.filter2D(known.astype(np.float32), -1, kernel, borderType=cv2.BORDER_CONSTANT)[..., None]
        kept = [np.where(known, plane, 0).astype(np.float32) for plane in np.moveaxis(values, 2, 0)]
        total = [cv2.filter2D(plane, -1, kernel, borderType=cv2.BORDER_CONSTANT) for plane in kept]
        mean = np.stack(total, 2) / np.maximum(share, 1e-6)
        values = np.where(known[..., None], values, mean).astype(np.float32)
        known = known | (share[..., 0] > 0.5)
    return push_pull(values, known)


def blur(values: Floats, passes: int) -> Floats:
    """Binomial smoothing of (h, w, c), edges repeated."""
    for _ in range(passes):
        for axis in (0, 1):
            padding = [(2, 2) if a == axis else (0, 0) for a in range(3)]
            wide = np.pad(values, padding, mode="edge")
            rows = [np.take(wide, np.arange(i, i + values.shape[axis]), axis) for i in range(5)]
            values = ((rows[0] + rows[4] + 4 * (rows[1] + rows[3]) + 6 * rows[2]) / 16).astype(np.float32)
    return values


def grow(covered: Mask) -> Mask:
    """The islands with a gutter for bilinear look-ups; what lies beyond is left empty, which packs well."""
    for _ in range(GUTTER):
        wide = np.pad(covered, 1)
        covered = covered | wide[:-2, 1:-1] | wide[2:, 1:-1] | wide[1:-1, :-2] | wide[1:-1, 2:]
    return covered
