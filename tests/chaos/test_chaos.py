"""Workers die, sleep, are told to stop and lose their database; afterwards the world is as it should be."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from crew import POINTS
from crews import HANGS, World
from partition import way_to

from tirage.jobs.failure import FailureClass
from tirage.jobs.machine import CANCELLED, COMPLETED
from tirage.jobs.model import RETRIED, Attempt, Job

ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "8"))
"""Kills at every point, on each database: 14 points × 8 rounds × 2 databases are 224 kills."""
RANDOM_KILLS = 20
IN_FLIGHT = 8


@pytest.mark.rows("R294", "R296")
def test_kills_at_every_point(world: World) -> None:
    chance = random.Random(7)  # noqa: S311
    plans = [{"kill": point, "after": chance.randrange(3)} for point in POINTS * ROUNDS]
    chance.shuffle(plans)
    killed, end = 0, time.monotonic() + HANGS
    while killed < len(POINTS) * ROUNDS:
        assert time.monotonic() < end, world.said()
        dead = [name for name, process in world.crew.items() if process.poll() is not None]
        for name in dead:
            assert world.crew.pop(name).returncode == -signal.SIGKILL, world.said()
            killed, end = killed + 1, time.monotonic() + HANGS
        while len(world.crew) < 2:
            world.start(**(plans.pop() if plans else {}))
        world.submit(max(0, IN_FLIGHT - world.active()))
        time.sleep(0.05)
    world.come_to_rest()
    world.check()
    assert all(world.service.retrieve(job_id).status == COMPLETED for job_id in world.acknowledged)
    assert sum("killed" in entry for entry in world.diary()) >= len(POINTS) * ROUNDS


def test_kills_at_random(world: World) -> None:
    chance = random.Random(11)  # noqa: S311
    for _ in range(RANDOM_KILLS):
        while len(world.alive()) < 2:
            world.start()
        world.submit(max(0, IN_FLIGHT - world.active()))
        time.sleep(chance.uniform(0.5, 2.5))
        world.kill(chance.choice(world.alive()))
    world.come_to_rest()
    world.check()


def test_takeover_with_the_usual_lease(world: World) -> None:
    """Five kills; others go on within 15 seconds."""
    seconds = []
    for _ in range(5):
        while len(world.alive()) < 2:
            world.start(lease=9.0, pause=1.5, concurrency=1)
        (job,) = world.submit()
        world.wait(lambda job=job: world.service.retrieve(job.id).step == "render")
        holder = world.service.retrieve(job.id).worker
        world.kill(str(holder))
        seconds.append(world.wait(partial(taken_over, world, job, holder), 30))
    print("taken over after", [round(each, 1) for each in seconds])
    assert max(seconds) <= 15
    world.come_to_rest()
    world.check()


def tries(world: World) -> list[Attempt]:
    """All attempts of all jobs."""
    return [each for job_id in world.acknowledged for each in world.service.attempts(job_id)]


def taken_over(world: World, job: Job, holder: str | None) -> bool:
    """Whether another worker holds it."""
    return world.service.retrieve(job.id).worker not in {None, holder}


@pytest.mark.rows("R301")
def test_zombies(world: World) -> None:
    """Stopped for longer than the lease, then awake again: what they hold by then is no longer theirs."""
    for _ in range(2):
        world.start(pause=0.3)
    for _ in range(3):
        jobs = world.submit(4)
        world.wait(lambda jobs=jobs: any(world.service.retrieve(job.id).worker for job in jobs))
        time.sleep(0.5)
        held = {world.service.retrieve(job.id).worker for job in jobs} - {None}
        zombie = min(map(str, held))
        stop_outside_a_write(world, zombie)
        world.wait(lambda zombie=zombie: not world.service.claims(zombie))
        world.kill(zombie, signal.SIGCONT)
        world.wait(lambda: world.active() == 0)
    world.come_to_rest()
    world.check()
    lost = [each for each in tries(world) if each.failure]
    assert {each.failure.kind for each in lost if each.failure} == {FailureClass.WORKER_LOST}


def stop_outside_a_write(world: World, name: str) -> None:
    """SIGSTOP; who is stopped in the middle of a write of SQLite holds everybody up: not asked here."""
    while True:
        world.kill(name, signal.SIGSTOP)
        url = world.app.settings.database_url
        if not url.startswith("sqlite") or can_write(url):
            return
        world.kill(name, signal.SIGCONT)
        time.sleep(0.05)


def can_write(url: str) -> bool:
    """Whether anybody can take SQLite's lock within two seconds."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, timeout=2)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.rollback()
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()
    return True


