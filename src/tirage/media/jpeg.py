"""Reads the segments of a JPEG: judges them and keeps only those that make pixels (ITU-T T.81)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tirage.errors import BadInput, Finding
from tirage.media.container import (
    MAX_PROFILE,
    Container,
    checked_extent,
    cut_off,
    damaged,
    orientation,
    profile_ignored,
)

__all__ = ["MAGIC", "read_jpeg"]

MAGIC = b"\xff\xd8\xff"
MAX_SEGMENTS = 10_000
MAX_SCANS = 32
"""Optimising encoders write up to about 20; every scan of a progressive picture is a pass over all of it."""
SOI, EOI, SOS, DQT, DHT, DRI, APP0, APP1, APP2, APP14 = (
    0xD8,
    0xD9,
    0xDA,
    0xDB,
    0xC4,
    0xDD,
    0xE0,
    0xE1,
    0xE2,
    0xEE,
)
FRAMES = {0xC0, 0xC1, 0xC2}
"""Baseline, extended, progressive: what browsers show."""
OTHER_FRAMES = {0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
KEPT = {DQT, DHT, DRI, SOS, APP0, APP14} | FRAMES
EXIF = b"Exif\0\0"
ICC = b"ICC_PROFILE\0"
_FILL = re.compile(rb"\xff{2,}")
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


@dataclass(frozen=True, slots=True)
class Segment:
    """One marker segment: `data` its content, `whole` all of it and, for a scan, the coded data behind it."""

    marker: int
    data: memoryview
    whole: memoryview


def read_jpeg(file: bytes) -> Container:
    """The facts of a JPEG (`file` starts with MAGIC); IMAGE_DAMAGED, IMAGE_TOO_LARGE or INVALID_FILE_TYPE."""
    segments = list(_segments(file))
    frames = [segment for segment in segments if segment.marker in FRAMES]
    scans = sum(segment.marker == SOS for segment in segments)
    if len(frames) != 1 or scans == 0:
        raise damaged("it has no picture, or more than one")
    if scans > MAX_SCANS:
        raise damaged("it has too many scans")
    width, height = _frame_extent(frames[0].data)
    profile, findings = _profile([bytes(segment.data) for segment in segments if segment.marker == APP2])
    return Container(
        kind="jpeg",
        width=width,
        height=height,
        clean=b"\xff\xd8" + b"".join(s.whole for s in segments if s.marker in KEPT) + b"\xff\xd9",
        profile=profile,
        orientation=_orientation([bytes(s.data) for s in segments if s.marker == APP1]),
        findings=tuple(findings),
    )


def _segments(file: bytes) -> Iterator[Segment]:
    """All segments from after SOI up to EOI; what follows is not part of the picture."""
    view = memoryview(file)
    at = 2
    for _ in range(MAX_SEGMENTS):
        if fill := _FILL.match(file, at):
            at = fill.end() - 1
        if at + 2 > len(file):
            raise cut_off()
        marker = file[at + 1]
        if file[at] != 0xFF or marker == SOI or marker < 0xC0:
            raise damaged("it has something between its segments")
        if marker == EOI:
            return
        if marker in OTHER_FRAMES:
            raise BadInput(
                "INVALID_FILE_TYPE", "The picture is a kind of JPEG that browsers do not show either."
            )
        data_end = at + 2 + int.from_bytes(file[at + 2 : at + 4])
        end = _coded_end(file, data_end) if marker == SOS else data_end
        if at + 4 > data_end or end > len(file):
            raise cut_off()
        yield Segment(marker, view[at + 4 : data_end], view[at:end])
        at = end
    raise damaged("it has too many segments")


def _coded_end(file: bytes, start: int) -> int:
    """Where a scan's coded data ends: at the next marker that is not a restart."""
    match = _MARKER.search(file, start)
    if match is None:
        raise cut_off()
    return match.start()


def _frame_extent(data: memoryview) -> tuple[int, int]:
    """Width and height of a frame header: precision, height, width, components, three bytes each."""
    if len(data) < 6 or len(data) != 6 + 3 * data[5] or data[5] not in {1, 3, 4}:
        raise damaged("its header makes no sense")
    if data[0] != 8:
        raise BadInput("INVALID_FILE_TYPE", f"The picture is a JPEG of {data[0]} bits; only 8 can be read.")
    return checked_extent(int.from_bytes(data[3:5]), int.from_bytes(data[1:3]))


def _orientation(blocks: list[bytes]) -> int:
    exif = next((block for block in blocks if block.startswith(EXIF)), None)
    return 1 if exif is None else orientation(exif[len(EXIF) :])


def _profile(blocks: list[bytes]) -> tuple[bytes | None, list[Finding]]:
    """The ICC profile, put together from its numbered parts (ICC.1, annex B.4)."""
    parts = sorted(block[len(ICC) :] for block in blocks if block.startswith(ICC))
    if not parts:
        return None, []
    if [part[:1] for part in parts] != [bytes((n + 1,)) for n in range(len(parts))] or parts[0][1:2] != bytes(
        (len(parts),)
    ):
        return None, [profile_ignored("it is incomplete")]
    profile = b"".join(part[2:] for part in parts)
    if len(profile) > MAX_PROFILE:
        return None, [profile_ignored("it is larger than any real profile")]
    return profile, []
