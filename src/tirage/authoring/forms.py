"""Modelled surfaces as grids with true lengths: what a template's script lays out becomes a garment.

Rows of a grid run down and columns right as one looks at its outside, in space and on the atlas alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tirage.mockup.mesh import Garment

F64 = NDArray[np.float64]
WELD_M = 1e-6
"""Points of one surface that are nearer than this are one point."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Patch:
    """A grid of (rows, columns) points: position m (…, 3), uv panel cm (…, 2), unit normal (…, 3).

    Without normals they are those of its faces, weighted by area and shared with all patches of the same
    `surface`; patches that name none end in a crease."""

    panel: str
    position: F64
    uv: F64
    normal: F64 | None = None
    surface: str | None = None


def rotate(patch: Patch, axis: Sequence[float], degrees: float) -> Patch:
    """The patch turned about an axis through the origin (Rodrigues)."""
    k = np.asarray(axis, float) / np.linalg.norm(axis)
    angle = np.radians(degrees)
    cross = np.array([[0, -k[2], k[1]], [k[2], 0, -k[0]], [-k[1], k[0], 0]])
    turn = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return Patch(
        panel=patch.panel,
        position=patch.position @ turn.T,
        uv=patch.uv,
        normal=None if patch.normal is None else patch.normal @ turn.T,
        surface=patch.surface,
    )


def solid(patches: Sequence[Patch], origins: Mapping[str, tuple[float, float]]) -> Garment:
    """A garment without an inside: closed forms, or sheets that nobody sees from behind.

    origins: each panel's (0, 0) on the atlas, cm; their order is the panels' numbering."""
    names = list(origins)
    starts = np.cumsum([0, *(patch.position[..., 0].size for patch in patches)])
    position = np.concatenate([patch.position.reshape(-1, 3) for patch in patches])
    triangle = np.concatenate(
        [faces(*patch.position.shape[:2]) + start for patch, start in zip(patches, starts, strict=False)]
    )
    triangle = triangle[areas(position, triangle) > WELD_M**2]
    uv = np.concatenate([(patch.uv + np.array(origins[patch.panel])).reshape(-1, 2) for patch in patches])
    counts = np.diff(starts)
    return Garment(
        position=position.astype(np.float32),
        normal=normals(patches, position, triangle).astype(np.float32),
        uv=uv.astype(np.float32),
        triangle=triangle.astype(np.int32),
        panel=np.repeat([names.index(patch.panel) for patch in patches], counts).astype(np.uint8),
        thickness=np.zeros(len(position), np.float32),
        rim=np.empty((0, 2), np.int32),
        rim_uv=np.empty((0, 2, 2), np.float32),
        inner=np.empty(0, np.int32),
    )


def faces(rows: int, columns: int) -> NDArray[np.int64]:
    """Two triangles per cell of a grid, (m, 3), counter-clockwise from outside; diagonals alternate."""
    row, column = np.mgrid[: rows - 1, : columns - 1]
    a = (row * columns + column).ravel()
    b, c, d = a + columns, a + 1, a + columns + 1  # below, right, both
    even = ((row + column) % 2 == 0).ravel()[:, None]
    first = np.where(even, np.stack([a, b, c], 1), np.stack([a, b, d], 1))
    second = np.where(even, np.stack([c, b, d], 1), np.stack([a, d, c], 1))
    return np.concatenate([first, second])


def areas(position: F64, triangle: NDArray[np.int64]) -> F64:
    """(m,) of triangles (m, 3)."""
    a, b, c = position[triangle].transpose(1, 0, 2)
    return np.asarray(np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2)


def normals(patches: Sequence[Patch], position: F64, triangle: NDArray[np.int64]) -> F64:
    """(n, 3) of all patches' points in their order."""
    groups = [patch.surface or f"#{number}" for number, patch in enumerate(patches)]
    sizes = [patch.position[..., 0].size for patch in patches]
    group = np.repeat(np.unique(groups, return_inverse=True)[1], sizes)
    key = np.column_stack([group, np.rint(position / WELD_M).astype(np.int64)])
    point = np.unique(key, axis=0, return_inverse=True)[1].ravel()
    a, b, c = position[triangle].transpose(1, 0, 2)
    cross = np.cross(b - a, c - a)
    sums = np.zeros((point.max() + 1, 3))
    for corner in triangle.T:
        np.add.at(sums, point[corner], cross)
    unit = sums[point] / np.maximum(np.linalg.norm(sums[point], axis=1, keepdims=True), 1e-30)
    at = 0
    for patch, size in zip(patches, sizes, strict=True):
        if patch.normal is not None:
            unit[at : at + size] = patch.normal.reshape(-1, 3)
        at += size
    return np.asarray(unit)


def arc(centre: tuple[float, float], radius: float, start: float, end: float, count: int) -> F64:
    """(count, 2) points of a circle from one angle to another, degrees."""
    t = np.radians(np.linspace(start, end, count))
    return np.asarray(np.array(centre) + radius * np.stack([np.cos(t), np.sin(t)], 1))


def along(points: F64) -> F64:
    """(n,) the length of a line (n, d) up to each of its points."""
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
