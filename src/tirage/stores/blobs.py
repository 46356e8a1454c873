"""Stored files behind obstore: whole or not there, safe on disk before a write returns.
Every door checks keys and links itself, because the library follows links and waits for no disk.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import LocalStore, ObjectStore, S3Store

from tirage.errors import BadInput, Conflict, Failed, NotFound, TirageError, TryAgain
from tirage.stores.addresses import Folder, checked, is_key
from tirage.stores.bucket import open_bucket
from tirage.stores.headers import headers_of

if TYPE_CHECKING:  # names of the library's stubs only
    from obstore import Attributes, BytesStream, GetOptions, ObjectMeta

CHUNK = 1 << 20
SIGNED_FOR = timedelta(hours=1)
"""How long a signed address is good: time to look at a design, not to pass it on."""
STAGED = re.compile(r".+#\d+")
"""What obstore calls a local file that is not whole yet."""
NO_BUCKET = "<Code>NoSuchBucket</Code>"
NOISE = re.compile(r"(?s): <\?xml.*|\n\nDebug source:.*")
"""A storage's whole answer, which may name the key that we showed."""
FULL = re.compile(r"os error (?:27|28|122)\b")
"""EFBIG, ENOSPC, EDQUOT in the library's messages."""


@dataclass(frozen=True, slots=True)
class Stat:
    """What is known of a stored file without reading it."""

    key: str
    bytes: int
    modified: datetime
    etag: str
    """In quotes; another one for other bytes."""


@dataclass(frozen=True, slots=True)
class Content:
    """A stored file, or a part of it, being read."""

    stat: Stat
    start: int
    end: int
    """One past the last byte."""
    stream: BytesStream
    """Blocks, for `for` and `async for`."""


class Blobs:
    """Files by key.  May be used from several threads.

    Every method may raise BadInput INVALID_DATA (no key, or a link in its way), TryAgain STORE_UNAVAILABLE,
    Failed OUTPUT_UNWRITABLE (the storage refuses us); those that read NotFound NOT_FOUND, those that write
    TryAgain DISK_FULL.
    """

    def __init__(self, store: ObjectStore, *, folder: Folder | None = None) -> None:
        """`folder` is the place of a local store, None for others."""
        self._store = store
        self._folder = folder

    def write(self, key: str, data: bytes, *, media_type: str, create: bool = False) -> None:
        """Stores bytes.  Conflict: with `create`, when there is such a file already."""
        self._put(key, data, media_type, mode="create" if create else "overwrite")

    def put(self, key: str, path: Path, *, media_type: str) -> None:
        """Stores a local file, which stays where it is; one of the same key is replaced."""
        self._put(key, path, media_type, mode="overwrite")

    def read(self, key: str) -> bytes:
        """The whole of a file."""
        with translated(key):
            return b"".join(self.open(key).stream)

    def open(self, key: str, *, start: int = 0, end: int | None = None) -> Content:
        """A file from byte `start` up to `end`, both within it, or to its end."""
        self._check(key)
        part: GetOptions = {"range": {"offset": start} if end is None else (start, end)}
        whole = start == 0 and end is None  # an empty file has no part that could be asked for
        with translated(key):
            found = obstore.get(self._store, key, options=None if whole else part)
            first, last = found.range
            return Content(_stat(found.meta), first, last, found.stream(min_chunk_size=CHUNK))

    def fetch(self, key: str, path: Path) -> None:
        """Copies a file to a local path, whole or not at all."""
        part = path.with_name(f"{path.name}.part")
        try:
            with translated(key), part.open("wb") as file:
                for block in self.open(key).stream:
                    file.write(block)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def digest(self, key: str) -> str:
        """SHA-256 of a file's bytes, in hex."""
        whole = hashlib.sha256()
        with translated(key):
            for block in self.open(key).stream:
                whole.update(block)
        return whole.hexdigest()

    def stat(self, key: str) -> Stat | None:
        """None when there is no such file."""
        self._check(key)
        try:
            with translated(key):
                return _stat(obstore.head(self._store, key))
        except NotFound:
            return None

    def list(self, prefix: str = "") -> Iterator[Stat]:
        """All files whose key begins with `prefix`, which ends with a slash or is empty."""
        folder = _folder_of(prefix)
        with translated(prefix):
            for page in obstore.list(self._store, folder or None):
                for meta in page:
                    if self._is_ours(meta["path"]):
                        yield _stat(meta)

    def local(self, key: str) -> Path | None:
        """Where the file of a key lies, or would lie, on this machine; None for other storages.

        For reading only: who writes there goes round everything that is promised here.
        """
        self._check(key)
        return self._folder.path(key) if self._folder else None

    def copy(self, source: str, target: str) -> None:
        """The same bytes under another key as well; a folder keeps them once, a bucket copies by itself."""
        self._check(source)
        self._check(target)
        have = self.stat(target) if self._folder else None
        with translated(source):
            if have and have.etag == obstore.head(self._store, source)["e_tag"]:
                return  # a link to the same file: to replace it by itself would leave a staged one behind
            with self._settled(target):
                obstore.copy(self._store, source, target)

    def delete(self, key: str) -> None:
        """Deletes a file, if it is there."""
        self._check(key)
        with suppress(NotFound), translated(key):
            obstore.delete(self._store, key)

    def delete_prefix(self, prefix: str) -> int:
        """Deletes all files whose key begins with `prefix`, which ends with a slash; how many."""
        folder = _folder_of(prefix)
        if not folder:
            raise BadInput("INVALID_DATA", "An empty prefix would delete everything.")
        keys = [stat.key for stat in self.list(prefix)]
        for key in keys:
            self.delete(key)
        if self._folder:
            _remove_empty(self._folder.path(folder), older_than=0)
        return len(keys)

    def sweep(self, older_than: timedelta, *, dry_run: bool = False) -> int:
        """Deletes what interrupted writes left, when it is older than that; how many files.

        Only a local store can have such files, and empty folders, which go too.
        """
        if self._folder is None:
            return 0
        age = older_than.total_seconds()
        left = [
            path for path in _files(self._folder.root) if STAGED.fullmatch(path.name) and _older(path, age)
        ]
        if not dry_run:
            for path in left:
                path.unlink(missing_ok=True)
            _remove_empty(self._folder.root, older_than=age, keep_top=True)
        return len(left)

    @property
    def can_sign(self) -> bool:
        """Whether the storage itself serves files to those who have a signed address."""
        return isinstance(self._store, S3Store)

    def sign(self, key: str) -> str:
        """An address at which anybody can read the file for an hour; of a storage that `can_sign`."""
        assert isinstance(self._store, S3Store)  # noqa: S101 – asked by the caller
        with translated(checked(key)):
            return obstore.sign(self._store, "GET", key, SIGNED_FOR)

    def check(self) -> None:
        """Writes, reads and deletes a file, to know that it can."""
        key = f"checks/{os.getpid()}-{time.monotonic_ns()}"
        self.write(key, b"tirage", media_type="text/plain")
        self.read(key)
        self.delete(key)

    def _put(self, key: str, data: bytes | Path, media_type: str, *, mode: str) -> None:
        self._check(key)
        described: Attributes | None = (
            None if self._folder else {"Content-Type": media_type, **headers_of(key)}
        )
        with translated(key), self._settled(key):
            obstore.put(
                self._store,
                key,
                data,
                attributes=described,
                mode="create" if mode == "create" else "overwrite",
            )

    def _check(self, key: str) -> None:
        checked(key)
        if self._folder:
            self._folder.path(key)

    def _is_ours(self, path: str) -> bool:
        """Not what lies behind a link, or what somebody else put there under a strange name."""
        if not is_key(path):
            return False
        return self._folder is None or (self._folder.root / path).resolve() == self._folder.root / path

    @contextmanager
    def _settled(self, key: str) -> Iterator[None]:
        """What the block writes is on disk afterwards: the file, and the folders that name it."""
        if self._folder is None:
            yield
            return
        path = self._folder.path(key)
        folders = [path.parent]
        while not folders[-1].exists():
            folders.append(folders[-1].parent)
        yield
        for each in (path, *folders):
            _sync(each)


