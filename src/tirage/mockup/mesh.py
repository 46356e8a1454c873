"""The garment's mesh: its outer surface as the template stores it, and the closed cloth expanded from it.
Baking, relighting and packaging all expand here, so that they agree on every vertex."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Garment:
    """The outer surface; vertices are split at panel borders, so several may share one place.

    position (n, 3) m · normal (n, 3) unit, continuous across seams · uv (n, 2) atlas cm, y down ·
    triangle (m, 3) counter-clockwise from outside · panel (n,) ·
    thickness (n,) m inwards, 0 everywhere: a solid ·
    rim (e, 2) open borders, so that (a, b, b inside, a inside) faces outwards ·
    rim_uv (e, 2, 2) atlas cm of the inner ends of each rim edge ·
    inner (i,) the triangles whose inner side a camera can see; None: nobody has looked, perhaps all."""

    position: F32
    normal: F32
    uv: F32
    triangle: I32
    panel: U8
    thickness: F32
    rim: I32
    rim_uv: F32
    inner: I32 | None = None

    @property
    def solid(self) -> bool:
        """Whether it is a closed form, which has an outside alone, and no cloth."""
        return not self.thickness.any()

    @classmethod
    def load(cls, path: Path) -> Garment:
        """Read an .npz with these arrays. Raises OSError or KeyError when it is not one."""
        with np.load(path) as data:
            return cls(**{name: data[name] for name in cls.__slots__ if name in data})

    def save(self, path: Path) -> None:
        """Write the arrays, compressed."""
        arrays = {name: getattr(self, name) for name in self.__slots__}
        np.savez_compressed(path, **{name: array for name, array in arrays.items() if array is not None})


@dataclass(frozen=True, slots=True)
class Shell:
    """Cloth with both its sides and its edges, ready to draw.

    position (N, 3) m · normal (N, 3) unit · uv (N, 2) atlas cm · triangle (M, 3) · inside (M,) the side that
    takes no print and has light maps of its own · panel (N,)."""

    position: F32
    normal: F32
    uv: F32
    triangle: I32
    inside: NDArray[np.bool_]
    panel: U8


def expand(garment: Garment) -> Shell:
    """Outer surface, inner surface, then rim: separate vertices, in this order; of a solid the first."""
    g = garment
    if g.solid:
        outside = np.zeros(len(g.triangle), np.bool_)
        return Shell(
            position=g.position, normal=g.normal, uv=g.uv, triangle=g.triangle, inside=outside, panel=g.panel
        )
    n, m, e = len(g.position), len(g.triangle), len(g.rim)
    inner = g.position - g.normal * g.thickness[:, None]
    ends = g.rim.ravel()  # a0 b0 a1 b1 …
    outwards = _rim_directions(g, inner)[ends]
    corner = 2 * n + np.arange(2 * e, dtype=np.int32).reshape(e, 2)
    a, b = corner.T
    a_in, b_in = a + 2 * e, b + 2 * e
    rim = np.stack([a, b, b_in, a, b_in, a_in], 1).reshape(-1, 3)
    return Shell(
        position=np.concatenate([g.position, inner, g.position[ends], inner[ends]]),
        normal=np.concatenate(
            [g.normal, -g.normal, _unit(outwards + g.normal[ends]), _unit(outwards - g.normal[ends])]
        ),
        uv=np.concatenate([g.uv, g.uv, g.uv[ends], g.rim_uv.reshape(-1, 2)]),
        triangle=np.concatenate([g.triangle, g.triangle[:, ::-1] + np.int32(n), rim.astype(np.int32)]),
        inside=np.repeat([False, True, False], [m, m, 2 * e]),
        panel=np.concatenate([g.panel, g.panel, g.panel[ends], g.panel[ends]]),
    )


def drawn(garment: Garment) -> I32:
    """The numbers of the shell's triangles that a camera can see: outer surface, some of the inner, rim."""
    m, e = len(garment.triangle), len(garment.rim)
    if garment.solid:
        return np.arange(m, dtype=np.int32)
    inner = np.arange(m) if garment.inner is None else garment.inner
    return np.concatenate([np.arange(m), m + inner, 2 * m + np.arange(2 * e)]).astype(np.int32)


def _rim_directions(g: Garment, inner: F32) -> F32:
    """(n, 3) the unit direction in which the cloth ends at its border vertices; zero elsewhere."""
    a, b = g.rim.T
    across = np.cross(g.position[b] - g.position[a], inner[b] - g.position[b])
    sums = np.zeros_like(g.position)
    for k in range(3):
        sums[:, k] += np.bincount(a, across[:, k], minlength=len(sums)).astype(np.float32)
        sums[:, k] += np.bincount(b, across[:, k], minlength=len(sums)).astype(np.float32)
    return _unit(sums)


def _unit(vectors: F32) -> F32:
    length = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return np.asarray(vectors / np.maximum(length, np.float32(1e-20)), np.float32)
