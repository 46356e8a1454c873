"""What renders keep between them: coded segments, sound and drawn graphics, each by the key of its content.
A file is there whole or not at all, so that a render that was killed goes on after the last one.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

from tirage.media.files import disk_errors

__all__ = ["BUDGET", "Shelf"]

BUDGET = 20 << 30
"""Bytes: some hours of video. What was not used for longest goes first."""
ROOM = ".room-"
STALE_S = 2 * 24 * 3600
"""A working folder this old belongs to a render that was killed."""


class Shelf:
    """A folder of files by key; may be used by several threads and processes at a time."""

    def __init__(self, folder: Path, *, rooms: Path | None = None) -> None:
        """`rooms`: where folders to work in are made, on the same disk; by default in the shelf itself."""
        self.folder = folder
        self._rooms = rooms or folder

    def find(self, key: str, ending: str) -> Path | None:
        """The file of that key, which counts as used now; None where there is none."""
        path = self._path(key, ending)
        try:
            os.utime(path)
        except OSError:
            return None
        return path

    def put(self, key: str, made: Path) -> Path:
        """Moves a file that was made in a room of this shelf to its place.  TryAgain: DISK_FULL."""
        path = self._path(key, made.suffix)
        with disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with made.open("rb") as file:
                os.fsync(file.fileno())
            made.replace(path)
        return path

    @contextmanager
    def room(self) -> Iterator[Path]:
        """A new folder on the same disk, gone afterwards."""
        with disk_errors(self._rooms):
            self._rooms.mkdir(parents=True, exist_ok=True)
            room = Path(mkdtemp(prefix=ROOM, dir=self._rooms)).resolve()
        try:
            yield room
        finally:
            shutil.rmtree(room, ignore_errors=True)

    def tidy(self, budget: int = BUDGET) -> int:
        """Removes what was not used for longest until the rest fits; bytes removed."""
        for room in self.folder.glob(f"{ROOM}*"):
            with suppress(OSError):
                if time.time() - room.stat().st_mtime > STALE_S:
                    shutil.rmtree(room, ignore_errors=True)
        files = [(path, path.stat()) for path in self.folder.glob("[0-9a-f][0-9a-f]/*")]
        files.sort(key=lambda item: item[1].st_mtime, reverse=True)
        kept = removed = 0
        for path, facts in files:
            kept += facts.st_size
            if kept > budget:
                path.unlink(missing_ok=True)
                removed += facts.st_size
        return removed

    def _path(self, key: str, ending: str) -> Path:
        return self.folder / key[:2] / f"{key}{ending}"
