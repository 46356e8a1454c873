"""All or nothing, one after the other, safe on disk: what a store promises, seen from outside."""

from __future__ import annotations

import ast
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

import tirage
from jobsteps import ORDER, failure, made
from tirage.errors import BadInput, Conflict, TryAgain
from tirage.jobs import transitions
from tirage.jobs.failure import FailureClass
from tirage.jobs.model import Artifact, JobFilters, Page
from tirage.jobs.service import JobService
from tirage.mockup.submission import MOCKUP_PIPELINE
from tirage.stores import database as module
from tirage.stores.database import Database
from tirage.stores.tables import metadata
from tirage.stores.unit import SqlUnit


class Broken(Exception):
    """Raised in the middle of a transaction."""


def contents(engine: sa.Engine) -> dict[str, list[object]]:
    """Every row of every table."""
    with engine.connect() as connection:
        return {
            name: sorted(map(repr, connection.execute(sa.select(table))))
            for name, table in metadata.tables.items()
        }


@pytest.fixture
def others(url: str) -> Iterator[JobService]:
    """The service as another process has it: connections and writer of its own."""
    with Database(url) as database:
        yield JobService(database, pipelines=[MOCKUP_PIPELINE])


@pytest.mark.rows("R048", "R056", "C-19")
def test_a_change_that_breaks_off_anywhere_leaves_nothing(
    service: JobService, database: Database, engine: sa.Engine
) -> None:
    """Each call is broken off after its first statement, its second … until it gets through."""
    job = made(service, "rendering")
    service.start_attempt(job.id, worker="w", after=0)
    failed = made(service, "failed")
    calls: list[Callable[[], object]] = [
        lambda: service.create_many([ORDER, ORDER]),
        lambda: service.retry(failed.id),
        lambda: service.set_status(
            job.id, "completed", {"artifacts": [Artifact(role="a", key="k")], "metadata": {"a": 1}}, attempt=1
        ),
        lambda: service.soft_delete([job.id, failed.id]),
    ]
    left = 0

    def break_off(*call: object) -> None:
        nonlocal left
        if str(call[2]).split()[0] in {"INSERT", "UPDATE", "DELETE"}:
            left -= 1
            if left == 0:
                raise Broken

    sa.event.listen(database._engine, "after_cursor_execute", break_off)
    for call in calls:
        before = contents(engine)
        for statement in range(1, 20):
            left = statement
            try:
                call()
            except Broken:
                assert contents(engine) == before
            else:
                break
        assert statement >= 3
        assert contents(engine) != before


def test_a_stale_row_is_not_overwritten(database: Database, service: JobService) -> None:
    """Compare-and-set: by id, status and attempt."""
    old = made(service)
    new = replace(old, preset="back-small")
    for moved in (
        replace(old, status="rendering"),
        replace(old, attempt=1),
        replace(old, id=service.new_id()),
    ):
        assert database.write(lambda unit, moved=moved: unit.save(moved, replace(moved, preset="x"))) is False
    assert service.retrieve(old.id) == old
    assert database.write(lambda unit: unit.save(old, new)) is True
    assert service.retrieve(old.id) == new


def test_a_row_that_changed_meanwhile_is_a_conflict(database: Database, service: JobService) -> None:
    """As a store without row locks would let it happen."""
    read = made(service)
    service.cancel(read.id)
    with pytest.raises(Conflict):
        database.write(
            lambda unit: transitions.save(unit, read, replace(read, preset="back-small"), at=read.updated_at)
        )


@pytest.mark.rows("R301", "R009")
def test_of_many_workers_one_gets_the_job(service: JobService, others: JobService) -> None:
    jobs = service.create_many([ORDER] * 8)

    def claim(worker: int) -> list[str]:
        mine = []
        for job in jobs:
            try:
                (service, others)[worker % 2].start_attempt(job.id, worker=str(worker), after=0)
            except Conflict:
                continue
            mine.append(job.id)
        return mine

    with ThreadPoolExecutor(6) as pool:
        claimed = [job_id for mine in pool.map(claim, range(6)) for job_id in mine]
    assert Counter(claimed) == Counter(job.id for job in jobs)
    assert [len(service.attempts(job.id)) for job in jobs] == [1] * len(jobs)


