"""Cloth that the drape left stretched gets its length back from the cloth around it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from params import COLLAR_FRONT, FINISH, FinishParams
from surface import Surface, edges_of

F64 = NDArray[np.float64]


def eased(s: Surface, p: FinishParams = FINISH) -> Surface:
    """The surface with edges of at most 1 + `most_stretch` of their flat length, nearly; the collar stays."""
    edges = edges_of(s.triangle).ends
    a, b = s.joint[edges].T
    longest = np.linalg.norm(s.uv[edges[:, 1]] - s.uv[edges[:, 0]], axis=1) * 0.01 * (1 + p.most_stretch)
    n, x = len(s.position), s.position.copy()
    held = np.zeros(n, bool)
    held[s.joint[s.panel >= COLLAR_FRONT]] = True
    for _ in range(p.stretch_passes):
        way = x[b] - x[a]
        length = np.linalg.norm(way, axis=1)
        over = np.flatnonzero(length > longest)
        pull = way[over] * (0.5 * (1 - longest[over] / length[over]))[:, None]
        ends, moves = np.r_[a[over], b[over]], np.concatenate([pull, -pull])
        count = np.maximum(np.bincount(ends, minlength=n), 1)
        move = np.stack([np.bincount(ends, moves[:, k], minlength=n) for k in range(3)], 1) / count[:, None]
        x += 1.5 * np.where(held[:, None], 0.0, move)
    return replace(s, position=x)
