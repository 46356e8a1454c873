"""Cloth as a sheet: panels that share points of cloth, subdivided, with a thickness and open borders.

What a drape leaves becomes the garment's arrays; the flat pattern stays the metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tirage.mockup.mesh import Garment

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """uv (n, 2) panel cm · panel (n,) · joint (n,) the point of cloth that each vertex is · triangle (m, 3)
    between vertices, counter-clockwise from outside · position (joints, 3) m."""

    uv: F64
    panel: I64
    joint: I64
    triangle: I64
    position: F64

    @property
    def faces(self) -> I64:
        """Triangles (m, 3) between joints."""
        return np.asarray(self.joint[self.triangle])


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Undirected edges (e, 2), how many triangles share each (1: border), each half edge's edge (m, 3)."""

    ends: I64
    count: I64
    of_half: I64


def edges_of(triangles: I64) -> Edges:
    """All edges of triangles (m, 3); half edges are 01, 12, 20."""
    half = np.sort(np.stack([triangles, np.roll(triangles, -1, 1)], -1).reshape(-1, 2), 1)
    n = int(triangles.max()) + 1
    key, inverse, count = np.unique(half[:, 0] * n + half[:, 1], return_inverse=True, return_counts=True)
    return Edges(np.stack([key // n, key % n], 1), count, inverse.reshape(-1, 3))


def normals(s: Sheet) -> F64:
    """(joints, 3) unit normals, weighted by area."""
    a, b, c = (s.position[s.faces[:, i]] for i in range(3))
    cross = np.cross(b - a, c - a)
    joint, n = s.faces.ravel(), len(s.position)
    sums = np.stack([np.bincount(joint, np.repeat(cross[:, k], 3), minlength=n) for k in range(3)], 1)
    return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-30))


def subdivide(s: Sheet) -> Sheet:
    """Halve every edge: positions on arcs over it, UVs in the middle, so that they stay the flat pattern."""
    edges, split = edges_of(s.faces), edges_of(s.triangle)
    n, k = len(s.position), len(s.uv)
    position = np.concatenate([s.position, _middles(s, edges)])
    joint = np.concatenate([s.joint, np.zeros(len(split.ends), np.int64)])
    joint[k + split.of_half] = n + edges.of_half
    a, b, c = s.triangle.T
    ab, bc, ca = (k + split.of_half).T
    triangle = np.concatenate([np.stack(t, 1) for t in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))])
    uv = np.concatenate([s.uv, s.uv[split.ends].mean(1)])
    panel = np.concatenate([s.panel, s.panel[split.ends[:, 0]]])
    return Sheet(uv, panel, joint, triangle, position)


def _middles(s: Sheet, edges: Edges) -> F64:
    """Middles of cubic Hermite arcs between the ends' tangent planes, so that folds keep their length;
    straight along open borders, whose normals are poor."""
    x, n = s.position, normals(s)
    a, b = edges.ends.T
    along = x[b] - x[a]
    lift = sum(
        sign * np.einsum("ij,ij->i", along, n[end])[:, None] * n[end] for sign, end in ((1, b), (-1, a))
    )
    return np.asarray((x[a] + x[b]) / 2 + (edges.count == 2)[:, None] * lift / 8)


def part(s: Sheet, panels: Sequence[int]) -> Sheet:
    """The panels of these numbers alone, with joints of their own."""
    kept = np.isin(s.panel, panels)
    number = np.cumsum(kept) - 1
    used, joint = np.unique(s.joint[kept], return_inverse=True)
    triangle = number[s.triangle[kept[s.triangle[:, 0]]]]
    return Sheet(s.uv[kept], s.panel[kept], joint.astype(np.int64), triangle, s.position[used])


def together(parts: Sequence[Sheet]) -> Sheet:
    """Sheets that share nothing, as one."""
    points = np.cumsum([0, *(len(s.uv) for s in parts)])
    joints = np.cumsum([0, *(len(s.position) for s in parts)])
    return Sheet(
        uv=np.concatenate([s.uv for s in parts]),
        panel=np.concatenate([s.panel for s in parts]),
        joint=np.concatenate([s.joint + first for s, first in zip(parts, joints, strict=False)]),
        triangle=np.concatenate([s.triangle + first for s, first in zip(parts, points, strict=False)]),
        position=np.concatenate([s.position for s in parts]),
    )


def offset(s: Sheet, metres: float) -> Sheet:
    """The sheet moved outwards."""
    return replace(s, position=s.position + metres * normals(s))


def rim(s: Sheet, atlas: F64, width_cm: float) -> tuple[I64, F64]:
    """Open border edges (e, 2) of vertices and the atlas places (e, 2, 2) of their inner ends, a strip that
    lies width_cm outside the island.

    Borders that lie on each other are sewn: panels with joints of their own end in a crease there."""
    point = np.unique(s.position, axis=0, return_inverse=True)[1].ravel()
    edges = edges_of(point[s.faces])
    face, corner = np.nonzero(edges.count[edges.of_half] == 1)
    start, end = s.triangle[face, corner], s.triangle[face, (corner + 1) % 3]
    along = atlas[end] - atlas[start]
    # triangles are clockwise in the y-down atlas: the island lies to the right of a half edge, seen y up
    away = np.stack([-along[:, 1], along[:, 0]], 1)
    sums = np.zeros_like(atlas)
    np.add.at(sums, start, away)
    np.add.at(sums, end, away)
    unit = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    pairs = np.stack([end, start], 1)
    return pairs, atlas[pairs] + unit[pairs] * width_cm


def garment(s: Sheet, *, origins: Sequence[tuple[float, float]], thickness: F64, rim_cm: float) -> Garment:
    """The arrays that a package keeps; thickness (n,) m of every vertex, origins by panel number, cm."""
    atlas = s.uv + np.array(origins)[s.panel]
    border, border_uv = rim(s, atlas, rim_cm)
    return Garment(
        position=s.position[s.joint].astype(np.float32),
        normal=normals(s)[s.joint].astype(np.float32),
        uv=atlas.astype(np.float32),
        triangle=s.triangle.astype(np.int32),
        panel=s.panel.astype(np.uint8),
        thickness=thickness.astype(np.float32),
        rim=border.astype(np.int32),
        rim_uv=border_uv.astype(np.float32),
    )
