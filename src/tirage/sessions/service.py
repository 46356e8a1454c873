"""Recording sessions and their recorders: made, changed, sent recordings; each new recording is looked into
by a job of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import cast
from urllib.parse import unquote, urlsplit

from tirage.errors import BadInput, Conflict, NotFound
from tirage.jobs import checks
from tirage.jobs.ids import Ids
from tirage.jobs.model import Job, JsonObject, NewJob, Page
from tirage.jobs.service import JobService
from tirage.jobs.store import Unit
from tirage.sessions.footage import LUT_BYTES, Footage
from tirage.sessions.model import Changes, NewAsset, NewSession, StoredAsset, StoredFile, StoredSession
from tirage.sessions.rules import NAME, recorder_findings, session_findings, start_of
from tirage.sessions.store import SessionStore, SessionUnit
from tirage.video.limits import MAX_FILES
from tirage.video.states import INGEST

SESSION_CHANGES = frozenset({"name", "master", "metadata"})
ASSET_CHANGES = frozenset({"camera", "offset", "drift", "start", "focus"})


class Sessions:
    """The sessions of a server; may be used from several threads.  Every method may raise TryAgain.

    Those that name a session raise NotFound SESSION_NOT_FOUND, those that name a recorder NotFound NOT_FOUND.
    """

    def __init__(
        self,
        store: SessionStore,
        jobs: JobService,
        *,
        footage: Footage,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._footage = footage
        self._clock = clock
        self._ids = Ids(clock)

    def create(self, new: NewSession, recorders: Sequence[NewAsset] = ()) -> StoredSession:
        """A new session with its recorders; those with addresses are fetched.

        BadInput with all findings; Conflict: there is one of that id.
        """
        at = self._now()
        session = StoredSession(
            id=new.id or self._ids.new("sess"),
            name=new.name,
            rate=new.rate,
            master=new.master,
            metadata=new.metadata,
            created_at=at,
            updated_at=at,
        )
        checks.raise_if_any([*session_findings(session), *recorder_findings(session, recorders)])
        assets = [self._asset(session, each, place) for place, each in enumerate(recorders)]

        def insert(unit: SessionUnit) -> None:
            if unit.sessions.find(session.id):
                raise Conflict("CONFLICT", f"There is a session {session.id!r} already.")
            unit.sessions.put(session)

        self._with_ingests(assets, insert)
        return session

    def get(self, session_id: str) -> StoredSession:
        """The session."""
        return self._store.read(lambda unit: load(unit, session_id))

    def list_with_count(self, asked: Page) -> tuple[Sequence[StoredSession], int]:
        """A page, and how many there are.  BadInput INVALID_DATA: out of range."""
        checks.page(asked)
        return self._store.read(lambda unit: (unit.sessions.page(asked), unit.sessions.count()))

    def update(self, session_id: str, changes: Changes) -> StoredSession:
        """Another name, master or metadata; metadata are merged key by key.  BadInput INVALID_DATA."""
        checks.known_keys(changes, SESSION_CHANGES)

        def change(unit: SessionUnit) -> StoredSession:
            session = load(unit, session_id)
            given = dict(changes)
            if "metadata" in given:
                given["metadata"] = checks.merged(session.metadata, "metadata", given["metadata"])
            changed = replace(session, **given, updated_at=self._now())  # type: ignore[arg-type]  # SESSION_CHANGES
            checks.raise_if_any(session_findings(changed))
            unit.sessions.put(changed)
            return changed

        return self._store.write(change)

    def delete(self, session_id: str) -> None:
        """Removes a session with recordings and revisions.  Conflict: jobs of it are there."""

        def remove(unit: SessionUnit) -> None:
            session = load(unit, session_id)
            if unit.sessions.has_jobs(session.id):
                hint = "A session stays as long as a job of it; jobs are purged by the operator."
                raise Conflict("CONFLICT", f"Jobs have the session {session.id!r}.", hint=hint)
            unit.sessions.delete(session.id)

        self._store.write(remove)
        self._footage.forget_session(session_id)

    # recorders

    def assets(self, session_id: str) -> Sequence[StoredAsset]:
        """A session's recorders in their order."""
        return self._store.read(lambda unit: unit.sessions.assets(load(unit, session_id).id))

    def asset(self, asset_id: str) -> StoredAsset:
        """A recorder."""
        return self._store.read(lambda unit: load_asset(unit, asset_id))

    def add_asset(self, session_id: str, new: NewAsset) -> StoredAsset:
        """One more recorder; BadInput with all findings."""
        session = self.get(session_id)
        there = self.assets(session_id)
        checks.raise_if_any(recorder_findings(session, [new], there))
        asset = self._asset(session, new, max((each.place for each in there), default=-1) + 1)
        return self._with_ingests([asset], lambda unit: _check_name(unit, asset))[0]

    def update_asset(self, asset_id: str, changes: Changes) -> StoredAsset:
        """Another name, sync, start or focus.  BadInput INVALID_DATA.

        Locked edits that show it are no longer what was locked, and say so before they are rendered.
        """
        checks.known_keys(changes, ASSET_CHANGES)

        def change(unit: SessionUnit) -> StoredAsset:
            asset = load_asset(unit, asset_id)
            session = load(unit, asset.session_id)
            given = NewAsset(
                camera=str(changes.get("camera", asset.camera)),
                offset=str(changes.get("offset", asset.offset)),
                drift=str(changes.get("drift", asset.drift)),
                start=cast("str | None", changes.get("start")),
                focus=cast("Sequence[tuple[int, float, float]]", changes.get("focus", asset.focus)),
            )
            others = [each for each in unit.sessions.assets(session.id) if each.id != asset.id]
            checks.raise_if_any(recorder_findings(session, [given], others))
            changed = replace(
                asset,
                camera=given.camera,
                offset=Fraction(given.offset),
                drift=Fraction(given.drift),
                start=start_of(given.start, session) if "start" in changes else asset.start,
                focus=tuple(given.focus),
                updated_at=self._now(),
            )
            unit.sessions.put_asset(changed)
            return changed

        return self._store.write(change)

    def delete_asset(self, asset_id: str) -> None:
        """Removes a recorder with its files."""

        def remove(unit: SessionUnit) -> StoredAsset:
            asset = load_asset(unit, asset_id)
            unit.sessions.delete_asset(asset.id)
            return asset

        self._footage.forget_asset(self._store.write(remove))

    def receive(self, asset_id: str, name: str, path: Path) -> StoredAsset:
        """A recording that was sent, as the recorder's last file, or in the place of the one of that name.

        BadInput MEDIA_CONTAINER, INVALID_DATA.
        """
        asset = self.asset(asset_id)
        if not NAME.fullmatch(name) or not name.strip():
            raise checks.invalid("A file's name has 1 to 200 characters.", where="name")
        file = self._footage.keep(asset, name, path)
        gone: list[StoredFile] = []

        def add(asset: StoredAsset) -> StoredAsset:
            gone.extend(each for each in asset.files if each.name == name)
            files = _with_file(asset.files, file)
            if len(files) > MAX_FILES:
                raise checks.invalid(f"A recorder has at most {MAX_FILES} files.", where="files")
            return replace(asset, files=files)

        try:
            changed = self._ingested(asset_id, add)
        except (BadInput, Conflict):
            self._footage.forget(file.key)
            raise
        self._forget(gone)
        return changed

    def remove_file(self, asset_id: str, name: str) -> StoredAsset:
        """The recorder without a file.  NotFound."""

        def remove(unit: SessionUnit) -> tuple[StoredAsset, list[StoredFile]]:
            asset = load_asset(unit, asset_id)
            gone = [each for each in asset.files if each.name == name]
            if not gone:
                raise NotFound("NOT_FOUND", f"The recorder has no file {name[:60]!r}.")
            left = tuple(each for each in asset.files if each.name != name)
            changed = replace(asset, files=left, updated_at=self._now())
            unit.sessions.put_asset(changed)
            return changed, gone

        changed, gone = self._store.write(remove)
        self._forget(gone)
        return changed

    def set_lut(self, asset_id: str, data: bytes) -> StoredAsset:
        """The recorder with a LUT (.cube), or without one where there are no bytes.  BadInput."""
        asset = self.asset(asset_id)
        if len(data) > LUT_BYTES:
            raise BadInput("FILE_TOO_LARGE", f"A LUT has at most {LUT_BYTES >> 20} MiB.")
        if data and b"LUT_3D_SIZE" not in data:
            raise checks.invalid("This is no three-dimensional .cube file.", where="lut")
        digest = sha256(data).hexdigest() if data else ""
        key = self._footage.keep_lut(asset, data, digest) if data else ""

        def change(unit: SessionUnit) -> StoredAsset:
            changed = replace(
                load_asset(unit, asset_id), lut_key=key, lut_sha256=digest, updated_at=self._now()
            )
            unit.sessions.put_asset(changed)
            return changed

        return self._store.write(change)

    def ingest(self, asset_id: str, *, mezzanines: str = "needed") -> StoredAsset:
        """Has a recorder's files looked into again, those that were not yet; the job stands in the answer.

        `mezzanines`: `all` makes one of every file, so that renders can copy what an edit leaves as it is.
        """
        return self._ingested(asset_id, lambda asset: asset, mezzanines=mezzanines)

    def _ingested(
        self, asset_id: str, change: Callable[[StoredAsset], StoredAsset], *, mezzanines: str = "needed"
    ) -> StoredAsset:
        """A change of a recorder, together with a job that looks into its files."""
        asset = self.asset(asset_id)
        made: list[StoredAsset] = []

        def beside(unit: Unit, jobs: Sequence[Job]) -> None:
            over = cast("SessionUnit", unit)
            changed = change(load_asset(over, asset_id))
            changed = replace(changed, ingest_job_id=jobs[0].id, updated_at=self._now())
            over.sessions.put_asset(changed)
            made.append(changed)

        self._jobs.create_many([_ingest_of(asset, mezzanines)], beside=beside)
        return made[-1]

    def _with_ingests(
        self, assets: Sequence[StoredAsset], before: Callable[[SessionUnit], None]
    ) -> Sequence[StoredAsset]:
        """New recorders, with a job for each that has an address to fetch from."""
        fetched = [asset for asset in assets if asset.files]
        made: list[StoredAsset] = []

        def beside(unit: Unit, jobs: Sequence[Job]) -> None:
            over = cast("SessionUnit", unit)
            before(over)
            ids = {asset.id: job.id for asset, job in zip(fetched, jobs, strict=True)}
            made[:] = [replace(asset, ingest_job_id=ids.get(asset.id)) for asset in assets]
            for asset in made:
                over.sessions.put_asset(asset)

        self._jobs.create_many([_ingest_of(asset) for asset in fetched], beside=beside)
        return made

    def _asset(self, session: StoredSession, new: NewAsset, place: int) -> StoredAsset:
        at = self._now()
        return StoredAsset(
            id=self._ids.new("asst"),
            session_id=session.id,
            camera=new.camera,
            place=place,
            offset=Fraction(new.offset),
            drift=Fraction(new.drift),
            start=start_of(new.start, session),
            focus=tuple(new.focus),
            files=tuple(StoredFile(name=_name_of(url, n), url=url) for n, url in enumerate(new.urls, 1)),
            created_at=at,
            updated_at=at,
        )

    def _forget(self, files: Iterable[StoredFile]) -> None:
        for file in files:
            self._footage.forget(file.key, file.delivery.key if file.delivery else "")

    def _now(self) -> datetime:
        return self._clock().astimezone(UTC)


