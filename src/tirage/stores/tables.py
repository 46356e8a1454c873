"""The tables, and the only place that names their columns.  What a column may hold is checked by the database
too, with constraints made from the enums; migrations/ has the same by hand, and a test compares.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Named,
    Table,
    Text,
    TextClause,
    TypedColumns,
    TypeDecorator,
    UniqueConstraint,
    text,
)

from tirage.jobs.failure import FailureClass
from tirage.mockup.catalogue import Preset
from tirage.mockup.states import MOCKUP
from tirage.mockup.submission import QUEUE, REQUIRED
from tirage.pipelines import MACHINES

NAMES = {
    "ck": "%(table_name)s_%(constraint_name)s",
    "fk": "%(table_name)s_%(column_0_name)s_fkey",
    "ix": "%(table_name)s_%(column_0_N_name)s",
    "pk": "%(table_name)s_pkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
}
metadata = MetaData(naming_convention=NAMES)


class UtcTime(TypeDecorator[datetime]):
    """A moment in UTC.  SQLite knows no zones and gets the naive UTC time, whose text sorts by time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """ValueError for a time that knows no zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware again."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


def one_of(column: str, values: Iterable[str], name: str = "") -> CheckConstraint:
    """The column holds one of these, or NULL."""
    return CheckConstraint(f"{column} IN ({_quoted(values)})", name=name or column)


def _quoted(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _statuses() -> str:
    """Each pipeline's jobs have its statuses."""
    own = (
        f"(pipeline = '{each.pipeline}' AND status IN ({_quoted(each.statuses)}))"
        for each in MACHINES.values()
    )
    return " OR ".join(own)


VISIBLE = text("deleted_at IS NULL")
HELD = text("worker IS NOT NULL")
UNTIDY = text("untidy AND deleted_at IS NULL")
READ = text("order_key IS NOT NULL AND deleted_at IS NULL")


def index_where(name: str, where: TextClause, *columns: str) -> Index:
    """An index of some of the jobs."""
    return Index(name, *columns, sqlite_where=where, postgresql_where=where)


def visible_index(name: str, *columns: str) -> Index:
    """An index of the jobs that are not deleted."""
    return index_where(name, VISIBLE, *columns)


class FailureColumns(TypedColumns):
    """A failure, but for its detail."""

    error_class: Named[str | None] = Column(Text)
    error_code: Named[str | None] = Column(Text)
    error_message: Named[str | None] = Column(Text)
    error_hint: Named[str | None] = Column(Text)


class JobColumns(FailureColumns):
    """The fields of `Job`.  What only mockups have is NULL in other pipelines' jobs."""

    id: Named[str] = Column(Text, primary_key=True)
    pipeline: Named[str] = Column(Text)
    status: Named[str] = Column(Text, server_default=MOCKUP.initial)
    product_id: Named[str | None] = Column(Text)
    variant_id: Named[str | None] = Column(Text)
    design_file_url: Named[str | None] = Column(Text)
    preset: Named[str | None] = Column(Text)
    template_id: Named[str | None] = Column(Text)
    options: Named[Mapping[str, Any]] = Column(JSON, nullable=False, server_default="{}")
    metadata: Named[Mapping[str, Any]] = Column(JSON, nullable=False, server_default="{}")
    priority: Named[int] = Column(Integer, server_default="0")
    attempt: Named[int] = Column(Integer, server_default="0")
    max_attempts: Named[int] = Column(Integer, server_default="3")
    worker: Named[str | None] = Column(Text)
    not_before: Named[datetime | None] = Column(UtcTime)
    step: Named[str | None] = Column(Text)
    progress: Named[int] = Column(Integer, server_default="0")
    progress_at_failure: Named[int | None] = Column(Integer)
    created_at: Named[datetime] = Column(UtcTime)
    updated_at: Named[datetime] = Column(UtcTime)
    started_at: Named[datetime | None] = Column(UtcTime)
    completed_at: Named[datetime | None] = Column(UtcTime)
    deleted_at: Named[datetime | None] = Column(UtcTime)
    queue: Named[str] = Column(Text, server_default=QUEUE)
    untidy: Named[bool] = Column(Boolean, server_default=text("false"))
    order_key: Named[str | None] = Column(Text)


