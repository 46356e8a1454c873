"""The drape at half its edge length: smoothed, every triangle in four, ready for a second, finer run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from cloth import Piece
from numpy.typing import NDArray
from params import COLLAR_BACK, COLLAR_FRONT, FINISH, FinishParams
from surface import Surface, smooth_seams, smooth_surface, subdivide


def finer(s: Surface, p: FinishParams = FINISH) -> Surface:
    """Seams and surface without the coarse mesh's corners, with twice as many points along every edge."""
    return subdivide(smooth_surface(smooth_seams(s, p.seam_passes), p.surface_passes))


def neckline(
    joint: NDArray[np.int64], uv: NDArray[np.float64], panel: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Joints of the collar's seam as one closed run: along the front, seen from outside, then the back."""
    runs = []
    for side in (COLLAR_FRONT, COLLAR_BACK):
        ids = np.flatnonzero((panel == side) & (np.abs(uv[:, 1]) < 1e-6))
        runs.append(joint[ids[np.argsort(uv[ids, 0])]][:-1])  # the last point is the other side's first
    return np.concatenate(runs)


def refined(piece: Piece) -> Piece:
    """The finer piece; flat lengths are halved, so that its metric stays the pattern's."""
    s = finer(Surface(piece.uv, piece.panel, piece.joint, piece.triangle, piece.position))
    a, b, c = (piece.rest / 2).T  # edges 01, 12, 20 of the parent, for its children in subdivide's order
    rest = np.concatenate([np.stack(r, 1) for r in ((a, b, c), (a, b, c), (a, b, c), (c, a, b))])
    return replace(
        piece, uv=s.uv, panel=s.panel, triangle=s.triangle, rest=rest, joint=s.joint, position=s.position
    )
