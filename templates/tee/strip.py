"""Strips of cloth laid as grids onto a surface: the collar, the turned hems, the tape and the label."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from params import PANELS
from scipy.interpolate import CloughTocher2DInterpolator, NearestNDInterpolator
from surface import Surface, normals

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Flat:
    """A panel as a map from its flat centimetres to space."""

    smooth: CloughTocher2DInterpolator
    nearest: NearestNDInterpolator

    @classmethod
    def of(cls, s: Surface, panel: str, box: tuple[float, float, float, float]) -> Flat:
        """The part of a panel inside x0, y0, x1, y1 cm."""
        x0, y0, x1, y1 = box
        x, y = s.uv.T
        near = (s.panel == PANELS.index(panel)) & (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
        values = np.concatenate([s.position, normals(s)], 1)[s.joint[near]]
        return cls(CloughTocher2DInterpolator(s.uv[near], values), NearestNDInterpolator(s.uv[near], values))

    def at(self, uv: F64) -> tuple[F64, F64]:
        """Position (…, 3) m and unit normal (…, 3); outside the panel the nearest vertex's."""
        smooth, nearest = self.smooth(uv), self.nearest(uv)
        both = np.where(np.isnan(smooth), nearest, smooth)
        normal = both[..., 3:]
        return both[..., :3], normal / np.linalg.norm(normal, axis=-1, keepdims=True)


def without(s: Surface, panels: tuple[str, ...]) -> Surface:
    """The surface less some panels; joints that nothing uses go too."""
    drop = np.isin(s.panel, [PANELS.index(name) for name in panels])
    keep = np.flatnonzero(~drop)
    number = np.cumsum(~drop) - 1
    triangle = number[s.triangle[~drop[s.triangle[:, 0]]]]
    used, joint = np.unique(s.joint[keep], return_inverse=True)
    return Surface(s.uv[keep], s.panel[keep], joint, triangle, s.position[used])


def with_grid(s: Surface, panel: str, uv: F64, position: F64, first: I64 | None = None) -> Surface:
    """Add a strip of rows × columns: uv (r, c, 2) panel cm, position (r, c, 3) m.

    Its outside is where columns run to the right and rows downwards; `first` (c,) are joints that row 0 is
    sewn to, whose own places count."""
    rows, columns = position.shape[:2]
    joint = len(s.position) + np.arange(rows * columns).reshape(rows, columns)
    if first is not None:
        joint -= columns
        joint[0] = first
        position = position[1:]
    vertex = len(s.uv) + np.arange(rows * columns).reshape(rows, columns)
    return Surface(
        uv=np.concatenate([s.uv, uv.reshape(-1, 2)]),
        panel=np.concatenate([s.panel, np.full(rows * columns, PANELS.index(panel))]),
        joint=np.concatenate([s.joint, joint.ravel()]),
        triangle=np.concatenate([s.triangle, _triangles(vertex)]),
        position=np.concatenate([s.position, position.reshape(-1, 3)]),
    )


def _triangles(v: I64) -> I64:
    a, b, c, d = v[:-1, :-1], v[:-1, 1:], v[1:, 1:], v[1:, :-1]
    odd = (np.add.outer(np.arange(len(a)), np.arange(a.shape[1])) % 2 == 1)[..., None]
    one = np.where(odd, np.stack([a, c, b], -1), np.stack([a, d, b], -1))
    two = np.where(odd, np.stack([a, d, c], -1), np.stack([b, d, c], -1))
    return np.concatenate([one.reshape(-1, 3), two.reshape(-1, 3)])


def weld(s: Surface, pairs: I64) -> Surface:
    """Make joints pairs[:, 1] the joints pairs[:, 0]."""
    to = np.arange(len(s.position))
    to[pairs[:, 1]] = pairs[:, 0]
    used, joint = np.unique(to[s.joint], return_inverse=True)
    return replace(s, joint=joint, position=s.position[used])
