"""The test print of golden pictures and upgrades: drawn by the code, so that a package need not carry it.

Colours, greys, fine lines in four directions, soft and cut-out edges: whatever a renderer can get wrong."""

from __future__ import annotations

import hashlib
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tirage.media.intake import Design
from tirage.mockup.model import Template
from tirage.mockup.placement import Placement, Print, resolve

SIDE = 480
"""Pixels."""
CELL = SIDE // 4
SHARE = 0.9
"""Of a print area's shorter side."""
INKS = ((214, 40, 57), (247, 179, 43), (45, 147, 108), (33, 104, 188), (120, 60, 150), (250, 250, 248))


@cache
def chart() -> Design:
    """The chart as a design."""
    pixels = np.zeros((SIDE, SIDE, 4), np.uint8)
    y, x = np.mgrid[:SIDE, :SIDE]
    for number, ink in enumerate(INKS):
        row, column = divmod(number, 3)
        pixels[row * CELL : (row + 1) * CELL, column * CELL : (column + 1) * CELL] = (*ink, 255)
    pixels[: 2 * CELL, 3 * CELL :] = _stack(np.repeat(np.linspace(0, 255, 2 * CELL)[:, None], CELL, 1), 255)
    for number, wave in enumerate((x / 12, y / 12, (x + y) / 8, (x - y) / 8)):
        part = (slice(2 * CELL, 3 * CELL), slice(number * CELL, (number + 1) * CELL))
        pixels[part] = _stack(20, np.where(np.floor(wave) % 2 == 0, 255, 0))[part]
    around = np.hypot(x - 2 * CELL, y - 3.5 * CELL)
    soft = np.clip(255 * (1 - around / (2 * CELL)), 0, 255) * (around > CELL / 4)
    pixels[3 * CELL :] = _stack(200, soft)[3 * CELL :]
    pixels.setflags(write=False)
    digest = hashlib.sha256(pixels.tobytes()).hexdigest()
    return Design(pixels, SIDE, SIDE, "png", digest, pixels.nbytes, "chart.png")


def charted(template: Template) -> list[Print]:
    """The chart in the middle of every print area."""
    prints = []
    for panel in template.panels:
        if panel.print_area is not None:
            left, top, right, bottom = panel.print_area
            width = SHARE * min(right - left, bottom - top)
            place = Placement(panel.name, (left + right) / 2, (top + bottom) / 2, width)
            prints.append(Print(resolve(width=SIDE, height=SIDE, where=place, template=template), chart()))
    return prints


def _stack(grey: NDArray[np.float64] | float, alpha: NDArray[np.float64] | float) -> NDArray[np.uint8]:
    grey, alpha = np.broadcast_arrays(np.asarray(grey, float), np.asarray(alpha, float))
    return np.rint(np.stack([grey, grey, grey, alpha], axis=-1)).astype(np.uint8)
