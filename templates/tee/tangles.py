"""Where cloth passes through cloth, and how it comes apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from params import COLLAR_FRONT, FINISH, FinishParams
from scipy.spatial import cKDTree
from surface import Surface, drawn_tight

F64 = NDArray[np.float64]
LONGEST_M = 0.009  # between the middles of two triangles that may meet


def untangled(s: Surface, p: FinishParams = FINISH) -> Surface:
    """The surface drawn tight where it pierces itself, round by round until it does not: what is left after
    `tangle_rounds` of them stays."""
    body = s.triangle[s.panel[s.triangle[:, 0]] < COLLAR_FRONT]
    for _ in range(p.tangle_rounds):
        places = piercings(s.position[s.joint], body)
        if not len(places):
            break
        s = drawn_tight(s, places, p.tangle_m, p.tangle_passes)
    return s


def piercings(position: F64, triangle: NDArray[np.integer]) -> F64:
    """The middles (k, 3) m of the edges of triangles (m, 3) that pass through another triangle."""
    _, place = np.unique(np.round(position, 7), axis=0, return_inverse=True)
    corners, names = position[triangle], place.ravel()[triangle]
    pairs = cKDTree(corners.mean(1)).query_pairs(LONGEST_M, output_type="ndarray")
    apart = ~(names[pairs[:, 0], :, None] == names[pairs[:, 1], None, :]).any((1, 2))
    pairs = pairs[apart]
    found = [np.empty((0, 3))]
    for one, other in ((0, 1), (1, 0)):
        a, b, c = np.moveaxis(corners[pairs[:, other]], 1, 0)
        for k in range(3):
            start, end = corners[pairs[:, one], k], corners[pairs[:, one], (k + 1) % 3]
            found.append((start + end)[_passes(start, end, a, b, c)] / 2)
    return np.concatenate(found)


def _passes(start: F64, end: F64, a: F64, b: F64, c: F64) -> NDArray[np.bool_]:
    """Whether segments pass through triangles (all (n, 3)), by Möller and Trumbore (1997)."""
    u, v, way, off = b - a, c - a, end - start, start - a
    across, turned = np.cross(way, v), np.cross(off, u)
    size = (u * across).sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        p, q = (off * across).sum(1) / size, (way * turned).sum(1) / size
        t = (v * turned).sum(1) / size
    return np.asarray((p > 0) & (q > 0) & (p + q < 1) & (t > 0) & (t < 1))
