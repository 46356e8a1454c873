"""Videos: sessions, their recorders and revisions, and jobs of two more pipelines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

NAME = "jobs_status"
MOCKUP = (
    "(pipeline = 'mockup' AND status IN ('pending', 'compositing', 'rendering', 'completed', 'failed', "
    "'cancelled'))"
)
STATUSES = "('queued', 'processing', 'completed', 'failed', 'cancelled')"
ALL = (
    f"{MOCKUP} OR (pipeline = 'video' AND status IN {STATUSES}) "
    f"OR (pipeline = 'ingest' AND status IN {STATUSES})"
)
TIME = sa.DateTime(timezone=True)
CURRENT = sa.text("is_current")


def upgrade() -> None:
    """Tables, and statuses."""
    _replace(MOCKUP, ALL)
    _sessions()
    _edls()
    op.create_table(
        "video_jobs",
        _text("job_id"),
        _text("recording_session_id"),
        _text("edl_id"),
        _text("lock"),
        _text("format"),
        sa.CheckConstraint(
            "format IN ('full_16_9', 'short_9_16', 'clip_1_1', 'thumbnail')", name="video_jobs_format"
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="video_jobs_job_id_fkey", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["recording_session_id"], ["recording_sessions.id"], name="video_jobs_recording_session_id_fkey"
        ),
        sa.ForeignKeyConstraint(["edl_id"], ["edls.id"], name="video_jobs_edl_id_fkey"),
        sa.PrimaryKeyConstraint("job_id", name="video_jobs_pkey"),
    )
    op.create_index("video_jobs_session", "video_jobs", ["recording_session_id", "job_id"])
    op.create_index("video_jobs_edl", "video_jobs", ["edl_id"])


def downgrade() -> None:
    """Without them; jobs of videos are removed."""
    op.execute("DELETE FROM jobs WHERE pipeline IN ('video', 'ingest')")
    for table in ("video_jobs", "edls", "assets", "recording_sessions"):
        op.drop_table(table)
    _replace(ALL, MOCKUP)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, TIME, nullable=nullable)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(), nullable=False)


def _sessions() -> None:
    op.create_table(
        "recording_sessions",
        _time("created_at"),
        _time("updated_at"),
        _text("id"),
        _text("name"),
        _text("rate"),
        _text("master"),
        sa.Column("metadata", sa.JSON(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name="recording_sessions_pkey"),
    )
    op.create_index("recording_sessions_created", "recording_sessions", ["created_at", "id"])
    op.create_table(
        "assets",
        _time("created_at"),
        _time("updated_at"),
        _text("id"),
        _text("recording_session_id"),
        _text("camera"),
        _number("place"),
        _text("sync_offset"),
        _text("sync_drift"),
        _number("start", nullable=True),
        _json("focus"),
        _text("lut_key"),
        _text("lut_sha256"),
        _json("files"),
        _text("content_sha256", nullable=True),
        _text("ingest_job_id", nullable=True),
        _of_session("assets"),
        sa.PrimaryKeyConstraint("id", name="assets_pkey"),
        sa.UniqueConstraint("recording_session_id", "camera", name="assets_recording_session_id_camera_key"),
    )


def _edls() -> None:
    op.create_table(
        "edls",
        _text("id"),
        _text("recording_session_id"),
        _number("number"),
        _text("name"),
        _json("content"),
        _json("findings"),
        _text("lock", nullable=True),
        sa.Column("is_current", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _time("created_at"),
        _text("created_by", nullable=True),
        _time("locked_at", nullable=True),
        _text("locked_by", nullable=True),
        sa.CheckConstraint("NOT is_current OR lock IS NOT NULL", name="edls_current"),
        _of_session("edls"),
        sa.PrimaryKeyConstraint("id", name="edls_pkey"),
        sa.UniqueConstraint("recording_session_id", "number", name="edls_recording_session_id_number_key"),
    )
    op.create_index(
        "edls_current",
        "edls",
        ["recording_session_id"],
        unique=True,
        sqlite_where=CURRENT,
        postgresql_where=CURRENT,
    )


def _of_session(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["recording_session_id"],
        ["recording_sessions.id"],
        name=f"{table}_recording_session_id_fkey",
        ondelete="CASCADE",
    )


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
