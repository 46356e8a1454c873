"""State machines as data: the pipelines' tables, and tables that contradict."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from tirage.jobs.machine import (
    RetryBy,
    StateMachine,
    allowed,
    can_retry,
    can_transition,
    describe,
    is_active,
    is_terminal,
    next_status,
    progress_for,
    progress_on_entering,
)
from tirage.mockup.states import MOCKUP
from tirage.video.states import INGEST, VIDEO

ASKED = {
    ("pending", "compositing"), ("pending", "failed"), ("pending", "cancelled"),
    ("compositing", "rendering"), ("compositing", "failed"), ("compositing", "cancelled"),
    ("rendering", "completed"), ("rendering", "failed"), ("rendering", "cancelled"),
}  # fmt: skip


@pytest.mark.rows("R002", "R029", "C-04", "C-22")
def test_the_mockup_moves_are_those_asked_for() -> None:
    assert MOCKUP.statuses == ("pending", "compositing", "rendering", "completed", "failed", "cancelled")
    pairs = {pair for pair in product(MOCKUP.statuses, repeat=2) if can_transition(MOCKUP, *pair)}
    assert pairs == ASKED
    assert {status for status in MOCKUP.statuses if is_active(MOCKUP, status)} == {
        "pending", "compositing", "rendering"
    }  # fmt: skip
    assert {status for status in MOCKUP.statuses if is_terminal(MOCKUP, status)} == {
        "completed", "failed", "cancelled"
    }  # fmt: skip
    assert allowed(MOCKUP, "pending") == ("compositing", "failed", "cancelled")


@pytest.mark.rows("R131", "R132", "R133", "R134", "R135", "R136", "R138", "R139", "R140", "R141", "C-04")
def test_the_video_moves_are_those_asked_for() -> None:
    assert VIDEO.statuses == ("queued", "processing", "completed", "failed", "cancelled")
    pairs = {pair for pair in product(VIDEO.statuses, repeat=2) if can_transition(VIDEO, *pair)}
    assert pairs == {
        ("queued", "processing"), ("queued", "cancelled"), ("processing", "completed"),
        ("processing", "failed"), ("processing", "cancelled"), ("failed", "queued"),
    }  # fmt: skip
    assert {status for status in VIDEO.statuses if is_active(VIDEO, status)} == {"queued", "processing"}
    assert {status for status in VIDEO.statuses if is_terminal(VIDEO, status)} == {"completed", "cancelled"}
    path = ["queued", "processing", "completed", None]
    assert [next_status(VIDEO, str(status)) for status in path[:-1]] == path[1:]
    sentences = {describe(VIDEO, status) for status in VIDEO.statuses}
    assert len(sentences) == 5
    assert (INGEST.moves, INGEST.pipeline) == (VIDEO.moves, "ingest")


@pytest.mark.rows("R137")
def test_who_can_be_tried_again() -> None:
    assert can_retry("failed", 2, 3)
    assert not can_retry("failed", 3, 3)
    assert not any(can_retry(status, 0, 3) for status in VIDEO.statuses if status != "failed")


def test_the_diagram_is_the_table() -> None:
    lines = reference.diagram(VIDEO).splitlines()
    moves = {tuple(line.strip().split(" --> ")) for line in lines[1:]}
    assert moves == {
        ("[*]", "queued"), ("queued", "processing"), ("queued", "cancelled"), ("processing", "completed"),
        ("processing", "failed"), ("processing", "cancelled"), ("failed", "queued"), ("completed", "[*]"),
        ("cancelled", "[*]"),
    }  # fmt: skip
    assert "as before" in reference.states(VIDEO)


@pytest.mark.rows("C-25", "C-03")
def test_what_is_terminal_and_how_to_retry_is_the_tables() -> None:
    assert is_terminal(MOCKUP, "failed")
    assert not is_terminal(VIDEO, "failed")
    assert not is_active(VIDEO, "failed")
    assert can_transition(VIDEO, "failed", "queued")
    assert (MOCKUP.retry, VIDEO.retry) == (RetryBy.NEW_JOB, RetryBy.SAME_JOB)


@pytest.mark.parametrize("machine", [MOCKUP, VIDEO, INGEST], ids=lambda machine: machine.pipeline)
def test_every_job_can_come_to_an_end(machine: StateMachine) -> None:
    for status in machine.active:
        path = [status]
        while (following := next_status(machine, path[-1])) is not None:
            assert can_transition(machine, path[-1], following)
            path.append(following)
        assert path[-1] == "completed"
        assert can_transition(machine, status, "cancelled")
    assert next_status(machine, "failed") is None
    assert all(describe(machine, status).endswith(".") for status in machine.statuses)
    with pytest.raises(KeyError):
        describe(machine, "lost")


@pytest.mark.rows("C-07", "R245")
def test_progress_has_the_floors_asked_for() -> None:
    assert [progress_for(MOCKUP, status) for status in ("pending", "compositing", "rendering")] == [0, 25, 50]
    assert progress_for(MOCKUP, "completed", done=1, of=2) == 100
    assert [progress_for(MOCKUP, "rendering", done=view, of=6) for view in range(7)] == [
        50, 58, 66, 75, 83, 91, 99
    ]  # fmt: skip
    assert progress_on_entering(MOCKUP, "failed", 80) == 0
    assert progress_on_entering(VIDEO, "failed", 80) == 80
    assert progress_on_entering(MOCKUP, "cancelled", 80) == 80
    assert progress_on_entering(VIDEO, "queued", 80) == 0
    assert progress_on_entering(MOCKUP, "rendering", 60) == 60


@given(
    status=st.sampled_from(["pending", "compositing", "rendering"]),
    units=st.tuples(st.integers(-5, 2000), st.integers(-5, 2000)),
    of=st.integers(-1, 1000),
)
def test_progress_within_a_status_rises_and_stays_below_the_next(
    status: str, units: tuple[int, int], of: int
) -> None:
    first, second = (progress_for(MOCKUP, status, done=done, of=of) for done in sorted(units))
    following = next_status(MOCKUP, status)
    assert following
    assert MOCKUP.floors[status] <= first <= second < MOCKUP.floors[following]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"active": frozenset({"waiting"})}, "has no row"),
        ({"happy_path": ("pending", "rendering", "completed")}, "happy path"),
        ({"happy_path": ("pending", "compositing", "rendering")}, "happy path"),
        ({"active": frozenset({"pending", "completed"})}, "no way on"),
        ({"sentences": {}}, "no sentence"),
        ({"events": {}}, "no event"),
        ({"floors": {"pending": 0, "compositing": 50, "rendering": 50, "completed": 100}}, "floors"),
        ({"retry": RetryBy.SAME_JOB}, "retrying"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        replace(MOCKUP, **changes)  # type: ignore[arg-type]
