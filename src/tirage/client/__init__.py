"""The API for programs in Python: one client that waits, one for asyncio, the same methods and types."""

from __future__ import annotations

from tirage.client.aio import AsyncClient
from tirage.client.sync import Client

__all__ = ["AsyncClient", "Client"]
