"""The ink around every place on the cloth, which tints the light that bounces to it.
In a fold both sides show the same print: light between the sides of a dark one is dark, whatever the fabric.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from tirage.mockup.ink import Layer

REACH_CM = 3.0
"""Standard deviation of what counts as around; from 1.5 to 5 makes hardly a difference."""
SAMPLES = 4
"""Samples of the art in a cell and axis."""


def surroundings(layers: Sequence[Layer], atlas_cm: float) -> NDArray[np.float32]:
    """(side, side, 4) linear premultiplied ink and its coverage, mean around each cell of about 1 cm."""
    side = max(8, round(atlas_cm))
    ink = np.zeros((side * SAMPLES, side * SAMPLES, 4), np.float32)
    for layer in layers:
        _lay(layer, ink)
    cells = cv2.resize(ink, (side, side), interpolation=cv2.INTER_AREA)
    sigma = REACH_CM * side / atlas_cm
    around = cv2.GaussianBlur(cells, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(around, np.float32)


def _lay(layer: Layer, ink: NDArray[np.float32]) -> None:
    """Puts a layer over the ink that there is, on its own panel."""
    side = len(ink)
    left, top, right, bottom = (round(edge * side) for edge in np.clip(layer.clip, 0, 1))
    if left >= right or top >= bottom:
        return
    linear = layer.affine[:, :2] / side
    shift = layer.affine[:, 2] + linear @ (left + 0.5, top + 0.5) - 0.5  # OpenCV counts from centres
    seen = cv2.warpAffine(
        layer.texels,
        np.column_stack((linear, shift)),
        (right - left, bottom - top),
        flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
    )
    part = ink[top:bottom, left:right]
    laid = seen.astype(np.float32) / 65535
    part *= 1 - laid[..., 3:]
    part += laid
