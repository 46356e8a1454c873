"""A template's light in texture space: where texels lie on the cloth, what a camera sees of each lamp there.
The maps hold Lambert light; the cloth's own reflection is put on top per camera (cloth.py, native/light.c).
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tirage.mockup import kernels
from tirage.mockup.cloth import cloth_tables
from tirage.mockup.kernels import LANES, pointer
from tirage.mockup.mesh import Shell
from tirage.mockup.model import Lamp, Template

F32 = NDArray[np.float32]

GUTTER = 2
"""Texels around an island that a bilinear look-up at its border can reach."""
OTHERS = ("world", "indirect_a", "indirect_b")
"""The light maps beside the lamps'."""
_LAMP_FIELDS, _OTHER_FIELDS = 4, 7


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One side of the cloth over an atlas of size x size texels; n lie on islands or in their gutter."""

    size: int
    texel: NDArray[np.int32]
    """(n,) flat indices; from `edge` on those of the strip along the cloth's edge."""
    edge: int
    position: F32
    """(n, 3) metres."""
    normal: F32
    """(n, 3)"""
    records: NDArray[np.float16]
    """(n, fields) what no camera changes: native/light.c."""


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """Everything that lights one template."""

    cloth: kernels.Cloth
    lamp_count: int
    bounce_ratio: float
    """Light that bounced again over light that bounced once, at albedo 1: the mean over the outside."""
    outside: Side
    inside: Side


def build_light(template: Template, shell: Shell) -> Light:
    """Prepare a template's light; about 0.1 s, once per process."""
    cloth = cloth_tables(template.material)
    names = (*(lamp.name for lamp in template.lamps), *OTHERS)
    maps = [template.light[name] for name in names]
    outside, inside = (
        _side(template, shell, cloth, inside=side, maps=[m.inside if side else m.outside for m in maps])
        for side in (False, True)
    )
    once, again = (float(template.light[name].outside.mean()) for name in OTHERS[1:])
    return Light(
        cloth=cloth,
        lamp_count=len(template.lamps),
        bounce_ratio=again / max(once, 1e-6),
        outside=outside,
        inside=inside,
    )


def light_seen(light: Light, side: Side, camera: F32, out: NDArray[np.float16]) -> None:
    """One side's light for a camera at (3,) metres, into out (size, size, LANES)."""
    kernels.call(
        "light_view",
        ctypes.byref(light.cloth),
        light.lamp_count,
        pointer(side.records, np.float16),
        pointer(camera, np.float32),
        pointer(side.position, np.float32),
        pointer(side.normal, np.float32),
        pointer(side.texel, np.int32),
        len(side.texel),
        side.edge,
        pointer(out, np.float16),
    )


def light_texture(side: Side) -> NDArray[np.float16]:
    """An empty target for `light_seen`."""
    return np.zeros((side.size, side.size, LANES), np.float16)


def _side(
    template: Template, shell: Shell, cloth: kernels.Cloth, *, inside: bool, maps: Sequence[F32]
) -> Side:
    size = len(maps[0])
    texel, edge, position, normal, light = _texels(template, shell, inside=inside, maps=maps)
    lamps = (kernels.Lamp * len(template.lamps))(*(_lamp(lamp) for lamp in template.lamps))
    records = np.empty((len(texel), len(lamps) * _LAMP_FIELDS + _OTHER_FIELDS), np.float16)
    kernels.call(
        "light_records",
        ctypes.byref(cloth),
        lamps,
        len(lamps),
        pointer(light, np.float32),
        pointer(position, np.float32),
        pointer(normal, np.float32),
        len(texel),
        pointer(records, np.float16),
    )
    return Side(size=size, texel=texel, edge=edge, position=position, normal=normal, records=records)


