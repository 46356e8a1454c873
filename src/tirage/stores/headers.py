"""What a stored file says of itself to browsers and caches: the same from the server and from a bucket."""

from __future__ import annotations

import mimetypes

UPLOADS = "uploads/"
"""What customers sent: offered for download only, and kept by no cache that others share."""
MEDIA_CACHE = "public, max-age=31536000, immutable"
"""A job's picture never changes under its key: another order is another job."""
UPLOADS_CACHE = "private, no-cache"


def is_private(key: str) -> bool:
    """Whether only those may read it who were given an address that ends."""
    return key.startswith(UPLOADS)


def media_type_of(key: str) -> str:
    """By the key's ending."""
    return mimetypes.guess_type(key)[0] or "application/octet-stream"


def headers_of(key: str) -> dict[str, str]:
    """How it is shown and how long it is kept."""
    upload = is_private(key)
    name = key.rpartition("/")[2]
    return {
        "Content-Disposition": f'{"attachment" if upload else "inline"}; filename="{name}"',
        "Cache-Control": UPLOADS_CACHE if upload else MEDIA_CACHE,
    }
