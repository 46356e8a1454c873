"""The flat pictures of an order: the art at print size, and garment colour with art on the flat panels.
Premultiplied throughout; reductions average areas in linear light, so fine lines keep their weight.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from tirage.media.values import Colour
from tirage.mockup import kernels
from tirage.mockup.ink import texels
from tirage.mockup.kept import Kept
from tirage.mockup.kernels import pointer
from tirage.mockup.model import Panel, Template
from tirage.mockup.outline import panel_mask
from tirage.mockup.placement import PlacedArt, Print, to_design
from tirage.mockup.resolution import CM_PER_INCH

PRINT_DPI = 300
MAX_PRINT_PIXELS = 40_000_000
"""A print file beyond this gets fewer dots an inch: 40 megapixels are 53 × 53 cm at 300 DPI."""
PIXELS_PER_CM = 40
MARGIN = PIXELS_PER_CM // 2
BACKGROUND = Colour(229, 229, 229)
FULL = 65535
"""Linear light and coverage, in 16 bits."""
Pixels = NDArray[np.uint8]
_seen_art: Kept[NDArray[np.uint16]] = Kept(24 << 20)
"""Art on its panel, which is the same for every colour of the fabric."""


@dataclass(frozen=True, slots=True, eq=False)
class PrintFile:
    """What a print shop gets: straight sRGB RGBA (height, width, 4) and the dots an inch it is meant for."""

    pixels: Pixels
    dpi: int


@dataclass(frozen=True, slots=True)
class FlatPanel:
    """A panel's place in the flat picture, pixels; (x, y) is where its centimetres (0, 0) lie."""

    panel: Panel
    left: int
    top: int
    width: int
    height: int
    x: int
    y: int


def print_file(print_: Print, *, dpi: int = PRINT_DPI) -> PrintFile:
    """The art alone at print size, upright: the placement's rotation is for whoever puts it on the garment.

    Below that resolution the design is enlarged (bicubic), above it reduced (areas, linear light), never
    stretched. Art over 40 megapixels gets as many dots an inch as fit.
    """
    dpi = min(dpi, _largest_dpi(print_.art))
    size = tuple(max(1, round(cm / CM_PER_INCH * dpi)) for cm in (print_.art.width, print_.art.height))
    design = print_.design
    if size == (design.width, design.height):
        return PrintFile(design.pixels, dpi)
    if size[0] >= design.width:
        return PrintFile(_enlarged(design.pixels, (size[0], size[1])), dpi)
    return PrintFile(_reduced(design.pixels, (size[0], size[1])), dpi)


def layout(template: Template, prints: Sequence[Print]) -> tuple[FlatPanel, ...]:
    """Where the flat picture shows which panel: those with art, in the template's order, side by side."""
    places = []
    left = MARGIN
    used = {print_.art.panel for print_ in prints}
    for panel in template.panels:
        if panel.name in used:
            start_x, start_y = (math.floor(cm * PIXELS_PER_CM) for cm in panel.bounds[:2])
            end_x, end_y = (math.ceil(cm * PIXELS_PER_CM) for cm in panel.bounds[2:])
            width, height = end_x - start_x, end_y - start_y
            places.append(FlatPanel(panel, left, MARGIN, width, height, left - start_x, MARGIN - start_y))
            left += width + MARGIN
    return tuple(places)


def composited(*, template: Template, prints: Sequence[Print], colour: Colour) -> Pixels:
    """Garment colour and art on the flat panels that carry art: sRGB (height, width, 3), 40 px/cm.

    Art ends where the cloth ends; later prints lie on top; light grey around. ValueError without prints.
    """
    places = layout(template, prints)
    if not places:
        raise ValueError("the flat picture shows panels that carry art, and no print is given")
    size = (max(p.top + p.height for p in places) + MARGIN, places[-1].left + places[-1].width + MARGIN)
    picture = np.empty((*size, 3), np.uint8)
    picture[0] = _bytes(BACKGROUND)
    picture[1:] = picture[0]  # by rows: numpy takes 30 times as long to repeat three bytes
    for place in places:
        cloth = panel_mask(
            template,
            place.panel,
            pixels_per_cm=PIXELS_PER_CM,
            offset=(place.x - place.left, place.y - place.top),
            size=(place.width, place.height),
        )
        _tint(cloth, colour, place, picture)
        for print_ in prints:
            if print_.art.panel == place.panel.name:
                _lay(print_, cloth, place, picture)
    return picture


def _largest_dpi(art: PlacedArt) -> int:
    return max(1, math.floor(CM_PER_INCH * math.sqrt(MAX_PRINT_PIXELS / (art.width * art.height))))


def _tint(cloth: Pixels, colour: Colour, place: FlatPanel, picture: Pixels) -> None:
    """Puts a panel in its colour on the background into the picture."""
    cover = np.arange(256)[:, None] / 255
    mixed = cover * _decode()[list(_bytes(colour))] + (1 - cover) * _decode()[list(_bytes(BACKGROUND))]
    kernels.call(
        "tint_cloth",
        pointer(cloth, np.uint8),
        place.width,
        place.height,
        pointer(srgb_codes()[np.rint(mixed * FULL).astype(np.uint16)], np.uint8),
        picture.shape[1],
        place.left,
        place.top,
        pointer(picture, np.uint8),
    )


