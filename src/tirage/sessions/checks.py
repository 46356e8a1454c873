"""Preflight of stored sessions: what stands in a render's way, when it is ordered and when it begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tirage.errors import BadInput, Finding, NotFound, Severity
from tirage.sessions.footage import Footage
from tirage.sessions.model import StoredAsset, StoredEdl, StoredSession
from tirage.sessions.opening import Free, OpenedSession, opened
from tirage.sessions.service import load
from tirage.sessions.store import SessionStore, SessionUnit
from tirage.video.preflight import Surroundings, preflight
from tirage.video.timeline import BUILT_IN

FIRST = ("EDL_NOT_FOUND", "EDL_NOT_LOCKED", "ASSETS_MISSING", "MEZZANINE_MISSING")
"""Codes that an error about a session carries itself; what else is wrong is PREFLIGHT_FAILED."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A session, a revision of its edit, and everything found about the two."""

    stored: StoredSession
    assets: Sequence[StoredAsset]
    edl: StoredEdl | None
    opened: OpenedSession
    findings: Sequence[Finding]

    @property
    def errors(self) -> Sequence[Finding]:
        """What has to be mended before a render."""
        return [found for found in self.findings if found.severity is Severity.ERROR]


class Preflight:
    """Checks sessions; may be used from several threads."""

    def __init__(
        self, store: SessionStore, *, footage: Footage, browser: Callable[[], bool], free: Free
    ) -> None:
        """`browser`: whether one draws graphics in HTML here."""
        self._store = store
        self._footage = footage
        self._browser = browser
        self._free = free

    def session(self, session_id: str, *, edl_id: str | None = None) -> Checked:
        """What a render of a session would meet: of that revision, or of the locked one that is current.

        Without a locked one it is the newest, which is not locked.
        NotFound SESSION_NOT_FOUND, EDL_NOT_FOUND.
        """
        stored, assets, edl = self._store.read(lambda unit: _rows(unit, session_id, edl_id))
        return self._check(stored, assets, edl, locked=True)

    def edl(self, edl_id: str) -> Checked:
        """What is wrong with a revision, be it locked or not.  NotFound EDL_NOT_FOUND."""

        def rows(unit: SessionUnit) -> tuple[StoredSession, Sequence[StoredAsset], StoredEdl]:
            edl = load_edl(unit, edl_id)
            return load(unit, edl.session_id), unit.sessions.assets(edl.session_id), edl

        stored, assets, edl = self._store.read(rows)
        return self._check(stored, assets, edl, locked=edl.lock is not None)

    def _check(
        self, stored: StoredSession, assets: Sequence[StoredAsset], edl: StoredEdl | None, *, locked: bool
    ) -> Checked:
        ready = opened(stored, assets, edl, self._footage)
        surroundings = Surroundings(
            templates=BUILT_IN, browser=self._browser(), free_bytes=self._free(), disk=ready.disk
        )
        found = preflight(
            ready.session, ready.revision, rows=ready.rows, surroundings=surroundings, locked=locked
        )
        return Checked(stored=stored, assets=assets, edl=edl, opened=ready, findings=found)


def refuse(checked: Checked) -> None:
    """Nothing, when nothing stands in a render's way; otherwise BadInput with all findings.

    Its code is the most telling one (R150, R151): EDL_NOT_FOUND, EDL_NOT_LOCKED, ASSETS_MISSING,
    MEZZANINE_MISSING, which names the camera, or PREFLIGHT_FAILED.
    """
    errors = checked.errors
    if not errors:
        return
    telling = sorted((each for each in errors if each.code in FIRST), key=lambda each: FIRST.index(each.code))
    first = next(iter(telling), errors[0])
    code = first.code if first.code in FIRST else "PREFLIGHT_FAILED"
    rest = f" {len(errors) - 1} more findings stand in the way." if len(errors) > 1 else ""
    raise BadInput(code, f"{first.message}{rest}", hint=first.hint, findings=checked.findings)


def load_edl(unit: SessionUnit, edl_id: str) -> StoredEdl:
    """NotFound EDL_NOT_FOUND."""
    edl = unit.sessions.edl(edl_id) if edl_id.isascii() and edl_id.isprintable() else None
    if edl is None:
        raise NotFound("EDL_NOT_FOUND", f"There is no revision {edl_id[:60]!r}.")
    return edl


def _rows(
    unit: SessionUnit, session_id: str, edl_id: str | None
) -> tuple[StoredSession, Sequence[StoredAsset], StoredEdl | None]:
    stored = load(unit, session_id)
    assets = unit.sessions.assets(stored.id)
    if edl_id is None:
        return stored, assets, unit.sessions.current_edl(stored.id)
    edl = load_edl(unit, edl_id)
    if edl.session_id != stored.id:
        raise NotFound("EDL_NOT_FOUND", f"The session {stored.id} has no revision {edl_id[:60]!r}.")
    return stored, assets, edl
