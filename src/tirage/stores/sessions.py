"""Recording sessions in one transaction: their rows, in SQL that SQLite and PostgreSQL both know."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, delete, func, insert, literal, select, update

from tirage.errors import Finding, Severity
from tirage.jobs.model import Job, Page
from tirage.sessions.model import (
    StoredAsset,
    StoredDelivery,
    StoredEdl,
    StoredFile,
    StoredSession,
    VideoLink,
)
from tirage.stores.conditions import paged
from tirage.stores.tables import jobs
from tirage.stores.video_tables import assets, edls, recording_sessions, video_jobs
from tirage.video.timeline import Format

ID_CHUNK = 500
SESSION = tuple(field.name for field in fields(StoredSession))
EDL = tuple(field.name for field in fields(StoredEdl) if field.name not in {"session_id", "findings"})
Jobs = Callable[[Select[*tuple[object, ...]]], list[Job]]


class SqlSessions:
    """The questions and changes of one transaction; `writing` locks sessions and assets that are read."""

    def __init__(self, connection: Connection, *, writing: bool, read_jobs: Jobs) -> None:
        self._connection = connection
        self._writing = writing
        self._read_jobs = read_jobs

    def find(self, session_id: str) -> StoredSession | None:
        """The session of that id."""
        query = self._locked(select(recording_sessions).where(recording_sessions.c.id == session_id))
        row = self._connection.execute(query).mappings().first()
        return _session_of(row) if row else None

    def page(self, page: Page) -> list[StoredSession]:
        """By age."""
        table = recording_sessions
        query = paged(select(table), page, table.c.created_at, table.c.id)
        return [_session_of(row) for row in self._connection.execute(query).mappings()]

    def count(self) -> int:
        """How many there are."""
        return self._connection.execute(select(func.count()).select_from(recording_sessions)).scalar_one()

    def put(self, session: StoredSession) -> None:
        """Changed, or new."""
        values = {name: getattr(session, name) for name in SESSION}
        changed = update(recording_sessions).where(recording_sessions.c.id == session.id).values(values)
        if self._connection.execute(changed).rowcount == 0:
            self._connection.execute(insert(recording_sessions).values(values))

    def delete(self, session_id: str) -> None:
        """What belongs to it goes with it."""
        self._connection.execute(delete(recording_sessions).where(recording_sessions.c.id == session_id))

    def assets(self, session_id: str) -> list[StoredAsset]:
        """In their order."""
        query = select(assets).where(assets.c.recording_session_id == session_id)
        ordered = query.order_by(assets.c.place, assets.c.id)
        return [_asset_of(row) for row in self._connection.execute(ordered).mappings()]

    def asset(self, asset_id: str) -> StoredAsset | None:
        """The asset of that id."""
        query = self._locked(select(assets).where(assets.c.id == asset_id))
        row = self._connection.execute(query).mappings().first()
        return _asset_of(row) if row else None

    def known_assets(self, asset_ids: Sequence[str]) -> set[str]:
        """Which of these have a row."""
        return set(self._connection.execute(select(assets.c.id).where(assets.c.id.in_(asset_ids))).scalars())

    def put_asset(self, asset: StoredAsset) -> None:
        """Changed, or new."""
        values = _asset_values(asset)
        changed = update(assets).where(assets.c.id == asset.id).values(values)
        if self._connection.execute(changed).rowcount == 0:
            self._connection.execute(insert(assets).values(values))

    def delete_asset(self, asset_id: str) -> None:
        """Removes the row."""
        self._connection.execute(delete(assets).where(assets.c.id == asset_id))

    def edls(self, session_id: str) -> list[StoredEdl]:
        """The newest first."""
        query = select(edls).where(edls.c.recording_session_id == session_id).order_by(edls.c.number.desc())
        return [_edl_of(row) for row in self._connection.execute(query).mappings()]

    def current_edl(self, session_id: str) -> StoredEdl | None:
        """The locked one, or else the newest."""
        query = select(edls).where(edls.c.recording_session_id == session_id)
        ordered = query.order_by(edls.c.is_current.desc(), edls.c.number.desc()).limit(1)
        row = self._connection.execute(ordered).mappings().first()
        return _edl_of(row) if row else None

    def last_number(self, session_id: str) -> int:
        """Of the newest."""
        query = select(func.max(edls.c.number)).where(edls.c.recording_session_id == session_id)
        return self._connection.execute(query).scalar() or 0

    def edl(self, edl_id: str) -> StoredEdl | None:
        """The revision of that id."""
        row = self._connection.execute(select(edls).where(edls.c.id == edl_id)).mappings().first()
        return _edl_of(row) if row else None

    def add_edl(self, edl: StoredEdl) -> None:
        """A new row."""
        self._connection.execute(insert(edls).values(_edl_values(edl)))

    def lock_edl(self, edl: StoredEdl) -> None:
        """First no revision is the current one, then this one is."""
        same = edls.c.recording_session_id == edl.session_id
        self._connection.execute(update(edls).where(same, edls.c.is_current).values(is_current=False))
        locked = {name: getattr(edl, name) for name in ("lock", "is_current", "locked_at", "locked_by")}
        self._connection.execute(update(edls).where(edls.c.id == edl.id).values(locked))

    def delete_edl(self, edl_id: str) -> None:
        """Removes the row."""
        self._connection.execute(delete(edls).where(edls.c.id == edl_id))

    def link(self, links: Sequence[VideoLink]) -> None:
        """New rows."""
        if links:
            self._connection.execute(insert(video_jobs), [asdict(each) for each in links])

    def links(self, job_ids: Sequence[str]) -> Mapping[str, VideoLink]:
        """By job."""
        found: dict[str, VideoLink] = {}
        for start in range(0, len(job_ids), ID_CHUNK):
            these = video_jobs.c.job_id.in_(job_ids[start : start + ID_CHUNK])
            for row in self._connection.execute(select(video_jobs).where(these)).mappings():
                found[row["job_id"]] = VideoLink(**{**row, "format": Format(row["format"])})
        return found

    def jobs_of(self, session_id: str, *, edl_id: str | None = None) -> list[Job]:
        """The newest first."""
        query = select(jobs).join(video_jobs, video_jobs.c.job_id == jobs.c.id)
        query = query.where(video_jobs.c.recording_session_id == session_id, jobs.c.deleted_at.is_(None))
        if edl_id is not None:
            query = query.where(video_jobs.c.edl_id == edl_id)
        return self._read_jobs(query.order_by(jobs.c.created_at.desc(), jobs.c.id.desc()))

    def has_jobs(self, session_id: str, *, edl_id: str | None = None) -> bool:
        """Deleted ones too."""
        query = select(literal(1)).where(video_jobs.c.recording_session_id == session_id)
        if edl_id is not None:
            query = query.where(video_jobs.c.edl_id == edl_id)
        return self._connection.execute(query.limit(1)).first() is not None

    def _locked(self, query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
        return query.with_for_update() if self._writing else query


def _session_of(row: RowMapping) -> StoredSession:
    return StoredSession(**{name: row[name] for name in SESSION})


def _asset_values(asset: StoredAsset) -> dict[str, Any]:
    return {
        "id": asset.id,
        "recording_session_id": asset.session_id,
        "camera": asset.camera,
        "place": asset.place,
        "sync_offset": str(asset.offset),
        "sync_drift": str(asset.drift),
        "start": asset.start,
        "focus": [list(point) for point in asset.focus],
        "lut_key": asset.lut_key,
        "lut_sha256": asset.lut_sha256,
        "files": [asdict(file) for file in asset.files],
        "content_sha256": asset.content_sha256,
        "ingest_job_id": asset.ingest_job_id,
        "created_at": asset.created_at,
        "updated_at": asset.updated_at,
    }


def _asset_of(row: RowMapping) -> StoredAsset:
    return StoredAsset(
        id=row["id"],
        session_id=row["recording_session_id"],
        camera=row["camera"],
        place=row["place"],
        offset=Fraction(row["sync_offset"]),
        drift=Fraction(row["sync_drift"]),
        start=row["start"],
        focus=tuple((int(frame), float(x), float(y)) for frame, x, y in row["focus"]),
        lut_key=row["lut_key"],
        lut_sha256=row["lut_sha256"],
        files=tuple(_file_of(each) for each in row["files"]),
        ingest_job_id=row["ingest_job_id"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _file_of(value: Mapping[str, Any]) -> StoredFile:
    delivery = value["delivery"]
    return StoredFile(**{**value, "delivery": StoredDelivery(**delivery) if delivery else None})


def _edl_values(edl: StoredEdl) -> dict[str, Any]:
    values = {name: getattr(edl, name) for name in EDL}
    found = [asdict(each) for each in edl.findings]
    return {**values, "recording_session_id": edl.session_id, "findings": found}


def _edl_of(row: RowMapping) -> StoredEdl:
    findings = tuple(Finding(**{**each, "severity": Severity(each["severity"])}) for each in row["findings"])
    values = {name: row[name] for name in EDL}
    return StoredEdl(**values, session_id=row["recording_session_id"], findings=findings)
