"""The decorated garment as a GLB file for web viewers and AR: metres, Y up, facing +Z, on the ground.
Cloth around prints has finer pictures of its own; plain cloth a coarser one for each panel; the inside none.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tirage.errors import BadInput
from tirage.media.encode import ImageFormat, encode_image
from tirage.media.glb import F32, Material, Part, write_glb
from tirage.media.values import Colour, Linear
from tirage.mockup.cloth import pattern_depth
from tirage.mockup.compose import FULL, art_seen, srgb_codes
from tirage.mockup.mesh import I32, Shell, expand
from tirage.mockup.model import Box, Fabric, Panel, Template
from tirage.mockup.placement import Print, template_trims
from tirage.mockup.shade import INK_KEEPS

MAX_BYTES = 10_000_000
PRINT_DENSITY = 60.0
"""Pixels a centimetre around prints: 150 DPI, where the design has as many."""
PLAIN_DENSITY = 24.0
"""The same of cloth without prints: what stitches and ribs need."""
LONGEST_SIDE = 4096
"""Pixels of a picture: what every phone's graphics take."""
REDUCTIONS = (1.0, 0.75, 0.5, 0.35, 0.25)
"""Tried one after another until the file is small enough."""
INSIDE_CELL_CM = 1.0
"""Inner cloth that no view shows keeps about one vertex for each square of this side."""
BAND = 256
"""Rows composited at a time: floats of a whole picture would take 50 MB."""
PLAIN_SPECULAR = 0.5
"""Blender's level of the reflectance that glTF takes for plain."""
WHOLE = 255
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """Triangles (m, 3) of one panel that share a picture, and the atlas cm that it shows."""

    name: str
    panel: Panel
    triangle: I32
    box: Box
    prints: Sequence[Print]
    """What can lie in the picture, the lowest first; none for plain cloth."""


@dataclass(frozen=True, slots=True)
class Window:
    """A picture's pixels on the atlas at `side` pixels across."""

    side: int
    left: int
    top: int
    width: int
    height: int


def model_file(
    *, template: Template, prints: Sequence[Print], colour: Colour, max_bytes: int = MAX_BYTES
) -> bytes:
    """The GLB of a garment in a colour with its prints, later ones on top.

    BadInput: MODEL_TOO_LARGE when it takes more than `max_bytes` even with the coarsest pictures.
    """
    shell = expand(template.garment)
    patches = list(make_patches(template, shell, [*template_trims(template), *prints]))
    size = 0
    for reduction in REDUCTIONS:
        data = _written(template, shell, patches, colour, reduction)
        if len(data) <= max_bytes:
            return data
        size = len(data)
    message = f"The model takes {size / 1e6:.1f} MB; the limit is {max_bytes / 1e6:g} MB."
    raise BadInput("MODEL_TOO_LARGE", message)


def make_patches(template: Template, shell: Shell, prints: Sequence[Print]) -> Iterator[Patch]:
    """The outside and its edges: per panel the cloth around its prints, and the rest."""
    outside = shell.triangle[~shell.inside]
    of = shell.panel[outside[:, 0]]
    for number, panel in enumerate(template.panels):
        triangle = outside[of == number]
        uv = shell.uv[triangle]
        low, high = uv.min(axis=1), uv.max(axis=1)
        arts = [print_ for print_ in prints if print_.art.panel == panel.name]
        free = np.ones(len(triangle), np.bool_)
        for count, box in enumerate(_around([_art_box(print_, panel) for print_ in arts]), start=1):
            touched = free & (low <= box[2:]).all(axis=1) & (high >= box[:2]).all(axis=1)
            free &= ~touched
            if touched.any():
                name = f"{panel.name} print {count}"
                yield Patch(name, panel, triangle[touched], _box(low[touched], high[touched]), arts)
        if free.any():
            yield Patch(panel.name, panel, triangle[free], _box(low[free], high[free]), ())


def _art_box(print_: Print, panel: Panel) -> Box:
    """Atlas cm that a print covers."""
    corners = (print_.art.corners() + panel.origin).astype(np.float32)
    return _box(corners, corners)


def _around(boxes: Sequence[Box]) -> list[Box]:
    """The boxes, those that overlap joined to one."""
    joined: list[Box] = []
    for box in boxes:
        grown = box
        while touching := [other for other in joined if _overlap(grown, other)]:
            joined = [other for other in joined if other not in touching]
            both = np.array([grown, *touching])
            grown = _box(both[:, :2], both[:, 2:])
        joined.append(grown)
    return joined


