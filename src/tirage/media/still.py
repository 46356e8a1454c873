"""A picture that is drawn as far as somebody looks, and says what it has in common with others.
A catalogue's pictures of one view and colour differ in their prints alone; encoders use that.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TILE = 16
"""Pixels on a side of a tile."""
Pixels = NDArray[np.uint8]
Tiles = NDArray[np.bool_]
"""(n, n), True for some tiles of a picture; those at its right and lower side may reach beyond it."""


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """What a picture has in common with all others of the same ground: everything but its inked tiles."""

    ground: Hashable
    inked: Tiles
    blank: Tiles
    """Tiles that show nothing but the background, which is one colour."""


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """A square picture of sRGB bytes, straight alpha."""

    size: int
    draw: Callable[[Tiles | None], Pixels]
    """Draws these tiles, or all of them: (size, size, 3 or 4), of which only they are anything."""
    shared: Shared | None = None

    @classmethod
    def of(cls, pixels: Pixels) -> Still:
        """A picture that is there already."""
        return cls(len(pixels), lambda _tiles: pixels)

    @property
    def pixels(self) -> Pixels:
        """All of it."""
        return self.draw(None)
