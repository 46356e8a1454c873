"""The built-in catalogue: products with variants and media, for those who have no shop elsewhere.
Everything that reads or changes a product does it here, and each call is one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

from tirage.errors import Conflict, NotFound
from tirage.jobs.checks import invalid, known_keys, merged, page, raise_if_any
from tirage.jobs.ids import Ids
from tirage.jobs.model import JsonObject, Page
from tirage.mockup.ports import IMAGE, Media, Receipt
from tirage.shops import checks, publishing
from tirage.shops.model import Changes, Medium, NewProduct, NewVariant, Product, Variant
from tirage.shops.publishing import load
from tirage.shops.store import CatalogueStore, CatalogueUnit, Shelf

T = TypeVar("T")
CHANGES = frozenset(Changes.__annotations__)


class Catalogue:
    """The products, and the `Publisher` of mockup jobs; may be used from several threads.

    Every method may raise TryAgain (STORE_UNAVAILABLE, DISK_FULL).  Those that name a product raise NotFound
    PRODUCT_NOT_FOUND when there is none; a variant VARIANT_NOT_FOUND, a medium NOT_FOUND.
    """

    def __init__(
        self, store: CatalogueStore, *, active: Collection[str], clock: Callable[[], datetime]
    ) -> None:
        """`active` are the statuses in which a job waits or runs."""
        self._store = store
        self._active = sorted(active)
        self._clock = clock
        self._ids = Ids(clock)

    # products

    def create(self, new: NewProduct) -> Product:
        """A new product.  BadInput INVALID_DATA with all findings."""
        return self.create_many([new])[0]

    def create_many(self, new: Sequence[NewProduct]) -> list[Product]:
        """All of them, or none.  BadInput INVALID_DATA with all findings of all of them."""
        raise_if_any(checks.products(new))
        made = [self._product(each) for each in new]

        def add(unit: CatalogueUnit) -> None:
            raise_if_any(checks.taken(unit.shelf, new))
            unit.shelf.add_products(made)

        if made:
            self._store.write(add)
        return made

    def get(self, product_id: str) -> Product:
        """The product, or NotFound."""
        return self._store.read(lambda unit: load(unit.shelf, product_id))

    def list_with_count(self, asked: Page, text: str = "") -> tuple[Sequence[Product], int]:
        """A page of products, and how many there are: all, or those whose title or id contains the text.

        BadInput INVALID_DATA: out of range.
        """
        page(asked)
        return self._store.read(lambda unit: (unit.shelf.products(asked, text), unit.shelf.count(text)))

    def update(self, product_id: str, changes: Changes) -> Product:
        """The product with another title or metadata.  BadInput INVALID_DATA with all findings."""
        _check(changes)

        def change(shelf: Shelf) -> Product:
            product = load(shelf, product_id)
            changed = replace(product, updated_at=self._now())
            changed = replace(changed, **_merged(product.metadata, changes))
            shelf.save_product(changed)
            return changed

        return self._change(change)

    def delete(self, product_id: str) -> None:
        """Removes a product with its variants and media; files stay with their jobs.

        Conflict: a job of it waits or runs.
        """

        def remove(unit: CatalogueUnit) -> None:
            load(unit.shelf, product_id)
            if publishing.has_active_jobs(unit, product_id, self._active):
                message = f"Jobs of the product {product_id!r} wait or run."
                raise Conflict("CONFLICT", message, hint="Cancel them, or wait until they are done.")
            unit.shelf.delete_product(product_id)

        self._store.write(remove)

    # variants

    def add_variant(self, product_id: str, new: NewVariant) -> Variant:
        """A new variant of a product.  BadInput INVALID_DATA with all findings."""
        raise_if_any(checks.variant(new))
        made = self._variant(product_id, new)

        def add(shelf: Shelf) -> Variant:
            load(shelf, product_id)
            if shelf.variant(made.id):
                raise invalid(f"There is a variant {made.id!r} already.", where="id")
            shelf.add_variants([made])
            return made

        return self._change(add)

    def update_variant(self, product_id: str, variant_id: str, changes: Changes) -> Variant:
        """The variant with another title or metadata.  BadInput INVALID_DATA with all findings."""
        _check(changes)

        def change(shelf: Shelf) -> Variant:
            variant = _variant_of(load(shelf, product_id), variant_id)
            changed = replace(variant, updated_at=self._now())
            changed = replace(changed, **_merged(variant.metadata, changes))
            shelf.save_variant(changed)
            return changed

        return self._change(change)

    def delete_variant(self, product_id: str, variant_id: str) -> None:
        """Removes a variant."""

        def remove(shelf: Shelf) -> None:
            shelf.delete_variant(_variant_of(load(shelf, product_id), variant_id).id)

        self._change(remove)

    # media

    def order_media(self, product_id: str, media_ids: Sequence[str]) -> Product:
        """The product with its media in that order.  BadInput INVALID_DATA: they are not all of its media."""

        def change(shelf: Shelf) -> Product:
            product = load(shelf, product_id)
            by_id = {medium.id: medium for medium in product.media}
            if sorted(media_ids) != sorted(by_id):
                raise invalid("The order has to name each medium of the product once.", where="media")
            at = self._now()
            ranked = [replace(by_id[name], rank=rank, updated_at=at) for rank, name in enumerate(media_ids)]
            shelf.put_media(ranked)
            return replace(product, media=tuple(ranked))

        return self._change(change)

    def set_thumbnail(self, product_id: str, media_id: str) -> Product:
        """The product with that image as its thumbnail.  BadInput INVALID_DATA: it is a video."""

        def change(shelf: Shelf) -> Product:
            product = load(shelf, product_id)
            medium = _medium_of(product, media_id)
            if medium.media_type != IMAGE:
                raise invalid("A video cannot be a thumbnail.", where="thumbnail")
            changed = replace(product, thumbnail=medium.key, updated_at=self._now())
            shelf.save_product(changed)
            return changed

        return self._change(change)

    def update_medium(self, product_id: str, media_id: str, metadata: JsonObject) -> Medium:
        """The medium with these metadata merged in.  BadInput INVALID_DATA."""

        def change(shelf: Shelf) -> Medium:
            medium = _medium_of(load(shelf, product_id), media_id)
            whole = merged(medium.metadata, "metadata", metadata)
            changed = replace(medium, metadata=whole, updated_at=self._now())
            shelf.put_media([changed])
            return changed

        return self._change(change)

    def remove_medium(self, product_id: str, media_id: str) -> Product:
        """The product without that medium; its file stays with its job.

        The first image that is left takes the place of a thumbnail that goes.
        """

        def change(shelf: Shelf) -> Product:
            product = load(shelf, product_id)
            publishing.remove(shelf, product, _medium_of(product, media_id), at=self._now())
            return load(shelf, product_id)

        return self._change(change)

    # for jobs

    def require(self, product_id: str, variant_id: str | None) -> None:
        """NotFound PRODUCT_NOT_FOUND, or VARIANT_NOT_FOUND: the product has no such variant."""
        product = self.get(product_id)
        if variant_id is not None and variant_id not in {variant.id for variant in product.variants}:
            raise _no_variant(product, variant_id)

    def publish(self, *, product_id: str, job_id: str, media: Sequence[Media]) -> Receipt:
        """Shows a job's media with its product, once per job and role; the first image is the thumbnail.

        Conflict: the job is not active, so that what it made must not be shown.
        """
        show = partial(
            publishing.publish,
            product_id=product_id,
            job_id=job_id,
            media=media,
            active=self._active,
            new_id=partial(self._ids.new, "media"),
            at=self._now(),
        )
        return self._store.write(show)

    def withdraw(self, *, product_id: str, job_id: str) -> None:
        """Takes a job's media away and gives back the thumbnail from before; nothing to do is no error."""
        at = self._now()
        self._change(lambda shelf: publishing.withdraw(shelf, product_id=product_id, job_id=job_id, at=at))

    def _change(self, work: Callable[[Shelf], T]) -> T:
        return self._store.write(lambda unit: work(unit.shelf))

    def _now(self) -> datetime:
        return self._clock().astimezone(UTC)

    def _product(self, new: NewProduct) -> Product:
        at, name = self._now(), new.id or self._ids.new("prod")
        variants = tuple(
            # A microsecond apart, since they are listed by age.
            replace(self._variant(name, each), created_at=at + timedelta(microseconds=place))
            for place, each in enumerate(new.variants)
        )
        return Product(
            id=name,
            title=new.title,
            thumbnail=None,
            metadata=new.metadata,
            created_at=at,
            updated_at=at,
            variants=variants,
        )

    def _variant(self, product_id: str, new: NewVariant) -> Variant:
        at = self._now()
        return Variant(
            id=new.id or self._ids.new("variant"),
            product_id=product_id,
            title=new.title,
            metadata=new.metadata,
            created_at=at,
            updated_at=at,
        )


def _check(changes: Changes) -> None:
    known_keys(changes, CHANGES)
    if "title" in changes:
        raise_if_any(checks.title("title", changes["title"]))


def _merged(old: JsonObject, changes: Changes) -> Changes:
    """The changes, with the metadata as they are afterwards."""
    if "metadata" not in changes:
        return changes
    return {**changes, "metadata": merged(old, "metadata", changes["metadata"])}


def _variant_of(product: Product, variant_id: str) -> Variant:
    for variant in product.variants:
        if variant.id == variant_id:
            return variant
    raise _no_variant(product, variant_id)


def _no_variant(product: Product, variant_id: str) -> NotFound:
    message = f"The product {product.id!r} has no variant {variant_id[:60]!r}."
    return NotFound("VARIANT_NOT_FOUND", message)


def _medium_of(product: Product, media_id: str) -> Medium:
    for medium in product.media:
        if medium.id == media_id:
            return medium
    raise NotFound("NOT_FOUND", f"The product {product.id!r} has no medium {media_id[:60]!r}.")
