"""An output folder that is written whole or not at all: staged in a hidden folder, then moved in place.
A run that fails or is interrupted leaves nothing; what a killed one had staged goes with the next run.
"""

from __future__ import annotations

import errno
import fcntl
import glob
import hashlib
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from types import FrameType

from tirage.errors import BadInput, Failed, TirageError, TryAgain

MARK = ".tirage-part-"
READY = ".ready"
"""A staged folder with this ending is complete: whoever finds it without an owner moves it in place."""
LAST = "manifest.json"
"""Moved last, so that a manifest never speaks of files that are not there yet."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
FORBIDDEN = frozenset(
    {
        errno.EACCES,
        errno.EEXIST,
        errno.EISDIR,
        errno.ENAMETOOLONG,
        errno.ENOTDIR,
        errno.EPERM,
        errno.EROFS,
    }
)
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file of the stage: its flat name, length in bytes and SHA-256 in hex."""

    name: str
    bytes: int
    sha256: str


class Stage:
    """The hidden folder of one run; every name is flat.  May be used from several threads."""

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self._folder = folder
        self._durable = durable

    def path(self, name: str) -> Path:
        """Where to write a file that is not one block of bytes; `seal` it afterwards."""
        if not name or name != Path(name).name or name.startswith("."):
            raise ValueError(f"{name!r} is no flat file name")
        return self._folder / name

    def write(self, name: str, data: bytes) -> WrittenFile:
        """Writes a new file.  OSError: the disk refuses."""
        with self.path(name).open("xb") as file:
            file.write(data)
            self._sync(file.fileno())
        return WrittenFile(name, len(data), hashlib.sha256(data).hexdigest())

    def seal(self, name: str) -> WrittenFile:
        """Counts and secures a file that was written through `path`.  OSError: it is not there."""
        with self.path(name).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            self._sync(file.fileno())
            return WrittenFile(name, os.fstat(file.fileno()).st_size, digest)

    def _sync(self, descriptor: int) -> None:
        if self._durable:
            os.fsync(descriptor)


@contextmanager
def staged(target: Path, *, durable: bool = True) -> Iterator[Stage]:
    """A stage whose files appear in `target` together when the block ends, and never when it raises.

    A new folder appears by one rename.  In a folder that exists, files of the same names are replaced one
    by one and others stay.  `durable` waits for the disk.  BadInput: OUTPUT_UNWRITABLE.  TryAgain: DISK_FULL.
    """
    with disk_errors(target):
        if target.exists() and not target.is_dir():
            raise BadInput("OUTPUT_UNWRITABLE", f"{target} is a file, not a folder.")
        made = _make_folders(target.parent)
        sweep(target)
        stage, lock = _open_stage(target)
        try:
            yield Stage(stage, durable=durable)
            with uninterrupted():
                stage = _put_in_place(stage, target, durable=durable)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
            os.close(lock)
            if not target.exists():
                _remove_folders(made)


def sweep(target: Path) -> None:
    """Removes what killed runs have staged for `target`, or moves it in place when it is complete."""
    for stage in [*target.parent.glob(f".{glob.escape(target.name)}{MARK}*"), *target.glob(f"{MARK}*")]:
        try:
            lock = os.open(stage, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue  # gone, or nothing of ours
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if stage.name.endswith(READY):
                _move_files(stage, target)
            shutil.rmtree(stage, ignore_errors=True)
        except BlockingIOError:
            continue  # its run is alive
        finally:
            os.close(lock)


def _make_folders(folder: Path) -> list[Path]:
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _remove_folders(folders: list[Path]) -> None:
    with suppress(OSError):  # not empty: somebody uses them by now
        for folder in folders:
            folder.rmdir()


def _open_stage(target: Path) -> tuple[Path, int]:
    """Inside the target when it exists (it may be the root of a disk), beside it otherwise."""
    prefix = target / MARK if target.is_dir() else target.parent / f".{target.name}{MARK}"
    while True:
        stage = Path(f"{prefix}{token_hex(6)}")
        stage.mkdir()
        lock = os.open(stage, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stage.exists():  # else another run swept it between the two lines above
            return stage, lock
        os.close(lock)


def _put_in_place(stage: Path, target: Path, *, durable: bool) -> Path:
    for file in stage.iterdir():
        if (target / file.name).is_dir():
            raise BadInput("OUTPUT_UNWRITABLE", f"{target / file.name} is a folder, where a file must go.")
    if durable:
        _sync_folder(stage)
    if not target.exists():
        stage.rename(target)
        changed = target.parent
    else:
        stage = stage.rename(f"{stage}{READY}")
        _move_files(stage, target)
        changed = target
    if durable:
        _sync_folder(changed)
    return stage


def _move_files(stage: Path, target: Path) -> None:
    for file in sorted(stage.iterdir(), key=lambda file: (file.name == LAST, file.name)):
        file.replace(target / file.name)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def disk_errors(target: Path) -> Iterator[None]:
    """Says what an OSError of the block means for an output: OUTPUT_UNWRITABLE, DISK_FULL or a defect."""
    try:
        yield
    except OSError as error:
        raise _translated(error, target) from error


def _translated(error: OSError, target: Path) -> TirageError:
    reason = error.strerror or str(error)
    if error.errno in FULL:
        return TryAgain("DISK_FULL", f"There is no space left for {target}.")
    if error.errno in FORBIDDEN:
        return BadInput("OUTPUT_UNWRITABLE", f"{target} cannot be written: {reason}.")
    hint = "Check the disk, then run again."
    return Failed("OUTPUT_UNWRITABLE", f"{target} could not be written: {reason}.", hint=hint)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Holds SIGINT, SIGTERM and SIGHUP back until the block is done; they only ever reach the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []

    def hold(number: int, _frame: FrameType | None) -> None:
        held.append(number)

    before = {number: signal.signal(number, hold) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for signal_number in held:
            signal.raise_signal(signal_number)
