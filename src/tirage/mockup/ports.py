"""What mockup jobs need of the world: stored files, and a shop that shows the pictures.
stores/ and shops/ have the adapters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tirage.jobs.model import JsonObject

IMAGE, VIDEO = "image", "video"


class Files(Protocol):
    """Stored files by key.  TryAgain UNAVAILABLE or DISK_FULL."""

    def write(self, key: str, data: bytes, *, media_type: str) -> None:
        """Stores bytes, whole or not at all; a file of the same key is replaced."""
        ...

    def put(self, key: str, path: Path, *, media_type: str) -> None:
        """Stores a local file, whole or not at all; a file of the same key is replaced."""
        ...

    def fetch(self, key: str, path: Path) -> None:
        """Copies a stored file to a local path.  NotFound NOT_FOUND."""
        ...

    def copy(self, source: str, target: str) -> None:
        """The same bytes under another key as well.  NotFound NOT_FOUND."""
        ...

    def delete_prefix(self, prefix: str) -> int:
        """Deletes all files whose key begins with `prefix`; how many.  None is no error."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """One picture or film of a job, for its product."""

    role: str
    """A camera angle or `animation`: once per job."""
    key: str
    """Of the stored file."""
    kind: str
    """IMAGE or VIDEO."""
    rank: int
    """Its place among the job's media, from 0."""
    metadata: JsonObject = field(default_factory=dict)
    """What the shop shall know of it (R232)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a shop made of a job's media."""

    media_ids: tuple[str, ...]
    """In the order of the media that were given."""


class Publisher(Protocol):
    """A shop, as far as mockup jobs know it.  TryAgain UNAVAILABLE."""

    def publish(self, *, product_id: str, job_id: str, media: Sequence[Media]) -> Receipt:
        """Shows a job's media with its product: once per job and role, however often it is called.

        The first image becomes the thumbnail; the one before is remembered.  NotFound PRODUCT_NOT_FOUND;
        Conflict: the job was cancelled or deleted meanwhile.
        """
        ...

    def withdraw(self, *, product_id: str, job_id: str) -> None:
        """Takes a job's media away and gives back the thumbnail from before; nothing to do is no error."""
        ...
