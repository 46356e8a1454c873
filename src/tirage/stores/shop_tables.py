"""The tables of connected shops: the shops, which products they sell, what they know of our media."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Named, Table, Text, TypedColumns, text
from sqlalchemy import UniqueConstraint as Unique

from tirage.stores.tables import TimeColumns, UtcTime, metadata

WAITS = text("revision <> pushed")
CHECKS = text("check_at IS NOT NULL")


class ShopColumns(TimeColumns):
    """The fields of `Shop`."""

    name: Named[str] = Column(Text, primary_key=True)
    kind: Named[str] = Column(Text)
    url: Named[str] = Column(Text)
    secret: Named[str] = Column(Text)
    copies: Named[bool] = Column(Boolean)
    colour_option: Named[str] = Column(Text)
    checked_at: Named[datetime | None] = Column(UtcTime)
    problem: Named[str | None] = Column(Text)


shops = Table("shops", metadata, ShopColumns)


class LinkColumns(TypedColumns):
    """The fields of `Link`."""

    product_id: Named[str] = Column(Text, ForeignKey("products.id", ondelete="CASCADE"), primary_key=True)
    shop: Named[str] = Column(Text, ForeignKey("shops.name", ondelete="CASCADE"))
    external_id: Named[str] = Column(Text)
    revision: Named[int] = Column(Integer)
    pushed: Named[int] = Column(Integer)
    check_at: Named[datetime | None] = Column(UtcTime)
    attempts: Named[int] = Column(Integer)
    not_before: Named[datetime | None] = Column(UtcTime)
    problem: Named[str | None] = Column(Text)
    remembers: Named[bool] = Column(Boolean)
    thumbnail_before: Named[str | None] = Column(Text)
    thumbnail_key: Named[str | None] = Column(Text)


shop_links = Table(
    "shop_links",
    metadata,
    LinkColumns,
    Unique("shop", "external_id"),
    Index("shop_links_waiting", "not_before", sqlite_where=WAITS, postgresql_where=WAITS),
    Index("shop_links_checks", "check_at", sqlite_where=CHECKS, postgresql_where=CHECKS),
)


class PostedColumns(TypedColumns):
    """The fields of `Posted`."""

    product_id: Named[str] = Column(
        Text, ForeignKey("shop_links.product_id", ondelete="CASCADE"), primary_key=True
    )
    key: Named[str] = Column(Text, primary_key=True)
    job_id: Named[str | None] = Column(Text)
    url: Named[str] = Column(Text)
    file_id: Named[str | None] = Column(Text)
    image_id: Named[str | None] = Column(Text)
    anchor: Named[str | None] = Column(Text)
    settled: Named[bool] = Column(Boolean)
    discard: Named[bool] = Column(Boolean)


shop_media = Table("shop_media", metadata, PostedColumns)
