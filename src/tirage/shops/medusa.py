"""Medusa 2 over its Admin API.  `images` of a product replaces the whole list, and a picture without its id
is made anew: pictures of others are always sent back with theirs.  What pictures carry as metadata is
dropped there, so that ours stands in the product's, under one key, as the text of a JSON object (Medusa falls
over a null within a list); an empty text takes a key away.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from tirage.errors import BadInput, NotFound
from tirage.jobs.model import JsonObject
from tirage.shops.connected import Change, Copy, Image, Offered, OfferedVariant, Shop, Shown
from tirage.shops.line import Line, form

KIND = "medusa"
NOTES = "tirage"
"""Our key in products' metadata."""
PAGE = 50
SHOWN = "id,thumbnail,metadata,images.id,images.url,images.rank,images.variants.id"
OFFERED = (
    "id,title,handle,variants.id,variants.title,variants.sku,"
    "variants.options.value,variants.options.option.title"
)


class Medusa:
    """A `Storefront`."""

    def __init__(self, shop: Shop) -> None:
        """`shop.secret` is a secret API key, `sk_…`: Medusa takes it as the user of Basic, not as Bearer."""
        word = base64.b64encode(f"{shop.secret}:".encode()).decode()
        self._line = Line.to(shop.url, {"Authorization": f"Basic {word}"})

    def close(self) -> None:
        """Ends the connections."""
        self._line.close()

    def check(self) -> str:
        """Reads a product, stores a file and deletes it again."""
        with _understood():
            found = self._line.ask("GET", "/admin/products", query={"limit": 1, "fields": "id"})
            count = int(found["count"])
        copy = self.upload("tirage-check.txt", b"Tirage was here.", media_type="text/plain")
        self.discard(copy.file_id)
        return f"Medusa with {count} products; files go to {copy.url.rpartition('/')[0]}"

    def products(self, cursor: str = "") -> tuple[Sequence[Offered], str]:
        """By their ids, so that what comes meanwhile moves nothing."""
        offset = int(cursor or 0)
        query = {"limit": PAGE, "offset": offset, "order": "id", "fields": OFFERED}
        with _understood():
            found = self._line.ask("GET", "/admin/products", query=query)
            made = [_offered(each) for each in found["products"]]
            following = offset + len(made)
            return made, str(following) if made and following < int(found["count"]) else ""

    def shown(self, product_id: str) -> Shown:
        """What it shows of a product now."""
        with _understood(), _of_product(product_id):
            return _shown(self._line.ask("GET", _path(product_id), query={"fields": SHOWN})["product"])

    def show(self, product_id: str, change: Change) -> None:
        """Writes a change."""
        data: dict[str, Any] = {}
        if change.images is not None:
            data["images"] = [
                {"id": each.id, "url": each.url} if each.id else {"url": each.url} for each in change.images
            ]
        if change.thumbnail is not None:
            data["thumbnail"] = change.thumbnail[0]
        if change.about is not None:
            about = change.about[0]
            data["metadata"] = {NOTES: json.dumps(about, ensure_ascii=False) if about else ""}
        with _of_product(product_id):
            self._line.ask("POST", _path(product_id), query={"fields": "id"}, data=data)

    def assign(self, product_id: str, variant_id: str, *, add: Sequence[str], remove: Sequence[str]) -> None:
        """A variant's own pictures."""
        path = f"{_path(product_id)}/variants/{quote(variant_id, safe='')}/images/batch"
        with _of_product(product_id):
            self._line.ask("POST", path, data={"add": list(add), "remove": list(remove)})

    def upload(self, name: str, data: bytes, *, media_type: str) -> Copy:
        """Through Medusa's file module, wherever that keeps files."""
        body, kind = form("files", name, data, media_type)
        with _understood():
            (file,) = self._line.ask("POST", "/admin/uploads", body=body, media_type=kind)["files"]
            return Copy(str(file["id"]), str(file["url"]))

    def discard(self, file_id: str) -> None:
        """Deletes a copy."""
        try:
            self._line.ask("DELETE", f"/admin/uploads/{quote(file_id, safe='')}")
        except NotFound:
            return


def _path(product_id: str) -> str:
    return f"/admin/products/{quote(product_id, safe='')}"


def _shown(product: Mapping[str, Any]) -> Shown:
    images = sorted(product["images"] or (), key=lambda each: int(each.get("rank") or 0))
    variants: dict[str, set[str]] = {}
    for image in images:
        for variant in image.get("variants") or ():
            variants.setdefault(str(variant["id"]), set()).add(str(image["id"]))
    thumbnail = product["thumbnail"]
    return Shown(
        tuple(Image(str(each["id"]), str(each["url"])) for each in images),
        None if thumbnail is None else str(thumbnail),
        {name: frozenset(ids) for name, ids in variants.items()},
        _noted(product["metadata"] or {}),
    )


def _noted(metadata: Mapping[str, Any]) -> JsonObject | None:
    """What we wrote; None as well for what somebody made of it: it is written again."""
    try:
        found = json.loads(metadata.get(NOTES) or "null")
    except (ValueError, TypeError):
        return {}
    return found if isinstance(found, dict) else None


def _offered(product: Mapping[str, Any]) -> Offered:
    return Offered(
        id=str(product["id"]),
        title=str(product["title"]),
        handle=product.get("handle"),
        variants=tuple(_variant(each) for each in product.get("variants") or ()),
    )


def _variant(variant: Mapping[str, Any]) -> OfferedVariant:
    options = {str(each["option"]["title"]): str(each["value"]) for each in variant.get("options") or ()}
    return OfferedVariant(
        id=str(variant["id"]), title=str(variant["title"]), options=options, sku=variant.get("sku")
    )


@contextmanager
def _of_product(product_id: str) -> Iterator[None]:
    try:
        yield
    except NotFound as error:
        message = f"The shop has no product {product_id[:60]!r}, or no such variant."
        raise NotFound("PRODUCT_NOT_FOUND", message) from error


@contextmanager
def _understood() -> Iterator[None]:
    """An answer of another form than Medusa's."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = "The shop answers in another way than Medusa 2 does."
        raise BadInput("SHOP_REFUSED", message) from error
