"""What each pixel of a view shows: which part of the cloth and which place on the flat panels, from the mesh.
Shares no code with the renderer that is scored, so that both cannot be wrong in the same way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.scores import Mask
from tirage.mockup.mesh import expand
from tirage.mockup.model import Camera, Template

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NOTHING, OUTSIDE, INSIDE, RIM = range(4)
"""What is visible at a pixel's centre."""
NO_PANEL = 255
SQUARE = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """One view's pixels, (size, size): which part of the cloth is seen, of which panel, at which atlas cm."""

    part: NDArray[np.uint8]
    panel: NDArray[np.uint8]
    atlas: Floats
    """(size, size, 2), NaN where no cloth is seen."""

    def near(self, *parts: int) -> Mask:
        """Pixels that the pixel filter (±1.5) mixes with one of these parts."""
        return grown(np.isin(self.part, parts))

    @property
    def outside(self) -> Mask:
        """Pixels that show nothing of the inside or of the cut edges; silhouettes count."""
        return self.near(OUTSIDE) & ~self.near(INSIDE, RIM)

    @property
    def surface(self) -> Mask:
        """Pixels that show the outside and nothing else."""
        return self.outside & ~self.near(NOTHING)

    @property
    def seams(self) -> Mask:
        """Pixels where one panel meets another, or a panel hides another."""
        return np.asarray(cv2.dilate(self.panel, SQUARE) != cv2.erode(self.panel, SQUARE))


def grown(mask: Mask) -> Mask:
    """The mask and its neighbours."""
    return np.asarray(cv2.dilate(mask.astype(np.uint8), SQUARE) > 0)


def regions(template: Template, *, azimuth: float, size: int) -> Regions:
    """The regions of a view of a template."""
    shell = expand(template.garment)
    count, outer = len(shell.triangle), len(template.garment.triangle)
    part = np.full(count + 1, RIM, np.uint8)
    part[:outer], part[:count][shell.inside], part[-1] = OUTSIDE, INSIDE, NOTHING
    panel = np.append(shell.panel[shell.triangle[:, 0]], np.uint8(NO_PANEL))
    corners = seen_from(shell.position.astype(np.float64), template.camera, azimuth, size)
    seen, weights = visible(corners, shell.triangle, size)
    uv = shell.uv[shell.triangle[seen]].astype(np.float64)
    atlas = np.einsum("yxk,yxkc->yxc", weights, uv)
    return Regions(part=part[seen], panel=panel[seen], atlas=np.where(seen[..., None] < 0, np.nan, atlas))


def seen_from(position: Floats, camera: Camera, azimuth: float, size: int) -> Floats:
    """World points (n, 3) in metres as x, y in pixels (y down) and 1 / depth, (n, 3)."""
    turn = math.radians(azimuth)
    target = np.array([0, 0, camera.target_z_m])
    away = np.array([math.sin(turn), -math.cos(turn), 0]) * camera.distance_m
    eye = target + away + (0, 0, camera.height_m)
    forward = (target - eye) / np.linalg.norm(target - eye)
    right = np.array([math.cos(turn), math.sin(turn), 0])
    x, y, depth = ((position - eye) @ np.stack([right, np.cross(forward, right), forward]).T).T
    focal = camera.lens_mm / camera.sensor_mm * size
    return np.stack([size / 2 + focal * x / depth, size / 2 + focal * y / depth, 1 / depth], axis=1)


def visible(corners: Floats, triangles: NDArray[np.int32], size: int) -> tuple[Ints, Floats]:
    """The nearest triangle at each pixel's centre (size, size), -1 for none, and its corners' weights there.

    Triangles are seen from the side on which their corners run counter-clockwise.
    """
    at = corners[triangles]
    number, x, y = _candidates(at, size)
    weights, near = _barycentric(at[number], x, y)
    hit = (weights >= 0).all(axis=1)
    number, x, y, weights, near = number[hit], x[hit], y[hit], weights[hit], near[hit]
    order = np.argsort(near, kind="stable")  # of several, the last one written stays: the nearest
    pixel = (y * size + x)[order]
    seen = np.full(size * size, -1, np.int64)
    seen[pixel] = number[order]
    kept = np.zeros((size * size, 3))
    kept[pixel] = weights[order]
    return seen.reshape(size, size), kept.reshape(size, size, 3)


def _candidates(at: Floats, size: int) -> tuple[Ints, Ints, Ints]:
    """Every pixel in the bounding box of every triangle that faces the camera: triangle's number, x, y."""
    first, second = at[:, 1, :2] - at[:, 0, :2], at[:, 2, :2] - at[:, 0, :2]
    facing = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0] < 0
    low = np.clip(np.ceil(at[..., :2].min(axis=1) - 0.5), 0, size).astype(np.int64)
    high = np.clip(np.floor(at[..., :2].max(axis=1) - 0.5), -1, size - 1).astype(np.int64)
    width, height = np.maximum(high - low + 1, 0).T
    area = np.where(facing, width * height, 0)
    number = np.repeat(np.arange(len(at)), area)
    step = np.arange(area.sum()) - np.repeat(np.cumsum(area) - area, area)
    return number, low[number, 0] + step % width[number], low[number, 1] + step // width[number]


def _barycentric(at: Floats, column: Ints, row: Ints) -> tuple[Floats, Floats]:
    """Perspective weights (n, 3) of the corners at centres of pixels, and 1 / depth there (n,)."""
    a, b, c = at[:, 0], at[:, 1], at[:, 2]
    x, y = column + 0.5, row + 0.5
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    of_b = ((x - a[:, 0]) * (c[:, 1] - a[:, 1]) - (y - a[:, 1]) * (c[:, 0] - a[:, 0])) / area
    of_c = ((b[:, 0] - a[:, 0]) * (y - a[:, 1]) - (b[:, 1] - a[:, 1]) * (x - a[:, 0])) / area
    weights = np.stack([1 - of_b - of_c, of_b, of_c], axis=1) * at[..., 2]
    near = weights.sum(axis=1)
    return weights / near[:, None], near
