"""What the PNG and JPEG readers have in common: limits, the facts of a file, the orientation in EXIF.
They judge a file and reduce it to what makes pixels before any decoder written in C sees it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Literal

from tirage.errors import BadInput, Finding, Severity

__all__ = [
    "MAX_PIXELS",
    "MAX_PROFILE",
    "MAX_SIDE",
    "Container",
    "Kind",
    "checked_extent",
    "cut_off",
    "damaged",
]

Kind = Literal["png", "jpeg"]

MAX_SIDE = 20_000
MAX_PIXELS = 50_000_000
MAX_PROFILE = 4 * 1024 * 1024
"""Bytes of an ICC profile: the largest in use are printers' of about 3 MiB."""


@dataclass(frozen=True, slots=True)
class Container:
    """A file reduced to its pixels: `clean` decodes to width × height, before `orientation` (EXIF, 1–8)."""

    kind: Kind
    width: int
    height: int
    clean: bytes
    profile: bytes | None
    orientation: int
    findings: tuple[Finding, ...]


def damaged(what: str) -> BadInput:
    """The error for a file that breaks its format's rules."""
    return BadInput("IMAGE_DAMAGED", f"The picture is damaged: {what}.")


def cut_off() -> BadInput:
    """The error for a file that ends too early."""
    return BadInput("IMAGE_DAMAGED", "The picture is damaged: the file is cut off.")


def checked_extent(width: int, height: int) -> tuple[int, int]:
    """Width and height from a header, within the limits; judged before anything is allocated."""
    if width == 0 or height == 0:
        raise damaged("its header says that it has no pixels")
    if width > MAX_SIDE or height > MAX_SIDE or width * height > MAX_PIXELS:
        raise BadInput("IMAGE_TOO_LARGE", f"The picture has {width} × {height} pixels, which is too many.")
    return width, height


def profile_ignored(why: str) -> Finding:
    """The warning that colours may be off."""
    return Finding(
        "PROFILE_IGNORED",
        Severity.WARNING,
        f"The colour profile was ignored, because {why}; the colours are taken as sRGB.",
        hint="Export the design in sRGB if its colours look wrong.",
    )


def orientation(exif: bytes) -> int:
    """EXIF tag 0x0112 of a TIFF block's first directory, 1–8; 1 when it is missing or makes no sense."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None or len(exif) < 8:
        return 1
    (start,) = struct.unpack_from(f"{order}I", exif, 4)
    if start + 2 > len(exif):
        return 1
    (count,) = struct.unpack_from(f"{order}H", exif, start)
    for at in range(start + 2, min(start + 2 + 12 * count, len(exif) - 11), 12):
        tag, kind, number, value = struct.unpack_from(f"{order}HHIH", exif, at)
        if tag == 0x0112:
            return value if kind == 3 and number == 1 and 1 <= value <= 8 else 1
    return 1
