"""Somebody's triangles as one surface: which corners are one point, what is open, how flat maps stretch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
WELD_M = 1e-5
"""Corners nearer than this are one point."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Triangles of one panel as a file has them: position (n, 3) m, Z up; normal (n, 3) or None;
    uv (n, 2), 0–1 over the atlas, v down, or None; triangle (m, 3) counter-clockwise from outside."""

    panel: str
    position: F64
    normal: F64 | None
    uv: F64 | None
    triangle: I64


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """All parts together. Vertices differ in place on the atlas, panel or normal; joints are points in space.

    joint (n,) of each vertex · position (j, 3) m · uv (n, 2) atlas cm, y down ·
    normal (n, 3) as given, or None · panel (n,) · triangle (m, 3) vertices"""

    joint: I64
    position: F64
    uv: F64
    normal: F64 | None
    panel: I64
    triangle: I64

    @property
    def faces(self) -> I64:
        """(m, 3) joints."""
        return self.joint[self.triangle]


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """ends (e, 2) joints · count (e,) faces · of_half (3m,) the edge of every half edge · forward (3m,)"""

    ends: I64
    count: I64
    of_half: I64
    forward: NDArray[np.bool_]


def join(parts: Sequence[Part], panels: Sequence[str], atlas_cm: float) -> Surface:
    """Weld corners; every part has UVs and a panel that is listed. Triangles without area go."""
    starts = np.cumsum([0, *(len(part.position) for part in parts)])
    position = np.concatenate([part.position for part in parts])
    uv = np.concatenate([part.uv for part in parts if part.uv is not None]) * atlas_cm
    panel = np.concatenate([np.full(len(part.position), panels.index(part.panel)) for part in parts])
    triangle = np.concatenate([part.triangle + start for part, start in zip(parts, starts, strict=False)])
    has_normals = all(part.normal is not None for part in parts)
    normal = np.concatenate([n for part in parts if (n := part.normal) is not None]) if has_normals else None
    _, first, joint = np.unique(
        np.rint(position / WELD_M).astype(np.int64), axis=0, return_index=True, return_inverse=True
    )
    joint = joint.ravel()
    columns = [joint, panel, *np.rint(uv.T * 1e4)]
    if normal is not None:
        columns += list(np.rint(normal.T * 1e3))
    _, kept, vertex = np.unique(
        np.stack(columns, 1).astype(np.int64), axis=0, return_index=True, return_inverse=True
    )
    triangle = vertex.ravel()[triangle]
    faces = joint[kept][triangle]
    whole = (faces != np.roll(faces, 1, axis=1)).all(axis=1)
    return Surface(
        joint=joint[kept],
        position=position[first],
        uv=uv[kept],
        normal=None if normal is None else normal[kept],
        panel=panel[kept],
        triangle=triangle[whole],
    )


def edges_of(faces: I64) -> Edges:
    """The undirected edges of triangles, and which way each half edge runs along its edge."""
    half = np.stack([faces, np.roll(faces, -1, axis=1)], axis=2).reshape(-1, 2)
    low, high = half.min(axis=1), half.max(axis=1)
    ends, of_half, count = np.unique(
        np.stack([low, high], 1), axis=0, return_inverse=True, return_counts=True
    )
    return Edges(ends, count, of_half.ravel(), half[:, 0] == low)


def normals(surface: Surface) -> F64:
    """(j, 3) unit normals of the joints, weighted by area."""
    a, b, c = (surface.position[surface.faces[:, k]] for k in range(3))
    cross = np.cross(b - a, c - a)
    sums = np.zeros_like(surface.position)
    for k in range(3):
        np.add.at(sums, surface.faces[:, k], cross)
    return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-20))


def rim(surface: Surface, reach_cm: float) -> tuple[I64, F64]:
    """Open edges (e, 2) as vertices, and where their inner ends lie on the atlas, (e, 2, 2) cm.

    The inner ends get a strip of their own beside the island, so that the edge has light of its own."""
    edges = edges_of(surface.faces)
    face, corner = np.nonzero((edges.count[edges.of_half] == 1).reshape(-1, 3))
    start, end = surface.triangle[face, corner], surface.triangle[face, (corner + 1) % 3]
    along = surface.uv[end] - surface.uv[start]
    away = np.stack([-along[:, 1], along[:, 0]], 1)  # triangles are clockwise on an atlas with y down
    sums = np.zeros_like(surface.uv)
    np.add.at(sums, start, away)
    np.add.at(sums, end, away)
    unit = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    pairs = np.stack([end, start], 1)
    return pairs, surface.uv[pairs] + unit[pairs] * reach_cm


def flat_areas(surface: Surface) -> F64:
    """(m,) signed cm² on the atlas: positive where a triangle is not mirrored."""
    a, b, c = (surface.uv[surface.triangle[:, k]] for k in range(3))
    first, second = b - a, c - a
    return np.asarray((first[:, 1] * second[:, 0] - first[:, 0] * second[:, 1]) / 2)


def stretches(surface: Surface) -> F64:
    """(m, 2) singular values of the map from the atlas (cm) to space (cm), smaller first; 1 is true size."""
    uv, space = surface.uv[surface.triangle], surface.position[surface.faces] * 100
    flat = np.stack([uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]], -1)
    spread = np.stack([space[:, 1] - space[:, 0], space[:, 2] - space[:, 0]], -1)
    singular = np.abs(np.linalg.det(flat)) < 1e-9
    flat[singular] = np.eye(2)
    values = np.linalg.svd(spread @ np.linalg.inv(flat), compute_uv=False)[:, ::-1]
    values[singular] = np.inf
    return np.asarray(values)


def islands(surface: Surface) -> I64:
    """(m,) the number of each triangle's island on the atlas: triangles that share vertices."""
    label = np.arange(len(surface.uv))
    while True:
        low = label[surface.triangle].min(axis=1)
        smaller = label.copy()
        for k in range(3):
            np.minimum.at(smaller, surface.triangle[:, k], low)
        smaller = smaller[smaller]
        if (smaller == label).all():
            return np.unique(label[surface.triangle[:, 0]], return_inverse=True)[1].ravel()
        label = smaller
