"""What access needs of a store: its rows, in the transactions of the job core's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from tirage.access.model import ApiKey, Claimed, WebSession

T = TypeVar("T")


class AccessRows(Protocol):
    """The rows in one transaction."""

    def all_keys(self) -> list[ApiKey]:
        """All, by age."""
        ...

    def key(self, digest: str) -> ApiKey | None:
        """The key of that digest."""
        ...

    def put_key(self, key: ApiKey) -> None:
        """A new row; one of the same id is replaced."""
        ...

    def session(self, digest: str) -> WebSession | None:
        """The session of that digest."""
        ...

    def add_session(self, session: WebSession) -> None:
        """A new row."""
        ...

    def delete_session(self, digest: str) -> None:
        """Removes the row."""
        ...

    def request(self, owner: str, route: str, key: str) -> Claimed | None:
        """The request with that key."""
        ...

    def claim(self, request: Claimed) -> None:
        """A new row.  Conflict: there is one already."""
        ...

    def answer(self, request: Claimed) -> None:
        """Adds the answer to the row, if it is there."""
        ...

    def forget(self, *, requests_before: datetime, sessions_before: datetime) -> int:
        """Deletes older requests and sessions that have ended; how many."""
        ...


class AccessUnit(Protocol):
    """One transaction, as far as access is concerned."""

    @property
    def access(self) -> AccessRows:
        """The rows."""
        ...


class AccessStore(Protocol):
    """Runs work in transactions."""

    def read(self, work: Callable[[AccessUnit], T]) -> T:
        """What it returns; it sees one state of the store."""
        ...

    def write(self, work: Callable[[AccessUnit], T]) -> T:
        """What it returns, after its changes are safe on disk."""
        ...
