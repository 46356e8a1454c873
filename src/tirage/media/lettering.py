"""Text as coverage: a line or a paragraph in the family of fonts.py, shaped by Pango through libvips."""

from __future__ import annotations

from html import escape
from threading import Lock

import numpy as np
import pyvips
from numpy.typing import NDArray

from tirage.media.fonts import FAMILY, font_file

__all__ = ["Coverage", "lettering"]

Coverage = NDArray[np.float32]
SMALLEST = 0.6
"""Of the size asked for, before a line is broken."""
_one_at_a_time = Lock()
"""Pango's font maps are not meant for several threads."""


def lettering(text: str, *, weight: str, size: float, width: int, centred: bool = False) -> Coverage:
    """Text as (height, width) coverage, 0–1, cut to what is inked; `size` and `width` in pixels.

    One line that is too wide gets smaller letters first, and is broken when that is not enough.
    """
    if not text.strip():
        return np.zeros((0, 0), np.float32)
    drawn = _drawn(text, weight, size, None, centred=centred)
    if drawn.shape[1] > width:
        drawn = _drawn(
            text, weight, size * max(SMALLEST, width / drawn.shape[1] * 0.995), None, centred=centred
        )
    if drawn.shape[1] > width:
        drawn = _drawn(text, weight, size * SMALLEST, width, centred=centred)
    return drawn[:, :width]


def _drawn(text: str, weight: str, size: float, width: int | None, *, centred: bool) -> Coverage:
    wrap = {} if width is None else {"width": width, "wrap": "word-char"}
    with _one_at_a_time:
        image = pyvips.Image.text(
            escape(text, quote=False),
            font=f"{FAMILY} {weight} {size:.2f}px",
            fontfile=str(font_file(weight)),
            dpi=72,
            align="centre" if centred else "low",
            **wrap,
        )
        pixels = np.asarray(image.numpy())
    return pixels.reshape(pixels.shape[:2]).astype(np.float32) / np.float32(255)
