"""The routes below /v1/products and /v1/templates: the built-in catalogue, and what it can be printed on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from tirage.jobs.model import Order
from tirage.shops.model import Changes, NewProduct, NewVariant
from tirage.shops.sheet import read_products
from tirage.web import shapes
from tirage.web.fields import Limit, Offset, Sort, page_of
from tirage.web.parts import Given

router = APIRouter(prefix="/v1", tags=["products"])
Answer = Mapping[str, object]
SHEET = {"text/csv": {"schema": {"type": "string"}}}


class _Body(BaseModel):
    """A body with nothing in it that nobody reads."""

    model_config = ConfigDict(extra="forbid")


class VariantBody(_Body):
    """A variant to be."""

    title: str
    id: str | None = None
    metadata: dict[str, Any] = {}

    def value(self) -> NewVariant:
        """For the catalogue."""
        return NewVariant(title=self.title, id=self.id, metadata=self.metadata)


class ProductBody(_Body):
    """A product to be."""

    title: str
    id: str | None = None
    metadata: dict[str, Any] = {}
    variants: Annotated[list[VariantBody], Field(max_length=1000)] = []

    def value(self) -> NewProduct:
        """For the catalogue."""
        sold = tuple(variant.value() for variant in self.variants)
        return NewProduct(title=self.title, id=self.id, metadata=self.metadata, variants=sold)


class ChangesBody(_Body):
    """What shall change; metadata is merged key by key."""

    title: str | None = None
    metadata: dict[str, Any] | None = None

    def value(self) -> Changes:
        """For the catalogue."""
        changes = Changes()
        if self.title is not None:
            changes["title"] = self.title
        if self.metadata is not None:
            changes["metadata"] = self.metadata
        return changes


@router.post("/products", status_code=201)
def create(parts: Given, body: ProductBody) -> Answer:
    """Adds a product."""
    return shapes.product(parts.app.catalogue.create(body.value()), parts.app.addresses)


@router.post(
    "/products/import",
    status_code=201,
    openapi_extra={"requestBody": {"required": True, "content": SHEET}},
)
async def import_sheet(parts: Given, request: Request) -> Answer:
    """Adds the products of a CSV file, all of them or none."""
    data = await request.body()
    made = await run_in_threadpool(lambda: parts.app.catalogue.create_many(read_products(data)))
    return {"count": len(made), "ids": [product.id for product in made]}


@router.get("/products")
def list_all(parts: Given, limit: Limit = 10, offset: Offset = 0, order: Sort = Order.DESC) -> Answer:
    """Products, a page at a time."""
    found, count = parts.app.catalogue.list_with_count(page_of(limit, offset, order))
    listed = [shapes.product(product, parts.app.addresses) for product in found]
    return shapes.page("products", listed, count=count, limit=limit, offset=offset)


@router.get("/products/{product_id}")
def get(parts: Given, product_id: str) -> Answer:
    """A product with its variants and its media in order."""
    return shapes.product(parts.app.catalogue.get(product_id), parts.app.addresses)


@router.patch("/products/{product_id}")
def update(parts: Given, product_id: str, body: ChangesBody) -> Answer:
    """Changes title or metadata."""
    return shapes.product(parts.app.catalogue.update(product_id, body.value()), parts.app.addresses)


@router.delete("/products/{product_id}", status_code=204)
def delete(parts: Given, product_id: str) -> None:
    """Removes a product with its variants and media; 409 while jobs of it wait or run."""
    parts.app.catalogue.delete(product_id)


@router.post("/products/{product_id}/variants", status_code=201)
def add_variant(parts: Given, product_id: str, body: VariantBody) -> Answer:
    """Adds a variant."""
    return shapes.variant(parts.app.catalogue.add_variant(product_id, body.value()))


@router.patch("/products/{product_id}/variants/{variant_id}")
def update_variant(parts: Given, product_id: str, variant_id: str, body: ChangesBody) -> Answer:
    """Changes a variant's title or metadata."""
    return shapes.variant(parts.app.catalogue.update_variant(product_id, variant_id, body.value()))


@router.delete("/products/{product_id}/variants/{variant_id}", status_code=204)
def delete_variant(parts: Given, product_id: str, variant_id: str) -> None:
    """Removes a variant."""
    parts.app.catalogue.delete_variant(product_id, variant_id)


@router.put("/products/{product_id}/media/order")
def order_media(
    parts: Given, product_id: str, media: Annotated[list[str], Body(embed=True, max_length=10_000)]
) -> Answer:
    """Puts all media of a product in the order of these ids."""
    return shapes.product(parts.app.catalogue.order_media(product_id, media), parts.app.addresses)


@router.put("/products/{product_id}/thumbnail")
def set_thumbnail(parts: Given, product_id: str, media_id: Annotated[str, Body(embed=True)]) -> Answer:
    """Makes one of a product's images its thumbnail."""
    return shapes.product(parts.app.catalogue.set_thumbnail(product_id, media_id), parts.app.addresses)


@router.patch("/products/{product_id}/media/{media_id}")
def update_medium(
    parts: Given, product_id: str, media_id: str, metadata: Annotated[dict[str, Any], Body(embed=True)]
) -> Answer:
    """Merges metadata into those of a picture or video."""
    changed = parts.app.catalogue.update_medium(product_id, media_id, metadata)
    return shapes.medium(changed, parts.app.addresses)


@router.delete("/products/{product_id}/media/{media_id}")
def remove_medium(parts: Given, product_id: str, media_id: str) -> Answer:
    """Takes a picture or video off a product; the file stays with its job."""
    return shapes.product(parts.app.catalogue.remove_medium(product_id, media_id), parts.app.addresses)


@router.get("/templates")
def list_templates(parts: Given) -> Answer:
    """The templates that can be ordered, and those that an operator took off offer."""
    return {"templates": [shapes.template(each) for each in parts.app.templates.list()]}


@router.patch("/templates/{template_id}")
def update_template(parts: Given, template_id: str, is_active: Annotated[bool, Body(embed=True)]) -> Answer:
    """Takes a template off offer, or puts it on again."""
    return shapes.template(parts.app.templates.set_active(template_id, is_active))