def _lay(print_: Print, cloth: Pixels, place: FlatPanel, picture: Pixels) -> None:
    """Puts one print on its panel, in place."""
    offset = np.array((place.x - place.left, place.y - place.top))
    corners = print_.art.corners() * PIXELS_PER_CM + offset
    size = (place.width, place.height)
    left, top = np.clip(np.floor(corners.min(axis=0)).astype(int) - 1, 0, size).tolist()
    right, bottom = np.clip(np.ceil(corners.max(axis=0)).astype(int) + 1, 0, size).tolist()
    if left >= right or top >= bottom:
        return
    box = (left - int(offset[0]), top - int(offset[1]), right - left, bottom - top)
    seen = _seen_art.get((print_.design.sha256, print_.art, box), lambda: art_seen(print_, *box))
    kernels.call(
        "lay_ink",
        pointer(seen, np.uint16),
        right - left,
        bottom - top,
        pointer(cloth.reshape(-1)[top * place.width + left :], np.uint8),
        place.width,
        pointer(_decode(), np.float32),
        pointer(srgb_codes(), np.uint8),
        picture.shape[1],
        place.left + left,
        place.top + top,
        pointer(picture, np.uint8),
    )


def art_seen(
    print_: Print,
    left: float,
    top: float,
    width: int,
    height: int,
    *,
    pixels_per_cm: float = PIXELS_PER_CM,
) -> NDArray[np.uint16]:
    """The art in a window of the flat panel: linear premultiplied (height, width, 4), 0 … FULL.

    `left` and `top` are where the window begins, in its pixels from the panel's (0, 0).
    """
    design = print_.design
    per_pixel = design.width / print_.art.width / pixels_per_cm
    source = texels(design.pixels, max(1, int(per_pixel)))[1:-1, 1:-1]
    covered = max(1, int(per_pixel)) * np.array(source.shape[1::-1])  # design pixels, whole boxes
    if per_pixel > 1:
        smaller = np.maximum(np.rint(covered / per_pixel), 1).astype(int)
        source = np.asarray(cv2.resize(source, smaller.tolist(), interpolation=cv2.INTER_AREA), np.uint16)
    scale = np.diag(np.array(source.shape[1::-1]) / covered)
    matrix = to_design(print_)
    linear = scale @ matrix[:, :2] / pixels_per_cm
    shift = scale @ matrix[:, 2] + linear @ (left + 0.5, top + 0.5) - 0.5  # OpenCV counts from pixel centres
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = cv2.warpAffine(source, np.column_stack((linear, shift)), (width, height), flags=flags)
    return np.asarray(seen, np.uint16)


def _reduced(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Areas averaged in linear light."""
    factor = max(1, pixels.shape[1] // size[0])
    whole = pixels.shape[0] % factor == 0 and pixels.shape[1] % factor == 0
    boxes = texels(pixels, factor if whole else 1)[1:-1, 1:-1]
    small = np.asarray(cv2.resize(boxes, size, interpolation=cv2.INTER_AREA), np.uint16)
    return _straight(small, FULL, srgb_codes())


def _enlarged(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Bicubic on the codes themselves: in linear light it would leave dark rims around light shapes."""
    if int(pixels[..., 3].min()) == 255:
        return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    large = np.asarray(cv2.resize(_premultiplied(pixels), size, interpolation=cv2.INTER_CUBIC), np.uint16)
    return _straight(large, 255 * 255, None)


def _premultiplied(pixels: Pixels) -> NDArray[np.uint16]:
    """Codes times alpha, 0 … 255²."""
    result = np.empty(pixels.shape, np.uint16)
    kernels.call(
        "premultiplied_codes",
        pointer(np.ascontiguousarray(pixels), np.uint8),
        ctypes.c_int64(pixels.size // 4),
        pointer(result, np.uint16),
    )
    return result


def _straight(premultiplied: NDArray[np.uint16], full: int, codes: Pixels | None) -> Pixels:
    """Straight RGBA of premultiplied values 0 … full, by a table of linear light or codes already."""
    result = np.empty(premultiplied.shape, np.uint8)
    kernels.call(
        "straight_codes",
        pointer(np.ascontiguousarray(premultiplied), np.uint16),
        ctypes.c_int64(result.size // 4),
        full,
        None if codes is None else pointer(codes, np.uint8),
        pointer(result, np.uint8),
    )
    return result


def _bytes(colour: Colour) -> tuple[int, int, int]:
    return colour.red, colour.green, colour.blue


@cache
def _decode() -> NDArray[np.float32]:
    """sRGB codes to linear light (IEC 61966-2-1)."""
    v = np.arange(256) / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4).astype(np.float32)


@cache
def srgb_codes() -> Pixels:
    """sRGB codes of linear light 0 … FULL (IEC 61966-2-1)."""
    v = np.arange(FULL + 1) / FULL
    encoded = np.where(v <= 0.0031308, v * 12.92, 1.055 * v ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(encoded * 255), np.uint8)