def _texels(
    template: Template, shell: Shell, *, inside: bool, maps: Sequence[F32]
) -> tuple[NDArray[np.int32], int, F32, F32, F32]:
    """The texels that can be looked up: flat index, where the strip begins, position, normal, light.

    Around islands light continues as at their border.  Last texels that are mixed with others are left out:
    all of the inside's, and those at the strip of the cloth's edge, which touches its island; the strip's
    first texels go too, and `edge_uv` keeps away from them.
    """
    size, count = len(maps[0]), len(template.garment.triangle)
    places = np.zeros((size, size, 6), np.float32)
    if inside:
        clean = ~_around(~_draw(shell, slice(count, 2 * count), places, template.atlas_cm))
        edge = np.zeros_like(clean)
    else:
        edge = _draw(shell, slice(2 * count, None), places, template.atlas_cm)
        clean = _draw(shell, slice(0, count), places, template.atlas_cm)
        clean &= ~_around(edge)
    source = np.zeros((size, size, 3), np.float32)
    if not inside:
        cv2.resize(template.bounce_direction, (size, size), source, interpolation=cv2.INTER_LINEAR)
    planes = [places, *(light.reshape(size, size, 1).copy() for light in maps), source]
    known = clean
    for _ in range(GUTTER + 1):
        known = _continued(known, planes)
    islands, strip = np.flatnonzero(known), np.flatnonzero(edge & ~known)
    texel = np.concatenate([islands, strip]).astype(np.int32)
    place, *light = (plane.reshape(-1, plane.shape[2])[texel] for plane in planes)
    normal = np.ascontiguousarray(place[:, 3:])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    return texel, len(islands), np.ascontiguousarray(place[:, :3]), normal, np.concatenate(light, axis=1)


def edge_uv(shell: Shell, edges: int) -> F32:
    """The shell's atlas cm (N, 2), the strip of its `edges` edges drawn in by half towards its inner side."""
    uv = np.array(shell.uv, np.float32)
    ends = uv[-4 * edges :].reshape(2, -1, 2)
    ends[0] = ends.mean(axis=0)
    return uv


def _draw(shell: Shell, part: slice, values: F32, atlas_cm: float) -> NDArray[np.bool_]:
    """Position and normal of these triangles' texels into values (size, size, 6); the texels they cover."""
    size = len(values)
    mask = np.zeros((size, size), np.uint8)
    triangle = np.ascontiguousarray(shell.triangle[part], np.int32)
    kernels.call(
        "texel_geometry",
        pointer(np.ascontiguousarray(shell.uv * (size / atlas_cm), np.float32), np.float32),
        pointer(triangle, np.int32),
        len(triangle),
        pointer(np.ascontiguousarray(shell.position, np.float32), np.float32),
        pointer(np.ascontiguousarray(shell.normal, np.float32), np.float32),
        size,
        pointer(values, np.float32),
        pointer(mask, np.uint8),
    )
    return mask.astype(np.bool_)


def _around(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The mask and its neighbours."""
    return cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.bool_)


def _continued(known: NDArray[np.bool_], planes: Sequence[F32]) -> NDArray[np.bool_]:
    """Gives the texels right around the known ones the mean of their known neighbours, in place."""
    row, column = np.nonzero(_around(known) & ~known)
    last = len(known) - 1
    near = [
        (np.clip(row + down, 0, last), np.clip(column + right, 0, last))
        for down, right in ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
    ]
    weight = [known[at].astype(np.float32)[:, None] for at in near]
    count = sum(weight)
    for plane in planes:
        plane[row, column] = sum(w * plane[at] for w, at in zip(weight, near, strict=True)) / count
    grown = known.copy()
    grown[row, column] = True
    return grown


def _lamp(lamp: Lamp) -> kernels.Lamp:
    """Blender's area light: a square facing its target, sampled at the centres of its four quarters."""
    at, target = np.array(lamp.position), np.array(lamp.target)
    axis = (target - at) / np.linalg.norm(target - at)
    right = np.cross(axis, (0, 0, 1) if abs(axis[2]) < np.cos(np.radians(3)) else (0, 1, 0))
    right /= np.linalg.norm(right)
    up = np.cross(right, axis)
    out = kernels.Lamp()
    out.axis[:] = axis.tolist()
    for point, (x, y) in zip(out.point, ((-1, -1), (1, -1), (-1, 1), (1, 1)), strict=True):
        point[:] = (at + (x * right + y * up) * lamp.size_m / 4).tolist()
    return out
