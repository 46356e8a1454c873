"""Keys, sessions and requests in one transaction."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from tirage.access.model import ApiKey, Claimed, Scope, WebSession
from tirage.stores.api_tables import api_keys, requests, web_sessions


class SqlAccess:
    """The questions and changes of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all_keys(self) -> list[ApiKey]:
        """By age."""
        found = self._connection.execute(select(api_keys).order_by(api_keys.c.id)).mappings()
        return [_key_of(row) for row in found]

    def key(self, digest: str) -> ApiKey | None:
        """The row of that digest."""
        found = self._connection.execute(select(api_keys).where(api_keys.c.digest == digest)).mappings()
        return next((_key_of(row) for row in found), None)

    def put_key(self, key: ApiKey) -> None:
        """A new row, or the same id's again."""
        self._connection.execute(delete(api_keys).where(api_keys.c.id == key.id))
        self._connection.execute(insert(api_keys).values({**asdict(key), "scopes": list(key.scopes)}))

    def session(self, digest: str) -> WebSession | None:
        """The row of that digest."""
        query = select(web_sessions).where(web_sessions.c.digest == digest)
        return next((WebSession(**row) for row in self._connection.execute(query).mappings()), None)

    def add_session(self, session: WebSession) -> None:
        """A new row."""
        self._connection.execute(insert(web_sessions).values(asdict(session)))

    def delete_session(self, digest: str) -> None:
        """Removes the row."""
        self._connection.execute(delete(web_sessions).where(web_sessions.c.digest == digest))

    def request(self, owner: str, route: str, key: str) -> Claimed | None:
        """The row of that key."""
        these = (requests.c.owner == owner, requests.c.route == route, requests.c.key == key)
        found = self._connection.execute(select(requests).where(*these)).mappings()
        return next((Claimed(**row) for row in found), None)

    def claim(self, request: Claimed) -> None:
        """A new row."""
        self._connection.execute(insert(requests).values(asdict(request)))

    def answer(self, request: Claimed) -> None:
        """What was answered."""
        these = (
            requests.c.owner == request.owner,
            requests.c.route == request.route,
            requests.c.key == request.key,
        )
        told = {"status": request.status, "media_type": request.media_type, "body": request.body}
        self._connection.execute(update(requests).where(*these).values(told))

    def forget(self, *, requests_before: datetime, sessions_before: datetime) -> int:
        """In two statements."""
        old = delete(requests).where(requests.c.created_at < requests_before)
        ended = delete(web_sessions).where(web_sessions.c.expires_at < sessions_before)
        return self._connection.execute(old).rowcount + self._connection.execute(ended).rowcount


def _key_of(row: RowMapping) -> ApiKey:
    return ApiKey(**{**row, "scopes": tuple(Scope(name) for name in row["scopes"])})
