"""What other programs' names mean here: of sources, of markers."""

from __future__ import annotations

import re

from tirage.video.timeline import Marker, MarkerKind

__all__ = ["marker_of", "source_name"]

MEDIA = re.compile(r"\.(avi|braw|m4a|m4v|mkv|mov|mp4|mpg|mts|mxf|r3d|wav)$", re.IGNORECASE)


def source_name(path: str) -> str:
    """The camera that a file is of: its name without folders and a media file's ending; empty for nothing."""
    return MEDIA.sub("", re.split(r"[/\\]", path.strip())[-1])[:100]


def marker_of(frame: int, length: int, name: str) -> Marker:
    """One with a length is a range, one called “thumbnail” is for that, any other begins a chapter."""
    name = "".join(letter for letter in name.strip() if letter.isprintable())[:200]
    if name.casefold() == "thumbnail":
        return Marker(kind=MarkerKind.THUMBNAIL, frame=frame, name=name)
    if length > 1:
        return Marker(kind=MarkerKind.RANGE, frame=frame, name=name, length=length)
    return Marker(kind=MarkerKind.CHAPTER, frame=frame, name=name)
