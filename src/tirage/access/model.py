"""The values of access: what a key allows, and what is kept of keys, sessions and requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType


class Scope(StrEnum):
    """What a key allows."""

    READ = "read"
    ORDER = "order"
    CATALOGUE = "catalogue"
    OPERATE = "operate"
    KEYS = "keys"


SCOPES: Mapping[Scope, str] = MappingProxyType(
    {
        Scope.READ: "reads everything but keys and webhooks' secrets",
        Scope.ORDER: "uploads designs and recordings, changes sessions, locks edits; "
        "orders, retries and cancels mockups, batches and videos",
        Scope.CATALOGUE: "changes products and their media, syncs shops; applies batches, rolls them back",
        Scope.OPERATE: "pauses queues, takes templates off offer, checks shops, changes webhooks",
        Scope.KEYS: "makes and revokes keys: as much as all scopes",
    }
)
ALL = frozenset(Scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it is kept: the secret itself is shown once and stored nowhere."""

    id: str
    name: str
    digest: str
    """SHA-256 of the secret, in hex: enough for 192 random bits."""
    beginning: str
    """The first characters of the secret, to tell keys apart."""
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSession:
    """A browser that showed a key; the session lives no longer than the key."""

    digest: str
    """SHA-256 of the cookie's value, in hex."""
    key_digest: str
    csrf: str
    """What every change has to send back in a header: other sites cannot read it."""
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who asks, and what it may."""

    digest: str
    """Of the key."""
    scopes: frozenset[Scope]
    name: str = "server"
    """Of the key; the server's own has no other."""
    csrf: str | None = None
    """Set for a browser's session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A request that is carried out once: whose, which, what it was, and its answer once it is known."""

    owner: str
    route: str
    key: str
    digest: str
    """SHA-256 of the body, in hex."""
    created_at: datetime
    status: int | None = None
    media_type: str | None = None
    body: str | None = None
