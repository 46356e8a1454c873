"""Prints as a view sees them: designs as linear texels from their own resolution, filtered through the view.
Independent of the fabric, so one filtering serves every colour.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tirage.mockup import kernels
from tirage.mockup.canvas import Canvas, panel_box
from tirage.mockup.fabric import Yarn
from tirage.mockup.kept import Arrays
from tirage.mockup.kernels import INK, TILE, pointer
from tirage.mockup.model import Template
from tirage.mockup.placement import Print, to_design
from tirage.mockup.view import filter_taps


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One print, ready for the kernels."""

    texels: NDArray[np.uint16]
    """(height, width, 4) linear premultiplied, with a transparent border of one texel."""
    affine: NDArray[np.float64]
    """(2, 3) atlas units to texels."""
    clip: tuple[float, float, float, float]
    """The panel in atlas units: left, top, right, bottom."""


@dataclass(frozen=True, slots=True, eq=False)
class Ink(Arrays):
    """Prints through one canvas, where there are any."""

    blocks: NDArray[np.int32]
    """(count,) blocks of the canvas that have ink."""
    values: NDArray[np.float16]
    """(count, TILE, INK, TILE) as native/canvas.h has it."""
    around: NDArray[np.float32]
    """(side, side, 4) the prints around each place on the atlas (surroundings.py)."""


def _linear_table() -> NDArray[np.uint16]:
    v = np.arange(256) / 255
    linear = np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)
    return np.round(linear * 65535).astype(np.uint16)


_LINEAR = _linear_table()


def texels(rgba: NDArray[np.uint8], factor: int) -> NDArray[np.uint16]:
    """Design pixels (h, w, 4) to linear premultiplied texels: means of factor x factor boxes, bordered."""
    height, width = rgba.shape[:2]
    out = np.empty((-(-height // factor) + 2, -(-width // factor) + 2, 4), np.uint16)
    kernels.call(
        "design_texels",
        pointer(rgba, np.uint8),
        width,
        height,
        factor,
        pointer(_LINEAR, np.uint16),
        *out.shape[:2],
        0,
        out.shape[0],
        pointer(out, np.uint16),
    )
    return out


def box_factor(print_: Print, samples_per_cm: float) -> int:
    """How many design pixels one sample spans: finer texels than samples would be read for nothing."""
    return max(1, int(print_.design.width / print_.art.width / samples_per_cm))


def make_layer(template: Template, print_: Print, factor: int, pixels: NDArray[np.uint16]) -> Layer:
    """Place a design's texels on the atlas."""
    panel = template.panel(print_.art.panel)
    if panel is None:
        raise KeyError(print_.art.panel)
    scale, (x, y) = template.atlas_cm, panel.origin
    matrix = to_design(print_)
    linear = matrix[:, :2] * scale / factor
    shift = (matrix[:, 2] - matrix[:, :2] @ (x, y)) / factor + 1
    return Layer(
        texels=pixels,
        affine=np.concatenate([linear, shift[:, None]], axis=1),
        clip=panel_box(template, panel),
    )


def ink_seen(
    canvas: Canvas, layers: Sequence[Layer], around: NDArray[np.float32], yarn: Yarn | None = None
) -> Ink:
    """All prints through one view; yarn: what leads every sample, where the view's places were not led."""
    found = (kernels.Layer * len(layers))()
    for target, layer in zip(found, layers, strict=True):
        target.texels = pointer(layer.texels, np.uint16)
        target.height, target.width = layer.texels.shape[:2]
        target.affine[:] = layer.affine.ravel().tolist()
        target.clip[:] = layer.clip
    blocks = np.empty(len(canvas.tile), np.int32)
    values = np.empty((len(canvas.tile), TILE, INK, TILE), np.float16)  # blocks without ink are never touched
    taps = filter_taps(canvas.k)
    count = kernels.call(
        "print_view",
        ctypes.byref(canvas.for_kernels()),
        found,
        len(layers),
        ctypes.byref(yarn.for_kernels() if yarn else kernels.Yarn()),
        pointer(taps, np.float32),
        canvas.k,
        pointer(blocks, np.int32),
        pointer(values, np.float16),
    )
    values.resize((count, *values.shape[1:]), refcheck=False)  # gives back the rest, copies nothing
    return Ink(blocks=blocks[:count].copy(), values=values, around=around)