jobs = Table(
    "jobs",
    metadata,
    JobColumns,
    CheckConstraint(_statuses(), name="status"),
    one_of("preset", Preset),
    one_of("error_class", FailureClass),
    CheckConstraint(
        "pipeline <> 'mockup' OR (" + " AND ".join(f"{name} IS NOT NULL" for name in REQUIRED) + ")",
        name="mockup",
    ),
    CheckConstraint(
        "status <> 'failed' OR (error_message IS NOT NULL AND trim(error_message) <> '')", name="failed"
    ),
    CheckConstraint("progress BETWEEN 0 AND 100", name="progress"),
    CheckConstraint("progress_at_failure BETWEEN 0 AND 100", name="progress_at_failure"),
    CheckConstraint("priority BETWEEN 0 AND 9", name="priority"),
    CheckConstraint("attempt >= 0", name="attempt"),
    visible_index("jobs_product", "product_id", "created_at", "id"),
    visible_index("jobs_product_status", "product_id", "status", "pipeline"),
    visible_index("jobs_variant", "variant_id"),
    visible_index("jobs_status", "status", "created_at", "id"),
    visible_index("jobs_due", "queue", "status", "priority", "created_at", "id"),
    visible_index("jobs_created", "created_at", "id"),
    Index("jobs_design", "design_file_url"),
    index_where("jobs_held", HELD, "worker"),
    index_where("jobs_untidy", UNTIDY, "status", "updated_at"),
    index_where("jobs_order", READ, "order_key", "status", "created_at", "id"),
)


