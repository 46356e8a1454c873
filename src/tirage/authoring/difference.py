"""How different two pictures look: CIEDE2000 over what is not background."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tirage.media.values import Colour
from tirage.mockup.lab import difference, lab

Picture = NDArray[np.uint8]
BACKGROUND = Colour(242, 242, 242)


@dataclass(frozen=True, slots=True)
class Apart:
    """ΔE00 between two pictures, averaged over the garment and at the worst pixel: 1 is just visible."""

    mean: float
    worst: float

    def __str__(self) -> str:
        """As people read it."""
        return f"ΔE00 mean {self.mean:.2f}, worst {self.worst:.2f}"


def apart(first: Picture, second: Picture) -> Apart:
    """Compare pictures (h, w, 3) on BACKGROUND; where both show it, nothing is compared."""
    behind = (BACKGROUND.red, BACKGROUND.green, BACKGROUND.blue)
    garment = (first != behind).any(axis=2) | (second != behind).any(axis=2)
    found = difference(_lab(first[garment]), _lab(second[garment]))
    return Apart(float(found.mean()), float(found.max())) if found.size else Apart(0.0, 0.0)


def _lab(codes: Picture) -> NDArray[np.float32]:
    """CIELAB (n, 3) of sRGB codes (n, 3)."""
    value = codes.astype(np.float32) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return lab(linear.astype(np.float32)) if len(codes) else np.empty((0, 3), np.float32)
