"""Cuts through smooth surfaces: light on both sides of one is made the same, fading into the islands.

A cylinder has to be cut to lie on the atlas; bakes, denoiser and filters know nothing of what is beyond."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tirage.authoring.maps import Floats
from tirage.mockup.mesh import Garment

F64 = NDArray[np.float64]
SAME_CM = 1e-3
"""Points nearer than this are one place."""
SMOOTH = 0.98
"""Cosine between normals from which on a surface goes on."""
REACH_CM = 0.5
"""How far a correction reaches, as the deviation of a bell."""


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """Places (n, 2) on the atlas, 0…1, and the places that lie on the same spot of the surface."""

    here: F64
    there: F64


def find_cut(garment: Garment, atlas_cm: float) -> Cut:
    """All places where the garment's smooth surface is cut, each in both directions."""
    key = np.rint(garment.position.astype(np.float64) * 100 / SAME_CM).astype(np.int64)
    order = np.lexsort(key.T)
    first, second = order[:-1], order[1:]  # of three and more at one place neighbours are paired
    same = (key[first] == key[second]).all(axis=1)
    goes_on = np.einsum("ij,ij->i", garment.normal[first], garment.normal[second]) > SMOOTH
    apart = np.abs(garment.uv[first] - garment.uv[second]).max(axis=1) > SAME_CM
    chosen = same & goes_on & apart
    ends = garment.uv[np.stack([first[chosen], second[chosen]])].astype(np.float64) / atlas_cm
    return Cut(np.concatenate([ends[0], ends[1]]), np.concatenate([ends[1], ends[0]]))


def level(values: Floats, cut: Cut, atlas_cm: float) -> Floats:
    """A map (h, h) whose two sides of a cut meet in their mean."""
    if not len(cut.here):
        return values
    size = len(values)
    lack = (look_up(values, cut.there) - look_up(values, cut.here)) / 2
    column, row = np.clip((cut.here * size).astype(np.int64), 0, size - 1).T
    total, count = np.zeros((2, size, size), np.float32)
    np.add.at(total, (row, column), lack)
    np.add.at(count, (row, column), 1)
    sigma = REACH_CM * size / atlas_cm
    away = cv2.distanceTransform((count == 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    spread, weight = (cv2.GaussianBlur(plane, (0, 0), sigma) for plane in (total, count))
    fade = np.exp(-0.5 * (away / sigma) ** 2)
    return np.asarray(values + fade * spread / np.maximum(weight, 1e-12), np.float32)


def look_up(values: Floats, at: F64) -> NDArray[np.float32]:
    """Bilinear, at places (n, 2) of 0…1."""
    x, y = (at * len(values) - 0.5).astype(np.float32).T
    return np.asarray(cv2.remap(values, x[:, None], y[:, None], cv2.INTER_LINEAR)[:, 0])
