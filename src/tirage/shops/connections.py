"""The connected shops: added, checked, read, taken off.  Keys of shops go in and never come out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from tirage.errors import NotFound, TirageError, UsageError
from tirage.jobs.checks import invalid
from tirage.log import Logger
from tirage.shops.connected import Shop
from tirage.shops.ports import Storefront
from tirage.shops.rows import ShopStore, ShopUnit
from tirage.shops.syncing import Synced, sync

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
OPTION_LENGTH = 100
SECRET_LENGTH = 512
log = Logger("shops")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewShop:
    """A shop to be connected."""

    name: str
    kind: str
    url: str
    secret: str
    copies: bool = True
    colour_option: str = ""

    def __repr__(self) -> str:
        return f"NewShop({self.name!r}, {self.kind!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A shop, and how many of its products there are, wait to be told of, could not be told of."""

    shop: Shop
    products: int
    waiting: int
    failing: int


class Connections:
    """The connected shops; may be used from several threads.

    Every method may raise TryAgain STORE_UNAVAILABLE; those that name a shop raise NotFound NOT_FOUND.
    """

    def __init__(
        self,
        store: ShopStore,
        *,
        storefront: Callable[[Shop], Storefront],
        public: bool,
        clock: Callable[[], datetime],
    ) -> None:
        """`public`: whether our files have addresses that a shop can be told."""
        self._store = store
        self._storefront = storefront
        self._public = public
        self._clock = clock

    def add(self, new: NewShop) -> Shop:
        """Connects a shop that answers, or gives the one of that name another key or address.

        UsageError INVALID_SETTING, BadInput INVALID_DATA; SHOP_REFUSED, SHOP_UNAVAILABLE: nothing was added.
        """
        shop = self._shop(new)
        word = self._storefront(shop).check()
        log.info("shop added", shop=shop.name, kind=shop.kind, answer=word)

        def put(unit: ShopUnit) -> Shop:
            before = unit.shops.shop(shop.name)
            kept = replace(shop, created_at=before.created_at) if before else shop
            unit.shops.put_shop(kept)
            return kept

        return self._store.write(put)

    def list(self) -> Sequence[Standing]:
        """All, by name."""
        shops, tally = self._store.read(lambda unit: (unit.shops.shops(), unit.shops.tally()))
        return [_standing(shop, tally.get(shop.name, (0, 0, 0))) for shop in shops]

    def get(self, name: str) -> Standing:
        """The shop of that name."""
        found = next((each for each in self.list() if each.shop.name == name), None)
        if found is None:
            raise NotFound("NOT_FOUND", f"There is no shop {name[:60]!r}.")
        return found

    def check(self, name: str) -> str:
        """One line about a shop that answers.  BadInput SHOP_REFUSED, TryAgain SHOP_UNAVAILABLE."""
        shop = self.get(name).shop
        try:
            word = self._storefront(shop).check()
        except TirageError as error:
            self._note(shop, error.message)
            raise
        self._note(shop, None)
        return word

    def sync(self, name: str) -> Synced:
        """Brings the catalogue's products up to what the shop sells; errors of `check`."""
        shop = self.get(name).shop
        try:
            synced = sync(self._store, self._storefront(shop), shop, clock=self._clock)
        except TirageError as error:
            self._note(shop, error.message)
            raise
        self._note(shop, None)
        self._store.write(lambda unit: unit.shops.hurry(shop.name))
        return synced

    def remove(self, name: str) -> None:
        """Forgets a shop.  Its products stay in the catalogue, and it shows what it shows."""
        shop = self.get(name).shop
        self._store.write(lambda unit: unit.shops.delete_shop(shop.name))

    def _note(self, shop: Shop, problem: str | None) -> None:
        at = self._now()
        checked = shop.checked_at if problem else at
        noted = replace(shop, checked_at=checked, problem=problem, updated_at=at)
        self._store.write(lambda unit: unit.shops.put_shop(noted))

    def _shop(self, new: NewShop) -> Shop:
        if not NAME.fullmatch(new.name):
            raise invalid("A shop's name has 1 to 40 signs: a–z, 0–9 and hyphens.", where="name")
        address = urlsplit(new.url)
        plain = new.url.isascii() and new.url.isprintable() and " " not in new.url
        if address.scheme not in {"http", "https"} or not address.hostname or "@" in address.netloc:
            raise invalid("A shop's address begins with http:// or https://, without a user.", where="url")
        if address.query or address.fragment or not plain:
            raise invalid("A shop's address has no query and no signs that need quoting.", where="url")
        if not new.secret.isascii() or not new.secret.isprintable() or " " in new.secret or not new.secret:
            raise invalid("That can be no key of a shop.", where="key")
        if len(new.secret) > SECRET_LENGTH or len(new.colour_option) > OPTION_LENGTH:
            raise invalid("The key, or the option's name, is too long.", where="key")
        if not new.copies and not self._public:
            message = "Files have no address that a shop can be told."
            raise UsageError(
                "INVALID_SETTING", message, hint="Set TIRAGE_FILE_BASE_URL, or leave --link out."
            )
        at = self._now()
        return Shop(
            name=new.name,
            kind=new.kind,
            url=new.url.rstrip("/"),
            secret=new.secret,
            copies=new.copies,
            colour_option=new.colour_option,
            created_at=at,
            updated_at=at,
            checked_at=at,
        )

    def _now(self) -> datetime:
        return self._clock().astimezone(UTC)


def _standing(shop: Shop, counts: tuple[int, int, int]) -> Standing:
    products, waiting, failing = counts
    return Standing(shop=shop, products=products, waiting=waiting, failing=failing)
