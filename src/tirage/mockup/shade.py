"""The last step of a picture: fabric colour, ink, view transform, background, bytes (native/shade.c)."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tirage.media.still import Tiles
from tirage.media.values import Colour
from tirage.mockup import kernels
from tirage.mockup.canvas import Canvas
from tirage.mockup.cloth import pattern_depth, scatter_constants, sheen_hue
from tirage.mockup.ink import Ink
from tirage.mockup.kept import Arrays
from tirage.mockup.kernels import BOUNCE_ALBEDO, TILE, pointer
from tirage.mockup.memory import picture
from tirage.mockup.scene import Scene
from tirage.mockup.view import EVEN, Codes, View

INK_BARE, INK_GRIP, INK_KEEPS = 0.0, 0.5, 0.75
"""Ink on fabric: the share of the cloth under it that stays bare; how much more so where fabric is darker,
between stitches; the share of the fabric's pattern that shows on ink, too."""


def make_look(
    scene: Scene, colour: Colour, background: Colour | None, *, hidden: float = 0.0
) -> kernels.Look:
    """How pictures of one fabric colour look over a background; None: transparent, straight alpha.

    hidden: variance of the fabric's pattern within a pixel.
    """
    template, ratio = scene.template, scene.light.bounce_ratio
    gain, slope = scatter_constants(template.material.diffuse_roughness)
    look = kernels.Look(exposure=template.exposure, k_gain=gain, k_slope=slope, bounce_ratio=ratio)
    look.fabric[:] = colour.to_albedo()
    look.bounce[:] = [c * (1 + ratio * c) / (1 + ratio * BOUNCE_ALBEDO) for c in look.fabric]
    look.hue[:], look.deep[:] = sheen_hue(look.fabric), pattern_depth(look.fabric)
    look.channels = 4 if background is None else 3
    look.ink_keeps = INK_KEEPS
    if template.fabrics:
        look.ink_bare, look.ink_grip = INK_BARE, INK_GRIP
        look.ink_soft = 2 / np.pi * INK_GRIP**2 * hidden
    if background is not None:
        look.background[:] = [
            channel / 255 for channel in (background.red, background.green, background.blue)
        ]
    return look


@dataclass(frozen=True, slots=True, eq=False)
class Plain(Arrays):
    """Finished cloth without print; row y holds columns x0[y] to x1[y] from offset[y] of pixels."""

    size: int
    x0: NDArray[np.int32]
    x1: NDArray[np.int32]
    offset: NDArray[np.int64]
    pixels: NDArray[np.uint8]
    """(pixels, channels)"""


def plain_cloth(view: View, fabric: Codes, look: kernels.Look) -> Plain:
    """The cloth of a view in one colour."""
    out = np.empty((len(view.terms), look.channels), np.uint8)
    kernels.call(
        "compose_plain",
        pointer(view.terms, np.float16),
        fabric.for_kernels(),
        ctypes.c_int64(len(out)),
        ctypes.byref(look),
        pointer(out, np.uint8),
    )
    return Plain(view.size, view.x0, view.x1, view.offset, out)


def cloth_frame(
    cloth: View | Plain, look: kernels.Look, fabric: Codes = EVEN, tiles: Tiles | None = None
) -> NDArray[np.uint8]:
    """The picture (size, size, channels) of background and cloth, or these tiles of it.

    fabric: the view's, if it is one.
    """
    frame = picture((cloth.size, cloth.size, look.channels))
    kernels.call(
        "cloth_frame",
        pointer(cloth.terms, np.float16) if isinstance(cloth, View) else None,
        fabric.for_kernels(),
        pointer(cloth.pixels, np.uint8) if isinstance(cloth, Plain) else None,
        pointer(cloth.x0, np.int32),
        pointer(cloth.x1, np.int32),
        pointer(cloth.offset, np.int64),
        cloth.size,
        None if tiles is None else pointer(tiles, np.bool_),
        ctypes.byref(look),
        pointer(frame, np.uint8),
    )
    return frame


def blank_tiles(cloth: View | Plain) -> Tiles:
    """The tiles without a pixel of cloth."""
    across = -(-cloth.size // TILE)
    rows = range(0, cloth.size, TILE)
    shown = cloth.x1 > cloth.x0
    first = np.minimum.reduceat(np.where(shown, cloth.x0, cloth.size), rows)[:, None]
    end = np.maximum.reduceat(np.where(shown, cloth.x1, 0), rows)[:, None]
    left = np.arange(across) * TILE
    return np.asarray((left + TILE <= first) | (left >= end))


def lay_ink(frame: NDArray[np.uint8], look: kernels.Look, canvas: Canvas, fabric: Codes, ink: Ink) -> None:
    """Finishes the pixels that have ink anew, in place."""
    kernels.call(
        "compose_print",
        ctypes.byref(canvas.for_kernels(fabric)),
        pointer(ink.blocks, np.int32),
        len(ink.blocks),
        pointer(ink.values, np.float16),
        ctypes.byref(kernels.Around(ink=pointer(ink.around, np.float32), side=len(ink.around))),
        ctypes.byref(look),
        pointer(frame, np.uint8),
    )