@pytest.mark.rows("R291", "R177")
def test_cancelling_in_every_step(world: World) -> None:
    chance = random.Random(5)  # noqa: S311
    for _ in range(2):
        world.start(pause=0.05, concurrency=4)
    cancelled: dict[str, float] = {}
    for _ in range(8):
        jobs = world.submit(6)
        for job in jobs:
            time.sleep(chance.uniform(0, 0.25))
            now = world.service.retrieve(job.id)
            if now.completed_at is None:
                try:
                    world.service.cancel(job.id)
                except Exception:  # noqa: BLE001, S112 – it ended between the two lines
                    continue
                cancelled[job.id] = time.time()
    world.come_to_rest()
    world.check()
    assert len(cancelled) >= 20
    late = [
        entry["at"] - cancelled[entry["job"]]
        for entry in world.diary()
        if entry.get("job") in cancelled and entry["at"] > cancelled[entry["job"]]
    ]
    assert all(world.service.retrieve(job_id).status == CANCELLED for job_id in cancelled)
    print(f"{len(cancelled)} cancelled; the last sign of life after {max(late, default=0):.2f} s")
    assert max(late, default=0) <= 2


def test_draining_under_load(world: World) -> None:
    """What is running ends or is given back, the worker ends well within 30 seconds."""
    for _ in range(4):
        quick, slow = world.start(pause=0.02), world.start(pause=1.0, drain=1.0)
        world.submit(10)
        world.wait(lambda slow=slow: len(world.service.claims(slow)) == 3)
        world.kill(slow, signal.SIGTERM)
        start = time.monotonic()
        assert world.crew[slow].wait(HANGS) == 0, world.said()
        assert time.monotonic() - start < 10
        assert world.service.claims(slow) == []
        world.wait(lambda: world.active() == 0)
        world.kill(quick, signal.SIGTERM)
        assert world.crew[quick].wait(HANGS) == 0, world.said()
    world.come_to_rest()
    world.check()
    for job_id in world.acknowledged:
        job = world.service.retrieve(job_id)
        given_back = [each for each in world.service.attempts(job_id) if each.failure]
        assert job.max_attempts == 100 + len(given_back)


def test_who_drains_claims_nothing_more(world: World) -> None:
    """However much room it has, and however much waits."""
    for _ in range(3):
        drained = world.start(pause=0.3, drain=20.0)
        world.submit()
        world.wait(lambda drained=drained: world.service.claims(drained))
        world.kill(drained, signal.SIGTERM)
        world.wait((world.folder / f"{drained}.stopping").exists)
        waiting = world.submit(5)
        assert world.crew[drained].wait(HANGS) == 0, world.said()
        assert [job.id for job in waiting if world.service.attempts(job.id)] == []
        world.start(pause=0.02)
        world.wait(lambda: world.active() == 0)
        world.dismiss()
    world.come_to_rest()
    world.check()


@pytest.mark.rows("R101", "R107", "R112", "R119")
def test_every_place_failing_once(world: World) -> None:
    """Each is tried again, nothing is lost or left, and the first error is known."""
    places = [point for point in POINTS if not point.startswith("complete")]
    for _ in range(2):
        world.start(fail=places, lease=9.0)
    world.submit(24)
    world.come_to_rest()
    world.check()
    failed = [
        each for job_id in world.acknowledged for each in world.service.attempts(job_id) if each.failure
    ]
    assert len(failed) == 2 * len(places)
    assert {each.failure.code for each in failed if each.failure} == {"UNAVAILABLE"}
    assert all(world.service.retrieve(job_id).status == COMPLETED for job_id in world.acknowledged)


def test_two_observers_of_a_death(world: World) -> None:
    """Both see it at the same moment; what the dead one held is put back once."""
    for _ in range(3):
        while len(world.alive()) < 3:
            world.start(pause=0.3)
        world.submit(9)
        world.wait(world.service.claims)
        world.kill(world.service.claims()[0].worker)
        world.wait(lambda: world.active() == 0)
    world.come_to_rest()
    world.check()
    for job_id in world.acknowledged:
        lost = [each for each in world.service.attempts(job_id) if each.failure]
        told = [event for event in world.service.events(job_id=job_id, limit=1000) if event.name == RETRIED]
        assert len(told) == len(lost)


