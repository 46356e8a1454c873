"""Keys and web sessions: made, shown once, recognised by their digests, taken back."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tirage.access.model import ALL, ApiKey, Identity, Scope, WebSession
from tirage.access.store import AccessStore, AccessUnit
from tirage.errors import NotFound
from tirage.jobs.checks import invalid
from tirage.jobs.ids import Ids

SECRET_BYTES = 24
SHOWN = 7
NAME_LENGTH = 100
SESSION = timedelta(hours=12)
MAX_DAYS = 3650


class Keys:
    """The keys of a server; may be used from several threads.  Every method may raise TryAgain."""

    def __init__(self, store: AccessStore, *, own: str | None, clock: Callable[[], datetime]) -> None:
        """`own` is the server's own key, which allows everything and is no row."""
        self._store = store
        self._own = digest_of(own) if own else None
        self._clock = clock
        self._ids = Ids(clock)

    def create(self, *, name: str, scopes: Collection[str], days: int | None = None) -> tuple[ApiKey, str]:
        """A new key and its secret, which nobody can be told again.  BadInput INVALID_DATA.

        `days`: how long it is good for; None for ever.
        """
        chosen = _scopes(scopes)
        if not name.strip() or len(name) > NAME_LENGTH or not name.isprintable():
            raise invalid(f"A key's name has 1 to {NAME_LENGTH} printable characters.", where="name")
        if days is not None and not 1 <= days <= MAX_DAYS:
            raise invalid(f"A key is good for 1 to {MAX_DAYS} days.", where="days")
        secret, at = new_secret(), self._now()
        key = ApiKey(
            id=self._ids.new("key"),
            name=name,
            digest=digest_of(secret),
            beginning=secret[:SHOWN],
            scopes=chosen,
            created_at=at,
            expires_at=at + timedelta(days=days) if days else None,
        )
        self._store.write(lambda unit: unit.access.put_key(key))
        return key, secret

    def list(self) -> Sequence[ApiKey]:
        """All, also those that are no longer good, by age."""
        return self._store.read(lambda unit: unit.access.all_keys())

    def revoke(self, key_id: str) -> ApiKey:
        """The key, good for nothing from now on, nor its sessions.  NotFound."""

        def change(unit: AccessUnit) -> ApiKey:
            found = next((key for key in unit.access.all_keys() if key.id == key_id), None)
            if found is None:
                raise NotFound("NOT_FOUND", f"There is no key {key_id[:60]!r}.")
            revoked = replace(found, revoked_at=found.revoked_at or self._now())
            unit.access.put_key(revoked)
            return revoked

        return self._store.write(change)

    def identify(self, secret: str) -> Identity | None:
        """Who shows that secret; None: nobody, or no longer."""
        return self._identity(digest_of(secret))

    def open_session(self, secret: str) -> tuple[WebSession, str] | None:
        """A browser's session for a key, and its cookie; None: the key is not good."""
        identity = self.identify(secret)
        if identity is None:
            return None
        cookie = secrets.token_urlsafe(32)
        session = WebSession(
            digest=digest_of(cookie),
            key_digest=identity.digest,
            csrf=secrets.token_urlsafe(24),
            expires_at=self._now() + SESSION,
        )
        self._store.write(lambda unit: unit.access.add_session(session))
        return session, cookie

    def identify_session(self, cookie: str) -> Identity | None:
        """Whose browser shows that cookie; None: nobody's, or no longer."""
        session = self._store.read(lambda unit: unit.access.session(digest_of(cookie)))
        if session is None or session.expires_at <= self._now():
            return None
        identity = self._identity(session.key_digest)
        return identity and replace(identity, csrf=session.csrf)

    def close_session(self, cookie: str) -> None:
        """The cookie is good for nothing from now on; one that is not is no error."""
        self._store.write(lambda unit: unit.access.delete_session(digest_of(cookie)))

    def _identity(self, digest: str) -> Identity | None:
        if self._own is not None and hmac.compare_digest(digest, self._own):
            return Identity(digest=digest, scopes=ALL)
        key = self._store.read(lambda unit: unit.access.key(digest))
        if key is None or key.revoked_at or (key.expires_at and key.expires_at <= self._now()):
            return None
        scopes = ALL if Scope.KEYS in key.scopes else frozenset(key.scopes)
        return Identity(digest=digest, scopes=scopes, name=key.name)

    def _now(self) -> datetime:
        return self._clock().astimezone(UTC)


def new_secret() -> str:
    """A key that nobody can guess."""
    return f"sk_{secrets.token_urlsafe(SECRET_BYTES)}"


def digest_of(text: str) -> str:
    """SHA-256 in hex: a digest leaks nothing of a random secret, and comparing takes equally long."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _scopes(names: Collection[str]) -> tuple[Scope, ...]:
    unknown = [name for name in names if name not in set(Scope)]
    if unknown or not names:
        message = f"There is no scope {unknown[0][:40]!r}." if unknown else "A key needs a scope."
        raise invalid(message, where="scopes", hint=f"The scopes are {', '.join(Scope)}.")
    return tuple(scope for scope in Scope if scope in set(names))
