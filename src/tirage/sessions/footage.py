"""Where the files of sessions lie: stored under keys, and as files of this machine for those who render.
A local storage's files are read where they are; those of a bucket are brought here once.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Protocol

from tirage.errors import BadInput, NotFound
from tirage.media.files import disk_errors
from tirage.media.probe import container_of
from tirage.sessions.model import StoredAsset, StoredFile

HEAD = 512
ENDINGS = {
    "mov": (".mov", ".mp4", ".m4v", ".m4a", ".qt"),
    "matroska": (".mkv", ".webm", ".mka"),
    "wav": (".wav",),
    "mxf": (".mxf",),
    "mpegts": (".ts", ".m2ts", ".mts"),
}
"""Of a container as its first bytes show it; the first one where a name ends with none of them."""
UNSAFE = re.compile(r"[^A-Za-z0-9._~-]+")
NAME_LENGTH = 100
STALE_SECONDS = 24 * 3600
LUT_BYTES = 32 << 20
MEDIA_BYTES = 256 << 30
"""Of one recording: hours of ProRes."""


class Stored(Protocol):
    """What is known of a stored file."""

    @property
    def bytes(self) -> int:
        """How many."""


class Storage(Protocol):
    """Stored files by key.  TryAgain UNAVAILABLE or DISK_FULL."""

    def write(self, key: str, data: bytes, *, media_type: str) -> None:
        """Stores bytes, whole or not at all."""
        ...

    def put(self, key: str, path: Path, *, media_type: str) -> None:
        """Stores a local file, whole or not at all."""
        ...

    def fetch(self, key: str, path: Path) -> None:
        """Copies a stored file to a local path.  NotFound NOT_FOUND."""
        ...

    def copy(self, source: str, target: str) -> None:
        """The same bytes under another key as well.  NotFound NOT_FOUND."""
        ...

    def stat(self, key: str) -> Stored | None:
        """None when there is no such file."""
        ...

    def local(self, key: str) -> Path | None:
        """Where it lies on this machine; None where the storage is elsewhere."""
        ...

    def delete(self, key: str) -> None:
        """Deletes a file, if it is there."""
        ...

    def delete_prefix(self, prefix: str) -> int:
        """Deletes all files whose key begins with `prefix`; how many."""
        ...


class Footage:
    """Recordings of sessions; may be used from several threads."""

    def __init__(self, storage: Storage, *, folder: Path) -> None:
        """`folder`: where this machine keeps what is on its way, and what it brought from a bucket."""
        self._storage = storage
        self._folder = folder

    @contextmanager
    def incoming(self) -> Iterator[Path]:
        """A place for a file that is being received; gone afterwards.  TryAgain DISK_FULL."""
        folder = self._folder / "incoming"
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            _remove_stale(folder)
            with NamedTemporaryFile(dir=folder, delete=False) as file:
                path = Path(file.name)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def keep(self, asset: StoredAsset, name: str, path: Path) -> StoredFile:
        """Stores a recording that was received; under a new key each time.

        BadInput MEDIA_CONTAINER: its first bytes are those of no container that is read here.
        """
        with path.open("rb") as file:
            kind = container_of(file.read(HEAD))
        if not kind:
            raise BadInput("MEDIA_CONTAINER", f"{name[:60]} is in no container that is read here.")
        key = f"{prefix_of(asset)}{secrets.token_hex(8)}/{safe_name(name, kind)}"
        self._storage.put(key, path, media_type="application/octet-stream")
        return StoredFile(name=name, key=key, bytes=path.stat().st_size)

    def keep_mezzanine(self, asset: StoredAsset, path: Path) -> str:
        """Stores what an ingest made; its key, the same for the same file name."""
        key = f"{prefix_of(asset)}mezzanines/{path.name}"
        self._storage.put(key, path, media_type="video/mp4")
        return key

    def keep_lut(self, asset: StoredAsset, data: bytes, sha256: str) -> str:
        """Stores a LUT; its key."""
        key = f"{prefix_of(asset)}luts/{sha256[:16]}.cube"
        self._storage.write(key, data, media_type="text/plain")
        return key

    def has(self, key: str, size: int) -> bool:
        """Whether the file of a key is there, as long as it was."""
        found = self._storage.stat(key) if key else None
        return found is not None and found.bytes == size

    def place(self, key: str) -> Path:
        """Where the file of a key lies on this machine once it was brought here."""
        local = self._storage.local(key)
        return local if local is not None else self._folder / "brought" / key

    def bring(self, key: str) -> Path:
        """The file of a key, on this machine.  NotFound NOT_FOUND; TryAgain."""
        path = self.place(key)
        if self._storage.local(key) is None and not path.is_file():
            with disk_errors(path):
                path.parent.mkdir(parents=True, exist_ok=True)
            self._storage.fetch(key, path)
        if not path.is_file():
            raise NotFound("NOT_FOUND", f"There is no file {key[:200]!r}.")
        return path

    def forget(self, *keys: str) -> None:
        """Deletes files, if they are there."""
        for key in filter(None, keys):
            self._storage.delete(key)

    def forget_asset(self, asset: StoredAsset) -> None:
        """Deletes everything of a recorder."""
        self._storage.delete_prefix(prefix_of(asset))

    def forget_session(self, session_id: str) -> None:
        """Deletes everything that was sent to a session, and everything rendered of it."""
        self._storage.delete_prefix(f"uploads/sessions/{session_id}/")
        self._storage.delete_prefix(f"media/sessions/{session_id}/")


def prefix_of(asset: StoredAsset) -> str:
    """Where the files of a recorder lie; nothing else lies there."""
    return f"uploads/sessions/{asset.session_id}/{asset.id}/"


def safe_name(name: str, kind: str) -> str:
    """A name as part of a key; other programs' edits name recordings by it."""
    path = Path(name.replace("\\", "/").rpartition("/")[2])
    stem = UNSAFE.sub("_", path.stem)[:NAME_LENGTH].strip("._~-") or "recording"
    ending = path.suffix.lower()
    return stem + (ending if ending in ENDINGS[kind] else ENDINGS[kind][0])


def _remove_stale(folder: Path) -> None:
    """What a process that was killed was receiving."""
    for path in folder.iterdir():
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > STALE_SECONDS:
                path.unlink()
