"""Turns a judged file into pixels: 8-bit RGBA, straight alpha, sRGB, upright.
Only libvips' two explicit loaders are called; it decoded faster than OpenCV and FFmpeg (docs/decisions).
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tirage.errors import Finding
from tirage.media.container import Container, damaged, profile_ignored

if TYPE_CHECKING:
    import pyvips

__all__ = ["decode"]

SPACES = {"b-w": b"GRAY", "grey16": b"GRAY", "srgb": b"RGB ", "rgb16": b"RGB ", "cmyk": b"CMYK"}
"""libvips' interpretation → the colour space that a profile for it names (ICC.1, table 19)."""
ORIENTED = {
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.transpose(1, 0, 2),
    6: lambda p: p[::-1].transpose(1, 0, 2),
    7: lambda p: p[::-1, ::-1].transpose(1, 0, 2),
    8: lambda p: p.transpose(1, 0, 2)[::-1],
}
"""EXIF orientation → the turn or flip that puts the picture upright."""


def decode(container: Container) -> tuple[NDArray[np.uint8], tuple[Finding, ...]]:
    """Read-only pixels (h, w, 4) and what could not be used; IMAGE_DAMAGED when the coded data is broken."""
    vips = _vips()
    try:
        image = _load(vips, container)
        profile, findings = _usable(vips, image, container.profile)
        pixels = np.asarray(_to_rgba(vips, image, profile).write_to_memory())
    except vips.Error:
        raise damaged("its pixels cannot be decoded") from None
    pixels = pixels.reshape(container.height, container.width, 4)
    if container.orientation != 1:
        pixels = np.ascontiguousarray(ORIENTED[container.orientation](pixels))
    pixels.flags.writeable = False
    return pixels, findings


@cache
def _vips() -> ModuleType:
    """libvips without its cache of operations: designs do not repeat, and memory must not grow."""
    vips = import_module("pyvips")
    vips.cache_set_max(0)
    return vips


def _load(vips: ModuleType, container: Container) -> pyvips.Image:
    """A lazy image; the pixels stream through once. A JPEG's mere warnings already mean visible damage."""
    if container.kind == "png":
        image = vips.Image.pngload_buffer(container.clean, access="sequential", fail_on="error")
    else:
        image = vips.Image.jpegload_buffer(container.clean, access="sequential", fail_on="warning")
    if (image.width, image.height) != (
        container.width,
        container.height,
    ) or image.interpretation not in SPACES:
        raise damaged("its header makes no sense")
    return image


def _usable(
    vips: ModuleType, image: pyvips.Image, profile: bytes | None
) -> tuple[bytes | None, tuple[Finding, ...]]:
    """The profile to convert from: None when there is none, it does not fit, or it changes nothing."""
    space = SPACES[image.interpretation]
    if profile is None:
        return None, ()
    if not _fits(profile, space):
        return None, (profile_ignored("it does not fit the picture"),)
    return (None if _is_srgb(vips, profile, space) else profile), ()


def _to_rgba(vips: ModuleType, image: pyvips.Image, profile: bytes | None) -> pyvips.Image:
    """Four bands of 8 bits in sRGB, converted only where that changes them."""
    cmyk = image.interpretation == "cmyk"
    if image.bands == 4 and image.format == "uchar" and not cmyk and profile is None:
        return image
    colour = image.extract_band(0, n=image.bands - 1) if image.hasalpha() else image
    colour = _converted(vips, colour, profile) if cmyk or profile is not None else _eight_bit(colour)
    colour = colour.bandjoin([colour, colour]) if colour.bands == 1 else colour
    return colour.bandjoin(_eight_bit(image[image.bands - 1]) if image.hasalpha() else 255)


def _fits(profile: bytes, space: bytes) -> bool:
    """Whether an ICC header belongs to an input, display or output profile of that colour space."""
    return (
        int.from_bytes(profile[:4]) == len(profile)
        and profile[36:40] == b"acsp"
        and profile[12:16] in {b"mntr", b"scnr", b"prtr", b"spac"}
        and profile[16:20] == space
    )


def _is_srgb(vips: ModuleType, profile: bytes, space: bytes) -> bool:
    """Whether an RGB profile leaves a grid of colours where they are, within one code."""
    if space != b"RGB ":
        return False
    steps = np.linspace(0, 255, 9).round().astype(np.uint8)
    grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    image = vips.Image.new_from_array(grid).copy(interpretation="srgb")
    moved = _converted(vips, image, profile).numpy().astype(np.int16) - grid
    return bool(np.abs(moved).max() <= 1)


def _converted(vips: ModuleType, colour: pyvips.Image, profile: bytes | None) -> pyvips.Image:
    """Through the ICC profile, or for CMYK without one through libvips' own, to 8-bit sRGB."""
    if profile is not None:
        colour = colour.copy()
        colour.set_type(vips.GValue.blob_type, "icc-profile-data", profile)
    fallback = "cmyk" if colour.interpretation == "cmyk" else "srgb"
    return colour.icc_transform(
        "srgb", embedded=True, input_profile=fallback, depth=8, black_point_compensation=True
    )


def _eight_bit(bands: pyvips.Image) -> pyvips.Image:
    """16-bit values rounded, not cut off."""
    return bands.linear(1 / 257, 0.5, uchar=True) if bands.format == "ushort" else bands
