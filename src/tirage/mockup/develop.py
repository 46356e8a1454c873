"""Linear renders to pictures, as the kernels finish theirs: exposure, Khronos PBR Neutral, sRGB, background.
For renderers that make radiance; the relight renderer does the same per tile (native/shade.c, `finish`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tirage.media.values import Colour

F32 = NDArray[np.float32]
ROWS = 256
"""Rows that are worked on at a time: what lies between stays small."""
CLEAR, COVERED = 0.002, 0.9995
"""Coverage below which a pixel has no colour, and above which no background."""


def develop(render: F32, *, exposure: float, background: Colour | None) -> NDArray[np.uint8]:
    """(h, w, 4) premultiplied linear radiance to sRGB bytes: 3 channels over the background, whose bytes are
    exact where nothing lies on it; without one 4, with straight alpha."""
    height, width = render.shape[:2]
    out = np.empty((height, width, 4 if background is None else 3), np.uint8)
    for top in range(0, height, ROWS):
        out[top : top + ROWS] = _rows(render[top : top + ROWS], exposure, background)
    return out


def _rows(render: F32, exposure: float, background: Colour | None) -> NDArray[np.uint8]:
    alpha = np.clip(np.nan_to_num(render[..., 3:]), 0, 1)
    radiance = np.nan_to_num(render[..., :3]) / np.maximum(alpha, np.float32(1e-4)) * np.float32(exposure)
    display = encoded(neutral(np.asarray(radiance, np.float32)))
    if background is None:
        shown = np.where(alpha < CLEAR, np.float32(0), display)
        return np.asarray(np.concatenate([shown, alpha], axis=-1) * 255 + 0.5, np.uint8)
    back = np.array([background.red, background.green, background.blue], np.float32) / 255
    cover = np.where(alpha > COVERED, np.float32(1), alpha)
    return np.asarray((back + (display - back) * cover) * 255 + 0.5, np.uint8)


def neutral(radiance: F32) -> F32:
    """Khronos PBR Neutral over (…, 3) linear Rec. 709 (its specification's reference code)."""
    start, desaturation = 0.8 - 0.04, 0.15
    low = radiance.min(axis=-1, keepdims=True)
    colour = radiance - np.where(low < 0.08, low - 6.25 * low * low, 0.04)
    peak = colour.max(axis=-1, keepdims=True)
    over, room = np.maximum(peak - start, 0), 1 - start
    target = np.where(over > 0, 1 - room * room / (over + room), peak)
    grey = 1 - 1 / (desaturation * (peak - target) + 1)
    ratio = np.where(over > 0, target / np.maximum(peak, start), 1)
    return np.asarray(colour * ratio * (1 - grey) + target * grey, np.float32)


def encoded(linear: F32) -> F32:
    """The sRGB curve (IEC 61966-2-1) over values clipped to 0…1."""
    value = np.clip(linear, 0, 1)
    return np.asarray(
        np.where(value < 0.0031308, 12.92 * value, 1.055 * value ** (1 / 2.4) - 0.055), np.float32
    )
