"""What the catalogue needs of a store: the job core's transactions, with the catalogue's rows in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from tirage.jobs.model import Page
from tirage.jobs.store import Unit
from tirage.shops.model import Medium, Product, Publication, Variant

T = TypeVar("T")


class Shelf(Protocol):
    """The catalogue's rows in one transaction; products that are read come with variants and media."""

    def product(self, product_id: str) -> Product | None:
        """In a writing transaction nobody else changes it until the end."""
        ...

    def products(self, page: Page, text: str = "") -> list[Product]:
        """A page, by age; with a text those whose title or id contains it, whatever the case."""
        ...

    def count(self, text: str = "") -> int:
        """How many products there are, or contain the text."""
        ...

    def known(self, product_ids: Sequence[str], variant_ids: Sequence[str]) -> tuple[set[str], set[str]]:
        """Which of these ids are taken, by products and by variants."""
        ...

    def variant(self, variant_id: str) -> Variant | None:
        """The variant of that id, of whatever product."""
        ...

    def add_products(self, products: Sequence[Product]) -> None:
        """New rows, with those of their variants."""
        ...

    def add_variants(self, variants: Sequence[Variant]) -> None:
        """New rows."""
        ...

    def save_product(self, product: Product) -> None:
        """Title, thumbnail, metadata, time of change."""
        ...

    def save_variant(self, variant: Variant) -> None:
        """Title, metadata, time of change."""
        ...

    def delete_product(self, product_id: str) -> None:
        """Its variants, media and publications go with it."""
        ...

    def delete_variant(self, variant_id: str) -> None:
        """Removes the row."""
        ...

    def put_media(self, media: Sequence[Medium]) -> None:
        """New rows; a row of the same id is replaced."""
        ...

    def delete_media(self, media_ids: Sequence[str]) -> None:
        """Removes the rows."""
        ...

    def publications(self, product_id: str) -> list[Publication]:
        """All of a product, by age."""
        ...

    def put_publication(self, publication: Publication) -> None:
        """A new row; one of the same job is replaced."""
        ...

    def delete_publication(self, job_id: str) -> None:
        """Removes the row."""
        ...


class CatalogueUnit(Unit, Protocol):
    """One transaction over jobs and catalogue."""

    @property
    def shelf(self) -> Shelf:
        """The catalogue's part."""
        ...


class CatalogueStore(Protocol):
    """Runs work in transactions, as the job core's store does."""

    def read(self, work: Callable[[CatalogueUnit], T]) -> T:
        """What it returns; it sees one state of the store and changes nothing."""
        ...

    def write(self, work: Callable[[CatalogueUnit], T]) -> T:
        """What it returns, after its changes are safe on disk."""
        ...