def open_blobs(url: str) -> Blobs:
    """The storage of a settings' address: `file:///path`, made when it is missing, or `s3://bucket/prefix`.

    Failed OUTPUT_UNWRITABLE: the folder cannot be made.
    """
    if url.startswith("s3:"):
        return Blobs(open_bucket(url))
    root = Path(unquote(urlsplit(url).path))
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failed("OUTPUT_UNWRITABLE", f"{root} cannot be made: {error.strerror}.") from error
    folder = Folder(root)
    return Blobs(LocalStore(folder.root), folder=folder)


@contextmanager
def translated(key: str) -> Iterator[None]:
    """The library's errors as ours."""
    try:
        yield
    except TirageError:
        raise
    except (BaseError, OSError) as error:
        raise _ours(error, key) from type(error)(NOISE.sub("", str(error)))


def _ours(error: Exception, key: str) -> TirageError:
    text = str(error)
    if NO_BUCKET in text:
        hint = "Make the bucket, or correct TIRAGE_STORAGE_URL."
        return Failed("OUTPUT_UNWRITABLE", "The storage has no such bucket.", hint=hint)
    if isinstance(error, FileNotFoundError):
        return NotFound("NOT_FOUND", f"There is no file {key[:200]!r}.")
    if isinstance(error, AlreadyExistsError):
        return Conflict("CONFLICT", f"There is a file {key[:200]!r} already.")
    if FULL.search(text):
        return TryAgain("DISK_FULL", "The storage is full.")
    if isinstance(error, PermissionDeniedError | UnauthenticatedError | PermissionError):
        hint = "Let this key or user read, write, list and delete there; `tirage doctor` tries it."
        return Failed("OUTPUT_UNWRITABLE", "The storage refuses us.", hint=hint)
    return TryAgain("STORE_UNAVAILABLE", "The storage does not answer.")


def _stat(meta: ObjectMeta) -> Stat:
    return Stat(meta["path"], meta["size"], meta["last_modified"], meta["e_tag"] or "")


def _folder_of(prefix: str) -> str:
    if prefix and not prefix.endswith("/"):
        raise BadInput("INVALID_DATA", f"{prefix[:80]!r} is no prefix: it has to end with a slash.")
    folder = prefix.removesuffix("/")
    return checked(folder) if folder else ""


def _files(root: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(root):
        yield from (Path(folder, name) for name in names)


def _older(path: Path, age: float) -> bool:
    with suppress(FileNotFoundError):
        return time.time() - path.lstat().st_mtime >= age
    return False


def _remove_empty(root: Path, *, older_than: float, keep_top: bool = False) -> None:
    """Folders that hold nothing; one that is just being filled is younger, or refuses."""
    for folder, _, _ in os.walk(root, topdown=False):
        path = Path(folder)
        if (path != root or not keep_top) and _older(path, older_than):
            with suppress(OSError):
                path.rmdir()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
