"""What an adapter for a shop elsewhere has to do, and what connected shops need of the world.
docs/howto/shops.md says how to write one; `tests/shop_suite.py` says whether it is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from tirage.shops.connected import Change, Copy, Offered, Shown


class Storefront(Protocol):
    """A shop over its API; may be used from several threads.

    Every method may raise TryAgain SHOP_UNAVAILABLE (away, busy, or asks to wait: `after` says how long) and
    BadInput SHOP_REFUSED (it does not let us, or does not understand us).  Those that name a product raise
    NotFound PRODUCT_NOT_FOUND.  Each may be called again with the same words at any time.
    """

    def close(self) -> None:
        """Ends connections that are kept."""
        ...

    def check(self) -> str:
        """One line about the shop, when it lets us read products and files can be copied to it."""
        ...

    def products(self, cursor: str = "") -> tuple[Sequence[Offered], str]:
        """A page of what it sells, and the cursor of the next one; empty: that was the last."""
        ...

    def shown(self, product_id: str) -> Shown:
        """What it shows of a product now."""
        ...

    def show(self, product_id: str, change: Change) -> None:
        """Writes a change.  Pictures with an id keep it, whatever belongs to them stays."""
        ...

    def assign(self, product_id: str, variant_id: str, *, add: Sequence[str], remove: Sequence[str]) -> None:
        """Pictures that become a variant's own, and that stop to be, by id."""
        ...

    def upload(self, name: str, data: bytes, *, media_type: str) -> Copy:
        """Copies a file to the shop, anew with each call."""
        ...

    def discard(self, file_id: str) -> None:
        """Deletes a copy; one that is not there is no error."""
        ...


class Held(Protocol):
    """A lock that is held."""

    def check(self) -> None:
        """TryAgain STORE_UNAVAILABLE: it was lost meanwhile."""
        ...


class Locks(Protocol):
    """Locks by name, between all processes of a database; one whose process dies is free at once."""

    def hold(self, name: str, *, seconds: float) -> AbstractContextManager[Held]:
        """Waits so long for it.  TryAgain SHOP_UNAVAILABLE: somebody else has it."""
        ...


class Files(Protocol):
    """Stored files, to be copied.  TryAgain STORE_UNAVAILABLE; NotFound NOT_FOUND."""

    def read(self, key: str) -> bytes:
        """The whole of a file."""
        ...
