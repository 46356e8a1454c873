"""Connected shops, the products they sell, and what they know of our media."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

UTC = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Three new tables."""
    op.create_table(
        "shops",
        sa.Column("created_at", UTC, nullable=False),
        sa.Column("updated_at", UTC, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("copies", sa.Boolean(), nullable=False),
        sa.Column("colour_option", sa.Text(), nullable=False),
        sa.Column("checked_at", UTC, nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("shops_pkey")),
    )
    op.create_table(
        "shop_links",
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("pushed", sa.Integer(), nullable=False),
        sa.Column("check_at", UTC, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", UTC, nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("remembers", sa.Boolean(), nullable=False),
        sa.Column("thumbnail_before", sa.Text(), nullable=True),
        sa.Column("thumbnail_key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("shop_links_product_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["shop"], ["shops.name"], name=op.f("shop_links_shop_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("product_id", name=op.f("shop_links_pkey")),
        sa.UniqueConstraint("shop", "external_id", name=op.f("shop_links_shop_external_id_key")),
    )
    for name, column, where in (
        ("shop_links_waiting", "not_before", "revision <> pushed"),
        ("shop_links_checks", "check_at", "check_at IS NOT NULL"),
    ):
        some = sa.text(where)
        op.create_index(name, "shop_links", [column], sqlite_where=some, postgresql_where=some)
    op.create_table(
        "shop_media",
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Text(), nullable=True),
        sa.Column("image_id", sa.Text(), nullable=True),
        sa.Column("anchor", sa.Text(), nullable=True),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("discard", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["shop_links.product_id"],
            name=op.f("shop_media_product_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("product_id", "key", name=op.f("shop_media_pkey")),
    )


def downgrade() -> None:
    """Without them; the shops keep what they show."""
    for name in ("shop_media", "shop_links", "shops"):
        op.drop_table(name)
