"""What sessions need of a store: their rows, in the transactions of jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from tirage.jobs.model import Job, Page
from tirage.jobs.store import Unit
from tirage.sessions.model import StoredAsset, StoredEdl, StoredSession, VideoLink

T = TypeVar("T")


class SessionRows(Protocol):
    """Sessions, assets, revisions and the links of jobs, in one transaction."""

    def find(self, session_id: str) -> StoredSession | None:
        """The session of that id; in a writing transaction nobody else changes it until the end."""
        ...

    def page(self, page: Page) -> list[StoredSession]:
        """By age."""
        ...

    def count(self) -> int:
        """How many sessions there are."""
        ...

    def put(self, session: StoredSession) -> None:
        """A new row, or the one of the same id changed."""
        ...

    def delete(self, session_id: str) -> None:
        """Removes the row; assets and revisions go with it."""
        ...

    def assets(self, session_id: str) -> list[StoredAsset]:
        """In their order."""
        ...

    def asset(self, asset_id: str) -> StoredAsset | None:
        """The asset of that id; in a writing transaction nobody else changes it until the end."""
        ...

    def put_asset(self, asset: StoredAsset) -> None:
        """A new row, or the one of the same id changed."""
        ...

    def delete_asset(self, asset_id: str) -> None:
        """Removes the row."""
        ...

    def edls(self, session_id: str) -> list[StoredEdl]:
        """All revisions, the newest first."""
        ...

    def current_edl(self, session_id: str) -> StoredEdl | None:
        """The locked revision that is current, or else the newest."""
        ...

    def last_number(self, session_id: str) -> int:
        """Of the newest revision; 0 without any."""
        ...

    def edl(self, edl_id: str) -> StoredEdl | None:
        """The revision of that id."""
        ...

    def add_edl(self, edl: StoredEdl) -> None:
        """A new row."""
        ...

    def lock_edl(self, edl: StoredEdl) -> None:
        """Writes the lock of an open revision and makes it the session's current one."""
        ...

    def delete_edl(self, edl_id: str) -> None:
        """Removes the row."""
        ...

    def link(self, links: Sequence[VideoLink]) -> None:
        """New rows."""
        ...

    def links(self, job_ids: Sequence[str]) -> Mapping[str, VideoLink]:
        """By job."""
        ...

    def jobs_of(self, session_id: str, *, edl_id: str | None = None) -> list[Job]:
        """The videos' jobs of a session, or of one of its revisions, that are not deleted; newest first."""
        ...

    def has_jobs(self, session_id: str, *, edl_id: str | None = None) -> bool:
        """Whether any job names the session, or the revision; deleted ones too."""
        ...


class SessionUnit(Unit, Protocol):
    """One transaction over jobs and sessions."""

    @property
    def sessions(self) -> SessionRows:
        """The rows of sessions."""
        ...


class SessionStore(Protocol):
    """Runs work in transactions."""

    def read(self, work: Callable[[SessionUnit], T]) -> T:
        """What it returns; it sees one state of the store."""
        ...

    def write(self, work: Callable[[SessionUnit], T]) -> T:
        """What it returns, after its changes are safe on disk."""
        ...
