"""What a smooth thing sees of itself in its mirror, found by rays against its own mesh (native/mirror.c).
The rest of its glaze is coat.py's.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tirage.mockup import kernels
from tirage.mockup.kernels import BOX, FACET, pointer

F32 = NDArray[np.float32]
Codes = NDArray[np.int16]

FINE, COARSE = 2, 4
"""Texels a side that share a ray in stills, and in pictures of a turntable."""


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """What rays meet: position in metres and normal (n, 3), triangle (m, 3)."""

    position: F32
    normal: F32
    triangle: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Mirror:
    """A thing and the places on it that mirror; `codes` (6, size, size) as coat.py keeps them."""

    tree: kernels.Tree
    outlook: kernels.Outlook
    codes: Codes
    origin: tuple[float, float, float]
    step: float

    def seen(self, camera: F32, *, coarse: bool) -> tuple[F32, F32]:
        """For a camera at (3,) metres: 1 where the thing hides nothing, and what it shows where it does.

        Two maps of a half of the size of the codes, or if `coarse` of a quarter.
        """
        side, places = (COARSE, self._coarse) if coarse else (FINE, self._fine)
        across = self.codes.shape[1] // side
        clear, own = np.ones((across, across), np.float32), np.zeros((across, across), np.float32)
        kernels.call(
            "mirror_view",
            ctypes.byref(self.tree),
            ctypes.byref(self.outlook),
            ctypes.byref(places),
            pointer(camera, np.float32),
            pointer(clear, np.float32),
            pointer(own, np.float32),
        )
        return clear, own

    @cached_property
    def _fine(self) -> kernels.Places:
        return self._places(block_means(self.codes, FINE))

    @cached_property
    def _coarse(self) -> kernels.Places:
        return self._places(block_means(self.codes, COARSE))

    def _places(self, codes: Codes) -> kernels.Places:
        index = np.flatnonzero(codes[3:].any(axis=0)).astype(np.int32)
        found = np.ascontiguousarray(codes.reshape(6, -1)[:, index].T)
        places = kernels.Places(
            code=pointer(found, np.int16), index=pointer(index, np.int32), count=len(index), step=self.step
        )
        places.origin[:] = self.origin
        return places


def build_mirror(
    mesh: Mesh, outlook: kernels.Outlook, codes: Codes, *, origin: tuple[float, float, float], step: float
) -> Mirror:
    """The mirror of a thing; about .1 s for 40,000 triangles, once per process."""
    triangle = np.ascontiguousarray(mesh.triangle, np.int32)
    boxes = np.empty((2 * max(len(triangle), 1), BOX), np.float32)
    facets = np.empty((max(len(triangle), 1), FACET), np.float32)
    kernels.call(
        "mirror_tree",
        pointer(np.ascontiguousarray(mesh.position, np.float32), np.float32),
        pointer(triangle, np.int32),
        len(triangle),
        pointer(boxes, np.float32),
        pointer(facets, np.float32),
    )
    tree = kernels.Tree(
        boxes=pointer(boxes, np.float32),
        facets=pointer(facets, np.float32),
        normal=pointer(np.ascontiguousarray(mesh.normal, np.float32), np.float32),
        tri=pointer(triangle, np.int32),
    )
    return Mirror(tree=tree, outlook=outlook, codes=codes, origin=origin, step=step)


def block_means(codes: Codes, side: int) -> Codes:
    """Codes (6, n, n) as the means of blocks of side x side texels that are there; zero where none is."""
    count = codes.shape[1] // side
    blocks = codes.reshape(6, count, side, count, side)
    there = blocks[3:].any(axis=0).sum(axis=(1, 3))
    total = blocks.sum(axis=(2, 4), dtype=np.int32)
    return np.asarray(np.rint(total / np.maximum(there, 1)), np.int16)
