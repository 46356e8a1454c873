"""Revisions of a session's edit: read from any format, checked, locked once, compared, written again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, cast

from tirage.errors import BadInput, Conflict, Finding, Severity, UsageError
from tirage.jobs import checks
from tirage.jobs.ids import Ids
from tirage.jobs.model import JsonObject
from tirage.media.notes import Notes
from tirage.media.rates import RATES, Rate
from tirage.sessions.checks import Checked, Preflight, load_edl
from tirage.sessions.model import StoredEdl
from tirage.sessions.opening import edl_of
from tirage.sessions.rules import NAME
from tirage.sessions.service import load
from tirage.sessions.store import SessionStore, SessionUnit
from tirage.video.captions import read_cues
from tirage.video.conform import to_sources
from tirage.video.diff import Difference, diff
from tirage.video.findings import tell
from tirage.video.formats.edl_json import edl_value
from tirage.video.limits import MAX_REVISIONS
from tirage.video.lock import lock_hash
from tirage.video.timeline import BUILT_IN, CaptionTrack, Edl

if TYPE_CHECKING:
    from tirage.video.formats.registry import FileFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEdl:
    """A file with an edit."""

    name: str
    """Its ending says its format."""
    data: bytes
    rate: str | None = None
    """For formats that do not say theirs."""
    created_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An edit as a file."""

    name: str
    data: bytes
    findings: Sequence[Finding]
    """What the format has no place for."""


