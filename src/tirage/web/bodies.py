"""Bodies of requests that order: JSON to values.  What a field may hold is checked with the orders."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from tirage.batches.matrix import MAX_ORDERS, Matrix, orders_of
from tirage.batches.model import NewBatch, Order
from tirage.jobs.model import JsonValue
from tirage.mockup.free import MOST, PLACEMENTS

BATCH_PRIORITY = 5
"""Of a batch's orders: single ones, at 0, go before them."""
Name = Annotated[str, Field(max_length=200)]
Names = Annotated[list[Name], Field(max_length=MAX_ORDERS)]
Priority = Annotated[int, Field(ge=0, le=9, description="Smaller goes first.")]


class Strict(BaseModel):
    """A body with nothing in it that nobody reads."""

    model_config = ConfigDict(extra="forbid")


class Look(Strict):
    """What an order may choose beside design, product and place."""

    background_color: str | None = None
    render_mode: Annotated[str | None, Field(description="all, images-only or animation-only.")] = None
    samples: int | None = None

    def options(self) -> dict[str, JsonValue]:
        """Those that were given."""
        chosen = ("fabric_color", "background_color", "render_mode", "samples")
        return {name: value for name in chosen if (value := getattr(self, name, None)) is not None}


class PlaceBody(Strict):
    """A design's place on a panel: its centre and width in cm, turned clockwise."""

    panel: Name
    x: float
    y: float
    width: float
    rotation: float = 0.0
    design_id: Annotated[Name | None, Field(description="By default the order's.")] = None


class OrderBody(Look):
    """A mockup of a stored design."""

    design_id: Name
    product_id: Name
    preset: Annotated[Name | None, Field(description="Or placements.")] = None
    placements: Annotated[
        list[PlaceBody] | None,
        Field(max_length=MOST, description="Instead of a preset; later ones lie on top."),
    ] = None
    variant_id: Name | None = None
    template_id: Name | None = None
    fabric_color: str | None = None
    metadata: dict[str, Any] = {}

    def options(self) -> dict[str, JsonValue]:
        """With the places."""
        if self.placements is None:
            return super().options()
        return {
            **super().options(),
            PLACEMENTS: [each.model_dump(exclude_none=True) for each in self.placements],
        }

    def order(self, priority: int) -> Order:
        """For the batches."""
        return Order(
            design_id=self.design_id,
            product_id=self.product_id,
            preset=self.preset,
            variant_id=self.variant_id,
            template_id=self.template_id,
            options=self.options(),
            metadata=self.metadata,
            priority=priority,
        )


class MockupBody(OrderBody):
    """A single mockup, of a stored design or of one at an address."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "design_id": "dsgn_01K9ZQ4T7W3M5N8P2R6S0V1X4Y",
                    "product_id": "prod_1",
                    "preset": "chest-medium",
                    "fabric_color": "navy",
                }
            ]
        },
    )

    design_id: Name | None = None  # type: ignore[assignment]  # or design_url
    design_url: Annotated[str | None, Field(max_length=2048, description="Instead of design_id.")] = None
    priority: Priority = 0


class MatrixBody(Look):
    """Each combination is an order."""

    designs: Names
    products: Names
    presets: Names
    colors: Names = []
    templates: Names = []
    metadata: dict[str, Any] = {}

    def matrix(self, priority: int) -> Matrix:
        """For the batches."""
        return Matrix(
            designs=self.designs,
            products=self.products,
            presets=self.presets,
            colours=self.colors,
            templates=self.templates,
            options=self.options(),
            metadata=self.metadata,
            priority=priority,
        )


class BatchBody(Strict):
    """Many orders: a matrix, a list, or both."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "Autumn",
                    "matrix": {
                        "designs": ["dsgn_01K9ZQ4T7W3M5N8P2R6S0V1X4Y"],
                        "products": ["prod_1", "prod_2"],
                        "presets": ["chest-medium"],
                        "colors": ["white", "navy"],
                    },
                }
            ]
        },
    )

    name: Name = ""
    matrix: MatrixBody | None = None
    orders: Annotated[list[OrderBody], Field(max_length=MAX_ORDERS)] = []
    apply_at_end: bool = False
    replace: Annotated[
        bool, Field(description="Other pictures that Tirage made go when these are shown.")
    ] = False
    priority: Priority = BATCH_PRIORITY
    metadata: dict[str, Any] = {}

    def batch(self) -> NewBatch:
        """For the batches.  BadInput INVALID_DATA: too many orders, or none."""
        orders = [each.order(self.priority) for each in self.orders]
        if self.matrix is not None:
            orders += orders_of(self.matrix.matrix(self.priority))
        return NewBatch(
            orders=orders,
            name=self.name,
            apply_at_end=self.apply_at_end,
            replace=self.replace,
            metadata=self.metadata,
        )
