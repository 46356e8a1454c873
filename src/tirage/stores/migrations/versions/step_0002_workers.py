"""What workers need: queues, recorded steps, turns of schedules, and what is left to tidy up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TIME = sa.DateTime(timezone=True)
SEEN = sa.text("deleted_at IS NULL")
HELD = sa.text("worker IS NOT NULL")
UNTIDY = sa.text("untidy AND deleted_at IS NULL")
DUE = ("status", "priority", "created_at", "id")


def upgrade() -> None:
    """Jobs that are there are of the queue of mockups."""
    op.add_column("jobs", sa.Column("queue", sa.Text(), server_default="mockup", nullable=False))
    op.add_column("jobs", sa.Column("untidy", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.drop_index("jobs_due", "jobs")
    _index("jobs_due", SEEN, "queue", *DUE)
    _index("jobs_held", HELD, "worker")
    _index("jobs_untidy", UNTIDY, "status", "updated_at")
    _steps()
    op.create_table(
        "queues",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="queues_pkey"),
    )
    op.create_table(
        "schedules",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("last_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("name", name="schedules_pkey"),
    )


def downgrade() -> None:
    """All jobs are one queue again."""
    for table in ("schedules", "queues", "steps"):
        op.drop_table(table)
    for index in ("jobs_untidy", "jobs_held", "jobs_due"):
        op.drop_index(index, "jobs")
    _index("jobs_due", SEEN, *DUE)
    op.drop_column("jobs", "untidy")
    op.drop_column("jobs", "queue")


def _index(name: str, where: sa.TextClause, *columns: str) -> None:
    op.create_index(name, "jobs", columns, sqlite_where=where, postgresql_where=where)


def _steps() -> None:
    op.create_table(
        "steps",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("value", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="steps_job_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "name", name="steps_pkey"),
    )
