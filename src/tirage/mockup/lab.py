"""How different two colours look: linear sRGB to CIELAB, and CIEDE2000 between CIELAB colours."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def lab(linear: Floats) -> Floats:
    """CIELAB (n, 3), D65, of linear sRGB (n, 3) 0–1."""
    converted = cv2.cvtColor(linear.reshape(1, -1, 3), cv2.COLOR_LRGB2Lab)
    return np.asarray(converted, np.float32).reshape(-1, 3)


def difference(first: Floats, second: Floats) -> Floats:
    """CIEDE2000 (n,) between CIELAB (n, 3) and (n or 1, 3): 1 is just visible side by side.

    Sharma, Wu, Dalal: The CIEDE2000 Color-Difference Formula (2005), kL = kC = kH = 1.
    """
    (l1, a1, b1), (l2, a2, b2) = first.T.astype(np.float64), second.T.astype(np.float64)
    chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    c1, c2 = np.hypot(a1 * stretch, b1), np.hypot(a2 * stretch, b2)
    h1, h2 = np.arctan2(b1, a1 * stretch) % (2 * np.pi), np.arctan2(b2, a2 * stretch) % (2 * np.pi)
    grey = c1 * c2 == 0
    turn = np.where(grey, 0, (h2 - h1 + np.pi) % (2 * np.pi) - np.pi)
    hue = np.where(grey, h1 + h2, (h1 + turn / 2) % (2 * np.pi))
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    weight = (
        1
        - 0.17 * np.cos(hue - np.pi / 6)
        + 0.24 * np.cos(2 * hue)
        + 0.32 * np.cos(3 * hue + np.radians(6))
        - 0.20 * np.cos(4 * hue - np.radians(63))
    )
    d_light = (l2 - l1) / (1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2))
    d_chroma = (c2 - c1) / (1 + 0.045 * chroma)
    d_hue = 2 * np.sqrt(c1 * c2) * np.sin(turn / 2) / (1 + 0.015 * chroma * weight)
    bend = np.exp(-(((np.degrees(hue) - 275) / 25) ** 2))
    twist = -np.sin(np.radians(60 * bend)) * 2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    squares = d_light**2 + d_chroma**2 + d_hue**2 + twist * d_chroma * d_hue
    return np.asarray(np.sqrt(np.maximum(squares, 0)), np.float32)
