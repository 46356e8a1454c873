"""Stored files of no job, design or recorder: left by a process that died between storing and inserting."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from tirage.stores.blobs import Blobs
from tirage.stores.database import Database
from tirage.stores.unit import SqlUnit

PREFIXES = (
    "uploads/render-jobs/",
    "uploads/designs/",
    "uploads/sessions/",
    "media/products/",
    "media/sessions/",
)
OWNER = re.compile(
    r"(?:uploads/render-jobs|uploads/designs|uploads/sessions/[^/]+|media/(?:products|sessions)/[^/]+/renders)"
    r"/([^/]+)/.+"
)
"""The job in a key, as the pipelines' `prefixes` write it, the design (`batches/designs.py`), or the recorder
(`sessions/footage.py`)."""
GRACE = timedelta(hours=1)
"""A design is stored before its row is inserted: younger files may be waiting for theirs."""
ID_CHUNK = 500


class Orphans:
    """Finds and deletes them, with the leftovers of interrupted writes."""

    def __init__(self, blobs: Blobs, database: Database) -> None:
        self._blobs = blobs
        self._database = database

    def sweep(self, older_than: timedelta, *, dry_run: bool = False) -> int:
        """How many files are, or with `dry_run` would be, deleted.  A deleted job keeps its files.

        Leftovers go when they are older than `older_than`, files of no job after an hour.  TryAgain.
        """
        latest = datetime.now(UTC) - GRACE
        owned = {
            stat.key: found[1]
            for prefix in PREFIXES
            for stat in self._blobs.list(prefix)
            if stat.modified < latest and (found := OWNER.fullmatch(stat.key))
        }
        there = self._owners(sorted(set(owned.values())))
        orphans = [key for key, owner in owned.items() if owner not in there]
        if not dry_run:
            for key in orphans:
                self._blobs.delete(key)
        return len(orphans) + self._blobs.sweep(older_than, dry_run=dry_run)

    def _owners(self, names: list[str]) -> set[str]:
        """Those that have a row: designs, recorders, and jobs, deleted or not."""
        found: set[str] = set()
        for start in range(0, len(names), ID_CHUNK):
            found |= self._database.read(partial(_known, names=names[start : start + ID_CHUNK]))
        return found


def _known(unit: SqlUnit, names: Sequence[str]) -> set[str]:
    return unit.known_jobs(names) | unit.designs.many(names).keys() | unit.sessions.known_assets(names)