def _overlap(one: Box, other: Box) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def _box(low: NDArray[np.floating], high: NDArray[np.floating]) -> Box:
    (left, top), (right, bottom) = low.min(axis=0), high.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def _written(
    template: Template, shell: Shell, patches: Sequence[Patch], colour: Colour, reduction: float
) -> bytes:
    """The file with pictures of that part of their full density."""
    albedo, fabric = colour.to_albedo(), template.fabric_of(colour)
    pictures: list[bytes] = []
    materials: list[Material] = []
    parts: list[Part] = []
    sides = (False,) if template.garment.solid else (False, True)
    numbers: list[int | None] = [None, None]
    if template.world_strength > 0:
        shades = [_occlusion(template, inside=inside) for inside in sides]
        pictures += [_jpeg(np.repeat(shade[..., None], 3, axis=2)) for shade in shades]
        numbers = [0, 1]
    for patch in patches:
        window = _window(template, patch, reduction)
        picture = composed(template, patch, window, albedo, fabric)
        even = (picture == picture[0, 0]).all()
        parts.append(_part(template, shell, patch, window, even=bool(even), material=len(materials)))
        materials.append(
            _material(
                template,
                patch.name,
                occlusion=numbers[0],
                colour=albedo if even else (1, 1, 1),
                picture=None if even else len(pictures),
            )
        )
        pictures += [] if even else [_jpeg(picture)]
    if not template.garment.solid:
        parts.append(_inside(template, shell, material=len(materials)))
        materials.append(_material(template, "inside", occlusion=numbers[1], colour=albedo, picture=None))
    return write_glb(
        name=template.info.id,
        generator="Tirage",
        parts=parts,
        materials=materials,
        pictures=pictures,
    )


def _material(
    template: Template, name: str, *, occlusion: int | None, colour: Linear, picture: int | None
) -> Material:
    cloth = template.material
    return Material(
        name=name,
        roughness=cloth.roughness,
        specular=min(cloth.specular / PLAIN_SPECULAR, 1),
        sheen=cloth.sheen_weight,
        sheen_roughness=cloth.sheen_roughness,
        colour=colour,
        picture=picture,
        occlusion=occlusion,
    )


def _window(template: Template, patch: Patch, reduction: float) -> Window:
    """The pixels of a patch's picture: as fine as its designs are, within bounds."""
    finest = max((print_.design.width / print_.art.width for print_ in patch.prints), default=0.0)
    density = min(max(finest, PLAIN_DENSITY), PRINT_DENSITY) * reduction
    left, top, right, bottom = patch.box
    density = min(density, (LONGEST_SIDE - 2) / max(right - left, bottom - top))
    side = max(1, math.floor(template.atlas_cm * density))
    scale = side / template.atlas_cm
    x, y = math.floor(left * scale), math.floor(top * scale)
    return Window(side, x, y, max(1, math.ceil(right * scale) - x), max(1, math.ceil(bottom * scale) - y))


def composed(template: Template, patch: Patch, window: Window, albedo: Linear, fabric: str | None) -> Pixels:
    """A patch's picture, sRGB (height, width, 3): cloth and ink with detail; ink evens the fabric out."""
    scale = window.side / template.atlas_cm
    left, top = (
        start - origin * scale
        for start, origin in zip((window.left, window.top), patch.panel.origin, strict=True)
    )
    inks = [
        art_seen(print_, left, top, window.width, window.height, pixels_per_cm=scale)
        for print_ in patch.prints
    ]
    detail = _detail(template, window)
    woven = template.fabrics[fabric] if fabric is not None and patch.panel.fabric else None
    pattern = None if woven is None else _tile(woven, template.atlas_cm, window)
    picture = np.empty((window.height, window.width, 3), np.uint8)
    cloth = np.asarray(albedo, np.float32) * np.float32(FULL)
    deep = np.asarray(pattern_depth(albedo), np.float32)
    for start in range(0, window.height, BAND):
        band = slice(start, start + BAND)
        light = np.broadcast_to(cloth, (*detail[band].shape, 3)).astype(np.float32)
        bare = np.ones_like(light[..., :1])
        for ink in inks:
            through = 1 - ink[band, :, 3:] / np.float32(FULL)
            light *= through
            light += ink[band, :, :3]
            bare *= through
        light *= detail[band, :, None]
        if pattern is not None:
            seen = pattern[band, :, None]
            light *= 1 + seen * (bare * deep + (1 - bare) * INK_KEEPS)
        picture[band] = srgb_codes()[np.rint(np.clip(light, 0, FULL)).astype(np.uint16)]
    return picture


def _detail(template: Template, window: Window) -> F32:
    """The albedo's detail in a window (height, width), a factor: areas averaged, or interpolated."""
    detail = template.detail
    if window.side <= len(detail):
        small = cv2.resize(detail, (window.side, window.side), interpolation=cv2.INTER_AREA)
        rows, columns = (
            np.clip(np.arange(start, start + count), 0, window.side - 1)
            for start, count in ((window.top, window.height), (window.left, window.width))
        )
        return np.asarray(small[np.ix_(rows, columns)] / np.float32(WHOLE), np.float32)
    seen = _seen(detail, len(detail) / window.side, window, cv2.BORDER_REPLICATE)
    return np.asarray(seen / np.float32(WHOLE), np.float32)


def _tile(fabric: Fabric, atlas_cm: float, window: Window) -> F32:
    """The fabric's tile in a window (height, width): what it adds to a factor of 1; its mean is 0."""
    step = len(fabric.tile) / fabric.size_cm * atlas_cm / window.side
    halvings = max(0, round(math.log2(step)))
    side = max(1, len(fabric.tile) >> halvings)
    small = cv2.resize(fabric.tile.astype(np.float32), (side, side), interpolation=cv2.INTER_AREA)
    seen = _seen(small, step * side / len(fabric.tile), window, cv2.BORDER_WRAP)
    return np.asarray(seen / fabric.tile.mean(dtype=np.float64) - 1, np.float32)