@pytest.mark.rows("R301", "R110")
def test_events_of_many_writers_have_no_gaps(service: JobService, others: JobService) -> None:
    """Also when some writes fail, and for a reader who follows: nothing appears behind its back."""
    seen: list[int] = []
    done = threading.Event()

    def follow() -> None:
        while True:
            last = done.is_set()
            seen.extend(event.number for event in others.events(after=seen[-1] if seen else 0, limit=1000))
            if last:
                return

    def write(writer: int) -> None:
        mine = (service, others)[writer % 2]
        for _ in range(6):
            job = mine.create(ORDER)
            with pytest.raises(BadInput):
                mine.set_status(job.id, "completed")
            mine.cancel(job.id)

    follower = threading.Thread(target=follow)
    follower.start()
    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(write, range(4)))
    finally:
        done.set()
        follower.join()
    assert seen == list(range(1, 4 * 6 * 2 + 1))


@pytest.mark.rows("R082", "R301")
def test_metadata_of_many_writers_is_merged(service: JobService, others: JobService) -> None:
    job = made(service)

    def write(number: int) -> None:
        (service, others)[number % 2].set_status(job.id, "pending", {"metadata": {str(number): number}})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(20)))
    assert service.retrieve(job.id).metadata == {**ORDER.metadata, **{str(n): n for n in range(20)}}


@pytest.mark.rows("R301")
def test_cancelling_against_completing(service: JobService, others: JobService) -> None:
    """Whoever is first wins, the other is told; there is one ending, and one event of it."""
    for _ in range(10):
        job = made(service, "rendering")
        service.start_attempt(job.id, worker="w", after=0)
        calls = (
            lambda job=job: service.set_status(job.id, "completed", attempt=1),
            lambda job=job: others.cancel(job.id),
            lambda job=job: others.end_attempt(job.id, attempt=1, failure=failure(FailureClass.NOT_FOUND)),
        )

        def attempt(call: Callable[[], object]) -> bool:
            try:
                call()
            except (Conflict, BadInput):
                return False
            return True

        with ThreadPoolExecutor(3) as pool:
            assert sum(pool.map(attempt, calls)) == 1
        told = [event.name for event in service.events(job_id=job.id)]
        assert len(told) == 4
        assert told[-1] == f"render.job.{service.retrieve(job.id).status}"


def test_a_list_and_its_count_are_of_one_moment(service: JobService, others: JobService) -> None:
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            others.create_many([ORDER, ORDER])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(20):
            found, count = service.list_with_count(JobFilters(), Page(limit=100))
            assert len(found) == min(count, 100)
            assert count % 2 == 0
    finally:
        done.set()
        writer.join()


def test_a_write_that_fails_does_not_touch_those_it_is_committed_with(
    migrated_file: Path, tmp_path: Path
) -> None:
    """On SQLite: a group of writes is one transaction, and each is a part of its own."""
    path = shutil.copy(migrated_file, tmp_path / "jobs.db")
    with Database(f"sqlite:///{path}") as database:
        service = JobService(database, pipelines=[MOCKUP_PIPELINE])
        entered, gate = threading.Event(), threading.Event()

        def wait(_: object) -> None:
            entered.set()
            gate.wait(10)

        def write(number: int) -> str:
            if number % 2:
                return service.create(ORDER).id
            with pytest.raises(Broken):
                database.write(broken)
            return ""

        def broken(unit: object) -> None:
            unit.add([replace(template, id=service.new_id())])  # type: ignore[attr-defined]
            raise Broken

        template = service.create(ORDER)
        commits: list[int] = []
        with ThreadPoolExecutor(9) as pool:
            first = pool.submit(database.write, wait)
            assert entered.wait(10)
            sa.event.listen(database._engine, "commit", lambda _: commits.append(1))
            rest = [pool.submit(write, number) for number in range(8)]
            while database._writer is not None and database._writer._waiting.qsize() < 8:
                threading.Event().wait(0.001)
            gate.set()
            ids = {future.result() for future in rest} - {""}
            first.result()
        assert len(commits) == 2
        assert {job.id for job in service.list(page=Page(limit=100))} == ids | {template.id}


