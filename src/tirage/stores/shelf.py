"""The catalogue's rows in one transaction: its `Shelf`, in SQL that SQLite and PostgreSQL both know.
Whatever changes what a product shows says so to the shop that sells it, in the same transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    RowMapping,
    Select,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from tirage.jobs.model import Page
from tirage.shops.model import Medium, Product, Publication, Variant
from tirage.stores.conditions import paged
from tirage.stores.shops import touch
from tirage.stores.tables import product_media, products, publications, variants

T = TypeVar("T", Variant, Medium)
PRODUCT = tuple(field.name for field in fields(Product) if field.name not in {"variants", "media"})
ID_CHUNK = 500
"""Parameters of one IN list."""


class SqlShelf:
    """The questions and changes of one transaction; `writing` locks the products that are read."""

    def __init__(self, connection: Connection, *, writing: bool) -> None:
        self._connection = connection
        self._writing = writing

    def product(self, product_id: str) -> Product | None:
        """The product of that id."""
        query = select(products).where(products.c.id == product_id)
        if self._writing:
            query = query.with_for_update()
        return next(iter(self._products(query)), None)

    def products(self, page: Page, text: str = "") -> list[Product]:
        """A page, by age; with a text those whose title or id contains it, whatever the case."""
        query = select(products).where(*_contains(text))
        return self._products(paged(query, page, products.c.created_at, products.c.id))

    def count(self, text: str = "") -> int:
        """How many products there are, or contain the text."""
        query = select(func.count()).select_from(products).where(*_contains(text))
        return self._connection.execute(query).scalar_one()

    def known(self, product_ids: Sequence[str], variant_ids: Sequence[str]) -> tuple[set[str], set[str]]:
        """Which of these ids are taken."""
        return self._known(products, product_ids), self._known(variants, variant_ids)

    def variant(self, variant_id: str) -> Variant | None:
        """The variant of that id."""
        found = self._connection.execute(select(variants).where(variants.c.id == variant_id)).mappings()
        return next((Variant(**row) for row in found), None)

    def add_products(self, new: Sequence[Product]) -> None:
        """New rows, with those of their variants."""
        self._connection.execute(insert(products), [_product_values(each) for each in new])
        self.add_variants([variant for each in new for variant in each.variants])

    def add_variants(self, new: Sequence[Variant]) -> None:
        """New rows."""
        if new:
            self._connection.execute(insert(variants), [asdict(each) for each in new])

    def save_product(self, product: Product) -> None:
        """What may change."""
        change = update(products).where(products.c.id == product.id)
        self._connection.execute(change.values(_product_values(product)))
        touch(self._connection, [product.id])

    def save_variant(self, variant: Variant) -> None:
        """What may change."""
        self._connection.execute(update(variants).where(variants.c.id == variant.id).values(asdict(variant)))

    def delete_product(self, product_id: str) -> None:
        """What belongs to it goes with it."""
        self._connection.execute(delete(products).where(products.c.id == product_id))

    def delete_variant(self, variant_id: str) -> None:
        """Removes the row."""
        self._connection.execute(delete(variants).where(variants.c.id == variant_id))

    def put_media(self, media: Sequence[Medium]) -> None:
        """New rows, and those of the same id again."""
        self.delete_media([medium.id for medium in media])
        if media:
            self._connection.execute(insert(product_media), [asdict(medium) for medium in media])
            touch(self._connection, [medium.product_id for medium in media])

    def delete_media(self, media_ids: Sequence[str]) -> None:
        """Removes the rows."""
        for chunk in _chunks(media_ids):
            these = delete(product_media).where(product_media.c.id.in_(chunk))
            touch(
                self._connection,
                self._connection.execute(these.returning(product_media.c.product_id)).scalars(),
            )

    def publications(self, product_id: str) -> list[Publication]:
        """All of a product, by age."""
        query = select(publications).where(publications.c.product_id == product_id)
        ordered = query.order_by(publications.c.created_at, publications.c.job_id)
        return [Publication(**row) for row in self._connection.execute(ordered).mappings()]

    def put_publication(self, publication: Publication) -> None:
        """A new row, or the same job's again."""
        self.delete_publication(publication.job_id)
        self._connection.execute(insert(publications).values(asdict(publication)))

    def delete_publication(self, job_id: str) -> None:
        """Removes the row."""
        self._connection.execute(delete(publications).where(publications.c.job_id == job_id))

    def _known(self, table: FromClause, ids: Sequence[str]) -> set[str]:
        column = table.c["id"]
        return {
            name
            for chunk in _chunks(ids)
            for (name,) in self._connection.execute(select(column).where(column.in_(chunk)))
        }

    def _products(self, query: Select[*tuple[object, ...]]) -> list[Product]:
        found = self._connection.execute(query).mappings().all()
        ids = [row["id"] for row in found]
        media = self._parts(Medium, product_media, ids, "rank", "id")
        sold = self._parts(Variant, variants, ids, "created_at", "id")
        return [_product_of(row, sold[row["id"]], media[row["id"]]) for row in found]

    def _parts(
        self, kind: type[T], table: FromClause, product_ids: Sequence[str], *order: str
    ) -> Mapping[str, list[T]]:
        """Rows by the product that they belong to."""
        parts: dict[str, list[T]] = defaultdict(list)
        for chunk in _chunks(product_ids):
            query = select(table).where(table.c["product_id"].in_(chunk))
            for row in self._connection.execute(
                query.order_by(*(table.c[name] for name in order))
            ).mappings():
                parts[row["product_id"]].append(kind(**row))
        return parts


def _product_values(product: Product) -> dict[str, object]:
    return {name: getattr(product, name) for name in PRODUCT}


def _product_of(row: RowMapping, sold: Sequence[Variant], media: Sequence[Medium]) -> Product:
    return Product(**{name: row[name] for name in PRODUCT}, variants=tuple(sold), media=tuple(media))


def _contains(text: str) -> list[ColumnElement[bool]]:
    if not text:
        return []
    return [or_(*(column.icontains(text, autoescape=True) for column in (products.c.title, products.c.id)))]


def _chunks(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + ID_CHUNK] for start in range(0, len(ids), ID_CHUNK))
