"""Designs that are uploaded once and ordered many times: judged, stored under a key, found by their bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC
from pathlib import PurePosixPath
from typing import Protocol
from urllib.parse import unquote, urlsplit

from tirage.batches.model import StoredDesign
from tirage.batches.store import BatchStore, BatchUnit, Clock
from tirage.errors import BadInput, Conflict, NotFound, TryAgain
from tirage.jobs.checks import page
from tirage.jobs.ids import Ids
from tirage.jobs.model import Page
from tirage.media.intake import MAX_BYTES, inspect_design, label_of
from tirage.mockup.ports import Files
from tirage.mockup.submit import EXTENSIONS

PREFIX = "dsgn"
FOLDER = "uploads/designs"
OK = 200


class Fetched(Protocol):
    """What came from an address."""

    @property
    def status(self) -> int:
        """Of HTTP."""

    @property
    def body(self) -> bytes:
        """The file."""

    @property
    def url(self) -> str:
        """Where it was after redirects."""


Fetch = Callable[[str], Fetched]


class Designs:
    """The stored designs; may be used from several threads.  Every method may raise TryAgain."""

    def __init__(self, store: BatchStore, *, files: Files, fetch: Fetch, clock: Clock) -> None:
        """`fetch` is the guarded way to an address of users."""
        self._store = store
        self._files = files
        self._fetch = fetch
        self._clock = clock
        self._ids = Ids(clock)

    def add(
        self, data: bytes, *, name: str, media_type: str | None = None, source_url: str | None = None
    ) -> StoredDesign:
        """The design of these bytes, new or as it is there already.

        BadInput as `inspect_design` has it: what the file says of itself; a worker decodes it.
        """
        judged = inspect_design(data, name=name, mime=media_type)
        sha256 = hashlib.sha256(data).hexdigest()
        known = self._store.read(lambda unit: unit.designs.equal(sha256))
        if known:
            return known
        design_id = self._ids.new(PREFIX)
        key = f"{FOLDER}/{design_id}/design.{EXTENSIONS[judged.kind]}"
        design = StoredDesign(
            id=design_id,
            key=key,
            sha256=sha256,
            kind=judged.kind,
            width=judged.width,
            height=judged.height,
            bytes=len(data),
            name=label_of(data, name),
            findings=judged.findings,
            source_url=source_url,
            created_at=self._clock().astimezone(UTC),
        )
        self._files.write(key, data, media_type=f"image/{judged.kind}")
        return self._store.write(lambda unit: _added(unit, design))

    def fetch(self, url: str) -> StoredDesign:
        """The design at an address.

        BadInput FETCH_REFUSED, FETCH_FAILED, or what is wrong with the file.
        """
        try:
            found = self._fetch(url)
        except TryAgain as error:  # it is their server that is away, not ours
            raise BadInput("FETCH_FAILED", error.message) from error
        if found.status != OK:
            raise BadInput("FETCH_FAILED", f"The address answers {found.status}, not with a file.")
        name = PurePosixPath(unquote(urlsplit(found.url).path)).name
        suffix = PurePosixPath(name).suffix.lower()
        label = name if suffix in {".png", ".jpg", ".jpeg"} else "design"
        return self.add(found.body[: MAX_BYTES + 1], name=label, source_url=url)

    def get(self, design_id: str) -> StoredDesign:
        """NotFound."""
        return self._store.read(lambda unit: find(unit, design_id))

    def list_with_count(self, asked: Page) -> tuple[Sequence[StoredDesign], int]:
        """A page, and how many there are.  BadInput INVALID_DATA: out of range."""
        page(asked)
        return self._store.read(lambda unit: (unit.designs.page(asked), unit.designs.count()))

    def delete(self, design_id: str) -> None:
        """Removes a design and its file.  NotFound; Conflict: a job has it."""

        def remove(unit: BatchUnit) -> StoredDesign:
            design = find(unit, design_id)
            if unit.designs.is_used(design.key):
                hint = "Designs stay as long as a job of them; jobs are purged by the operator."
                raise Conflict("CONFLICT", f"Jobs have the design {design.id!r}.", hint=hint)
            unit.designs.delete(design.id)
            return design

        gone = self._store.write(remove)
        self._files.delete_prefix(f"{FOLDER}/{gone.id}/")


def find(unit: BatchUnit, design_id: str) -> StoredDesign:
    """NotFound."""
    design = unit.designs.find(design_id)
    if design is None:
        raise NotFound("NOT_FOUND", f"There is no design {design_id[:60]!r}.", hint="Upload it first.")
    return design


def _added(unit: BatchUnit, design: StoredDesign) -> StoredDesign:
    """The design, or the one of the same bytes that somebody else added meanwhile."""
    known = unit.designs.equal(design.sha256)
    if known is None:
        unit.designs.add(design)
    return known or design
