"""A back-up of one machine's data while it works: files, database, and the files that came meanwhile.
Every file that the copied database names existed when it was copied, so one of the two rounds has it.
"""

from __future__ import annotations

import json
import mimetypes
import os
import sqlite3
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import make_url

from tirage.errors import Failed, NotFound, UsageError
from tirage.stores.blobs import Blobs
from tirage.stores.migrations import revision

DATABASE, FILES, NOTE = "tirage.db", "files", "backup.json"
PASSING = ("checks/", "uploads/doctor/")
"""What is written to see whether writing goes, and deleted at once."""
PAGES = 1024
"""Of the database, 4 MiB, between which others may write."""
ANY_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackUp:
    """What a back-up has; written last, so that one without it is none."""

    version: str
    """Tirage's."""
    schema: str
    made_at: str
    files: int
    bytes: int
    """Of the files and the database."""


def back_up(url: str, files: Blobs, folder: Path, *, version: str) -> BackUp:
    """Copies everything to a folder that is empty or not there; the program may work meanwhile.

    UsageError INVALID_USAGE: the folder is not empty, or the database is none in a file.  Failed
    OUTPUT_UNWRITABLE; TryAgain STORE_UNAVAILABLE.
    """
    source = _file_of(url)
    schema = revision(url)
    if not source.is_file() or schema is None:
        raise UsageError("INVALID_USAGE", f"There is no database at {source}.", hint="Set TIRAGE_DATA_DIR.")
    _begin(folder)
    have: dict[str, str] = {}
    _copy_out(files, folder / FILES, have)
    _copy_database(source, folder / DATABASE)
    _copy_out(files, folder / FILES, have)
    copied = [path for path in folder.rglob("*") if path.is_file()]
    made = BackUp(
        version=version,
        schema=schema,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        files=len(copied) - 1,
        bytes=sum(path.stat().st_size for path in copied),
    )
    os.sync()  # all of it is on disk before the note says so
    _write(folder / NOTE, json.dumps(asdict(made), indent=1))
    return made


def restore(folder: Path, url: str, files: Blobs) -> BackUp:
    """Puts a back-up where there is nothing yet: the files, and the database at last.

    UsageError INVALID_USAGE: it is no whole back-up, or there are data already.  Errors as for `back_up`.
    """
    made = read_note(folder)
    target = _file_of(url)
    if target.exists() or next(iter(files.list()), None) is not None:
        hint = "Restore to an empty place, and move it where the old one was."
        raise UsageError("INVALID_USAGE", "There are data already, which nothing is put over.", hint=hint)
    root = folder / FILES
    for path in sorted(root.rglob("*")):
        if path.is_file():
            key = path.relative_to(root).as_posix()
            files.put(key, path, media_type=mimetypes.guess_type(key)[0] or ANY_TYPE)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    _copy_database(folder / DATABASE, part)
    part.replace(target)
    return made


def read_note(folder: Path) -> BackUp:
    """What a back-up says of itself.  UsageError INVALID_USAGE: it is none, or was interrupted."""
    try:
        return BackUp(**json.loads((folder / NOTE).read_text()))
    except (OSError, ValueError, TypeError):
        message = f"{folder} holds no whole back-up."
        raise UsageError(
            "INVALID_USAGE", message, hint="Name the folder that `tirage backup` wrote."
        ) from None


def _begin(folder: Path) -> None:
    """A folder that nobody else may read: customers' designs and webhooks' secrets are in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        empty = next(folder.iterdir(), None) is None
    except OSError as error:
        raise Failed("OUTPUT_UNWRITABLE", f"{folder} cannot be made: {error.strerror}.") from error
    if not empty:
        raise UsageError(
            "INVALID_USAGE", f"{folder} is not empty.", hint="Name a new folder for each back-up."
        )


def _copy_out(files: Blobs, root: Path, have: dict[str, str]) -> None:
    """Every file that is not there yet as it is now; what goes meanwhile is not missed."""
    for stat in files.list():
        if stat.key.startswith(PASSING) or have.get(stat.key) == stat.etag:
            continue
        path = root / stat.key
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            files.fetch(stat.key, path)
        except NotFound:
            continue
        have[stat.key] = stat.etag


def _copy_database(source: Path, target: Path) -> None:
    """One state of it, however much is written meanwhile."""
    try:
        with (
            closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as old,
            closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new, pages=PAGES)
    except sqlite3.Error as error:
        raise Failed("OUTPUT_UNWRITABLE", f"The database cannot be copied: {error}.") from error


def _write(path: Path, text: str) -> None:
    with path.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _file_of(url: str) -> Path:
    address = make_url(url)
    if address.get_backend_name() != "sqlite" or address.database is None:
        message = "A database on a server is backed up by its own tools."
        hint = "docs/operation.md says how: pg_dump between two copies of the bucket."
        raise UsageError("INVALID_USAGE", message, hint=hint)
    return Path(address.database).absolute()