def test_a_write_inside_a_write_is_refused_not_waited_for(migrated_file: Path) -> None:
    with Database(f"sqlite:///{migrated_file}") as database, pytest.raises(RuntimeError, match="inside"):
        database.write(lambda _: database.write(lambda _: None))


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_who_goes_silent_holds_nobody_up(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that is cut off in the middle of a transaction: the server ends it, and its locks go."""
    monkeypatch.setattr(module, "SILENCE_SECONDS", 1)
    cut_off = threading.Event()
    with Database(url) as database:
        service = JobService(database, pipelines=[MOCKUP_PIPELINE])
        job = made(service)

        def write(unit: SqlUnit) -> None:
            unit.job(job.id)
            cut_off.wait(10)
            unit.job(job.id)

        with ThreadPoolExecutor(1) as pool:
            silent = pool.submit(database.write, write)
            time.sleep(0.3)  # for its lock
            service.cancel(job.id)
            cut_off.set()
            with pytest.raises(TryAgain) as caught:
                silent.result()
        assert caught.value.code == "STORE_UNAVAILABLE"


def test_a_closed_store_takes_nothing(url: str) -> None:
    database = Database(url)
    service = JobService(database, pipelines=[MOCKUP_PIPELINE])
    service.create(ORDER)
    database.close()
    if url.startswith("sqlite"):
        with pytest.raises(RuntimeError, match="closed"):
            service.create(ORDER)
    with Database(url) as again:
        assert len(JobService(again, pipelines=[MOCKUP_PIPELINE]).list()) == 1


WRITE = """
import sys
from jobsteps import ORDER
from tirage.jobs.service import JobService
from tirage.mockup.submission import MOCKUP_PIPELINE
from tirage.stores import database as module
from tirage.stores.database import Database
service = JobService(Database(sys.argv[1]), pipelines=[MOCKUP_PIPELINE])
while True:
    print(service.create(ORDER).id, flush=True)
"""


@pytest.mark.rows("R004")
def test_what_was_acknowledged_outlives_a_kill(url: str, service: JobService) -> None:
    paths = os.pathsep.join(path for path in sys.path if path)
    child = subprocess.Popen(
        [sys.executable, "-c", WRITE, url],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert child.stdout is not None
    told = [child.stdout.readline().strip() for _ in range(20)]
    child.send_signal(signal.SIGKILL)
    told += [line.strip() for line in child.stdout if line.endswith("\n")]
    child.wait()
    child.stdout.close()
    assert len(told) >= 20
    assert all(service.get(job_id) for job_id in told)
    numbers = [event.number for event in service.events(limit=1000)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_locked_sqlite_file_says_to_try_again(
    migrated_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PRAGMAS", ("busy_timeout = 10", *module.PRAGMAS[1:]))
    path = shutil.copy(migrated_file, tmp_path / "jobs.db")
    with Database(f"sqlite:///{path}") as one, Database(f"sqlite:///{path}") as two:

        def inside(_: object) -> None:
            with pytest.raises(TryAgain) as caught:
                two.write(lambda unit: unit.purge("x"))
            assert caught.value.code == "STORE_UNAVAILABLE"

        one.write(inside)


def test_a_full_disk_says_so(migrated_file: Path, tmp_path: Path) -> None:
    path = shutil.copy(migrated_file, tmp_path / "jobs.db")
    with Database(f"sqlite:///{path}") as database:
        service = JobService(database, pipelines=[MOCKUP_PIPELINE])
        kept = service.create(ORDER)

        def limit(connection: sa.Connection) -> None:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

        sa.event.listen(database._engine, "begin", limit)
        with pytest.raises(TryAgain) as caught:
            service.create_many([ORDER] * 500)
        assert caught.value.code == "DISK_FULL"
        sa.event.remove(database._engine, "begin", limit)
        assert service.list() == [kept]


@pytest.mark.rows("R001")
def test_one_place_assigns_a_status() -> None:
    """And one module writes rows of jobs."""
    package = Path(tirage.__file__).parent
    assigning, writing = set(), set()
    for path in package.rglob("*.py"):
        if "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            changes = (
                called == "replace" and ast.unparse(node.args[0]) != "request"
            )  # which has one of HTTP's
            if changes and any(word.arg == "status" for word in node.keywords):
                assigning.add(path.relative_to(package).as_posix())
            if called in {"insert", "update", "delete"} and ast.unparse(node.args[0]) == "jobs":
                writing.add(path.relative_to(package).as_posix())
    assert assigning == {"jobs/transitions.py"}
    assert writing == {"stores/unit.py"}


SERVER_ONLY = {
    "alembic", "cronsim", "fastapi", "granian", "obstore", "psycopg", "pydantic", "sqlalchemy", "starlette"
}  # fmt: skip


@pytest.mark.parametrize(
    "words", ["-c 'import tirage'", "-m tirage --help", "-c 'import tirage.jobs.service'"]
)
def test_mockups_need_no_database(words: str) -> None:
    """`pip install tirage` without [server] has none of these."""
    script = (
        "import runpy, sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.split('.')[0] in {SERVER_ONLY}: raise ImportError(name)\n"
        "sys.meta_path.insert(0, Absent())\n"
    )
    option, what, *rest = shlex.split(words)
    script += (
        what
        if option == "-c"
        else f"sys.argv = ['tirage', *{rest}]\nrunpy.run_module('tirage', run_name='__main__')"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
