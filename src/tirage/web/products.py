"""The routes below /v1/products and /v1/templates: the built-in catalogue, and what it can be printed on."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from tirage import wire
from tirage.jobs.model import Order
from tirage.shops.model import Changes, NewProduct, NewVariant
from tirage.shops.sheet import read_products
from tirage.web import shapes
from tirage.web.bodies import Strict
from tirage.web.fields import Cursor, Limit, Offset, Sort, next_cursor, page_of
from tirage.web.parts import Given

router = APIRouter(prefix="/v1", tags=["products"])
Sought = Annotated[
    str | None, Query(alias="q", max_length=200, description="What title or id contain, whatever the case.")
]
SHEET = {"text/csv": {"schema": {"type": "string"}}}


class VariantBody(Strict):
    """A variant to be."""

    title: str
    id: str | None = None
    metadata: Annotated[dict[str, Any], Field(default_factory=dict)]

    def value(self) -> NewVariant:
        """For the catalogue."""
        return NewVariant(title=self.title, id=self.id, metadata=self.metadata)


class ProductBody(Strict):
    """A product to be."""

    title: str
    id: str | None = None
    metadata: Annotated[dict[str, Any], Field(default_factory=dict)]
    variants: Annotated[list[VariantBody], Field(max_length=1000, default_factory=list)]

    def value(self) -> NewProduct:
        """For the catalogue."""
        sold = tuple(variant.value() for variant in self.variants)
        return NewProduct(title=self.title, id=self.id, metadata=self.metadata, variants=sold)


class ChangesBody(Strict):
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
def create(parts: Given, body: ProductBody) -> wire.ProductAnswer:
    """Adds a product."""
    return shapes.product(parts.app.catalogue.create(body.value()), parts.app.addresses)


@router.post(
    "/products/import",
    status_code=201,
    openapi_extra={"requestBody": {"required": True, "content": SHEET}},
)
async def import_sheet(parts: Given, request: Request) -> wire.Imported:
    """Adds the products of a CSV file, all of them or none."""
    data = await request.body()
    made = await run_in_threadpool(lambda: parts.app.catalogue.create_many(read_products(data)))
    return {"count": len(made), "ids": [product.id for product in made]}


@router.get("/products")
def list_all(
    parts: Given,
    limit: Limit = 10,
    offset: Offset = 0,
    order: Sort = Order.DESC,
    cursor: Cursor = None,
    text: Sought = None,
) -> wire.ProductPage:
    """Products, a page at a time."""
    page = page_of(limit, offset, order, cursor)
    found, count = parts.app.catalogue.list_with_count(page, text or "")
    return {
        "products": [shapes.product(product, parts.app.addresses) for product in found],
        "count": count,
        "limit": limit,
        "offset": offset,
        "next_cursor": next_cursor(found, page),
    }


@router.get("/products/{product_id}")
def get(parts: Given, product_id: str) -> wire.ProductAnswer:
    """A product with its variants and its media in order."""
    return shapes.product(parts.app.catalogue.get(product_id), parts.app.addresses)


@router.patch("/products/{product_id}")
def update(parts: Given, product_id: str, body: ChangesBody) -> wire.ProductAnswer:
    """Changes title or metadata."""
    return shapes.product(parts.app.catalogue.update(product_id, body.value()), parts.app.addresses)


@router.delete("/products/{product_id}", status_code=204)
def delete(parts: Given, product_id: str) -> None:
    """Removes a product with its variants and media; 409 while jobs of it wait or run."""
    parts.app.catalogue.delete(product_id)


@router.post("/products/{product_id}/variants", status_code=201)
def add_variant(parts: Given, product_id: str, body: VariantBody) -> wire.VariantAnswer:
    """Adds a variant."""
    return shapes.variant(parts.app.catalogue.add_variant(product_id, body.value()))


@router.patch("/products/{product_id}/variants/{variant_id}")
def update_variant(parts: Given, product_id: str, variant_id: str, body: ChangesBody) -> wire.VariantAnswer:
    """Changes a variant's title or metadata."""
    return shapes.variant(parts.app.catalogue.update_variant(product_id, variant_id, body.value()))


@router.delete("/products/{product_id}/variants/{variant_id}", status_code=204)
def delete_variant(parts: Given, product_id: str, variant_id: str) -> None:
    """Removes a variant."""
    parts.app.catalogue.delete_variant(product_id, variant_id)


@router.put("/products/{product_id}/media/order")
def order_media(
    parts: Given, product_id: str, media: Annotated[list[str], Body(embed=True, max_length=10_000)]
) -> wire.ProductAnswer:
    """Puts all media of a product in the order of these ids."""
    return shapes.product(parts.app.catalogue.order_media(product_id, media), parts.app.addresses)


@router.put("/products/{product_id}/thumbnail")
def set_thumbnail(
    parts: Given, product_id: str, media_id: Annotated[str, Body(embed=True)]
) -> wire.ProductAnswer:
    """Makes one of a product's images its thumbnail."""
    return shapes.product(parts.app.catalogue.set_thumbnail(product_id, media_id), parts.app.addresses)


@router.patch("/products/{product_id}/media/{media_id}")
def update_medium(
    parts: Given, product_id: str, media_id: str, metadata: Annotated[dict[str, Any], Body(embed=True)]
) -> wire.MediumAnswer:
    """Merges metadata into those of a picture or video."""
    changed = parts.app.catalogue.update_medium(product_id, media_id, metadata)
    return shapes.medium(changed, parts.app.addresses)


@router.delete("/products/{product_id}/media/{media_id}")
def remove_medium(parts: Given, product_id: str, media_id: str) -> wire.ProductAnswer:
    """Takes a picture or video off a product; the file stays with its job."""
    return shapes.product(parts.app.catalogue.remove_medium(product_id, media_id), parts.app.addresses)


@router.get("/templates")
def list_templates(parts: Given) -> wire.Templates:
    """The templates that can be ordered, and those that an operator took off offer."""
    return {"templates": [shapes.template(each) for each in parts.app.templates.list()]}


@router.get("/templates/{template_id}")
def get_template(parts: Given, template_id: str) -> wire.TemplateDetail:
    """A template with its presets, colours and views."""
    found = parts.app.templates.get(template_id)
    return shapes.template_detail(found, parts.app.templates.description(found.id))


@router.patch("/templates/{template_id}")
def update_template(
    parts: Given, template_id: str, is_active: Annotated[bool, Body(embed=True)]
) -> wire.TemplateAnswer:
    """Takes a template off offer, or puts it on again."""
    return shapes.template(parts.app.templates.set_active(template_id, is_active))
