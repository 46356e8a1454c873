"""A template's light in texture space: where texels lie on the cloth, what a camera sees of each lamp there.
The maps hold Lambert light; the cloth's own reflection is put on top per camera (cloth.py, native/light.c).
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tirage.mockup import kernels
from tirage.mockup.cloth import cloth_tables
from tirage.mockup.coat import Coat, build_coat, glazed
from tirage.mockup.kernels import BOUNCE_ALBEDO, BOUNCED, LAMP_FIELDS, LANES, WORLD, pointer
from tirage.mockup.mesh import Shell, drawn
from tirage.mockup.mirror import Mesh
from tirage.mockup.model import RING, Lamp, Template

F32 = NDArray[np.float32]

GUTTER = 2
"""Texels around an island that a bilinear look-up at its border can reach."""
MIXED = 0.6
"""Texels of the strip whose baked light may be mixed with its island's."""
FLAT = 0.992
"""Length of the mean normal of a patch below which its texels need patches of their own."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One side of the cloth over an atlas of size x size texels: what no camera changes (native/light.c)."""

    size: int
    place: F32
    """(n, 6) position in metres and normal of each patch of 2 x 2 texels."""
    patches: kernels.Patches
    """The kernel's view of the patches; it keeps its arrays alive."""


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """Everything that lights one template."""

    cloth: kernels.Cloth
    bounce_ratio: float
    """Light that bounced again over light that bounced once, at albedo 1: the mean over the outside."""
    outside: Side
    inside: Side
    coat: Coat | None
    """What a smooth material mirrors; None: this one is dull."""


@dataclass(frozen=True, slots=True, eq=False)
class _Texels:
    """The texels of an atlas that can be looked up, as masks (size, size), and what lies there."""

    islands: NDArray[np.bool_]
    strip: NDArray[np.bool_]
    """The cloth's edge where `edge_uv` has it, and the texels around it."""
    places: F32
    """(size, size, 6) position in metres, normal."""
    light: F32
    """(size, size, lamps + 2): the lamps, the world, bounces at BOUNCE_ALBEDO."""


def build_light(template: Template, shell: Shell) -> Light:
    """Prepare a template's light; about 0.1 s, once per process."""
    cloth = cloth_tables(template.material)

    def side(*, inside: bool) -> tuple[_Texels, Side]:
        texels = _texels(template, shell, inside=inside)
        return texels, _side(template, cloth, texels, inside=inside)

    with ThreadPoolExecutor(1) as beside:
        other = beside.submit(side, inside=True)
        texels, outside = side(inside=False)
        _, inside = other.result()
    coat = None
    if glazed(template.material):
        coat = build_coat(
            template.material,
            template.lamps,
            template.world_strength,
            texels.places,
            texels.islands,
            Mesh(shell.position, shell.normal, shell.triangle[drawn(template.garment)]),
        )
    once, again = (
        float(_linear(template, name, inside=False).mean()) for name in ("indirect_a", "indirect_b")
    )
    return Light(cloth=cloth, bounce_ratio=again / max(once, 1e-6), outside=outside, inside=inside, coat=coat)


def light_seen(light: Light, side: Side, camera: F32, azimuth: float, out: NDArray[np.float16]) -> None:
    """One side's light for a camera at (3,) metres and an azimuth, degrees, into out (size, size, LANES)."""
    kernels.call(
        "light_view",
        ctypes.byref(light.cloth),
        ctypes.byref(side.patches),
        pointer(camera, np.float32),
        ctypes.c_float(azimuth),
        pointer(out, np.float16),
    )


def lit_texels(template: Template, shell: Shell, *, inside: bool) -> F32:
    """One side's light per unit albedo (size, size, lamps + 2): lamps, the world, bounces at BOUNCE_ALBEDO.

    Around islands it continues as at their border, for look-ups between texels.
    """
    return _texels(template, shell, inside=inside).light


def light_texture(side: Side) -> NDArray[np.float16]:
    """An empty target for `light_seen`."""
    return np.zeros((side.size, side.size, LANES), np.float16)


