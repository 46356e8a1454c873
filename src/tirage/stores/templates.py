"""The templates on offer in one transaction."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import Connection, delete, insert, select

from tirage.mockup.register import OfferedTemplate
from tirage.stores.tables import templates


class SqlTemplates:
    """The questions and changes of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, template_id: str) -> OfferedTemplate | None:
        """The row of that id."""
        found = self._connection.execute(select(templates).where(templates.c.id == template_id)).mappings()
        return next((OfferedTemplate(**row) for row in found), None)

    def all(self) -> list[OfferedTemplate]:
        """By id."""
        found = self._connection.execute(select(templates).order_by(templates.c.id)).mappings()
        return [OfferedTemplate(**row) for row in found]

    def put(self, template: OfferedTemplate) -> None:
        """A new row, or the same id's again."""
        self._connection.execute(delete(templates).where(templates.c.id == template.id))
        self._connection.execute(insert(templates).values(asdict(template)))
