"""Who makes a request, by the name of their key."""

from __future__ import annotations

from fastapi import Request

from tirage.access.model import Identity


def who(request: Request) -> str | None:
    """The name of the key that a request shows; `server` for the server's own."""
    identity = getattr(request.state, "identity", None)
    return identity.name if isinstance(identity, Identity) else None
