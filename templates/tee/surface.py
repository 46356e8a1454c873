"""A garment's surface as split vertices over welded joints: edges, normals, smoothing, subdivision."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix, diags
from scipy.spatial import cKDTree

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
TAUBIN = (0.5, -0.53)  # a shrinking and an inflating step (Taubin 1995)


@dataclass(frozen=True, slots=True)
class Surface:
    """A split mesh over welded joints: uv (n, 2) panel cm, panel (n,), joint (n,), triangle (m, 3) between
    split vertices, position (joints, 3) m."""

    uv: F64
    panel: I64
    joint: I64
    triangle: I64
    position: F64

    @property
    def faces(self) -> I64:
        """Triangles (m, 3) between joints."""
        return np.asarray(self.joint[self.triangle])


@dataclass(frozen=True, slots=True)
class Edges:
    """Undirected edges (e, 2) of triangles, how many triangles share each (1: border), and for every half
    edge 01, 12, 20 of every triangle (m, 3) its edge."""

    ends: I64
    count: I64
    of_half: I64


def edges_of(triangles: I64) -> Edges:
    """All edges of triangles (m, 3)."""
    half = np.sort(np.stack([triangles, np.roll(triangles, -1, 1)], -1).reshape(-1, 2), 1)
    n = int(triangles.max()) + 1
    key, inverse, count = np.unique(half[:, 0] * n + half[:, 1], return_inverse=True, return_counts=True)
    return Edges(np.stack([key // n, key % n], 1), count, inverse.reshape(-1, 3))


def seam_edges(s: Surface, edges: Edges) -> NDArray[np.bool_]:
    """(e,) joint edges that are borders or lie between two panels' outlines."""
    split = edges_of(s.triangle)
    border = split.ends[split.count == 1]
    outline = np.sort(s.joint[border], 1)
    n = len(s.position)
    return np.asarray(np.isin(edges.ends @ [n, 1], outline @ [n, 1]))


def smooth_seams(s: Surface, passes: int) -> Surface:
    """Seam and border curves Taubin-smoothed along themselves; where curves meet they stay."""
    edges = edges_of(s.faces)
    mean, degree = neighbour_mean(edges.ends[seam_edges(s, edges)], len(s.position))
    moves = (degree == 2)[:, None]
    x = s.position
    for _ in range(passes):
        for step in TAUBIN:
            x = x + step * moves * (mean @ x - x)
    return replace(s, position=x)


def smooth_surface(s: Surface, passes: int) -> Surface:
    """Taubin-smoothed along the normals only: UVs keep their metric and seams their line; borders stay."""
    edges = edges_of(s.faces)
    mean, _ = neighbour_mean(edges.ends, len(s.position))
    moves = ~border_joints(s, edges)[:, None]
    for _ in range(passes):
        for step in TAUBIN:
            x, n = s.position, normals(s)
            s = replace(s, position=x + step * moves * _along(mean @ x - x, n))
    return s


def calmed(s: Surface, around: F64, reach: float, passes: int) -> Surface:
    """Pinches pressed flat, along the normals, within about `reach` m of the points (k, 3); borders stay."""
    mean, weight = _calming(s, around, reach)
    for _ in range(passes):
        x = s.position
        s = replace(s, position=x + weight * _along(mean @ x - x, normals(s)))
    return s


def drawn_tight(s: Surface, around: F64, reach: float, passes: int) -> Surface:
    """As a skin that shrinks, within about `reach` m of the points (k, 3): what folded through itself comes
    apart; flat lengths are not kept."""
    mean, weight = _calming(s, around, reach)
    for _ in range(passes):
        s = replace(s, position=s.position + weight * (mean @ s.position - s.position))
    return s


def _calming(s: Surface, around: F64, reach: float) -> tuple[csr_matrix, F64]:
    """The matrix of neighbours' means, and how far each joint (joints, 1) goes towards its own in a pass."""
    edges = edges_of(s.faces)
    mean, _ = neighbour_mean(edges.ends, len(s.position))
    near, _ = cKDTree(around).query(s.position)
    weight = 0.6 * np.exp(-((near / reach) ** 2)) * ~border_joints(s, edges)
    return mean, weight[:, None]


def border_joints(s: Surface, edges: Edges) -> NDArray[np.bool_]:
    """(joints,) on an open border."""
    result = np.zeros(len(s.position), bool)
    result[edges.ends[edges.count == 1].ravel()] = True
    return result


def neighbour_mean(ends: I64, n: int) -> tuple[csr_matrix, I64]:
    """The matrix that takes each of n points to the mean of its neighbours along edges (e, 2), and how many
    it has."""
    i, j = np.r_[ends[:, 0], ends[:, 1]], np.r_[ends[:, 1], ends[:, 0]]
    links = coo_matrix((np.ones(len(i)), (i, j)), (n, n)).tocsr()
    degree = np.bincount(i, minlength=n)
    return csr_matrix(diags(1 / np.maximum(degree, 1)) @ links), degree


def _along(move: F64, direction: F64) -> F64:
    return np.asarray(np.einsum("ij,ij->i", move, direction)[:, None] * direction)


def subdivide(s: Surface) -> Surface:
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
    return Surface(uv, panel, joint, triangle, position)


def _middles(s: Surface, edges: Edges) -> F64:
    """Middles of cubic Hermite arcs between the ends' tangent planes, so that folds keep their length;
    straight along open borders, whose normals are poor."""
    x, n = s.position, normals(s)
    a, b = edges.ends.T
    along = x[b] - x[a]
    lift = _along(along, n[b]) - _along(along, n[a])
    return np.asarray((x[a] + x[b]) / 2 + (edges.count == 2)[:, None] * lift / 8)


def normals(s: Surface) -> F64:
    """(joints, 3) unit normals, weighted by area."""
    faces = s.faces
    a, b, c = (s.position[faces[:, i]] for i in range(3))
    (ux, uy, uz), (vx, vy, vz) = (b - a).T, (c - a).T
    cross = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    joint, n = faces.ravel(), len(s.position)
    sums = np.stack([np.bincount(joint, np.repeat(part, 3), minlength=n) for part in cross], 1)
    return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True))
