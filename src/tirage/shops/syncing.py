"""What a shop sells becomes products of the catalogue, under the shop's own ids, and is linked to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from tirage.errors import Finding, Severity
from tirage.jobs.checks import KEY
from tirage.jobs.model import JsonObject
from tirage.shops.checks import TITLE_LENGTH
from tirage.shops.colours import OPTIONS
from tirage.shops.connected import Link, Offered, OfferedVariant, Shop
from tirage.shops.model import Product, Variant
from tirage.shops.ports import Storefront
from tirage.shops.rows import ShopStore, ShopUnit

SHOP = "shop"
"""The key of a product's metadata for the shop that sells it."""
PAGES = 20_000
"""At most so many: a shop whose pages never end is not asked for ever."""
FINDINGS = 100


@dataclass(slots=True)
class Synced:
    """What came of reading a shop: numbers of products."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    """Linked, and no longer in the shop: they stay, and orders of them fail."""
    findings: list[Finding] = field(default_factory=list)
    """Products that were left out."""


def sync(store: ShopStore, storefront: Storefront, shop: Shop, *, clock: Callable[[], datetime]) -> Synced:
    """Reads the whole shop, page by page, each in a transaction of its own.

    TryAgain SHOP_UNAVAILABLE; BadInput SHOP_REFUSED.  Half of it is no harm: the next time does the rest.
    """
    synced, seen, cursor = Synced(), set[str](), ""
    for _ in range(PAGES):
        offered, cursor = storefront.products(cursor)
        seen |= {each.id for each in offered}
        at = clock().astimezone(UTC)
        store.write(lambda unit, page=offered, at=at: _page(unit, shop, page, synced, at))  # type: ignore[misc]
        if not cursor:
            break
    linked = store.read(lambda unit: unit.shops.linked(shop.name))
    synced.gone = len(linked.keys() - seen)
    return synced


def _page(unit: ShopUnit, shop: Shop, offered: Sequence[Offered], synced: Synced, at: datetime) -> None:
    links = unit.shops.links([each.id for each in offered])
    for each in offered:
        link = links.get(each.id)
        why = _unfit(unit, each) or (f"is sold by {link.shop!r}" if link and link.shop != shop.name else "")
        if why:
            _find(synced, each, why)
            continue
        old = unit.shelf.product(each.id)
        if old is None:
            unit.shelf.add_products([_product(shop, each, at)])
            synced.added += 1
        elif _changed(unit, shop, old, each, at):
            synced.changed += 1
        else:
            synced.unchanged += 1
        if link is None:
            unit.shops.add_links([Link(product_id=each.id, shop=shop.name, external_id=each.id)])
            if old is not None and old.media:
                unit.shops.touch(each.id)


def _unfit(unit: ShopUnit, offered: Offered) -> str:
    if not KEY.fullmatch(offered.id):
        return "has an id that no product here can have"
    for variant in offered.variants:
        other = unit.shelf.variant(variant.id)
        if not KEY.fullmatch(variant.id) or (other is not None and other.product_id != offered.id):
            return f"has a variant {variant.id[:40]!r} that another product has, or none can have"
    return ""


def _find(synced: Synced, offered: Offered, why: str) -> None:
    if len(synced.findings) < FINDINGS:
        text = f"The product {offered.id[:60]!r} {why}; it was left out."
        synced.findings.append(Finding("INVALID_DATA", Severity.WARNING, text, where=offered.id[:60]))


def _product(shop: Shop, offered: Offered, at: datetime) -> Product:
    variants = tuple(
        _variant(offered.id, each, {}, at + timedelta(microseconds=place))
        for place, each in enumerate(offered.variants)
    )
    return Product(
        id=offered.id,
        title=_title(offered.title, offered.id),
        thumbnail=None,
        metadata=_about(shop, offered, {}),
        created_at=at,
        updated_at=at,
        variants=variants,
    )


def _changed(unit: ShopUnit, shop: Shop, old: Product, offered: Offered, at: datetime) -> bool:
    """Brings a product up to date; whether there was anything to do."""
    new = replace(old, title=_title(offered.title, offered.id), metadata=_about(shop, offered, old.metadata))
    differs = new != old
    if differs:
        unit.shelf.save_product(replace(new, updated_at=at))
    have = {variant.id: variant for variant in old.variants}
    for place, each in enumerate(offered.variants):
        before = have.pop(each.id, None)
        made = _variant(old.id, each, before.metadata if before else {}, at + timedelta(microseconds=place))
        if before is None:
            unit.shelf.add_variants([made])
            differs = True
        elif (made.title, made.metadata) != (before.title, before.metadata):
            unit.shelf.save_variant(replace(made, created_at=before.created_at))
            differs = True
    for gone in have:
        unit.shelf.delete_variant(gone)
        differs = True
    return differs


def _about(shop: Shop, offered: Offered, old: JsonObject) -> JsonObject:
    handle: JsonObject = {"handle": offered.handle} if offered.handle else {}
    return {**old, SHOP: shop.name, **handle}


def _variant(product_id: str, offered: OfferedVariant, old: JsonObject, at: datetime) -> Variant:
    sku: JsonObject = {"sku": offered.sku} if offered.sku else {}
    return Variant(
        id=offered.id,
        product_id=product_id,
        title=_title(offered.title, offered.id),
        metadata={**old, OPTIONS: dict(offered.options), **sku},
        created_at=at,
        updated_at=at,
    )


def _title(text: str, instead: str) -> str:
    """As a title may be here: on one line, not too long."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(plain.split())[:TITLE_LENGTH] or instead