@pytest.mark.rows("R302")
def test_a_full_disk(small_disk: Path, world: World) -> None:
    """What is under way fails for want of space, without a partial file; then orders go on."""
    for _ in range(2):
        world.start(pause=0.3)
    world.submit(12)
    world.wait(lambda: sum(world.service.retrieve(each).step == "render" for each in world.acknowledged) > 3)
    ballast = small_disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 16) if small(small_disk) else bytes(512))
    time.sleep(4)
    assert len(world.alive()) == 2, world.said()
    done = world.service.stats().by_status[COMPLETED]
    ballast.unlink()
    world.submit(2)  # what waited before may all have failed by now
    seconds = world.wait(lambda: world.service.stats().by_status[COMPLETED] > done)
    print(f"the first order was done {seconds:.1f} s after space returned")
    assert seconds <= 30
    world.come_to_rest()
    world.check()
    failed = [
        each for job_id in world.acknowledged for each in world.service.attempts(job_id) if each.failure
    ]
    kinds = {each.failure.kind for each in failed if each.failure}
    assert kinds <= {FailureClass.RESOURCE, FailureClass.WORKER_LOST}
    on_the_disk = world.app.settings.database_url.startswith("sqlite")
    assert on_the_disk or FailureClass.RESOURCE in kinds, "only who can write can say why it failed"


def small(folder: Path) -> bool:
    """Whether more than a little is free."""
    return shutil.disk_usage(folder).free > 1 << 17


@pytest.mark.parametrize("world", ["postgresql"], indirect=True)
def test_a_partition(world: World) -> None:
    """A worker that cannot reach the database; what it holds is taken over, and what it writes refused."""
    with way_to(world.app.settings.database_url) as way:
        cut_off, other = world.start(url=way.url, pause=0.3), world.start(pause=0.05)
        for _ in range(2):
            world.submit(8)
            world.wait(lambda: world.service.claims(cut_off))
            way.cut()
            world.wait(lambda: world.active() == 0)
            assert world.service.claims(cut_off) == []
            way.heal()
            time.sleep(1)
        assert {cut_off, other} <= set(world.alive()), world.said()
        world.come_to_rest()
    world.check()
    assert {each.worker for each in tries(world) if each.failure} == {cut_off}


def test_a_database_that_is_away(world: World) -> None:
    """For longer than the lease: nobody is taken for dead because nobody could count."""
    for _ in range(2):
        world.start(pause=0.2)
    world.submit(12)
    world.wait(world.service.claims)
    time.sleep(1)
    with_outage(world, seconds=5)
    world.submit(4)
    world.wait(lambda: world.active() == 0)
    assert len(world.alive()) == 2, world.said()
    world.come_to_rest()
    world.check()
    lost = [each for each in tries(world) if each.failure]
    assert lost == []


def with_outage(world: World, *, seconds: float) -> None:
    """PostgreSQL is stopped like a process that hangs; SQLite's file is locked by somebody else."""
    url = world.app.settings.database_url
    if url.startswith("sqlite"):
        locked = threading.Event()

        def lock() -> None:
            connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, timeout=30)
            connection.execute("BEGIN IMMEDIATE")
            locked.set()
            time.sleep(seconds)
            connection.rollback()
            connection.close()

        holder = threading.Thread(target=lock)
        holder.start()
        assert locked.wait(30)
        holder.join()
        return
    pids = [int(line) for line in postmaster(url)]
    for number in (signal.SIGSTOP, signal.SIGCONT):
        for pid in pids:
            subprocess.run(["kill", f"-{number.value}", str(pid)], check=False)
        if number is signal.SIGSTOP:
            time.sleep(seconds)


def postmaster(url: str) -> list[str]:
    """The server's process and its children."""
    from urllib.parse import parse_qs, urlsplit

    folder = Path(parse_qs(urlsplit(url).query)["host"][0])
    head = (folder / "postmaster.pid").read_text().splitlines()[0]
    children = Path(f"/proc/{head}/task/{head}/children").read_text().split()
    return [*children, head]
