"""A stored session as the video pipeline knows it: rows become a session with media and a conformed edit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tirage.errors import Failed
from tirage.media.fields import Fields
from tirage.media.media_facts import facts_of
from tirage.media.notes import Notes
from tirage.media.rates import RATES
from tirage.sessions.footage import Footage
from tirage.sessions.model import StoredAsset, StoredEdl, StoredFile, StoredSession
from tirage.video.check_media import Disk
from tirage.video.conform import conform
from tirage.video.formats.edl_json import edl_fields
from tirage.video.ingest import Row, attach
from tirage.video.session import Asset, Delivery, FocusPoint, MediaFile, Revision, Session, SyncMap
from tirage.video.timeline import Edl

MISSING = "missing"
"""The folder of files that are yet to come: nothing is ever there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedSession:
    """A session ready to be checked, locked and rendered."""

    session: Session
    rows: Sequence[Row]
    disk: Disk

    @property
    def revision(self) -> Revision | None:
        """The one it was opened with."""
        return self.session.current


def opened(
    stored: StoredSession, assets: Sequence[StoredAsset], edl: StoredEdl | None, footage: Footage
) -> OpenedSession:
    """The session with one revision, or none."""
    files = {path: file for asset in assets for path, file in _paths(asset, footage)}
    rows = [_row(path, file, footage) for path, file in files.items() if file.known]
    session = Session(
        id=stored.id,
        rate=RATES[stored.rate],
        assets=tuple(_asset(asset, footage) for asset in assets),
        master=stored.master,
    )
    session = attach(session, rows)
    if edl is not None:
        content = conform(edl_of(edl), session, Notes())
        revision = Revision(number=edl.number, edl=content, lock=edl.lock or "")
        session = replace(session, revisions=(revision,))
    return OpenedSession(session=session, rows=rows, disk=_disk(files, footage))


def edl_of(stored: StoredEdl) -> Edl:
    """The edit of a revision, as it was stored.  Failed INTERNAL: it cannot be read any more."""
    notes = Notes()
    edl = edl_fields(Fields(stored.content, "edl", notes))
    if edl is None:
        raise Failed("INTERNAL", f"The revision {stored.id} cannot be read: {notes.findings[0].message}")
    return edl


def played_keys(assets: Sequence[StoredAsset], cameras: set[str]) -> Sequence[str]:
    """The keys of what renders of these cameras read."""
    used = [asset for asset in assets if asset.camera in cameras]
    keys = [file.delivery.key if file.delivery else file.key for asset in used for file in asset.files]
    return [*keys, *(asset.lut_key for asset in used if asset.lut_key)]


def sound_keys(assets: Sequence[StoredAsset], master: str) -> Sequence[str]:
    """The keys of what the session's sound is read from."""
    return [file.key for asset in assets if asset.camera == master for file in asset.files]


def _paths(asset: StoredAsset, footage: Footage) -> Sequence[tuple[str, StoredFile]]:
    return [(_path(file, footage), file) for file in asset.files]


def _path(file: StoredFile, footage: Footage) -> str:
    return str(footage.place(file.key)) if file.key else f"/{MISSING}/{file.name}"


def _asset(asset: StoredAsset, footage: Footage) -> Asset:
    return Asset(
        camera=asset.camera,
        files=tuple(MediaFile(path=path) for path, _ in _paths(asset, footage)),
        sync=SyncMap(offset=asset.offset, drift=asset.drift),
        start=asset.start,
        focus=tuple(FocusPoint(frame=frame, x=x, y=y) for frame, x, y in asset.focus),
        lut=str(footage.bring(asset.lut_key)) if asset.lut_key else "",
        lut_sha256=asset.lut_sha256,
    )


def _row(path: str, file: StoredFile, footage: Footage) -> Row:
    made = file.delivery
    delivery = None
    if made is not None:
        delivery = Delivery(path=str(footage.place(made.key)), sha256=made.sha256, facts=facts_of(made.facts))
    return Row(
        path=path,
        size=file.bytes,
        changed=0,
        sha256=file.sha256,
        facts=facts_of(file.facts or {}),
        delivery=delivery,
    )


def _disk(files: Mapping[str, StoredFile], footage: Footage) -> Disk:
    """Recordings are looked for in the storage, which may be elsewhere."""

    def exists(path: str) -> bool:
        file = files.get(path)
        return file is not None and bool(file.key) and footage.has(file.key, file.bytes)

    def same(row: Row) -> bool:
        made = files[row.path].delivery
        return made is None or footage.has(made.key, made.bytes)

    return Disk(exists=exists, same=same)


Free = Callable[[], int | None]
"""Bytes that are free where renders are made; None is not asked."""


def free_of(folder: Path) -> Free:
    """Of the disk that a folder lies on, or will."""
    import shutil

    def free() -> int | None:
        there = next((path for path in (folder, *folder.parents) if path.exists()), None)
        return shutil.disk_usage(there).free if there else None

    return free