def _side(template: Template, cloth: kernels.Cloth, texels: _Texels, *, inside: bool) -> Side:
    size, count = len(texels.islands), len(template.lamps)
    first, present, place, edge = _patches(texels)
    index = _index(first, size)
    light = np.zeros((len(first), 4, LANES), np.float16)
    lanes = [*range(count), WORLD, BOUNCED]
    light[:, :, lanes] = texels.light.reshape(-1, count + 2)[index]
    lamps = np.empty((len(first), count, LAMP_FIELDS), np.float16)
    kernels.call(
        "lamp_directions",
        ctypes.byref(cloth),
        (kernels.Lamp * count)(*(_lamp(lamp) for lamp in template.lamps)),
        count,
        pointer(place, np.float32),
        len(place),
        pointer(lamps, np.float16),
    )
    return Side(
        size=size,
        place=place,
        patches=kernels.Patches(
            first=pointer(first, np.int32),
            texels=pointer(present @ np.array([1, 2, 4, 8], np.uint8), np.uint8),
            place=pointer(place, np.float32),
            lamps=pointer(lamps, np.float16),
            light=pointer(light, np.float16),
            ring=pointer(_ring(template, first, size, inside=inside), np.uint8),
            count=len(first),
            edge=edge,
            lamp_count=count,
            size=size,
        ),
    )


def _patches(texels: _Texels) -> tuple[NDArray[np.int32], NDArray[np.uint8], F32, int]:
    """Each patch's first texel (flat index), which of its four are there (n, 4), place; the strip's first.

    Where the cloth turns within a patch, and along the strip, each texel is a patch of its own.
    """
    first, present = _blocks(texels.islands)
    place = _mean_places(texels.places, first, present)
    turns = np.einsum("nc,nc->n", place[:, 3:], place[:, 3:]) < FLAT * FLAT
    single = [_singles(first[turns], present[turns]), _singles(*_blocks(texels.strip))]
    alone = [_mean_places(texels.places, *patches) for patches in single]
    firsts, presents = zip((first[~turns], present[~turns]), *single, strict=True)
    place = np.concatenate([place[~turns], *alone])
    place[:, 3:] /= np.maximum(np.sqrt(np.einsum("nc,nc->n", place[:, 3:], place[:, 3:])), 1e-9)[:, None]
    return np.concatenate(firsts), np.concatenate(presents), place, len(place) - len(alone[1])