class AttemptColumns(FailureColumns):
    """The fields of `Attempt`."""

    job_id: Named[str] = Column(Text, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    number: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    worker: Named[str] = Column(Text)
    started_at: Named[datetime] = Column(UtcTime)
    ended_at: Named[datetime | None] = Column(UtcTime)
    error_detail: Named[str | None] = Column(Text)


attempts = Table("attempts", metadata, AttemptColumns, one_of("error_class", FailureClass))


class StepColumns(TypedColumns):
    """The fields of `RecordedStep`."""

    job_id: Named[str] = Column(Text, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    name: Named[str] = Column(Text, primary_key=True)
    attempt: Named[int] = Column(Integer)
    started_at: Named[datetime] = Column(UtcTime)
    ended_at: Named[datetime | None] = Column(UtcTime)
    value: Named[Mapping[str, Any] | None] = Column(JSON(none_as_null=True))


steps = Table("steps", metadata, StepColumns)


class ArtifactColumns(TypedColumns):
    """The fields of `Artifact`, one row for each role of a job."""

    job_id: Named[str] = Column(Text, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    role: Named[str] = Column(Text, primary_key=True)
    key: Named[str] = Column(Text)
    rank: Named[int | None] = Column(Integer)
    media_type: Named[str | None] = Column(Text)
    width: Named[int | None] = Column(Integer)
    height: Named[int | None] = Column(Integer)
    fps: Named[float | None] = Column(Double)
    duration: Named[float | None] = Column(Double)
    bytes: Named[int | None] = Column(BigInteger)
    sha256: Named[str | None] = Column(Text)


artifacts = Table("artifacts", metadata, ArtifactColumns)


class EventColumns(TypedColumns):
    """The fields of `Event`.  No foreign key: what happened stays known when the job is purged."""

    number: Named[int] = Column(BigInteger, primary_key=True, autoincrement=False)
    job_id: Named[str] = Column(Text)
    name: Named[str] = Column(Text)
    at: Named[datetime] = Column(UtcTime)
    status: Named[str] = Column(Text)
    attempt: Named[int] = Column(Integer)
    progress: Named[int] = Column(Integer)
    data: Named[Mapping[str, Any]] = Column(JSON, nullable=False)


events = Table("events", metadata, EventColumns, Index("events_job", "job_id", "number"))


class TimeColumns(TypedColumns):
    """When a row was made and last changed."""

    created_at: Named[datetime] = Column(UtcTime)
    updated_at: Named[datetime] = Column(UtcTime)


class ProductColumns(TimeColumns):
    """A product of the built-in catalogue; `thumbnail` is one of its media's keys."""

    id: Named[str] = Column(Text, primary_key=True)
    title: Named[str] = Column(Text)
    thumbnail: Named[str | None] = Column(Text)
    metadata: Named[Mapping[str, Any]] = Column(JSON, nullable=False, server_default="{}")


products = Table("products", metadata, ProductColumns)


class VariantColumns(TimeColumns):
    """A product's variant."""

    id: Named[str] = Column(Text, primary_key=True)
    product_id: Named[str] = Column(Text, ForeignKey("products.id", ondelete="CASCADE"), index=True)
    title: Named[str] = Column(Text)
    metadata: Named[Mapping[str, Any]] = Column(JSON, nullable=False, server_default="{}")


variants = Table("variants", metadata, VariantColumns)


class MediaColumns(TimeColumns):
    """A picture or video of a product, by rank; one for each job and role, however often it is published."""

    id: Named[str] = Column(Text, primary_key=True)
    product_id: Named[str] = Column(Text, ForeignKey("products.id", ondelete="CASCADE"))
    key: Named[str] = Column(Text)
    media_type: Named[str] = Column(Text)
    rank: Named[int] = Column(Integer)
    job_id: Named[str | None] = Column(Text)
    role: Named[str | None] = Column(Text)
    metadata: Named[Mapping[str, Any]] = Column(JSON, nullable=False, server_default="{}")


product_media = Table(
    "product_media",
    metadata,
    MediaColumns,
    one_of("media_type", ("image", "video")),
    UniqueConstraint("job_id", "role"),
    Index("product_media_product", "product_id", "rank", "id"),
)


class PublicationColumns(TypedColumns):
    """That a job's media are shown, and the thumbnail that was there before."""

    job_id: Named[str] = Column(Text, primary_key=True)
    product_id: Named[str] = Column(Text, ForeignKey("products.id", ondelete="CASCADE"), index=True)
    thumbnail_before: Named[str | None] = Column(Text)
    created_at: Named[datetime] = Column(UtcTime)


publications = Table("publications", metadata, PublicationColumns)


class TemplateColumns(TimeColumns):
    """A template that can be ordered (R195)."""

    id: Named[str] = Column(Text, primary_key=True)
    name: Named[str] = Column(Text)
    template_image: Named[str | None] = Column(Text)
    model_file: Named[str | None] = Column(Text)
    available_presets: Named[list[str]] = Column(JSON, nullable=False)
    thumbnail: Named[str | None] = Column(Text)
    is_active: Named[bool] = Column(Boolean, server_default=text("true"))
    metadata: Named[Mapping[str, Any]] = Column(JSON, nullable=False, server_default="{}")


templates = Table("templates", metadata, TemplateColumns)


class LeaseColumns(TypedColumns):
    """Who is alive: `beat` rises while the worker lives, and observers look only at whether it does."""

    executor_id: Named[str] = Column(Text, primary_key=True)
    beat: Named[int] = Column(BigInteger)


worker_leases = Table("worker_leases", metadata, LeaseColumns)


class QueueColumns(TypedColumns):
    """A queue that was paused or resumed once; all others run."""

    name: Named[str] = Column(Text, primary_key=True)
    paused: Named[bool] = Column(Boolean)


queues = Table("queues", metadata, QueueColumns)


class ScheduleColumns(TypedColumns):
    """When something that runs by the clock was begun last."""

    name: Named[str] = Column(Text, primary_key=True)
    last_at: Named[datetime] = Column(UtcTime)


schedules = Table("schedules", metadata, ScheduleColumns)
