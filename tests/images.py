"""Makes good and hostile pictures byte by byte, so that no fixture has to be trusted or downloaded."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from functools import cache

import numpy as np
import pyvips
from numpy.typing import NDArray

MAGIC = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    """One PNG chunk with its right check sum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def header(width: int, height: int, *, depth: int = 8, colour: int = 6, interlace: int = 0) -> bytes:
    """A PNG's IHDR chunk."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))


def png(
    width: int,
    height: int,
    raw: bytes,
    *,
    depth: int = 8,
    colour: int = 6,
    interlace: int = 0,
    extra: Sequence[bytes] = (),
) -> bytes:
    """A PNG with the given scan lines (filter byte first) and chunks between header and data."""
    parts = [MAGIC, header(width, height, depth=depth, colour=colour, interlace=interlace), *extra]
    return b"".join([*parts, chunk(b"IDAT", zlib.compress(raw)), chunk(b"IEND")])


def rgba_png(pixels: NDArray[np.uint8], *, extra: Sequence[bytes] = ()) -> bytes:
    """A plain PNG of (h, w, 4) pixels."""
    height, width = pixels.shape[:2]
    return png(width, height, b"".join(b"\0" + row.tobytes() for row in pixels), extra=extra)


@cache
def art(width: int = 48, height: int = 32) -> NDArray[np.uint8]:
    """RGBA noise over a gradient, with every kind of alpha."""
    generator = np.random.default_rng(7)
    pixels = generator.integers(0, 256, (height, width, 4), dtype=np.uint8)
    pixels[..., 0] = np.linspace(0, 255, width, dtype=np.uint8)
    pixels[: height // 4, :, 3] = 0
    pixels[height // 2 :, :, 3] = 255
    pixels.flags.writeable = False
    return pixels


def jpeg(pixels: NDArray[np.uint8], *, space: str = "srgb", **options: object) -> bytes:
    """A JPEG of (h, w, n) pixels, without metadata."""
    image = pyvips.Image.new_from_array(pixels).copy(interpretation=space)
    return bytes(image.jpegsave_buffer(**{"Q": 95, "keep": "none", **options}))


def insert_segment(file: bytes, marker: int, data: bytes) -> bytes:
    """The JPEG with one more segment right after its start."""
    return file[:2] + bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data + file[2:]


def exif(orientation: int, *, order: str = ">") -> bytes:
    """A TIFF block of two entries: a width, and the orientation."""
    start = b"MM\0*" if order == ">" else b"II*\0"
    entries = [
        struct.pack(f"{order}HHIHH", tag, 3, 1, value, 0)
        for tag, value in ((0x0100, 6), (0x0112, orientation))
    ]
    return start + struct.pack(f"{order}IH", 8, len(entries)) + b"".join(entries) + b"\0\0\0\0"


def profile(name: str) -> bytes:
    """One of libvips' own ICC profiles: srgb, p3, cmyk."""
    return bytes(pyvips.Operation.call("profile_load", name))


def iccp(icc: bytes) -> bytes:
    """A PNG's iCCP chunk."""
    return chunk(b"iCCP", b"profile\0\0" + zlib.compress(icc, 9))


def grey_profile(gamma: float) -> bytes:
    """A minimal ICC profile (version 2) for grey of that gamma, white D50."""
    white = struct.pack(">4s4xIII", b"XYZ ", 0xF6D6, 0x10000, 0xD32D)
    curve = struct.pack(">4s4xIH2x", b"curv", 1, round(gamma * 256))
    table = struct.pack(">I4sII4sII", 2, b"wtpt", 156, len(white), b"kTRC", 156 + len(white), len(curve))
    size = 128 + len(table) + len(white) + len(curve)
    head = struct.pack(
        ">I4xI4s4s4s12x4s28xIII48x",
        size,
        0x02400000,
        b"mntr",
        b"GRAY",
        b"XYZ ",
        b"acsp",
        0xF6D6,
        0x10000,
        0xD32D,
    )
    return head + table + white + curve
