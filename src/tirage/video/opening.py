"""A session ready to be checked and rendered: its file read, its media known, its edit conformed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from tirage.errors import BadInput
from tirage.media.notes import Notes
from tirage.video.conform import conform
from tirage.video.ingest import Row, attach, read_rows
from tirage.video.session import Revision, Session
from tirage.video.session_file import load_session, read_edl
from tirage.video.timeline import Edl

__all__ = ["Opened", "media_folder", "open_session", "template_files"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A session and what was found on the way."""

    session: Session
    rows: Sequence[Row]
    notes: Notes
    folder: Path
    """Where its rows and mezzanines lie."""
    written: Session
    """As the file has it: nothing known of its media, its edit by any clock."""

    def known(self, rows: Sequence[Row]) -> Opened:
        """The same after an ingest."""
        return _known(self.written, rows, self.notes, self.folder)


def media_folder(path: Path) -> Path:
    """Where a session's rows and mezzanines lie: `evening.media` beside `evening.json`."""
    return path.absolute().with_suffix(".media")


def open_session(path: Path, *, edl: Path | None = None) -> Opened:
    """The session of a file; `edl` replaces its edit.

    BadInput: INVALID_SESSION, INVALID_EDL with all findings; MISSING_FILE, INVALID_EDL_FORMAT …
    What can be mended without the file, like a camera that is not there, is left in `notes`.
    """
    notes = Notes()
    session = load_session(path, notes)
    if session is None:
        raise _refused("INVALID_SESSION", path, notes)
    if edl is not None:
        found = read_edl(edl, session.rate, notes)
        if found is None:
            raise _refused("INVALID_EDL", edl, notes)
        number = session.current.number + 1 if session.current else 1
        session = replace(session, revisions=(*session.revisions, Revision(number=number, edl=found)))
    folder = media_folder(path)
    return _known(session, read_rows(folder), notes, folder)


def template_files(edl: Edl) -> Mapping[str, str]:
    """The sha256 of graphics' templates that are files, by path; what is gone has none."""
    paths = {graphic.template for graphic in edl.graphics if Path(graphic.template).is_file()}
    return {path: sha256(Path(path).read_bytes()).hexdigest() for path in sorted(paths)}


def _known(written: Session, rows: Sequence[Row], notes: Notes, folder: Path) -> Opened:
    """What conforming finds is found again, and told, by preflight."""
    session = attach(written, rows)
    current = session.current
    if current is not None:
        edl = conform(current.edl, session, Notes())
        session = replace(session, revisions=(*session.revisions[:-1], replace(current, edl=edl)))
    return Opened(session=session, rows=rows, notes=notes, folder=folder, written=written)


def _refused(code: str, path: Path, notes: Notes) -> BadInput:
    first = next((found for found in notes.findings if found.severity == "error"), None)
    message = f"{path.name} cannot be used: {first.message if first else 'it is not what it should be'}"
    return BadInput(code, message, findings=notes.findings)
