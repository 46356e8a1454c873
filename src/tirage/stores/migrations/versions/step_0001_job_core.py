"""The job core's tables, and those of the built-in catalogue, templates and leases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TIME = sa.DateTime(timezone=True)
SEEN = sa.text("deleted_at IS NULL")
CLASS = (
    "error_class IN ('invalid_input', 'not_found', 'configuration', 'unavailable', 'timeout', 'worker_lost', "
    "'resource', 'cancelled', 'bug')"
)
TABLES = (
    "jobs", "attempts", "artifacts", "events", "products", "variants", "product_media", "templates",
    "worker_leases",
)  # fmt: skip


def upgrade() -> None:
    """From nothing."""
    _jobs()
    _attempts()
    _artifacts()
    _events()
    _products()
    _variants()
    _product_media()
    _templates()
    _worker_leases()


def downgrade() -> None:
    """To nothing."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("error_class", sa.Text(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("error_hint", sa.Text(), nullable=True),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("pipeline", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("product_id", sa.Text(), nullable=True),
        sa.Column("variant_id", sa.Text(), nullable=True),
        sa.Column("design_file_url", sa.Text(), nullable=True),
        sa.Column("preset", sa.Text(), nullable=True),
        sa.Column("template_id", sa.Text(), nullable=True),
        sa.Column("options", sa.JSON(), server_default="{}", nullable=False),
        sa.Column("metadata", sa.JSON(), server_default="{}", nullable=False),
        sa.Column("priority", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("max_attempts", sa.Integer(), server_default="3", nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("not_before", TIME, nullable=True),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("progress", sa.Integer(), server_default="0", nullable=False),
        sa.Column("progress_at_failure", sa.Integer(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("started_at", TIME, nullable=True),
        sa.Column("completed_at", TIME, nullable=True),
        sa.Column("deleted_at", TIME, nullable=True),
        *_job_checks(),
        sa.PrimaryKeyConstraint("id", name="jobs_pkey"),
    )
    _visible("jobs_created", "created_at", "id")
    _visible("jobs_due", "status", "priority", "created_at", "id")
    _visible("jobs_product", "product_id", "created_at", "id")
    _visible("jobs_product_status", "product_id", "status", "pipeline")
    _visible("jobs_status", "status", "created_at", "id")
    _visible("jobs_variant", "variant_id")


def _job_checks() -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint(
            "(pipeline = 'mockup' AND status IN ('pending', 'compositing', 'rendering', 'completed', "
            "'failed', 'cancelled'))",
            name="jobs_status",
        ),
        sa.CheckConstraint(
            "preset IN ('chest-small', 'chest-medium', 'chest-large', 'back-small', 'back-medium', "
            "'back-large', 'back-bottom-small', 'back-bottom-medium', 'back-bottom-large')",
            name="jobs_preset",
        ),
        sa.CheckConstraint(CLASS, name="jobs_error_class"),
        sa.CheckConstraint(
            "pipeline <> 'mockup' OR (product_id IS NOT NULL AND design_file_url IS NOT NULL "
            "AND preset IS NOT NULL)",
            name="jobs_mockup",
        ),
        sa.CheckConstraint(
            "status <> 'failed' OR (error_message IS NOT NULL AND trim(error_message) <> '')",
            name="jobs_failed",
        ),
        sa.CheckConstraint("progress BETWEEN 0 AND 100", name="jobs_progress"),
        sa.CheckConstraint("progress_at_failure BETWEEN 0 AND 100", name="jobs_progress_at_failure"),
        sa.CheckConstraint("priority BETWEEN 0 AND 9", name="jobs_priority"),
        sa.CheckConstraint("attempt >= 0", name="jobs_attempt"),
    ]


def _visible(name: str, *columns: str) -> None:
    op.create_index(name, "jobs", columns, sqlite_where=SEEN, postgresql_where=SEEN)


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("error_class", sa.Text(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("error_hint", sa.Text(), nullable=True),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("error_detail", sa.Text(), nullable=True),
        sa.CheckConstraint(CLASS, name="attempts_error_class"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="attempts_job_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "number", name="attempts_pkey"),
    )


def _artifacts() -> None:
    op.create_table(
        "artifacts",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("fps", sa.Double(), nullable=True),
        sa.Column("duration", sa.Double(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="artifacts_job_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "role", name="artifacts_pkey"),
    )


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="events_pkey"),
    )
    op.create_index("events_job", "events", ["job_id", "number"])


def _products() -> None:
    op.create_table(
        "products",
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("thumbnail", sa.Text(), nullable=True),
        sa.Column("metadata", sa.JSON(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name="products_pkey"),
    )


def _variants() -> None:
    op.create_table(
        "variants",
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("metadata", sa.JSON(), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name="variants_product_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="variants_pkey"),
    )
    op.create_index("variants_product_id", "variants", ["product_id"])


def _product_media() -> None:
    op.create_table(
        "product_media",
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("metadata", sa.JSON(), server_default="{}", nullable=False),
        sa.CheckConstraint("media_type IN ('image', 'video')", name="product_media_media_type"),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name="product_media_product_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="product_media_pkey"),
        sa.UniqueConstraint("job_id", "role", name="product_media_job_id_role_key"),
    )
    op.create_index("product_media_product", "product_media", ["product_id", "rank", "id"])


def _templates() -> None:
    op.create_table(
        "templates",
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("template_image", sa.Text(), nullable=True),
        sa.Column("model_file", sa.Text(), nullable=True),
        sa.Column("available_presets", sa.JSON(), nullable=False),
        sa.Column("thumbnail", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("metadata", sa.JSON(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name="templates_pkey"),
    )


def _worker_leases() -> None:
    op.create_table(
        "worker_leases",
        sa.Column("executor_id", sa.Text(), nullable=False),
        sa.Column("beat", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("executor_id", name="worker_leases_pkey"),
    )