def _blocks(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Blocks of 2 x 2 texels that the mask touches: flat index of the upper left, which are there (n, 4)."""
    size = len(mask)
    even = np.pad(mask, (0, size % 2)).astype(np.uint8)
    half = len(even) // 2
    four = even.reshape(half, 2, half, 2).transpose(0, 2, 1, 3).reshape(half, half, 4)
    row, column = np.nonzero(four.any(axis=2))
    return (2 * row * size + 2 * column).astype(np.int32), four[row, column]


def _singles(
    first: NDArray[np.int32], present: NDArray[np.uint8]
) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """One patch for each texel of blocks."""
    block, corner = np.nonzero(present)
    return first[block], np.eye(4, dtype=np.uint8)[corner]


def _index(first: NDArray[np.int32], size: int) -> NDArray[np.int64]:
    """Flat indices (n, 4) of patches' texels; those beyond the atlas are some other texel."""
    index: NDArray[np.int64] = np.minimum(first[:, None] + np.array([0, 1, size, size + 1]), size * size - 1)
    return index


def _mean_places(places: F32, first: NDArray[np.int32], present: NDArray[np.uint8]) -> F32:
    """Mean position and normal (n, 6) of patches; where the cloth turns the normal is shorter than 1."""
    weight = present / present.sum(axis=1, keepdims=True, dtype=np.float32)
    mean: F32 = np.einsum("nk,nkc->nc", weight, places.reshape(-1, 6)[_index(first, len(places))])
    return mean


def _ring(template: Template, first: NDArray[np.int32], size: int, *, inside: bool) -> NDArray[np.uint8]:
    """Ring codes (n, RING, 3) of patches: direct light, bounces, sheen and gloss."""
    half = (size + 1) // 2
    row, column = first // size // 2, first % size // 2
    codes = np.empty((len(first), len(RING), 3), np.uint8)
    for kind, name in enumerate(("direct", "bounce", "gloss")):
        maps = template.ring[name].inside if inside else template.ring[name].outside
        for camera, seen in enumerate(maps):
            wide = cv2.resize(seen, (half, half), interpolation=cv2.INTER_LINEAR)
            codes[:, camera, kind] = wide[row, column]
    return codes


def _linear(template: Template, name: str, *, inside: bool) -> F32:
    """A light map (size, size), scene-linear."""
    light = template.light[name]
    codes, scale = (light.inside, light.inside_scale) if inside else (light.outside, light.outside_scale)
    table = ((np.arange(256) / 255) ** 2 * scale).astype(np.float32)
    return np.asarray(cv2.LUT(codes, table), np.float32)


def _texels(template: Template, shell: Shell, *, inside: bool) -> _Texels:
    """The texels that can be looked up.

    Around islands light continues as at their border.  Last texels that are mixed with others are left out:
    all of the inside's, and those at the strip of the cloth's edge, which touches its island; the strip
    itself is moved away (`edge_uv`).
    """
    bounces = _linear(template, "indirect_a", inside=inside)
    bounces += BOUNCE_ALBEDO * _linear(template, "indirect_b", inside=inside)
    names = (*(lamp.name for lamp in template.lamps), "world")
    light = np.dstack([*(_linear(template, name, inside=inside) for name in names), bounces])
    size, count = len(bounces), len(template.garment.triangle)
    scale = size / template.atlas_cm
    places = np.zeros((size, size, 6), np.float32)
    if inside:
        seen = slice(count, 2 * count) if template.garment.inner is None else count + template.garment.inner
        clean = _draw(shell, seen, places, shell.uv * scale)
        strip = np.zeros_like(clean)
    else:
        touching = _draw(shell, slice(2 * count, None), places, shell.uv * scale)
        clean = _draw(shell, slice(0, count), places, shell.uv * scale)
        clean &= ~_around(touching)
        strip = _move_edge(shell, len(template.garment.rim), scale, places, light)
    known = clean
    for _ in range(GUTTER + 1):
        known = _continued(known, [places, light], ~known)
    strip = _continued(strip, [places, light], ~known & ~strip) & ~known
    return _Texels(islands=known, strip=strip, places=places, light=light)


def edge_uv(shell: Shell, edges: int) -> F32:
    """The shell's atlas cm (N, 2), the strip of its `edges` edges moved outwards by its width.

    There nothing is baked, so that no look-up in it mixes with its island.
    """
    uv = np.array(shell.uv, np.float32)
    ends = uv[len(uv) - 4 * edges :].reshape(2, -1, 2)
    ends += ends[1] - ends[0]
    return uv


def _move_edge(shell: Shell, edges: int, scale: float, places: F32, light: F32) -> NDArray[np.bool_]:
    """Gives the planes the strip's places and its baked light where `edge_uv` has it; its texels."""
    if not edges:
        return np.zeros(places.shape[:2], np.bool_)
    baked = np.zeros((len(shell.uv), 3), np.float32)
    baked[:, :2] = shell.uv
    ends = baked[len(baked) - 4 * edges :].reshape(2, -1, 3)
    across = ends[1] - ends[0]
    ends[0] += across * (MIXED / scale / np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9))
    uv, part = edge_uv(shell, edges) * scale, slice(len(shell.triangle) - 2 * edges, None)
    moved, sources = np.zeros_like(places), np.zeros_like(places)
    strip = _draw(shell, part, moved, uv)
    _draw(replace(shell, position=baked), part, sources, uv)
    row, column = np.nonzero(strip)
    places[row, column] = moved[row, column]
    light[row, column] = _bilinear(light, sources[row, column, :2] * scale - 0.5)
    return strip


def _bilinear(plane: F32, at: F32) -> F32:
    """A plane (size, size, c) at places (n, 2) in texels, x first."""
    column, row = np.clip(np.floor(at).astype(np.int64), 0, len(plane) - 2).T
    x, y = (at - np.stack([column, row], 1)).T[..., None]
    top = plane[row, column] * (1 - x) + plane[row, column + 1] * x
    bottom = plane[row + 1, column] * (1 - x) + plane[row + 1, column + 1] * x
    return np.asarray(top * (1 - y) + bottom * y, np.float32)


def _draw(shell: Shell, part: slice | NDArray[np.int32], values: F32, uv: F32) -> NDArray[np.bool_]:
    """Position and normal of these triangles' texels into values (size, size, 6); the texels they cover.

    uv: (N, 2) in texels.
    """
    size = len(values)
    mask = np.zeros((size, size), np.uint8)
    triangle = np.ascontiguousarray(shell.triangle[part], np.int32)
    kernels.call(
        "texel_geometry",
        pointer(np.ascontiguousarray(uv, np.float32), np.float32),
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


def _continued(known: NDArray[np.bool_], planes: Sequence[F32], free: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Gives the free texels right around the known ones the mean of their known neighbours, in place."""
    row, column = np.nonzero(_around(known) & free)
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


def lamp_points(lamp: Lamp) -> dict[str, list[float] | list[list[float]]]:
    """The four points of a lamp (metres), and the unit axis in which it shines, as the kernels take them."""
    made = _lamp(lamp)
    return {"points": [list(point) for point in made.point], "axis": list(made.axis)}


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
