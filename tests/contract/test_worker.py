"""Workers on both stores, with a clock that tests move: what is repeated, what is not, and who takes over."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
import sqlalchemy as sa

from jobsteps import made, order
from tirage.errors import BadInput, Conflict, NotFound, TryAgain
from tirage.jobs.failure import FailureClass
from tirage.jobs.lease import Lease
from tirage.jobs.machine import CANCELLED, COMPLETED, FAILED
from tirage.jobs.model import EndedStep, Job
from tirage.jobs.recording import Advance
from tirage.jobs.run import Reason, Run, Stopped
from tirage.jobs.service import JobService
from tirage.stores.database import Database
from tirage.stores.unit import SqlUnit
from tirage.testing import FakeClock
from workshop import STEPS, Script, Shop

NAMES = [step.name for step in STEPS]
T = TypeVar("T")


class Killed(BaseException):
    """The process ends here: nothing of it runs any more."""


def killed(_job: Job, _run: Run) -> None:
    raise Killed


@pytest.fixture
def shop(database: Database, service: JobService, clock: FakeClock, tmp_path: Path) -> Shop:
    return Shop(database, service, clock, tmp_path / "work")


@pytest.mark.rows("R257", "C-24", "R118")
def test_a_job_goes_through_its_steps(shop: Shop, service: JobService) -> None:
    job = made(service)
    script = Script()
    shop.worker(script).tick()
    done = service.retrieve(job.id)
    assert (done.status, done.progress, done.worker, done.untidy) == (COMPLETED, 100, None, False)
    assert done.metadata["media_ids"] == [job.id]
    assert script.steps_of(job) == [(1, name) for name in NAMES]
    recorded = service.steps(job.id)
    assert {step.name: step.value for step in recorded} == {
        name: {"step": name, "attempt": 1} for name in NAMES
    }
    assert all(step.ended_at and step.ended_at >= step.started_at for step in recorded)
    assert [event.name.removeprefix("render.job.") for event in service.events(job_id=job.id)] == [
        "created", "compositing", "rendering", "completed"
    ]  # fmt: skip
    assert not (shop.folder / job.id).exists()
    assert script.undone == []


MOST_STATEMENTS = 27
"""Of a job of four steps on PostgreSQL, from its claim to its end; what a job costs the core goes by them."""


def test_a_job_takes_few_statements(database: Database, shop: Shop, service: JobService) -> None:
    worker = shop.worker(Script())
    worker.tick()
    made(service)
    said: list[str] = []
    sa.event.listen(database._engine, "before_cursor_execute", lambda *call: said.append(str(call[2])))
    worker._claim()
    assert 15 < len(said) <= MOST_STATEMENTS, said
    assert sum("FROM jobs" in each for each in said) <= 2, "a worker knows the rows that it holds"


@pytest.mark.rows("R082", "R301")
@pytest.mark.parametrize("step", NAMES)
def test_what_others_change_while_a_worker_holds_the_job_stays(
    shop: Shop, service: JobService, step: str
) -> None:
    """Workers do not read the row before they write; also at a clock that stands still."""
    job = made(service)

    def change(job: Job, _run: Run) -> None:
        service.update(job.id, {"metadata": {"seen": step}, "priority": 7})
        service.set_results(job.id, {"animation_url": "a.mp4"})

    shop.worker(Script(hooks={step: change})).tick()
    done = service.retrieve(job.id)
    assert (done.status, done.priority, done.animation_url) == (COMPLETED, 7, "a.mp4")
    assert done.metadata == {**job.metadata, "seen": step, "media_ids": [job.id]}


def test_what_a_worker_knows_of_a_job_it_lost_counts_for_nothing(service: JobService) -> None:
    held = service.start_attempt(made(service).id, worker="one", after=0)
    service.give_back(held.id, attempt=1)
    taken = service.start_attempt(held.id, worker="one", after=1)
    before = service.retrieve(held.id), service.last_event(), service.steps(held.id)
    forward = Advance(ended=EndedStep(name="compose", value={}), status="rendering", begun="render")
    with pytest.raises(Conflict):
        service.advance(held.id, forward, attempt=1, known=held)
    with pytest.raises(Conflict):
        service.report_progress(held.id, attempt=1, done=1, of=2, known=held)
    assert (service.retrieve(held.id), service.last_event(), service.steps(held.id)) == before
    begun = service.advance(taken.id, Advance(status="compositing", begun="compose"), attempt=2, known=taken)
    assert begun.updated_at > taken.updated_at > held.updated_at
    assert begun == service.retrieve(held.id)


@pytest.mark.rows("C-24", "R100", "R303", "R296", "C-09", "C-27")
@pytest.mark.parametrize("killed_in", NAMES)
def test_finished_steps_are_not_repeated_after_a_kill(
    shop: Shop, service: JobService, killed_in: str
) -> None:
    job = made(service)
    script = Script(hooks={killed_in: killed})
    first = shop.worker(script, "first")
    with pytest.raises(Killed):
        first.tick()
    script.hooks.clear()
    second = shop.worker(script, "second")
    shop.pass_time(8.5, second)
    assert service.retrieve(job.id).worker == "first"
    shop.pass_time(6, second)
    assert service.retrieve(job.id).status == COMPLETED
    at = NAMES.index(killed_in)
    assert script.steps_of(job) == [(1, name) for name in NAMES[: at + 1]] + [
        (2, name) for name in NAMES[at:]
    ]
    kinds = [each.failure.kind if each.failure else None for each in service.attempts(job.id)]
    assert kinds == [FailureClass.WORKER_LOST, None]


@pytest.mark.rows("R261")
def test_a_worker_that_lives_keeps_what_it_has(shop: Shop, service: JobService) -> None:
    """However long it works, as long as it beats; also when it beats slowly."""
    job = made(service)
    script = Script()
    first = shop.worker(script, "first", inline=False)
    first.tick()
    started = shop.started
    second = shop.worker(script, "second")
    shop.pass_time(60, first, second)
    assert service.retrieve(job.id).worker == "first"
    started[0]()
    assert service.retrieve(job.id).status == COMPLETED


def test_time_that_nobody_watched_does_not_count(shop: Shop, service: JobService) -> None:
    """The store was away for both, or the observer was stopped: nobody may be taken for dead."""
    job = made(service)
    first = shop.worker(Script(), "first", inline=False)
    first.tick()
    second = shop.worker(Script(), "second")
    shop.pass_time(3, second)
    shop.clock.advance(3600)
    shop.pass_time(2.5, second)
    first.tick()
    shop.pass_time(8.5, second)
    assert service.retrieve(job.id).worker == "first"
    shop.pass_time(2, second)
    assert service.retrieve(job.id).worker is None


@dataclass
class Full:
    """A store that can be read, and while it is full takes nothing."""

    database: Database
    full: bool = True

    def read(self, work: Callable[[SqlUnit], T]) -> T:
        return self.database.read(work)

    def write(self, work: Callable[[SqlUnit], T]) -> T:
        if self.full:
            raise TryAgain("DISK_FULL", "The disk is full.")
        return self.database.write(work)


def test_who_cannot_write_takes_nobody_for_dead(database: Database, clock: FakeClock) -> None:
    """Others cannot write either, and stand still although they live."""
    store = Full(database)

    def seconds() -> float:
        return clock.now.timestamp()

    Lease(database, worker="other", ttl=9, monotonic=seconds).beat()
    watcher = Lease(store, worker="watcher", ttl=9, monotonic=seconds)
    found = []
    for second in range(60):
        clock.advance(1)
        store.full = second < 40
        if second % 3 == 0:
            with suppress(TryAgain):
                watcher.beat()
        found += [second] * ("other" in watcher.look().dead)
    assert len(found) == 1
    assert 48 <= found[0] <= 52


def test_an_observer_that_rarely_comes_to_look_still_sees_a_death(shop: Shop, service: JobService) -> None:
    job = made(service)
    shop.worker(Script(), "first", inline=False).tick()
    second = shop.worker(Script(), "second")
    shop.pass_time(30, second, step=5)
    assert service.retrieve(job.id).worker == "first"
    shop.pass_time(15, second, step=5)
    assert service.retrieve(job.id).status == COMPLETED


@pytest.mark.rows("R301", "R302")
def test_a_zombie_drops_its_result(shop: Shop, service: JobService) -> None:
    job = made(service)
    zombie_script, script = Script(), Script()
    zombie = shop.worker(zombie_script, "zombie", inline=False)
    zombie.tick()
    started = shop.started
    shop.pass_time(14, shop.worker(script, "second"))
    before = service.retrieve(job.id)
    assert before.status == COMPLETED
    started[0]()
    assert zombie_script.done == []
    assert service.retrieve(job.id) == before
    assert zombie.active == 0


@pytest.mark.rows("R261", "R260")
def test_two_reapers_take_a_dead_ones_job_once(shop: Shop, service: JobService) -> None:
    jobs = [made(service) for _ in range(3)]
    dead = shop.worker(Script(), "dead", inline=False, concurrency=3)
    dead.tick()
    script = Script()
    shop.pass_time(16, shop.worker(script, "a"), shop.worker(script, "b"))
    for job in jobs:
        assert service.retrieve(job.id).status == COMPLETED
        assert script.steps_of(job) == [(2, name) for name in NAMES]
        assert len(service.attempts(job.id)) == 2


@pytest.mark.rows("R282", "R291", "R147", "R154")
@pytest.mark.parametrize("cancelled_in", NAMES)
def test_cancelling_stops_the_step_and_leaves_nothing(
    shop: Shop, service: JobService, cancelled_in: str
) -> None:
    job = made(service)
    script = Script()

    def cancel(job: Job, run: Run) -> None:
        service.cancel(job.id)
        worker._watch()
        run.tell(1, 2)

    script.hooks[cancelled_in] = cancel
    worker = shop.worker(script)
    worker.tick()
    assert [name for _, name in script.steps_of(job)] == NAMES[: NAMES.index(cancelled_in) + 1]
    after = service.retrieve(job.id)
    assert (after.status, after.untidy, after.worker) == (CANCELLED, False, None)
    assert script.undone == [job.id]
    assert not (shop.folder / job.id).exists()
    assert worker.active == 0


def test_a_deleted_job_stops_and_keeps_what_it_has(shop: Shop, service: JobService) -> None:
    job = made(service)
    script = Script()

    def delete(job: Job, run: Run) -> None:
        service.soft_delete([job.id])
        worker._watch()
        run.check()

    script.hooks["render"] = delete
    worker = shop.worker(script)
    worker.tick()
    assert script.undone == []
    script.hooks.clear()
    service.restore(job.id)
    shop.pass_time(1, worker)
    assert service.retrieve(job.id).status == COMPLETED
    assert script.steps_of(job) == [
        (1, "compose"), (1, "render"), (2, "render"), (2, "store"), (2, "publish")
    ]  # fmt: skip


@pytest.mark.rows("R235", "R277", "R101", "R102", "R107", "R187", "C-05", "C-06")
@pytest.mark.parametrize("failing", NAMES)
def test_a_step_that_fails_for_good_is_undone(shop: Shop, service: JobService, failing: str) -> None:
    def fail(_job: Job, _run: Run) -> None:
        raise NotFound("NOT_FOUND", "There is no such product.")

    job = made(service)
    script = Script(hooks={failing: fail})
    shop.worker(script).tick()
    after = service.retrieve(job.id)
    assert (after.status, after.error_message, after.untidy) == (FAILED, "There is no such product.", False)
    assert script.undone == [job.id]
    assert not (shop.folder / job.id).exists()
    (attempt,) = service.attempts(job.id)
    assert attempt.failure is not None
    assert (attempt.failure.kind, attempt.failure.code) == (FailureClass.NOT_FOUND, "NOT_FOUND")


@pytest.mark.rows("R256", "R117", "R187", "G-10")
@pytest.mark.parametrize("failing", NAMES)
def test_a_step_that_fails_once_is_tried_again_from_there(
    shop: Shop, service: JobService, failing: str
) -> None:
    def fail(job: Job, _run: Run) -> None:
        if job.attempt == 1:
            raise TryAgain("UNAVAILABLE", "The shop is away.")

    job = made(service)
    script = Script(hooks={failing: fail})
    worker = shop.worker(script)
    worker.tick()
    assert service.retrieve(job.id).not_before is not None
    shop.pass_time(1.5, worker)
    assert service.retrieve(job.id).attempt == 1
    shop.pass_time(1, worker)
    assert service.retrieve(job.id).status == COMPLETED
    at = NAMES.index(failing)
    assert script.steps_of(job) == [(1, name) for name in NAMES[: at + 1]] + [
        (2, name) for name in NAMES[at:]
    ]
    assert script.undone == []


@pytest.mark.parametrize("failing", NAMES)
def test_a_step_waits_for_a_storage_that_is_away(shop: Shop, service: JobService, failing: str) -> None:
    """The attempt goes on when it is back: nothing failed."""
    away = [TryAgain("STORE_UNAVAILABLE", "The storage does not answer.")]

    def fail(_job: Job, _run: Run) -> None:
        if away:
            raise away.pop()

    job = made(service)
    shop.worker(Script(hooks={failing: fail})).tick()
    after = service.retrieve(job.id)
    assert (after.status, after.attempt, away) == (COMPLETED, 1, [])


@pytest.mark.parametrize(("after", "attempts"), [(0.7, 1), (3600.0, 2)])
def test_a_step_waits_for_a_shop_as_long_as_that_asks(
    shop: Shop, service: JobService, after: float, attempts: int
) -> None:
    """What is longer than its patience is left to the next attempt."""
    away = [TryAgain("SHOP_UNAVAILABLE", "The shop is busy.", after=after)]
    asked: list[float] = []

    def fail(_job: Job, _run: Run) -> None:
        asked.append(time.monotonic())
        if away:
            raise away.pop()

    job = made(service)
    shop.pass_time(10, shop.worker(Script(hooks={"render": fail})))
    done = service.retrieve(job.id)
    assert (done.status, done.attempt) == (COMPLETED, attempts)
    assert attempts > 1 or asked[1] - asked[0] >= after


def test_a_defect_is_tried_twice_and_told_to_operators_only(shop: Shop, service: JobService) -> None:
    def fail(_job: Job, _run: Run) -> None:
        raise KeyError("secret")

    job = made(service)
    worker = shop.worker(Script(hooks={"render": fail}))
    shop.pass_time(10, worker)
    after = service.retrieve(job.id)
    assert (after.status, after.attempt, after.error_message) == (
        FAILED, 2, "Something went wrong inside Tirage."
    )  # fmt: skip
    for attempt in service.attempts(job.id):
        assert attempt.failure is not None
        assert "KeyError: 'secret'" in attempt.failure.detail


@pytest.mark.parametrize("error", [MemoryError(), OSError(28, "No space left")])
def test_after_a_lack_of_something_the_next_attempt_takes_less(
    shop: Shop, service: JobService, error: Exception
) -> None:
    sparing = []

    def fail(_job: Job, run: Run) -> None:
        sparing.append(run.sparing)
        raise error

    job = made(service)
    shop.pass_time(10, shop.worker(Script(hooks={"render": fail})))
    assert sparing == [False, True]
    failure = service.retrieve(job.id).failure
    assert failure is not None
    assert failure.kind is FailureClass.RESOURCE


@pytest.mark.rows("C-14", "R108", "R205")
def test_a_step_that_takes_too_long_is_stopped(shop: Shop, service: JobService) -> None:
    def dawdle(_job: Job, run: Run) -> None:
        shop.clock.advance(299)
        worker._watch()
        run.check()
        shop.clock.advance(2)
        worker._watch()
        run.check()

    job = made(service)
    script = Script(hooks={"render": dawdle})
    worker = shop.worker(script)
    worker.tick()
    (attempt,) = service.attempts(job.id)
    assert attempt.failure is not None
    assert attempt.failure.kind is FailureClass.TIMEOUT
    assert service.retrieve(job.id).not_before is not None


@pytest.mark.rows("R229")
def test_tidying_that_fails_is_done_later(shop: Shop, service: JobService) -> None:
    def away(_job: Job) -> None:
        raise TryAgain("UNAVAILABLE", "The shop is away.")

    job = made(service)
    script = Script(hooks={"publish": lambda job, _run: service.cancel(job.id)}, undoing=away)
    worker = shop.worker(script)
    worker.tick()
    assert service.retrieve(job.id).untidy
    shop.pass_time(9, worker)
    assert len(script.undone) == 1
    script.undoing = lambda _job: None
    shop.pass_time(3, worker)
    assert not service.retrieve(job.id).untidy
    assert len(script.undone) == 2


def test_the_living_tidy_up_after_the_dead_and_not_before(shop: Shop, service: JobService) -> None:
    """A worker that lives may still be publishing: only it knows when that is over."""
    job = made(service)
    script = Script()
    first = shop.worker(script, "first", inline=False)
    first.tick()
    second = shop.worker(script, "second")
    service.cancel(job.id)
    shop.pass_time(30, first, second)
    assert script.undone == []
    shop.pass_time(11, second)
    assert script.undone == [job.id]
    assert not service.retrieve(job.id).untidy


def test_what_a_worker_left_that_died_at_the_very_end(shop: Shop, service: JobService) -> None:
    """The job is completed, and its folder is still there: whoever comes next on this machine clears it."""
    job, running = made(service, "completed"), made(service)
    for each in (job, running):
        (shop.folder / each.id / "1").mkdir(parents=True)
    service.pause("mockup")
    shop.worker(Script()).tick()
    assert [path.name for path in shop.folder.iterdir()] == [running.id]


@pytest.mark.rows("R288")
def test_a_paused_queue_is_left_alone(shop: Shop, service: JobService) -> None:
    job = made(service)
    service.pause("mockup")
    worker = shop.worker(Script())
    shop.pass_time(2, worker)
    assert service.retrieve(job.id).attempt == 0
    (state,) = service.queues()
    assert (state.name, state.paused, state.waiting, state.running) == ("mockup", True, 1, 0)
    assert state.oldest == job.created_at
    service.resume("mockup")
    shop.pass_time(1, worker)
    assert service.retrieve(job.id).status == COMPLETED
    assert service.queues() == []
    with pytest.raises(BadInput):
        service.pause("mockups")


@pytest.mark.rows("R118", "R294")
def test_a_worker_takes_as_many_as_it_has_room_for(shop: Shop, service: JobService) -> None:
    for _ in range(5):
        made(service)
    worker = shop.worker(Script(), inline=False, concurrency=3)
    worker.tick()
    assert (worker.active, len(shop.started)) == (3, 3)
    shop.pass_time(1, worker)
    assert len(shop.started) == 3
    shop.started[0]()
    worker.tick()
    assert len(shop.started) == 4


def test_a_single_queue_has_one_place_beside_the_others(shop: Shop, service: JobService) -> None:
    traced = [made(service, options={"renderer": "cycles"}) for _ in range(2)]
    quick = [made(service) for _ in range(3)]
    assert {job.queue for job in traced} == {"blender"}
    worker = shop.worker(
        Script(), inline=False, concurrency=2, queues=("mockup", "blender"), single=("blender",)
    )
    shop.pass_time(1, worker)
    held = {claim.job_id for claim in service.claims()}
    assert held == {traced[0].id, quick[0].id, quick[1].id}
    for started in list(shop.started):
        started()
    shop.pass_time(1, worker)
    assert {claim.job_id for claim in service.claims()} == {traced[1].id, quick[2].id}


@pytest.mark.rows("R268", "R294", "R306")
def test_workers_share_what_waits(shop: Shop, service: JobService) -> None:
    jobs, script = [made(service) for _ in range(6)], Script()
    workers = [shop.worker(script, name) for name in ("one", "two")]
    shop.pass_time(2, *workers)
    made_by = [service.attempts(job.id)[0].worker for job in jobs]
    assert sorted(made_by) == ["one"] * 3 + ["two"] * 3
    assert len(script.done) == len(set(script.done)) == 6 * len(STEPS)


def test_interactive_orders_pass_a_batch(shop: Shop, service: JobService) -> None:
    service.create_many([order(priority=5) for _ in range(20)])
    script = Script()
    worker = shop.worker(script)
    worker.tick()
    interactive = made(service)
    shop.pass_time(0.5, worker)
    assert service.retrieve(interactive.id).status == COMPLETED
    assert len({job_id for job_id, *_ in script.done}) == 2


def test_a_worker_that_is_told_to_stop_gives_back_what_it_cannot_finish(
    shop: Shop, service: JobService
) -> None:
    job, waiting = made(service), made(service)
    script = Script()
    first = shop.worker(script, "first", inline=False, drain_seconds=20)
    first.tick()
    started = shop.started

    def long(_job: Job, run: Run) -> None:
        first.stop()
        shop.pass_time(19, first)
        run.check()
        shop.pass_time(2, first)
        run.check()

    script.hooks["render"] = long
    started[0]()
    assert service.retrieve(waiting.id).attempt == 0
    back = service.retrieve(job.id)
    assert (back.worker, back.not_before, back.attempt, back.max_attempts) == (None, None, 1, 4)
    assert first.run()
    script.hooks.clear()
    shop.pass_time(2, shop.worker(script, "second"))
    assert service.retrieve(job.id).status == COMPLETED
    assert (2, "compose") not in script.steps_of(job)


def test_a_run_that_cannot_be_stopped_ends_its_worker(shop: Shop, service: JobService) -> None:
    job = made(service)
    worker = shop.worker(Script(), inline=False)
    worker.tick()
    service.cancel(job.id)
    shop.pass_time(29, worker)
    assert service.claims() == []
    assert not worker.stopping  # a storage that has gone silent is waited for
    shop.pass_time(8, worker)
    assert worker.stopping
    assert not worker.run()
    assert service.claims() == []


def test_a_claim_nobody_works_on_is_given_back(shop: Shop, service: JobService) -> None:
    """The answer to a claim may be lost with the connection, after the claim was written."""
    job = made(service)
    service.claim(worker="one", queues=["mockup"], limit=1)
    script = Script()
    shop.pass_time(1, shop.worker(script, "one"))
    assert service.retrieve(job.id).status == COMPLETED


def test_a_pipeline_that_does_not_complete_is_a_defect(shop: Shop, service: JobService) -> None:
    class Forgetful(Script):
        def make(self, job: Job, run: Run) -> None:
            pass

    job = made(service)
    shop.pass_time(10, shop.worker(Forgetful()))
    assert service.retrieve(job.id).status == FAILED


def test_there_is_no_such_queue(shop: Shop) -> None:
    with pytest.raises(BadInput, match="no queue"):
        shop.worker(Script(), queues=("mockup", "blnder"))


def test_stopped_is_no_exception() -> None:
    """A pipeline that catches Exception must not swallow it."""
    assert not isinstance(Stopped(Reason.LOST), Exception)
