"""The tables of what the API adds to jobs: designs, keys, sessions, requests, batches, webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Named,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    text,
)

from tirage.stores.tables import TimeColumns, UtcTime, metadata, one_of
from tirage.webhooks.model import Outcome


class DesignColumns(TypedColumns):
    """The fields of `StoredDesign`."""

    id: Named[str] = Column(Text, primary_key=True)
    key: Named[str] = Column(Text)
    sha256: Named[str] = Column(Text)
    kind: Named[str] = Column(Text)
    width: Named[int] = Column(Integer)
    height: Named[int] = Column(Integer)
    bytes: Named[int] = Column(BigInteger)
    name: Named[str] = Column(Text)
    findings: Named[list[Mapping[str, Any]]] = Column(JSON, nullable=False)
    source_url: Named[str | None] = Column(Text)
    created_at: Named[datetime] = Column(UtcTime)


designs = Table(
    "designs",
    metadata,
    DesignColumns,
    UniqueConstraint("sha256"),
    Index("designs_created", "created_at", "id"),
)


class KeyColumns(TypedColumns):
    """The fields of `ApiKey`, and the digest of its secret."""

    id: Named[str] = Column(Text, primary_key=True)
    name: Named[str] = Column(Text)
    digest: Named[str] = Column(Text)
    beginning: Named[str] = Column(Text)
    scopes: Named[list[str]] = Column(JSON, nullable=False)
    created_at: Named[datetime] = Column(UtcTime)
    expires_at: Named[datetime | None] = Column(UtcTime)
    revoked_at: Named[datetime | None] = Column(UtcTime)


api_keys = Table("api_keys", metadata, KeyColumns, UniqueConstraint("digest"))


class SessionColumns(TypedColumns):
    """The fields of `WebSession`."""

    digest: Named[str] = Column(Text, primary_key=True)
    key_digest: Named[str] = Column(Text)
    csrf: Named[str] = Column(Text)
    expires_at: Named[datetime] = Column(UtcTime)


web_sessions = Table("web_sessions", metadata, SessionColumns)


class RequestColumns(TypedColumns):
    """The fields of `Claimed`: a request with an Idempotency-Key, and its answer once there is one."""

    owner: Named[str] = Column(Text, primary_key=True)
    route: Named[str] = Column(Text, primary_key=True)
    key: Named[str] = Column(Text, primary_key=True)
    digest: Named[str] = Column(Text)
    created_at: Named[datetime] = Column(UtcTime)
    status: Named[int | None] = Column(Integer)
    media_type: Named[str | None] = Column(Text)
    body: Named[str | None] = Column(Text)


requests = Table("requests", metadata, RequestColumns, Index("requests_created", "created_at"))


class BatchColumns(TimeColumns):
    """The fields of `Batch`."""

    id: Named[str] = Column(Text, primary_key=True)
    name: Named[str] = Column(Text)
    total: Named[int] = Column(Integer)
    apply_at_end: Named[bool] = Column(Boolean)
    replace: Named[bool] = Column(Boolean)
    metadata: Named[Mapping[str, Any]] = Column(JSON, nullable=False, server_default="{}")
    finished_at: Named[datetime | None] = Column(UtcTime)
    applied_at: Named[datetime | None] = Column(UtcTime)
    rolled_back_at: Named[datetime | None] = Column(UtcTime)


OPEN = text("finished_at IS NULL")
batches = Table(
    "batches",
    metadata,
    BatchColumns,
    Index("batches_created", "created_at", "id"),
    Index("batches_open", "id", sqlite_where=OPEN, postgresql_where=OPEN),
)


class BatchOrderColumns(TypedColumns):
    """The fields of `BatchOrder`: one cell of a batch, and the job that makes or made it."""

    batch_id: Named[str] = Column(Text, ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True)
    place: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    job_id: Named[str] = Column(Text)
    product_id: Named[str] = Column(Text)
    fingerprint: Named[str] = Column(Text)
    reused: Named[bool] = Column(Boolean, server_default=text("false"))


batch_orders = Table(
    "batch_orders",
    metadata,
    BatchOrderColumns,
    Index("batch_orders_job", "job_id"),
    Index("batch_orders_fingerprint", "fingerprint"),
)


class BatchChangeColumns(TypedColumns):
    """The fields of `BatchChange`: a product's media before and after a batch was applied."""

    batch_id: Named[str] = Column(Text, ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True)
    product_id: Named[str] = Column(Text, primary_key=True)
    before: Named[Mapping[str, Any]] = Column(JSON, nullable=False)
    after: Named[Mapping[str, Any]] = Column(JSON, nullable=False)


batch_changes = Table("batch_changes", metadata, BatchChangeColumns)


class EndpointColumns(TimeColumns):
    """The fields of `Endpoint`."""

    id: Named[str] = Column(Text, primary_key=True)
    url: Named[str] = Column(Text)
    secret: Named[str] = Column(Text)
    events: Named[list[str]] = Column(JSON, nullable=False)
    description: Named[str] = Column(Text)
    position: Named[int] = Column(BigInteger)
    disabled: Named[str | None] = Column(Text)


webhook_endpoints = Table("webhook_endpoints", metadata, EndpointColumns)


class DeliveryColumns(TypedColumns):
    """The fields of `Delivery`."""

    id: Named[str] = Column(Text, primary_key=True)
    endpoint_id: Named[str] = Column(Text, ForeignKey("webhook_endpoints.id", ondelete="CASCADE"))
    event: Named[str] = Column(Text)
    payload: Named[str] = Column(Text)
    outcome: Named[str] = Column(Text)
    attempts: Named[int] = Column(Integer)
    next_at: Named[datetime] = Column(UtcTime)
    last_status: Named[int | None] = Column(Integer)
    last_error: Named[str | None] = Column(Text)
    created_at: Named[datetime] = Column(UtcTime)
    ended_at: Named[datetime | None] = Column(UtcTime)


webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    DeliveryColumns,
    one_of("outcome", Outcome),
    Index("webhook_deliveries_due", "outcome", "next_at"),
    Index("webhook_deliveries_endpoint", "endpoint_id", "id"),
)
