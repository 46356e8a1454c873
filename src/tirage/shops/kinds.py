"""The kinds of shops that can be connected: a row for each adapter."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType

from tirage.errors import UsageError
from tirage.shops import medusa
from tirage.shops.connected import Shop
from tirage.shops.ports import Storefront

KINDS: Mapping[str, Callable[[Shop], Storefront]] = MappingProxyType({medusa.KIND: medusa.Medusa})


class Storefronts:
    """An adapter for each shop, kept with its connections; thread-safe."""

    def __init__(self, kinds: Mapping[str, Callable[[Shop], Storefront]] = KINDS) -> None:
        self._kinds = kinds
        self._made: dict[tuple[str, str, str, str], Storefront] = {}
        self._lock = threading.Lock()

    def __call__(self, shop: Shop) -> Storefront:
        """The adapter.  UsageError INVALID_SETTING: there is none for its kind."""
        make = self._kinds.get(shop.kind)
        if make is None:
            message = f"There is no adapter for shops of the kind {shop.kind[:40]!r}."
            hint = f"The kinds are {', '.join(self._kinds)}."
            raise UsageError("INVALID_SETTING", message, hint=hint)
        key = (shop.name, shop.kind, shop.url, shop.secret)
        with self._lock:
            if key not in self._made:  # an older one stays until the end: somebody may be using it
                self._made[key] = make(shop)
            return self._made[key]

    def close(self) -> None:
        """Ends all connections."""
        for front in self._made.values():
            front.close()
