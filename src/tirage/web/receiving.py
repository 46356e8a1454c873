"""Bodies that are no JSON: taken in block by block, and what it means when a client goes away."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import Request
from starlette.requests import ClientDisconnect

from tirage.errors import BadInput


async def blocks_of(request: Request) -> AsyncIterator[bytes]:
    """The body as it comes.  BadInput INVALID_DATA: the client went away."""
    try:
        async for block in request.stream():
            yield block
    except ClientDisconnect:
        raise BadInput("INVALID_DATA", "The request was cut off.") from None


async def whole_body(request: Request, most: int) -> bytes:
    """The whole body.  BadInput INVALID_DATA, BODY_TOO_LARGE: it has more bytes than that."""
    data = bytearray()
    async for block in blocks_of(request):
        data += block
        if len(data) > most:
            raise BadInput("BODY_TOO_LARGE", f"The request is longer than {most / 2**20:g} MiB.")
    return bytes(data)
