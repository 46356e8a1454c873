"""The tables of recording sessions: recorders, revisions of edits, and what each video's job renders."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
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
from tirage.video.timeline import Format


class RecordingSessionColumns(TimeColumns):
    """The fields of `StoredSession`."""

    id: Named[str] = Column(Text, primary_key=True)
    name: Named[str] = Column(Text)
    rate: Named[str] = Column(Text)
    master: Named[str] = Column(Text)
    metadata: Named[Mapping[str, Any]] = Column(JSON, nullable=False, server_default="{}")


recording_sessions = Table(
    "recording_sessions",
    metadata,
    RecordingSessionColumns,
    Index("recording_sessions_created", "created_at", "id"),
)


class AssetColumns(TimeColumns):
    """The fields of `StoredAsset`; its sync map exactly, as `a/b`."""

    id: Named[str] = Column(Text, primary_key=True)
    recording_session_id: Named[str] = Column(Text, ForeignKey("recording_sessions.id", ondelete="CASCADE"))
    camera: Named[str] = Column(Text)
    place: Named[int] = Column(Integer)
    sync_offset: Named[str] = Column(Text)
    sync_drift: Named[str] = Column(Text)
    start: Named[int | None] = Column(Integer)
    focus: Named[list[Any]] = Column(JSON, nullable=False)
    lut_key: Named[str] = Column(Text)
    lut_sha256: Named[str] = Column(Text)
    files: Named[list[Mapping[str, Any]]] = Column(JSON, nullable=False)
    content_sha256: Named[str | None] = Column(Text)
    ingest_job_id: Named[str | None] = Column(Text)


assets = Table(
    "assets",
    metadata,
    AssetColumns,
    UniqueConstraint("recording_session_id", "camera"),
)


class EdlColumns(TypedColumns):
    """The fields of `StoredEdl`."""

    id: Named[str] = Column(Text, primary_key=True)
    recording_session_id: Named[str] = Column(Text, ForeignKey("recording_sessions.id", ondelete="CASCADE"))
    number: Named[int] = Column(Integer)
    name: Named[str] = Column(Text)
    content: Named[Mapping[str, Any]] = Column(JSON, nullable=False)
    findings: Named[list[Mapping[str, Any]]] = Column(JSON, nullable=False)
    lock: Named[str | None] = Column(Text)
    is_current: Named[bool] = Column(Boolean, server_default=text("false"))
    created_at: Named[datetime] = Column(UtcTime)
    created_by: Named[str | None] = Column(Text)
    locked_at: Named[datetime | None] = Column(UtcTime)
    locked_by: Named[str | None] = Column(Text)


CURRENT = text("is_current")
edls = Table(
    "edls",
    metadata,
    EdlColumns,
    CheckConstraint("NOT is_current OR lock IS NOT NULL", name="current"),
    UniqueConstraint("recording_session_id", "number"),
    Index(
        "edls_current",
        "recording_session_id",
        unique=True,
        sqlite_where=CURRENT,
        postgresql_where=CURRENT,
    ),
)


class VideoJobColumns(TypedColumns):
    """The fields of `VideoLink`."""

    job_id: Named[str] = Column(Text, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    recording_session_id: Named[str] = Column(Text, ForeignKey("recording_sessions.id"))
    edl_id: Named[str] = Column(Text, ForeignKey("edls.id"))
    lock: Named[str] = Column(Text)
    format: Named[str] = Column(Text)


video_jobs = Table(
    "video_jobs",
    metadata,
    VideoJobColumns,
    one_of("format", Format),
    Index("video_jobs_session", "recording_session_id", "job_id"),
    Index("video_jobs_edl", "edl_id"),
)
