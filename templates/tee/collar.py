"""The rib collar, modelled on the draped neckline: up on the outside, over a rounded fold, down inside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from params import COLLAR_BACK, COLLAR_FRONT, PANELS
from refine import neckline
from scipy.ndimage import gaussian_filter1d
from strip import weld, with_grid, without
from surface import Surface, normals

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
WIDE = 2.0  # cm of the atlas for each along the rib: ribs are finer than 8 texels a centimetre hold
FOLD = 0.17  # cm, radius of the fold at the top edge, and the strip that it takes: its light turns by 180°
FOLD_RUN = 1.1
LEAN = ((-9.0, 3.0), (0.0, 19.0), (6.0, 14.0))  # y cm of the neckline, degrees that the rib stands up there


@dataclass(frozen=True, slots=True)
class Ring:
    """The collar's seam, closed, along the front and then the back as seen from outside.

    joint (n,) · place (n, 3) cm · up (n, 3) the rib's way · out (n, 3) its outside ·
    split: where the back begins."""

    joint: I64
    place: F64
    up: F64
    out: F64
    split: int


def ring_of(s: Surface) -> Ring:
    """Where and how the collar stands on a draped surface that still has its simulated collar."""
    joint = neckline(s.joint, s.uv, s.panel)
    split = int(((s.panel == COLLAR_FRONT) & (np.abs(s.uv[:, 1]) < 1e-6)).sum()) - 1
    body = without(s, PANELS[COLLAR_FRONT : COLLAR_BACK + 1])
    where = np.searchsorted(np.unique(s.joint[s.panel < COLLAR_FRONT]), joint)
    place = s.position[joint] * 100
    out = _even(normals(body)[where], 6)
    along = np.roll(place, -1, 0) - np.roll(place, 1, 0)
    along = _even(along, 4)
    out = _unit(out - _dot(out, along) * along)
    up = np.cross(out, along)
    y, degrees = np.array(LEAN).T
    lean = np.radians(gaussian_filter1d(np.interp(place[:, 1], y, degrees), 5, mode="wrap"))[:, None]
    rise = np.cos(lean) * up + np.sin(lean) * out
    outer = np.cos(lean) * out - np.sin(lean) * up
    place = gaussian_filter1d(place, 2.5, axis=0, mode="wrap")  # row 0 stays sewn to the joints themselves
    return Ring(joint, place, rise, outer, split)


def profile() -> tuple[F64, F64]:
    """(k, 2) cm: how far up and outwards the rib's surface runs, from the seam outside over a fold that rolls
    inwards to the seam inside; and (k,) cm of the strip at which it does. The fold gets FOLD_RUN of it."""
    turn = np.radians(np.arange(0, 181, 30))
    out = [(0, 0), (0.10, 0.04), (0.28, 0.095), (0.6, 0.14), (1.0, 0.14), (1.35, 0.09), (1.62, 0.015)]
    fold = np.stack([1.78 + FOLD * np.sin(turn + 0.35), -0.2 + FOLD * np.cos(turn + 0.35)], 1)
    back = [(1.45, -0.30), (1.15, -0.25), (0.8, -0.20), (0.45, -0.17), (0.15, -0.15), (-0.2, -0.14)]
    shape = np.concatenate([out, fold, back])
    step = np.linalg.norm(np.diff(shape, axis=0), axis=1)
    step[len(out) : len(out) + len(fold) - 1] *= FOLD_RUN / (np.pi * FOLD)
    return shape, np.r_[0, np.cumsum(step)]


def with_collar(s: Surface, ring: Ring) -> Surface:
    """Replace the simulated collar by the modelled one; its UVs run up from the seam and on over the fold."""
    shape, run = profile()
    seam = {side: _seam_uv(s, side) for side in (COLLAR_FRONT, COLLAR_BACK)}
    old = s.joint
    body = without(s, PANELS[COLLAR_FRONT : COLLAR_BACK + 1])
    number = np.full(len(s.position), -1)
    number[np.unique(old[s.panel < COLLAR_FRONT])] = np.arange(len(body.position))
    n, result = len(ring.joint), body
    ends = []
    halves = ((COLLAR_FRONT, np.arange(ring.split + 1)), (COLLAR_BACK, np.arange(ring.split, n + 1) % n))
    for side, ids in halves:
        up, out = shape[:, 0, None, None] * ring.up[ids], shape[:, 1, None, None] * ring.out[ids]
        place = (ring.place[ids] + up + out) * 0.01
        uv = np.stack(np.broadcast_arrays(seam[side] * WIDE, -run[:, None]), -1)
        first = len(result.position)
        # rows run upwards: turned round, so that the outside is where rows run down
        joints = number[ring.joint[ids]][::-1]
        result = with_grid(result, PANELS[side], uv[:, ::-1], place[:, ::-1], joints)
        rows = first + np.arange((len(shape) - 1) * len(ids)).reshape(len(shape) - 1, len(ids))
        ends.append(rows[:, ::-1])
    front, back = ends
    pairs = [np.stack([front[:, -1], back[:, 0]], 1), np.stack([front[:, 0], back[:, -1]], 1)]
    return weld(result, np.concatenate(pairs))


def _seam_uv(s: Surface, side: int) -> F64:
    return np.sort(s.uv[(s.panel == side) & (np.abs(s.uv[:, 1]) < 1e-6), 0])


def _even(v: F64, sigma: float) -> F64:
    return _unit(gaussian_filter1d(v, sigma, axis=0, mode="wrap"))


def _unit(v: F64) -> F64:
    return np.asarray(v / np.linalg.norm(v, axis=1, keepdims=True))


def _dot(a: F64, b: F64) -> F64:
    return np.asarray(np.einsum("ij,ij->i", a, b)[:, None])