def _seen(picture: NDArray[Any], step: float, window: Window, border: int) -> NDArray[Any]:
    """A picture of the atlas in a window (height, width), interpolated; `step` of its pixels a pixel."""
    shift = [(start + 0.5) * step - 0.5 for start in (window.left, window.top)]
    return cv2.warpAffine(
        picture,
        np.array([[step, 0, shift[0]], [0, step, shift[1]]]),
        (window.width, window.height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=border,
    )


def _part(
    template: Template, shell: Shell, patch: Patch, window: Window, *, even: bool, material: int
) -> Part:
    used, triangle = _compact(patch.triangle)
    atlas = shell.uv[used] / np.float32(template.atlas_cm)
    start = np.array([window.left, window.top], np.float32)
    size = np.array([window.width, window.height], np.float32)
    return Part(
        position=_turned(shell.position[used]),
        normal=_turned(shell.normal[used]),
        uv=None if even else (atlas * np.float32(window.side) - start) / size,
        shared_uv=atlas,
        triangle=triangle,
        material=material,
    )


def _inside(template: Template, shell: Shell, *, material: int) -> Part:
    """The inner surface; where no view shows it, coarser."""
    used, triangle = _compact(_coarser(template, shell))
    return Part(
        position=_turned(shell.position[used]),
        normal=_turned(shell.normal[used]),
        uv=None,
        shared_uv=shell.uv[used] / np.float32(template.atlas_cm),
        triangle=triangle,
        material=material,
    )


def _coarser(template: Template, shell: Shell) -> I32:
    """Inner triangles: all vertices of a square share its first one, but those of what can be seen.

    Nothing can poke through, since inner triangles are seen from inside only.
    """
    garment = template.garment
    triangle = shell.triangle[shell.inside]
    if garment.inner is None:
        return triangle
    kept = np.zeros(len(shell.uv), np.bool_)
    kept[triangle[garment.inner]] = True
    kept[garment.rim.ravel() + len(garment.position)] = True
    cell = np.floor(shell.uv / INSIDE_CELL_CM).astype(np.int64)
    across = math.ceil(template.atlas_cm / INSIDE_CELL_CM) + 1
    key = (shell.panel * np.int64(across) + cell[:, 1]) * across + cell[:, 0]
    inner = np.unique(triangle)
    movable = inner[~kept[inner]]
    _, first, back = np.unique(key[movable], return_index=True, return_inverse=True)
    to = np.arange(len(shell.uv), dtype=np.int32)
    to[movable] = movable[first][back]
    moved = to[triangle]
    a, b, c = moved.T
    return np.asarray(moved[(a != b) & (b != c) & (c != a)], np.int32)


def _compact(triangle: I32) -> tuple[NDArray[np.int32], I32]:
    """The vertices that triangles use, and the triangles with their numbers among these."""
    used, back = np.unique(triangle, return_inverse=True)
    return used.astype(np.int32), back.reshape(-1, 3).astype(np.int32)


def _turned(vectors: F32) -> F32:
    """From Z up, facing −Y, to Y up, facing +Z."""
    return np.ascontiguousarray(np.stack([vectors[:, 0], vectors[:, 2], -vectors[:, 1]], axis=1))


def _occlusion(template: Template, *, inside: bool) -> Pixels:
    """How much of an even sky a place sees (H, H), 255 for all of it; light there is over albedo."""
    world = template.light["world"]
    codes, scale = (world.inside, world.inside_scale) if inside else (world.outside, world.outside_scale)
    table = (np.arange(256) / WHOLE) ** 2 * scale / max(template.world_strength, 1e-9)
    return _filled(np.asarray(np.rint(np.minimum(table, 1) * WHOLE), np.uint8)[codes], codes > 0)


def _filled(values: Pixels, known: NDArray[np.bool_]) -> Pixels:
    """Unknown pixels get what is around them, so that smaller versions of a picture mix with nothing else."""
    weight = known.astype(np.float32)
    levels = [np.dstack([values * weight, weight])]
    while min(levels[-1].shape[:2]) > 1:
        height, width = levels[-1].shape[:2]
        half = (max(1, width // 2), max(1, height // 2))
        levels.append(cv2.resize(levels[-1], half, interpolation=cv2.INTER_AREA))
    filled = levels.pop()
    while levels:
        finer = levels.pop()
        size = (finer.shape[1], finer.shape[0])
        around = cv2.resize(filled, size, interpolation=cv2.INTER_LINEAR)
        filled = np.where(finer[..., 1:] > 0, finer / np.maximum(finer[..., 1:], 1e-6), around)
    found = filled[..., 0] / np.maximum(filled[..., 1], 1e-6)
    return np.where(known, values, np.rint(found)).astype(np.uint8)


def _jpeg(pixels: Pixels) -> bytes:
    return encode_image(pixels=pixels, kind=ImageFormat.JPEG)
