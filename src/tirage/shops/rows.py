"""What connected shops need of a store: their rows, in the transactions of jobs and catalogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from tirage.jobs.model import Job
from tirage.shops.connected import Link, Posted, Shop
from tirage.shops.store import CatalogueUnit

T = TypeVar("T")


class ShopRows(Protocol):
    """Connected shops in one transaction."""

    def shops(self) -> list[Shop]:
        """All, by name."""
        ...

    def shop(self, name: str) -> Shop | None:
        """The shop of that name."""
        ...

    def put_shop(self, shop: Shop) -> None:
        """A new row, or the same name's again."""
        ...

    def delete_shop(self, name: str) -> None:
        """Its links and what is known of its media go with it."""
        ...

    def link(self, product_id: str) -> Link | None:
        """A product's link; in a writing transaction nobody else changes it until the end."""
        ...

    def links(self, product_ids: Sequence[str]) -> Mapping[str, Link]:
        """Those of these products, by product."""
        ...

    def linked(self, shop: str) -> Mapping[str, Link]:
        """All of a shop, by the id in the shop."""
        ...

    def add_links(self, links: Sequence[Link]) -> None:
        """New rows."""
        ...

    def save_link(self, link: Link) -> None:
        """All but its revision, which only changes of the catalogue count up."""
        ...

    def touch(self, product_id: str) -> None:
        """Counts the revision up."""
        ...

    def hurry(self, shop: str) -> None:
        """The shop is back: what waits for it need not wait on."""
        ...

    def due(self, at: datetime, *, limit: int) -> list[str]:
        """Products that their shops have to be told of now."""
        ...

    def tally(self) -> Mapping[str, tuple[int, int, int]]:
        """By shop: products, those that wait to be told of, those that could not be."""
        ...

    def posted(self, product_id: str) -> list[Posted]:
        """What of ours a shop knows of a product, by key."""
        ...

    def put_posted(self, posted: Sequence[Posted]) -> None:
        """New rows; one of the same product and key is replaced."""
        ...

    def delete_posted(self, product_id: str, keys: Sequence[str]) -> None:
        """Removes rows."""
        ...


class ShopUnit(CatalogueUnit, Protocol):
    """One transaction over jobs, catalogue and connected shops."""

    @property
    def shops(self) -> ShopRows:
        """The connected shops."""
        ...

    def jobs_of(self, job_ids: Sequence[str]) -> list[Job]:
        """The jobs of these ids that are not deleted."""
        ...


class ShopStore(Protocol):
    """Runs work in transactions."""

    def read(self, work: Callable[[ShopUnit], T]) -> T:
        """What it returns; it sees one state of the store."""
        ...

    def write(self, work: Callable[[ShopUnit], T]) -> T:
        """What it returns, after its changes are safe on disk."""
        ...
