"""An ingest as a job: a recorder's files are fetched, looked into, and get the mezzanines that they need.
What was found is written into the recorder's row file by file, so that a job that is cut off goes on there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import cast

from tirage.errors import BadInput, NotFound, TryAgain
from tirage.jobs.model import Job, JsonObject
from tirage.jobs.run import Run, Step
from tirage.jobs.transitions import load as load_job
from tirage.media.rates import RATES
from tirage.sessions.footage import Footage
from tirage.sessions.model import StoredAsset, StoredDelivery, StoredFile
from tirage.sessions.service import load, load_asset
from tirage.sessions.store import SessionStore, SessionUnit
from tirage.video.ingest import Encode, Row, Scope
from tirage.video.ingest import ingest as look_into
from tirage.video.lock import plain
from tirage.video.session import Asset, MediaFile, Session
from tirage.video.states import PROCESSING

LOOK, FINISH = Step("ingest", PROCESSING), Step("finish")
SECONDS = 6 * 3600.0
"""How long the files of one recorder may take: an hour of ProRes becomes H.264."""
OK = 200

Save = Callable[[str, Path, Callable[[], bool]], int]
"""Fetches an address into a file through the guarded door; the status.  BadInput FETCH_REFUSED, TryAgain."""


class IngestWork:
    """What a worker does for recordings; may be used from several threads."""

    def __init__(
        self,
        store: SessionStore,
        *,
        footage: Footage,
        encoder: Callable[[], tuple[Encode, Sequence[str]]],
        save: Save,
        clock: Callable[[], datetime],
    ) -> None:
        """`encoder`: what codes mezzanines, and the words that say how."""
        self._store = store
        self._footage = footage
        self._encoder = encoder
        self._save = save
        self._clock = clock

    def make(self, job: Job, run: Run) -> None:
        """The job: every file of the recorder known, or why it cannot be."""
        run.again(replace(LOOK, seconds=SECONDS), self._look, job, run)
        run.complete({})

    def undo(self, job: Job) -> None:
        """What is known stays known: a file was looked into or was not."""

    def _look(self, job: Job, run: Run) -> JsonObject:
        """Each file in turn; the first that cannot be used is the job's error, when all were looked at."""
        asset_id, scope = str(job.options["asset_id"]), _scope(job)
        names = [file.name for file in self._asset(asset_id).files]
        errors: list[BadInput] = []
        for done, name in enumerate(names):
            run.tell(done, len(names))
            try:
                self._file(job, run, asset_id, name, scope)
            except BadInput as error:
                errors.append(error)
                self._note(job, run, asset_id, name, error)
        if errors:
            raise errors[0]
        return {"files": len(names)}

    def _file(self, job: Job, run: Run, asset_id: str, name: str, scope: Scope) -> None:
        """One file; nothing where everything is known and made."""
        asset = self._asset(asset_id)
        file = next((each for each in asset.files if each.name == name), None)
        if file is None:
            return  # it was taken out meanwhile
        if not file.key:
            file = self._fetched(asset, file, run)
            self._write(job, run, asset_id, file)
        if file.known and (file.delivery is not None or scope is Scope.NEEDED):
            return
        rate = self._store.read(lambda unit: load(unit, asset.session_id)).rate
        path = self._footage.bring(file.key)
        row = self._looked_into(path, rate, scope, run)
        known = replace(
            file, sha256=row.sha256, bytes=row.size, facts=cast("JsonObject", plain(row.facts)), error=""
        )
        if row.delivery is not None:
            made = Path(row.delivery.path)
            delivery = StoredDelivery(
                key=self._footage.keep_mezzanine(asset, made),
                bytes=made.stat().st_size,
                sha256=row.delivery.sha256,
                facts=cast("JsonObject", plain(row.delivery.facts)),
            )
            known = replace(known, delivery=delivery)
        self._write(job, run, asset_id, known)

    def _looked_into(self, path: Path, rate: str, scope: Scope, run: Run) -> Row:
        encode, coder = self._encoder()
        one = Asset(camera="one", files=(MediaFile(path=str(path)),))
        session = Session(id="one", rate=RATES[rate], assets=(one,), master="one")
        folder = run.home / "mezzanines"  # of all attempts: what was made is found again
        done = look_into(
            session, folder, scope=scope, encode=encode, coder=coder, cancelled=run.stopped.is_set
        )
        for _, error in done.errors:
            raise error
        return done.rows[0]

    def _fetched(self, asset: StoredAsset, file: StoredFile, run: Run) -> StoredFile:
        """The file, stored.  BadInput FETCH_REFUSED, FETCH_FAILED, MEDIA_CONTAINER."""
        with self._footage.incoming() as path:
            status = self._save(file.url, path, run.stopped.is_set)
            run.check()
            if status != OK:
                if status >= 500:
                    raise TryAgain("UNAVAILABLE", f"The address answers {status}.")
                raise BadInput("FETCH_FAILED", f"The address answers {status}, not with a file.")
            kept = self._footage.keep(asset, file.name, path)
        return replace(kept, url=file.url)

    def _note(self, job: Job, run: Run, asset_id: str, name: str, error: BadInput) -> None:
        """Why a file cannot be used, with the file."""
        with suppress(NotFound):
            for file in self._asset(asset_id).files:
                if file.name == name:
                    self._write(job, run, asset_id, replace(file, error=error.message))

    def _write(self, job: Job, run: Run, asset_id: str, file: StoredFile) -> None:
        """Puts what is known of a file into its recorder's row, while the attempt is this worker's.

        NotFound: the recorder is gone.  Conflict: the attempt is over.
        """

        def change(unit: SessionUnit) -> None:
            load_job(unit, job.id, job.attempt)
            asset = load_asset(unit, asset_id)
            files = tuple(file if _is_of(each, file) else each for each in asset.files)
            unit.sessions.put_asset(replace(asset, files=files, updated_at=self._clock()))

        run.check()
        self._store.write(change)

    def _asset(self, asset_id: str) -> StoredAsset:
        return self._store.read(lambda unit: load_asset(unit, asset_id))


def _is_of(there: StoredFile, found: StoredFile) -> bool:
    """Whether what was found is of the file that is there: it may have been sent anew meanwhile."""
    return there.name == found.name and there.key in {"", found.key}


def _scope(job: Job) -> Scope:
    return Scope(str(job.options.get("mezzanines", Scope.NEEDED.value)))
