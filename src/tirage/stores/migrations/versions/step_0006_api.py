"""What the API adds to jobs: designs, keys, sessions, requests, batches, webhooks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0004"

TIME = sa.DateTime(timezone=True)
OPEN = sa.text("finished_at IS NULL")
TABLES = (
    "designs", "api_keys", "web_sessions", "requests", "batches", "batch_orders", "batch_changes",
    "webhook_endpoints", "webhook_deliveries",
)  # fmt: skip


def upgrade() -> None:
    """Tables, and jobs found by their design."""
    _designs()
    _access()
    _batches()
    _webhooks()
    op.create_index("jobs_design", "jobs", ["design_file_url"])


def downgrade() -> None:
    """Without them."""
    op.drop_index("jobs_design", "jobs")
    for table in reversed(TABLES):
        op.drop_table(table)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, TIME, nullable=nullable)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(), nullable=False)


def _designs() -> None:
    op.create_table(
        "designs",
        _text("id"),
        _text("key"),
        _text("sha256"),
        _text("kind"),
        _number("width"),
        _number("height"),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        _text("name"),
        _json("findings"),
        _text("source_url", nullable=True),
        _time("created_at"),
        sa.PrimaryKeyConstraint("id", name="designs_pkey"),
        sa.UniqueConstraint("sha256", name="designs_sha256_key"),
    )
    op.create_index("designs_created", "designs", ["created_at", "id"])


def _access() -> None:
    op.create_table(
        "api_keys",
        _text("id"),
        _text("name"),
        _text("digest"),
        _text("beginning"),
        _json("scopes"),
        _time("created_at"),
        _time("expires_at", nullable=True),
        _time("revoked_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="api_keys_pkey"),
        sa.UniqueConstraint("digest", name="api_keys_digest_key"),
    )
    op.create_table(
        "web_sessions",
        _text("digest"),
        _text("key_digest"),
        _text("csrf"),
        _time("expires_at"),
        sa.PrimaryKeyConstraint("digest", name="web_sessions_pkey"),
    )
    op.create_table(
        "requests",
        _text("owner"),
        _text("route"),
        _text("key"),
        _text("digest"),
        _time("created_at"),
        _number("status", nullable=True),
        _text("media_type", nullable=True),
        _text("body", nullable=True),
        sa.PrimaryKeyConstraint("owner", "route", "key", name="requests_pkey"),
    )
    op.create_index("requests_created", "requests", ["created_at"])


def _batches() -> None:
    op.create_table(
        "batches",
        _time("created_at"),
        _time("updated_at"),
        _text("id"),
        _text("name"),
        _number("total"),
        sa.Column("apply_at_end", sa.Boolean(), nullable=False),
        sa.Column("replace", sa.Boolean(), nullable=False),
        sa.Column("metadata", sa.JSON(), server_default="{}", nullable=False),
        _time("finished_at", nullable=True),
        _time("applied_at", nullable=True),
        _time("rolled_back_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="batches_pkey"),
    )
    op.create_index("batches_created", "batches", ["created_at", "id"])
    op.create_index("batches_open", "batches", ["id"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_table(
        "batch_orders",
        _text("batch_id"),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        _text("job_id"),
        _text("product_id"),
        _text("fingerprint"),
        sa.Column("reused", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name="batch_orders_batch_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("batch_id", "place", name="batch_orders_pkey"),
    )
    op.create_index("batch_orders_job", "batch_orders", ["job_id"])
    op.create_index("batch_orders_fingerprint", "batch_orders", ["fingerprint"])
    op.create_table(
        "batch_changes",
        _text("batch_id"),
        _text("product_id"),
        _json("before"),
        _json("after"),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name="batch_changes_batch_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("batch_id", "product_id", name="batch_changes_pkey"),
    )


def _webhooks() -> None:
    op.create_table(
        "webhook_endpoints",
        _time("created_at"),
        _time("updated_at"),
        _text("id"),
        _text("url"),
        _text("secret"),
        _json("events"),
        _text("description"),
        sa.Column("position", sa.BigInteger(), nullable=False),
        _text("disabled", nullable=True),
        sa.PrimaryKeyConstraint("id", name="webhook_endpoints_pkey"),
    )
    op.create_table(
        "webhook_deliveries",
        _text("id"),
        _text("endpoint_id"),
        _text("event"),
        _text("payload"),
        _text("outcome"),
        _number("attempts"),
        _time("next_at"),
        _number("last_status", nullable=True),
        _text("last_error", nullable=True),
        _time("created_at"),
        _time("ended_at", nullable=True),
        sa.CheckConstraint(
            "outcome IN ('waiting', 'delivered', 'failed')", name="webhook_deliveries_outcome"
        ),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["webhook_endpoints.id"],
            name="webhook_deliveries_endpoint_id_fkey",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="webhook_deliveries_pkey"),
    )
    op.create_index("webhook_deliveries_due", "webhook_deliveries", ["outcome", "next_at"])
    op.create_index("webhook_deliveries_endpoint", "webhook_deliveries", ["endpoint_id", "id"])
