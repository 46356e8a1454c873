"""Windows into shops, for the suite: the built-in catalogue, and a connected shop with what tells it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from shop_suite import Window
from tirage.errors import NotFound
from tirage.mockup.ports import IMAGE, Publisher
from tirage.mockup.states import MOCKUP
from tirage.shops.catalogue import Catalogue
from tirage.shops.connected import Change, Image, Shop
from tirage.shops.connections import Connections, NewShop
from tirage.shops.kinds import Storefronts
from tirage.shops.model import Medium, NewProduct, Product
from tirage.shops.ports import Locks, Storefront
from tirage.shops.pushing import Pushing, Showing
from tirage.stores.database import Database
from tirage.stores.locks import open_locks
from tirage.testing import FakeClock

NUMBERS = itertools.count(1)
PNG = b"\x89PNG\r\n\x1a\n"


class Pictures:
    """Stored files for tests: every key is there."""

    def read(self, key: str) -> bytes:
        """Bytes that say which file they are."""
        if "missing" in key:
            raise NotFound("NOT_FOUND", f"There is no file {key}.")
        return PNG + key.encode()


@dataclass
class BuiltIn:
    """The built-in catalogue; pictures of others are media without a job."""

    database: Database
    clock: FakeClock
    catalogue: Catalogue = field(init=False)

    def __post_init__(self) -> None:
        self.catalogue = Catalogue(self.database, active=MOCKUP.active, clock=self.clock)

    @property
    def publisher(self) -> Publisher:
        return self.catalogue

    def new_product(self) -> str:
        product = self.catalogue.create(NewProduct(title="Tee")).id
        for name in ("one", "two"):
            self.add(product, f"others/{product}/{name}.png")
        self.choose(product, f"others/{product}/one.png")
        return product

    def pictures(self, product_id: str) -> list[str]:
        return [medium.key for medium in self._product(product_id).media]

    def ids(self, product_id: str) -> list[str]:
        return [medium.id for medium in self._product(product_id).media]

    def thumbnail(self, product_id: str) -> str | None:
        return self._product(product_id).thumbnail

    def choose(self, product_id: str, address: str) -> None:
        (found,) = (each for each in self._product(product_id).media if each.key == address)
        self.catalogue.set_thumbnail(product_id, found.id)

    def add(self, product_id: str, address: str) -> None:
        at = self.clock.now
        rank = max((each.rank for each in self._product(product_id).media), default=-1) + 1
        medium = Medium(
            id=f"media_{next(NUMBERS)}", product_id=product_id, key=address, media_type=IMAGE, rank=rank,
            job_id=None, role=None, metadata={}, created_at=at, updated_at=at,
        )  # fmt: skip
        self.database.write(lambda unit: unit.shelf.put_media([medium]))

    def _product(self, product_id: str) -> Product:
        return self.catalogue.get(product_id)


@dataclass
class Connected:
    """A connected shop with everything that tells it; `make` adds a product there and gives its id."""

    database: Database
    clock: FakeClock
    url: str
    secret: str
    make: Callable[[], str]
    locks: Locks
    copies: bool = True
    catalogue: Catalogue = field(init=False)
    connections: Connections = field(init=False)
    pushing: Pushing = field(init=False)
    showing: Showing = field(init=False)
    storefront: Storefront = field(init=False)
    _fronts: Storefronts = field(default_factory=Storefronts)

    def __post_init__(self) -> None:
        fronts = self._fronts
        self.catalogue = Catalogue(self.database, active=MOCKUP.active, clock=self.clock)
        self.connections = Connections(self.database, storefront=fronts, public=True, clock=self.clock)
        self.pushing = Pushing(
            self.database,
            storefront=fronts,
            locks=self.locks,
            files=Pictures(),
            address=lambda key: f"http://tirage.example/static/{key}",
            clock=self.clock,
        )
        self.showing = Showing(self.database, catalogue=self.catalogue, pushing=self.pushing)
        shop = self.connections.add(
            NewShop(name="main", kind="medusa", url=self.url, secret=self.secret, copies=self.copies)
        )
        self.storefront = fronts(shop)

    @property
    def publisher(self) -> Publisher:
        return self.showing

    def new_product(self) -> str:
        product = self.make()
        pictures = tuple(Image("", f"http://others.example/{product}/{name}.png") for name in ("one", "two"))
        self.storefront.show(product, Change(images=pictures, thumbnail=(pictures[0].url,)))
        self.connections.sync("main")
        return product

    def pictures(self, product_id: str) -> list[str]:
        return [image.url for image in self.storefront.shown(product_id).images]

    def ids(self, product_id: str) -> list[str]:
        return [image.id for image in self.storefront.shown(product_id).images]

    def thumbnail(self, product_id: str) -> str | None:
        return self.storefront.shown(product_id).thumbnail

    def choose(self, product_id: str, address: str) -> None:
        self.storefront.show(product_id, Change(thumbnail=(address,)))

    def add(self, product_id: str, address: str) -> None:
        images = self.storefront.shown(product_id).images
        self.storefront.show(product_id, Change(images=(*images, Image("", address))))

    def close(self) -> None:
        """Ends connections."""
        self._fronts.close()
        self.locks.close()  # type: ignore[attr-defined]

    def shop(self) -> Shop:
        return self.connections.get("main").shop

    def with_options(self, **changes: object) -> None:
        """The shop with other options."""
        shop = replace(self.shop(), **changes)  # type: ignore[arg-type]
        self.database.write(lambda unit: unit.shops.put_shop(shop))


def locks_of(url: str, folder: Path) -> Locks:
    """The locks that go with a database."""
    return open_locks(url, folder=folder / "locks")


__all__ = ["BuiltIn", "Connected", "Pictures", "Window", "locks_of"]
