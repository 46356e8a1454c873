"""Mockups may lie where their order says, without a preset."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

NAME = "jobs_mockup"
WITH = (
    "pipeline <> 'mockup' OR (product_id IS NOT NULL AND design_file_url IS NOT NULL AND preset IS NOT NULL)"
)
WITHOUT = "pipeline <> 'mockup' OR (product_id IS NOT NULL AND design_file_url IS NOT NULL)"


def upgrade() -> None:
    """The preset may be missing."""
    _replace(WITH, WITHOUT)


def downgrade() -> None:
    """It may not; mockups without one are removed."""
    op.execute("DELETE FROM jobs WHERE pipeline = 'mockup' AND preset IS NULL")
    _replace(WITHOUT, WITH)


def _replace(old: str, new: str) -> None:
    bind = op.get_bind()
    if bind.dialect.name != "sqlite":
        op.drop_constraint(op.f(NAME), "jobs", type_="check")
        op.create_check_constraint(op.f(NAME), "jobs", new)
        return
    # as https://www.sqlite.org/lang_altertable.html says for constraints that change nothing on disk
    version = bind.scalar(sa.text("PRAGMA schema_version"))
    bind.execute(sa.text("PRAGMA writable_schema = ON"))
    bind.execute(
        sa.text(
            "UPDATE sqlite_schema SET sql = replace(sql, :old, :new) WHERE type = 'table' AND name = 'jobs'"
        ),
        {"old": old, "new": new},
    )
    bind.execute(sa.text(f"PRAGMA schema_version = {int(version or 0) + 1}"))
    bind.execute(sa.text("PRAGMA writable_schema = OFF"))
