"""What makes orders equal, so that pictures are made once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

READ = sa.text("order_key IS NOT NULL AND deleted_at IS NULL")
COLUMNS = ("order_key", "status", "created_at", "id")


def upgrade() -> None:
    """Of jobs that are there nobody knows."""
    op.add_column("jobs", sa.Column("order_key", sa.Text(), nullable=True))
    op.create_index("jobs_order", "jobs", COLUMNS, sqlite_where=READ, postgresql_where=READ)


def downgrade() -> None:
    """Equal orders are rendered again."""
    op.drop_index("jobs_order", "jobs")
    op.drop_column("jobs", "order_key")
