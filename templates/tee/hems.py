"""Hems before they are turned: their line runs evenly over the seams that end in them, and the fold stands
out between its edge and the needle rows that pull it in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from facings import crossings, hem_loops
from numpy.typing import NDArray
from params import DETAIL, FINISH, PANELS, PATTERN, FinishParams
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import cKDTree
from surface import Surface, normals

F64 = NDArray[np.float64]
EVEN = 3.0  # vertices, over which a hem's line is evened at a seam
ROW_CM = 0.13  # half the width of a needle row's groove: one row of vertices
UNEVEN, UNEVEN_CM = 0.35, 1.6  # share by which a fold stands out more or less, and over which length


def evened_hems(s: Surface, p: FinishParams = FINISH) -> Surface:
    """Without the corner in a hem at a slanting seam: its two sides meet the seam at more than a right angle,
    so that their line breaks there. Cloth up to about `crossing_cm` from there moves with it."""
    x = s.position.copy()
    for loop in hem_loops(s):
        joint = s.joint[[a for a, _ in loop]]
        line = s.position[joint]
        move = gaussian_filter1d(line, EVEN, axis=0, mode="wrap") - line
        for at in crossings(loop):
            seam = line[at]
            near = np.linalg.norm(s.position - seam, axis=1)
            share = np.exp(-((near / (p.crossing_cm * 0.01)) ** 2))
            _, k = cKDTree(line).query(s.position)
            x += share[:, None] * move[k] * (share > 0.01)[:, None]
    return replace(s, position=x)


def pillowed(s: Surface, p: FinishParams = FINISH) -> Surface:
    """A hem's two layers are fuller than one, but where they are sewn."""
    rng = np.random.default_rng(11)
    lift = np.zeros(len(s.uv))
    for name, hem_y in PATTERN.hem_y.items():
        own = s.panel == PANELS.index(name)
        x, above = s.uv[own, 0], hem_y - s.uv[own, 1]
        low, high = DETAIL.hem_rows
        fold = np.sin(np.pi * np.clip(above / low, 0, 1)) ** 0.7 * _uneven(rng, x)
        between = np.sin(np.pi * np.clip((above - low) / (high - low), 0, 1))
        rows = sum(np.exp(-(((above - row) / ROW_CM) ** 2) / 2) for row in DETAIL.hem_rows)
        lift[own] = p.pillow_cm * (fold + 0.35 * between) - p.row_cm * rows
    count = np.bincount(s.joint, minlength=len(s.position))
    field = np.bincount(s.joint, lift, minlength=len(s.position)) / np.maximum(count, 1)
    return replace(s, position=s.position + 0.01 * field[:, None] * normals(s))


def _uneven(rng: np.random.Generator, x: F64) -> F64:
    """(n,) about 1, along a hem."""
    at = np.arange(-70, 70, 0.2)
    noise = gaussian_filter1d(rng.normal(size=len(at)), UNEVEN_CM / 0.2)
    return np.asarray(np.interp(x, at, 1 + UNEVEN * np.clip(noise / noise.std(), -2, 2)))
