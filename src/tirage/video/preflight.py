"""Preflight: everything that stands in a render's way, at once and before a frame is coded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tirage.errors import Finding
from tirage.media.notes import Notes
from tirage.video.check_edit import check_edit
from tirage.video.check_media import Disk, check_media
from tirage.video.findings import tell
from tirage.video.ingest import Row
from tirage.video.lock import lock_hash
from tirage.video.session import Revision, Session

__all__ = ["Surroundings", "preflight"]

BYTES_A_SECOND = 2_500_000
"""Of the programme: 20 Mbit/s, three files and what is in between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What of the machine a check depends on."""

    templates: frozenset[str] = frozenset()
    """Built-in templates of graphics."""
    browser: bool = False
    lacks: Callable[[str], str] = lambda _text: ""
    """Which letters of a text no font has."""
    free_bytes: int | None = None
    """Of the disk that is rendered to; None is not asked."""
    disk: Disk = field(default_factory=Disk)
    """How recordings are looked for."""
    extras: Mapping[str, str] = field(default_factory=dict)
    """sha256 of templates and fonts by name: part of the lock."""


def preflight(
    session: Session,
    revision: Revision | None,
    *,
    rows: Sequence[Row],
    surroundings: Surroundings,
    locked: bool = True,
    notes: Notes | None = None,
) -> list[Finding]:
    """All findings about an edit and its session, after those that `notes` has already.

    `session` is what `attach` made of `rows`.  `locked` asks for a locked revision, as renders do."""
    notes = notes or Notes()
    used = {event.camera for event in revision.edl.events if event.camera} if revision else set()
    check_media(session, used, rows, notes, surroundings.disk)
    if revision is None:
        tell(notes, "EDL_NOT_FOUND", "session", f"The session {session.id} has no edit.")
        return notes.findings
    check_edit(
        session,
        revision.edl,
        templates=surroundings.templates,
        browser=surroundings.browser,
        lacks=surroundings.lacks,
        notes=notes,
    )
    if locked:
        _check_lock(session, revision, surroundings.extras, notes)
    needed = round(float(session.rate.seconds(revision.edl.length)) * BYTES_A_SECOND)
    if surroundings.free_bytes is not None and surroundings.free_bytes < needed:
        message = f"About {needed >> 20} MiB are needed, and {surroundings.free_bytes >> 20} MiB are free."
        tell(notes, "DISK_SPACE", "disk", message)
    return notes.findings


def _check_lock(session: Session, revision: Revision, extras: Mapping[str, str], notes: Notes) -> None:
    if not revision.lock:
        tell(notes, "EDL_NOT_LOCKED", "edl", f"Revision {revision.number} of the edit is not locked.")
    elif lock_hash(session, revision.edl, extras=extras) != revision.lock:
        message = f"Revision {revision.number}, or a recording under it, is not what was locked."
        tell(notes, "LOCK_BROKEN", "edl", message)