class Edits:
    """The revisions of all sessions; may be used from several threads.

    Those that name a revision raise NotFound EDL_NOT_FOUND; every method may raise TryAgain.
    """

    def __init__(self, store: SessionStore, preflight: Preflight, *, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._preflight = preflight
        self._clock = clock
        self._ids = Ids(clock)

    def add(self, session_id: str, new: NewEdl) -> StoredEdl:
        """The next revision of a session's edit, open.

        NotFound SESSION_NOT_FOUND; BadInput INVALID_EDL with all findings, INVALID_EDL_FORMAT.
        """
        if not NAME.fullmatch(new.name):
            raise checks.invalid("A file's name has up to 200 characters.", where="name")
        session = self._store.read(lambda unit: load(unit, session_id))
        notes = Notes()
        with _installed():
            edl = _format_of(new.name).read(new.data, notes, _rate(new.rate) or RATES[session.rate])
        edl = edl and _bounded(edl, notes)
        if edl is None or notes.failed:
            raise _refused(new.name, notes)
        return self._added(session_id, edl, new, notes)

    def add_captions(self, edl_id: str, language: str, name: str, data: bytes) -> StoredEdl:
        """A new revision: this one with a track of captions, in the place of the one in that language.

        BadInput INVALID_EDL with all findings: no SRT, VTT or ASS, or cues without a time.
        """
        old = self.get(edl_id)
        notes = Notes()
        with _installed():
            cues = read_cues(name, data, notes)
        if notes.failed or not cues:
            raise _refused(name, notes)
        track = CaptionTrack(language=language, cues=cues)
        edl = edl_of(old)
        kept = tuple(each for each in edl.captions if each.language != language)
        new = NewEdl(name=old.name, data=b"", created_by=old.created_by)
        return self._added(old.session_id, replace(edl, captions=(*kept, track)), new, notes)

    def get(self, edl_id: str) -> StoredEdl:
        """A revision."""
        return self._store.read(lambda unit: load_edl(unit, edl_id))

    def list(self, session_id: str) -> Sequence[StoredEdl]:
        """A session's revisions, the newest first.  NotFound SESSION_NOT_FOUND."""
        return self._store.read(lambda unit: unit.sessions.edls(load(unit, session_id).id))

    def delete(self, edl_id: str) -> None:
        """Removes an open revision.  BadInput EDL_LOCKED."""

        def remove(unit: SessionUnit) -> None:
            edl = load_edl(unit, edl_id)
            if edl.lock is not None:
                raise BadInput("EDL_LOCKED", f"Revision {edl.number} is locked and stays.")
            unit.sessions.delete_edl(edl.id)

        self._store.write(remove)

    def validate(self, edl_id: str) -> Sequence[Finding]:
        """Everything about a revision in its session: what was noticed when it was read comes first."""
        checked = self._preflight.edl(edl_id)
        read = checked.edl.findings if checked.edl else ()
        return [*read, *(found for found in checked.findings if found not in read)]

    def lock(self, edl_id: str, *, by: str | None = None) -> StoredEdl:
        """The revision, locked, and from now on the one that its session renders.

        Locking it again changes nothing but which one is current.  BadInput INVALID_SESSION with all
        findings: an edit with errors is not locked.  Conflict: a recorder was changed meanwhile.
        """
        checked = self._preflight.edl(edl_id)
        edl = checked.edl
        assert edl is not None  # noqa: S101 – it was asked for by its id
        if edl.lock is None and checked.errors:
            message = f"An edit with errors is not locked: {checked.errors[0].message}"
            raise BadInput("INVALID_SESSION", message, findings=checked.findings)
        digest = edl.lock or _digest(checked)

        def write(unit: SessionUnit) -> StoredEdl:
            load(unit, edl.session_id)
            if unit.sessions.assets(edl.session_id) != list(checked.assets):
                raise Conflict("CONFLICT", "The session was changed meanwhile.", hint="Lock it again.")
            now = load_edl(unit, edl_id)
            locked = replace(
                now,
                lock=now.lock or digest,
                is_current=True,
                locked_at=now.locked_at or self._clock().astimezone(UTC),
                locked_by=now.locked_by or by,
            )
            unit.sessions.lock_edl(locked)
            return locked

        return self._store.write(write)

    def difference(self, old_id: str, new_id: str) -> Difference:
        """What the second revision changes of the first.  BadInput INVALID_DATA: of two sessions."""
        old, new = self.get(old_id), self.get(new_id)
        if old.session_id != new.session_id:
            raise checks.invalid("These are revisions of two sessions.", where="against")
        return diff(edl_of(old), edl_of(new))

    def write(self, edl_id: str, ending: str) -> Written:
        """A revision as a file of another format, by the sources' timecode where that is what programs read.

        BadInput INVALID_EDL_FORMAT: there is none of that ending, or it is only read.
        """
        checked = self._preflight.edl(edl_id)
        edl, session = checked.edl, checked.opened.session
        assert edl is not None  # noqa: S101 – as above
        assert session.current is not None  # noqa: S101
        notes = Notes()
        with _installed():
            form = _format_of(f"edit.{ending}")
            if form.write is None:
                raise BadInput("INVALID_EDL_FORMAT", f"{form.title} can be read, but not written.")
            own = ending == "json"
            content = edl_of(edl) if own else to_sources(session.current.edl, session)
            data = form.write(content, notes)
        stem = PurePosixPath(edl.name).stem or f"{edl.session_id}-{edl.number}"
        return Written(name=f"{stem}.{ending}", data=data, findings=notes.findings)

    def _added(self, session_id: str, edl: Edl, new: NewEdl, notes: Notes) -> StoredEdl:
        content = cast("JsonObject", edl_value(edl))
        found = tuple(notes.findings)

        def insert(unit: SessionUnit) -> StoredEdl:
            load(unit, session_id)
            number = unit.sessions.last_number(session_id) + 1
            if number > MAX_REVISIONS:
                raise checks.invalid(f"A session has at most {MAX_REVISIONS} revisions.", where="session")
            stored = StoredEdl(
                id=self._ids.new("edl"),
                session_id=session_id,
                number=number,
                name=new.name,
                content=content,
                findings=found,
                created_at=self._clock().astimezone(UTC),
                created_by=new.created_by,
            )
            unit.sessions.add_edl(stored)
            return stored

        return self._store.write(insert)


def _digest(checked: Checked) -> str:
    revision = checked.opened.revision
    assert revision is not None  # noqa: S101 – asked by the caller
    return lock_hash(checked.opened.session, revision.edl, extras={})


def _bounded(edl: Edl, notes: Notes) -> Edl:
    """The edit without any file of this machine: graphics are built in, captions carry their cues."""
    for graphic in edl.graphics:
        if graphic.template not in BUILT_IN:
            where = f"graphic {graphic.template[:60]} at frame {graphic.record_in}"
            message = f"{where}: a server has {', '.join(sorted(BUILT_IN))}."
            tell(notes, "GRAPHIC_UNKNOWN", where, message)
    for track in edl.captions:
        if not track.cues:
            where = f"captions {track.language}"
            tell(notes, "CAPTIONS_MISSING", where, f"{where} have to be sent by themselves.")
    tracks = tuple(replace(track, path="", sha256="") for track in edl.captions if track.cues)
    return replace(edl, captions=tracks)


def _format_of(name: str) -> FileFormat:
    from pathlib import Path

    from tirage.video.formats.registry import format_of

    return format_of(Path(name))


def _rate(name: str | None) -> Rate | None:
    if name is None:
        return None
    if name not in RATES:
        raise checks.invalid(f"There is no rate {name[:20]!r}; there are {', '.join(RATES)}.", where="rate")
    return RATES[name]


@contextmanager
def _installed() -> Iterator[None]:
    """Around what the extra `video` brings; UsageError INVALID_SETTING without it."""
    try:
        yield
    except ModuleNotFoundError as error:
        message = f"This server lacks {error.name}."
        raise UsageError("INVALID_SETTING", message, hint="Install tirage[video] there.") from None


def _refused(name: str, notes: Notes) -> BadInput:
    first = next((found for found in notes.findings if found.severity is Severity.ERROR), None)
    label = name[:60] or "The edit"
    message = f"{label} cannot be used: {first.message if first else 'it holds nothing'}"
    return BadInput("INVALID_EDL", message, findings=notes.findings)
