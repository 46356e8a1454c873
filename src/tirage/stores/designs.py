"""Designs in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import Connection, RowMapping, delete, func, insert, literal, select

from tirage.batches.model import StoredDesign
from tirage.errors import Finding
from tirage.jobs.model import Page
from tirage.stores.api_tables import designs
from tirage.stores.conditions import paged
from tirage.stores.tables import jobs

ID_CHUNK = 500


class SqlDesigns:
    """The questions and changes of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, design_id: str) -> StoredDesign | None:
        """The row of that id."""
        return self.many([design_id]).get(design_id)

    def equal(self, sha256: str) -> StoredDesign | None:
        """The row of those bytes."""
        found = self._connection.execute(select(designs).where(designs.c.sha256 == sha256)).mappings()
        return next((_design_of(row) for row in found), None)

    def many(self, design_ids: Sequence[str]) -> Mapping[str, StoredDesign]:
        """By id."""
        found: dict[str, StoredDesign] = {}
        for start in range(0, len(design_ids), ID_CHUNK):
            query = select(designs).where(designs.c.id.in_(design_ids[start : start + ID_CHUNK]))
            found |= {row["id"]: _design_of(row) for row in self._connection.execute(query).mappings()}
        return found

    def page(self, page: Page) -> list[StoredDesign]:
        """By age."""
        query = paged(select(designs), page, designs.c.created_at, designs.c.id)
        return [_design_of(row) for row in self._connection.execute(query).mappings()]

    def count(self) -> int:
        """How many there are."""
        return self._connection.execute(select(func.count()).select_from(designs)).scalar_one()

    def add(self, design: StoredDesign) -> None:
        """A new row."""
        self._connection.execute(insert(designs).values(asdict(design)))

    def delete(self, design_id: str) -> None:
        """Removes the row."""
        self._connection.execute(delete(designs).where(designs.c.id == design_id))

    def is_used(self, key: str) -> bool:
        """Whether a job has it."""
        query = select(literal(1)).select_from(jobs).where(jobs.c.design_file_url == key).limit(1)
        return self._connection.execute(query).first() is not None


def _design_of(row: RowMapping) -> StoredDesign:
    return StoredDesign(**{**row, "findings": tuple(Finding(**each) for each in row["findings"])})
