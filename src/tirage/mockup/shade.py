"""The last step of a picture: fabric colour, ink, view transform, background, bytes (native/shade.c)."""

from __future__ import annotations

import ctypes
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tirage.media.values import Colour
from tirage.mockup import kernels
from tirage.mockup.cloth import scatter_constants
from tirage.mockup.ink import Ink, print_view
from tirage.mockup.kernels import BOUNCE_ALBEDO, pointer
from tirage.mockup.scene import Scene
from tirage.mockup.view import View


@cache
def _srgb_table() -> NDArray[np.float32]:
    x = np.arange(kernels.SRGB_STEPS + 1) / kernels.SRGB_STEPS
    return np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055).astype(np.float32)


def make_look(scene: Scene, colour: Colour, background: Colour | None) -> kernels.Look:
    """How pictures of one fabric colour look over a background; None: transparent, straight alpha."""
    template, ratio = scene.template, scene.light.bounce_ratio
    gain, slope = scatter_constants(template.material.diffuse_roughness)
    look = kernels.Look(exposure=template.exposure, k_gain=gain, k_slope=slope)
    look.fabric[:] = colour.to_albedo()
    look.bounce[:] = [c * (1 + ratio * c) / (1 + ratio * BOUNCE_ALBEDO) for c in look.fabric]
    look.channels = 4 if background is None else 3
    if background is not None:
        look.background[:] = [
            channel / 255 for channel in (background.red, background.green, background.blue)
        ]
    look.srgb = pointer(_srgb_table(), np.float32)
    return look


def plain_pixels(view: View, look: kernels.Look) -> NDArray[np.uint8]:
    """The cloth without print, for the view's spans: (pixels, channels)."""
    out = np.empty((len(view.terms), look.channels), np.uint8)
    kernels.call(
        "compose_plain",
        pointer(view.terms, np.float16),
        ctypes.c_int64(len(out)),
        ctypes.byref(look),
        pointer(out, np.uint8),
    )
    return out


def _span_pointers(view: View) -> tuple[ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]:
    return pointer(view.x0, np.int32), pointer(view.x1, np.int32), pointer(view.offset, np.int64)


def finish_frame(
    view: View, look: kernels.Look, plain: NDArray[np.uint8], ink: Ink | None
) -> NDArray[np.uint8]:
    """The picture (size, size, channels): background, cloth, and the print where there is ink."""
    frame = np.empty((view.size, view.size, look.channels), np.uint8)
    kernels.call(
        "place_spans",
        pointer(plain, np.uint8),
        *_span_pointers(view),
        view.size,
        ctypes.byref(look),
        pointer(frame, np.uint8),
    )
    if ink is not None:
        kernels.call(
            "compose_print",
            ctypes.byref(print_view(view)),
            pointer(ink.tiles, np.int32),
            len(ink.tiles),
            pointer(ink.values, np.float16),
            *_span_pointers(view),
            pointer(view.terms, np.float16),
            pointer(view.surface, np.float16),
            ctypes.byref(look),
            pointer(frame, np.uint8),
        )
    return frame
