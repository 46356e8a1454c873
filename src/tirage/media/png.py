"""Reads the chunks of a PNG: judges them and keeps only those that make pixels (PNG, third edition)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tirage.errors import Finding, Severity
from tirage.media.container import (
    MAX_PROFILE,
    Container,
    checked_extent,
    cut_off,
    damaged,
    orientation,
    profile_ignored,
)

__all__ = ["MAGIC", "read_png"]

MAGIC = b"\x89PNG\r\n\x1a\n"
MAX_CHUNKS = 10_000
"""Encoders split data into chunks of 8 KiB or more; 10 MiB in 1 KiB chunks would still pass."""
KEPT = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
BEST_DEFLATE = 1032
"""Deflate cannot pack more than this many bytes into one."""
SRGB = bytes((1, 13, 0, 1))
"""sRGB in a cICP chunk (ITU-T H.273)."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk: `whole` with length, type and check sum, `data` its content alone."""

    type: bytes
    whole: memoryview
    data: memoryview


def read_png(file: bytes) -> Container:
    """The facts of a PNG (`file` starts with MAGIC); IMAGE_DAMAGED or IMAGE_TOO_LARGE."""
    chunks = list(_chunks(memoryview(file)))
    kept = [chunk for chunk in chunks if chunk.type in KEPT]
    first = {chunk.type: chunk.data for chunk in reversed(chunks)}
    width, height = _checked_header(first[b"IHDR"], packed=_packed(kept))
    for chunk in kept:
        if zlib.crc32(chunk.whole[4:-4]) != int.from_bytes(chunk.whole[-4:]):
            raise damaged(f"the check sum of its {chunk.type.decode()} chunk is wrong")
    profile, findings = _colour_space(first)
    if b"acTL" in first:
        findings.append(_ANIMATED)
    return Container(
        kind="png",
        width=width,
        height=height,
        clean=MAGIC + b"".join(chunk.whole for chunk in kept),
        profile=profile,
        orientation=orientation(bytes(first[b"eXIf"])) if b"eXIf" in first else 1,
        findings=tuple(findings),
    )


_ANIMATED = Finding(
    "ANIMATION_STILL",
    Severity.NOTE,
    "The design is an animation; its default picture is used.",
    hint="Save the frame that you want as a PNG of its own.",
)


def _chunks(file: memoryview) -> Iterator[Chunk]:
    """All chunks up to IEND, in order; what follows is not part of the picture."""
    at = len(MAGIC)
    for number in range(MAX_CHUNKS):
        if at + 12 > len(file):
            raise cut_off()
        length, kind = struct.unpack_from(">I4s", file, at)
        if not kind.isalpha() or not kind.isascii():
            raise damaged("it has something between its chunks")
        if (number == 0) is not (kind == b"IHDR"):
            raise damaged("its header is missing or doubled")
        if kind[:1].isupper() and kind not in KEPT:
            raise damaged(f"it needs the unknown chunk {kind.decode()}")
        end = at + 12 + length
        if end > len(file):
            raise cut_off()
        yield Chunk(kind, file[at:end], file[at + 8 : end - 4])
        if kind == b"IEND":
            return
        at = end
    raise damaged("it has too many chunks")


def _packed(kept: list[Chunk]) -> int:
    return sum(len(chunk.data) for chunk in kept if chunk.type == b"IDAT")


def _checked_header(data: memoryview, *, packed: int) -> tuple[int, int]:
    """Width and height; `packed` is the number of compressed bytes, which bounds what they can hold."""
    if len(data) != 13:
        raise damaged("its header has the wrong length")
    width, height, depth, colour, compression, filtering, interlace = struct.unpack(">IIBBBBB", data)
    if depth not in DEPTHS.get(colour, set()) or compression or filtering or interlace > 1:
        raise damaged("its header makes no sense")
    checked_extent(width, height)
    if height * (width * depth * CHANNELS[colour] // 8) > packed * BEST_DEFLATE:
        raise damaged("it has too little data for its size")
    return width, height


def _colour_space(first: Mapping[bytes, memoryview]) -> tuple[bytes | None, list[Finding]]:
    """The ICC profile to convert from, and what could not be used."""
    if b"cICP" in first and bytes(first[b"cICP"]) != SRGB:
        return None, [profile_ignored("its cICP chunk names a colour space other than sRGB")]
    if b"iCCP" not in first:
        return None, []
    name, _, rest = bytes(first[b"iCCP"]).partition(b"\0")
    try:
        profile = zlib.decompressobj().decompress(rest[1:], MAX_PROFILE + 1)
    except zlib.error:
        profile = b""
    if not name or not profile or rest[:1] != b"\0":
        return None, [profile_ignored("it is damaged")]
    if len(profile) > MAX_PROFILE:
        return None, [profile_ignored("it is larger than any real profile")]
    return profile, []