def load(unit: SessionUnit, session_id: str) -> StoredSession:
    """NotFound SESSION_NOT_FOUND."""
    session = unit.sessions.find(session_id) if checks.KEY.fullmatch(session_id) else None
    if session is None:
        raise NotFound("SESSION_NOT_FOUND", f"There is no session {session_id[:60]!r}.")
    return session


def load_asset(unit: SessionUnit, asset_id: str) -> StoredAsset:
    """NotFound."""
    asset = unit.sessions.asset(asset_id) if checks.KEY.fullmatch(asset_id) else None
    if asset is None:
        raise NotFound("NOT_FOUND", f"There is no recorder {asset_id[:60]!r}.")
    return asset


def _check_name(unit: SessionUnit, asset: StoredAsset) -> None:
    """Two that are added at once may have one name: the session's row is locked, so one is first."""
    load(unit, asset.session_id)
    if any(each.camera == asset.camera for each in unit.sessions.assets(asset.session_id)):
        raise checks.invalid(f"There is a recorder {asset.camera!r} already.", where="camera")


def _ingest_of(asset: StoredAsset, mezzanines: str = "needed") -> NewJob:
    options: JsonObject = {"session_id": asset.session_id, "asset_id": asset.id, "mezzanines": mezzanines}
    return NewJob(pipeline=INGEST.pipeline, options=options)


def _with_file(files: tuple[StoredFile, ...], file: StoredFile) -> tuple[StoredFile, ...]:
    if any(each.name == file.name for each in files):
        return tuple(file if each.name == file.name else each for each in files)
    return (*files, file)


def _name_of(url: str, number: int) -> str:
    """What a file at an address is called."""
    name = PurePosixPath(unquote(urlsplit(url).path)).name
    return f"{number}-{name}"[:200] if NAME.fullmatch(name) and name else f"{number}-recording"


def plain_changes(**fields: object) -> Mapping[str, object]:
    """The fields that were given."""
    return {name: value for name, value in fields.items() if value is not None}
