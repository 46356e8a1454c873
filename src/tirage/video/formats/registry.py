"""Which formats there are: by the ending of a file's name, with what reads and what writes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tirage.errors import BadInput
from tirage.media.notes import Notes
from tirage.media.rates import Rate
from tirage.video.formats import atem, cmx3600, edl_json, fcp7, fcpxml, otio
from tirage.video.timeline import Edl

__all__ = ["FORMATS", "FileFormat", "format_of"]


class Read(Protocol):
    """Bytes to an EDL; `rate` is for formats, and files, that do not say theirs."""

    def __call__(self, data: bytes, notes: Notes, rate: Rate | None = None) -> Edl | None:
        """None after noting an error."""


@dataclass(frozen=True, slots=True)
class FileFormat:
    """One format."""

    title: str
    read: Read
    write: Callable[[Edl, Notes], bytes] | None = None


FORMATS: dict[str, FileFormat] = {
    ".json": FileFormat("Tirage's JSON", edl_json.read, edl_json.write),
    ".otio": FileFormat("OpenTimelineIO", otio.read, otio.write),
    ".edl": FileFormat("CMX 3600", cmx3600.read, cmx3600.write),
    ".xml": FileFormat("Final Cut Pro 7 XML", fcp7.read, fcp7.write),
    ".fcpxml": FileFormat("FCPXML", fcpxml.read),
    ".drp": FileFormat("ATEM ISO recording", atem.read),
}


def format_of(path: Path) -> FileFormat:
    """The format of a file by its ending; INVALID_EDL_FORMAT otherwise."""
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        endings = ", ".join(FORMATS)
        raise BadInput("INVALID_EDL_FORMAT", f"{path.name} ends with none of {endings}.")
    return found
