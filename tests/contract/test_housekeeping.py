"""What runs by the clock, and the regular clean-up: what is old goes, what is active or young stays."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobsteps import made
from tirage.jobs.failure import Failure, FailureClass
from tirage.jobs.housekeeping import CRON, NAME, Ages, Cleaned, clean_up
from tirage.jobs.model import EndedStep, Job
from tirage.jobs.recording import Advance
from tirage.jobs.schedules import Schedule, Schedules, following
from tirage.jobs.service import JobService
from tirage.settings import Settings
from tirage.stores.blobs import open_blobs
from tirage.stores.database import Database
from tirage.stores.orphans import Orphans
from tirage.stores.unit import SqlUnit
from tirage.testing import FakeClock
from tirage.tidying import ages_of

HOUR, DAY = 3600.0, 86_400.0


class NoFiles:
    def sweep(self, older_than: timedelta, *, dry_run: bool = False) -> int:  # noqa: ARG002
        return 0


def ended(service: JobService, how: str) -> Job:
    """A job with one recorded step."""
    job = service.start_attempt(made(service).id, worker="one", after=0)
    step = EndedStep(name="compose", value={})
    service.advance(job.id, Advance(status="compositing", begun="compose"), attempt=1)
    service.advance(job.id, Advance(ended=step, status="rendering", begun="render"), attempt=1)
    match how:
        case "completed":
            service.advance(job.id, Advance(status="completed"), attempt=1)
        case "failed":
            service.end_attempt(job.id, attempt=1, failure=Failure.of(FailureClass.INVALID_INPUT))
        case "cancelled":
            service.cancel(job.id)
    return service.retrieve(job.id)


@pytest.mark.rows("R262", "R287", "R018", "C-18", "R256", "R304")
def test_what_is_old_goes(service: JobService, clock: FakeClock, tmp_path: Path) -> None:
    old = {how: ended(service, how) for how in ("failed", "cancelled", "completed", "active")}
    clock.advance(7 * DAY - 25 * HOUR)
    day_old = {how: ended(service, how) for how in ("failed", "completed")}
    clock.advance(25 * HOUR + 1)
    young = ended(service, "completed")

    def look(*, dry_run: bool = False) -> Cleaned:
        return clean_up(service, folder=tmp_path, sweeper=NoFiles(), ages=Ages(), dry_run=dry_run)

    expected = Cleaned(folders=0, files=0, steps=2 * 4, jobs=1)
    assert look(dry_run=True) == expected
    assert service.get(old["failed"].id) is not None
    assert look() == expected
    assert service.get(old["failed"].id) is None
    assert service.restore(old["failed"].id).status == "failed"
    kept = [job.id for job in (old["active"], day_old["failed"], young) if service.steps(job.id)]
    assert kept == [old["active"].id, day_old["failed"].id, young.id]
    assert not service.steps(day_old["completed"].id)
    assert service.retrieve(old["cancelled"].id).status == "cancelled"


@pytest.mark.rows("R262", "R225", "R229")
def test_folders_of_attempts_go_unless_somebody_works_in_them(service: JobService, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    held = service.start_attempt(made(service).id, worker="one", after=0)
    stale, fresh = made(service), made(service)
    for job in (held, stale, fresh):
        (folder / job.id / "1").mkdir(parents=True)
        (folder / job.id / "1" / "x.png").write_bytes(b"x")
    (folder / "notes").mkdir()
    for path in [*folder.glob(f"{held.id}/**/*"), *folder.glob(f"{stale.id}/**/*"), *folder.iterdir()]:
        if fresh.id not in path.parts:
            os.utime(path, (time.time() - 25 * HOUR,) * 2)
    for dry_run, left in ((True, 4), (False, 3)):
        cleaned = clean_up(service, folder=folder, sweeper=NoFiles(), ages=Ages(), dry_run=dry_run)
        assert (cleaned.folders, len(list(folder.iterdir()))) == (1, left)
    assert {path.name for path in folder.iterdir()} == {held.id, fresh.id, "notes"}


@pytest.mark.rows("R262", "R101")
def test_stored_files_of_no_job_go_after_an_hour(
    service: JobService, database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "static"
    blobs = open_blobs(folder.as_uri())
    job, gone = made(service), service.new_id()
    keys = [f"uploads/render-jobs/{owner}/design.png" for owner in (job.id, gone)]
    keys += [f"media/products/p/renders/{owner}/front_0deg.png" for owner in (job.id, gone)]
    young = f"uploads/render-jobs/{service.new_id()}/design.png"
    other = "uploads/notes.txt"
    for key in (*keys, young, other):
        blobs.write(key, b"x", media_type="image/png")
        if key != young:
            os.utime(folder / key, (time.time() - 2 * HOUR,) * 2)
    orphans = Orphans(blobs, database)
    assert [orphans.sweep(timedelta(days=1), dry_run=dry) for dry in (True, False, False)] == [2, 2, 0]
    left = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert left == {keys[0], keys[2], young, other}


def test_ages_are_settings(tmp_path: Path) -> None:
    given = {"TIRAGE_CLEANUP_TEMPORARY_HOURS": "48", "TIRAGE_CLEANUP_FAILED_DAYS": "1"}
    ages = ages_of(Settings.read(given, data_dir=tmp_path))
    assert (ages.temporary, ages.completed, ages.failed) == (
        timedelta(hours=48),
        timedelta(hours=24),
        timedelta(days=1),
    )
    assert ages_of(Settings.read({})) == Ages()


class Book:
    """Schedules that note when they run."""

    def __init__(self, database: Database, clock: FakeClock) -> None:
        self.ran: list[str] = []
        self.database, self.clock = database, clock

    def schedules(self, *listed: Schedule) -> Schedules:
        return Schedules(self.database, listed, clock=self.clock)

    def one(self, name: str = NAME, cron: str = CRON) -> Schedule:
        return Schedule(name, cron, lambda: self.ran.append(f"{name} {self.clock.now:%d %H:%M}"))


@pytest.fixture
def book(database: Database, clock: FakeClock) -> Book:
    clock.now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    return Book(database, clock)


@pytest.mark.rows("R191", "R257", "R304")
def test_daily_at_two_once_for_all_workers(book: Book) -> None:
    assert (NAME, CRON) == ("cleanup-render-temp-files", "0 2 * * *")
    workers = [book.schedules(book.one()) for _ in range(2)]
    for _ in range(3 * 24):
        for worker in workers:
            worker.tick()
        book.clock.advance(HOUR)
    assert book.ran == [f"{NAME} {day} 02:00" for day in ("02", "03", "04")]


def test_what_was_missed_is_made_up_for_once(book: Book) -> None:
    schedules = book.schedules(book.one())
    schedules.tick()
    book.clock.advance(5 * DAY)
    schedules.tick()
    schedules.tick()
    assert book.ran == [f"{NAME} 06 12:00"]


def test_two_that_begin_a_schedule_together_agree(url: str, clock: FakeClock) -> None:
    """The second comes while the first one's row is not yet there for others."""
    begun, waits = threading.Event(), threading.Event()

    def first(unit: SqlUnit) -> bool:
        turn = unit.take_turn(NAME, due=lambda last: last, now=clock.now)
        begun.set()
        waits.wait(0.3)  # on a lock, of which nobody tells
        return turn

    def second() -> bool:
        begun.wait(10)
        return two.write(lambda unit: unit.take_turn(NAME, due=lambda last: last, now=clock.now))

    with Database(url) as one, Database(url) as two, ThreadPoolExecutor(2) as pool:
        turns = [pool.submit(one.write, first), pool.submit(second)]
        assert turns[0].result() is False
        turns[1].result()  # its turn or not: no error


@pytest.mark.rows("C-20", "R189")
def test_a_broken_schedule_harms_nobody(book: Book) -> None:
    def fail() -> None:
        raise OSError("no")

    listed = (Schedule("typo", "0 25 * * *", fail), Schedule("failing", "0 2 * * *", fail), book.one())
    schedules = book.schedules(*listed)
    schedules.tick()
    book.clock.advance(DAY)
    schedules.tick()
    assert len(book.ran) == 1


def test_times_are_utc() -> None:
    sunday = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert following("30 2 * * 1", sunday) == datetime(2026, 3, 2, 2, 30, tzinfo=UTC)
    with pytest.raises(ValueError, match="no time that comes"):
        following("0 2 31 2 *", sunday)
