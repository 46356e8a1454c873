"""Stored files of no job: what a process left that died between storing a design and inserting the row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from tirage.stores.blobs import Blobs
from tirage.stores.database import Database
from tirage.stores.unit import SqlUnit

PREFIXES = ("uploads/render-jobs/", "media/products/")
OWNER = re.compile(r"(?:uploads/render-jobs|media/products/[^/]+/renders)/([^/]+)/.+")
"""The job in a key, as `mockup/submission.py: prefixes` writes it."""
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
        there = self._jobs(sorted(set(owned.values())))
        orphans = [key for key, job_id in owned.items() if job_id not in there]
        if not dry_run:
            for key in orphans:
                self._blobs.delete(key)
        return len(orphans) + self._blobs.sweep(older_than, dry_run=dry_run)

    def _jobs(self, job_ids: list[str]) -> set[str]:
        """Those that have a row, deleted or not."""
        found: set[str] = set()
        for start in range(0, len(job_ids), ID_CHUNK):
            chunk = job_ids[start : start + ID_CHUNK]
            found |= self._database.read(partial(_known, job_ids=chunk))
        return found


def _known(unit: SqlUnit, job_ids: Sequence[str]) -> set[str]:
    return unit.known_jobs(job_ids)
