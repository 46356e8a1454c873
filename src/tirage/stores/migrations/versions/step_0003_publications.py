"""What jobs have published, and the thumbnails that they replaced."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """A table."""
    op.create_table(
        "publications",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("thumbnail_before", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name="publications_product_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", name="publications_pkey"),
    )
    op.create_index("publications_product_id", "publications", ["product_id"])


def downgrade() -> None:
    """Without it."""
    op.drop_table("publications")
