"""The job service on both stores: every method that customers, operators and screens call."""

from __future__ import annotations

import inspect
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import product
from typing import Any

import pytest
import sqlalchemy as sa

from jobsteps import ORDER, PATHS, bring, made, near, order
from tirage.errors import BadInput, Conflict, NotFound
from tirage.jobs import model
from tirage.jobs.machine import can_transition
from tirage.jobs.model import Artifact, Job, JobFilters, NewJob, Order, Page
from tirage.jobs.service import JobService
from tirage.mockup.catalogue import Preset
from tirage.mockup.states import MOCKUP
from tirage.stores.tables import jobs
from tirage.testing import FakeClock

PAIRS = [pytest.param(old, new, id=f"{old}-{new}") for old, new in product(MOCKUP.statuses, repeat=2)]


def names(service: JobService, job_id: str | None = None) -> list[str]:
    return [event.name.removeprefix("render.job.") for event in service.events(job_id=job_id, limit=1000)]


@pytest.mark.rows("R028", "R085")
def test_the_public_methods_are_typed_and_say_what_they_do() -> None:
    for name, method in inspect.getmembers(JobService, inspect.isfunction):
        if not name.startswith("_"):
            assert inspect.getdoc(method), name
            assert "return" in method.__annotations__, name
    for name in ("NewJob", "StatusData", "JobFilters", "Results", "JobStats", "RetryOverrides", "JobUpdate"):
        assert inspect.getdoc(getattr(model, name)), name


# submitting


@pytest.mark.rows("R005", "R043", "R049", "R057", "R065", "R067", "R070")
def test_a_new_job_is_pending_and_complete(service: JobService, clock: FakeClock) -> None:
    job = service.create(
        NewJob(
            pipeline="mockup",
            product_id="prod_123",
            variant_id="var_456",
            design_file_url="https://example.com/design.png",
            preset="chest-medium",
            template_id="tmpl_789",
        )
    )
    assert job.id.startswith("rjob_")
    assert (job.status, job.progress, job.attempt) == ("pending", 0, 0)
    assert job.created_at == job.updated_at == clock.now
    assert (job.started_at, job.completed_at, job.deleted_at, job.error_message) == (None,) * 4
    assert service.get(job.id) == service.retrieve(job.id) == job
    assert names(service) == ["created"]


def test_all_that_was_ordered_is_kept(service: JobService) -> None:
    job = service.create(ORDER)
    assert {name: getattr(job, name) for name in ("options", "metadata", "variant_id", "template_id")} == {
        name: getattr(ORDER, name) for name in ("options", "metadata", "variant_id", "template_id")
    }
    assert service.retrieve(job.id) == job


@pytest.mark.rows("R042", "R069", "R035", "R196", "R197", "R198")
def test_a_submission_that_is_wrong_leaves_nothing(service: JobService) -> None:
    with pytest.raises(BadInput) as caught:
        service.create(order(product_id=" ", design_file_url="../x", preset=None))
    assert caught.value.code == "INVALID_DATA"
    assert {finding.where for finding in caught.value.findings} == {
        "product_id", "design_file_url", "preset"
    }  # fmt: skip
    with pytest.raises(BadInput, match="no pipeline"):
        service.create(order(pipeline="embroidery"))
    with pytest.raises(BadInput) as caught:
        service.create(order(preset="dead-center-medium"))
    assert caught.value.code == "INVALID_PRESET"
    assert service.list() == []
    assert names(service) == []


@pytest.mark.rows("R044", "R192", "C-01", "C-21")
def test_every_preset_can_be_submitted(service: JobService) -> None:
    made_jobs = service.create_many([order(preset=preset.value) for preset in Preset])
    assert [service.retrieve(job.id).preset for job in made_jobs] == [*Preset]


@pytest.mark.rows("R023")
def test_many_are_all_made_or_none(service: JobService) -> None:
    assert service.create_many([]) == []
    made_jobs = service.create_many([order(product_id=f"p{number}") for number in range(30)])
    assert [job.id for job in made_jobs] == sorted(job.id for job in made_jobs)
    assert names(service) == ["created"] * 30
    with pytest.raises(BadInput) as caught:
        service.create_many([order(), order(preset="x"), order(product_id="")])
    assert {finding.where for finding in caught.value.findings} == {"[1].preset", "[2].product_id"}
    assert len(service.events(limit=100)) == 30


@pytest.mark.rows("C-16")
def test_a_job_can_have_an_id_that_its_files_have_already(service: JobService) -> None:
    job_id = service.new_id()
    job = service.create(order(id=job_id, design_file_url=f"uploads/render-jobs/{job_id}/design.png"))
    assert job.id == job_id
    with pytest.raises(Conflict):
        service.create_many([order(), order(id=job_id)])
    assert service.list() == [job]
    with pytest.raises(BadInput, match="no job id"):
        service.create(order(id="rjob_../../etc"))


# reading


@pytest.mark.rows("R006", "R020", "R034")
def test_what_is_not_there(service: JobService) -> None:
    for job_id in (service.new_id(), "", "rjob_x' OR '1'='1", "x" * 5000, "\0", "\ud800"):
        assert service.get(job_id) is None
        with pytest.raises(NotFound) as caught:
            service.retrieve(job_id)
        assert caught.value.code == "NOT_FOUND"
        with pytest.raises(NotFound):
            service.set_status(job_id, "compositing")
        for method in (service.cancel, service.retry, service.restore, service.purge):
            with pytest.raises(NotFound):
                method(job_id)
        with pytest.raises(NotFound):
            service.soft_delete([job_id])
        assert service.attempts(job_id) == service.events(job_id=job_id) == []


@pytest.fixture
def mixed(service: JobService, clock: FakeClock) -> dict[str, Job]:
    """A job of product `a` in each status, an hour apart; one of `b`; a deleted one of each."""
    found = {}
    for status in MOCKUP.statuses:
        clock.advance(3600)
        found[status] = made(service, status, product_id="a")
    clock.advance(3600)
    found["b"] = made(service, product_id="b")
    service.soft_delete([made(service, product_id=name).id for name in ("a", "b")])
    return found


@pytest.mark.rows("R011", "R012", "R013", "R017", "R046")
def test_the_questions_screens_ask(service: JobService, mixed: dict[str, Job]) -> None:
    newest_first = [mixed[status] for status in reversed(MOCKUP.statuses)]
    assert service.by_product("a") == newest_first
    assert service.by_product("c") == []
    for question in (service.by_product, service.has_active, service.product_stats):
        with pytest.raises(BadInput):
            question("a\0/../b")
    assert service.by_status("completed") == [mixed["completed"]]
    assert service.by_status("pending") == [mixed["b"], mixed["pending"]]
    assert service.active() == [mixed[name] for name in ("b", "rendering", "compositing", "pending")]
    assert service.has_active("a")
    for job in service.active():
        service.cancel(job.id)
    assert not service.has_active("a")
    assert service.active() == []
    with pytest.raises(BadInput) as caught:
        service.by_status("queued")
    assert caught.value.code == "INVALID_DATA"
    assert "pending" in caught.value.hint


@pytest.mark.rows("R008", "R014", "R021", "R022", "R045")
def test_lists_are_filtered_ordered_and_paged(service: JobService, mixed: dict[str, Job]) -> None:
    everything = [mixed["b"], *(mixed[status] for status in reversed(MOCKUP.statuses))]
    assert service.list() == everything
    assert service.list_with_count(page=Page(limit=2, offset=1)) == (everything[1:3], 7)
    assert service.list(page=Page(order=Order.ASC, limit=3)) == everything[:-4:-1]
    some = JobFilters(product_id="a", statuses=("failed", "completed"))
    assert service.list_with_count(some) == ([mixed["failed"], mixed["completed"]], 2)
    assert service.list_with_count(some, Page(limit=1, offset=5)) == ([], 2)
    assert service.list(JobFilters(statuses=())) == []
    assert service.list_with_count(JobFilters(include_deleted=True))[1] == 9
    assert service.list(JobFilters(product_id="a", pipeline="video")) == []
    for page in (Page(limit=0), Page(limit=101), Page(offset=-1)):
        with pytest.raises(BadInput):
            service.list(page=page)
    with pytest.raises(BadInput):
        service.list(JobFilters(statuses=("done",)))


def test_jobs_of_one_moment_are_listed_by_id(service: JobService) -> None:
    made_jobs = service.create_many([ORDER] * 25)
    pages = [service.list(page=Page(limit=10, offset=offset)) for offset in (0, 10, 20)]
    assert [job.id for page in pages for job in page] == sorted((job.id for job in made_jobs), reverse=True)


@pytest.mark.rows("R016", "R054")
def test_recent_jobs_are_found_by_the_database(
    service: JobService, mixed: dict[str, Job], clock: FakeClock
) -> None:
    assert service.recent(2.5) == [mixed["b"], mixed["cancelled"], mixed["failed"]]
    assert service.recent(100, 2) == [mixed["b"], mixed["cancelled"]]
    clock.advance(3600)
    assert service.recent(0.5) == []
    for hours, limit in ((0, 1), (-1, 1), (float("nan"), 1), (float("inf"), 1), (1, 0), (1, 101)):
        with pytest.raises(BadInput):
            service.recent(hours, limit)


@pytest.mark.rows("R015", "R059", "C-17")
def test_statistics_have_every_status(service: JobService, mixed: dict[str, Job]) -> None:
    stats = service.product_stats("a")
    assert stats.by_status == dict.fromkeys(MOCKUP.statuses, 1)
    assert stats.total == 6
    service.cancel(mixed["pending"].id)
    assert service.product_stats("a").by_status["cancelled"] == 2
    empty = service.product_stats("nothing")
    assert empty.by_status == dict.fromkeys(MOCKUP.statuses, 0)
    assert empty.total == 0


@pytest.mark.rows("R017", "R053", "R054", "R055", "C-17")
def test_questions_are_answered_by_the_database_from_an_index(
    service: JobService, engine: sa.Engine, mixed: dict[str, Job]
) -> None:
    """Counted on SQLite: how many statements each takes, and that none of them scans the table."""
    if engine.dialect.name != "sqlite":
        return
    asked: list[tuple[str, Any]] = []
    counted = service._store._engine  # type: ignore[attr-defined]
    sa.event.listen(counted, "before_cursor_execute", lambda *call: asked.append(call[2:4]))
    for question, most in (
        (lambda: service.product_stats("a"), 1),
        (lambda: service.has_active("a"), 1),
        (lambda: service.recent(3), 2),
        (lambda: service.list(JobFilters(product_id="a")), 2),
        (lambda: service.by_status("failed"), 2),
        (service.due, 2),
        (lambda: service.clean_up(older_than=timedelta(0)), 1),
    ):
        asked.clear()
        question()
        statements = [(text, values) for text, values in asked if text.split()[0] in {"SELECT", "UPDATE"}]
        assert 1 <= len(statements) <= most, asked
        with engine.connect() as connection:
            for text, values in statements:
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all()
                assert not [step for *_, step in plan if step == "SCAN jobs"], (text, plan)
    assert mixed


# changing a status


@pytest.mark.rows("R009", "R029", "R031", "R032", "R035", "R036", "R199", "C-04", "C-12", "C-22")
@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_every_pair_of_statuses(service: JobService, clock: FakeClock, old: str, new: str) -> None:
    job = made(service, old)
    clock.advance(5)
    data = model.StatusData(error_message="No ink.") if new == "failed" else model.StatusData()
    before = names(service)
    if old == new:
        service.set_status(job.id, new)
        assert service.retrieve(job.id) == job
        assert names(service) == before
    elif can_transition(MOCKUP, old, new):
        moved = service.set_status(job.id, new, data)
        assert (moved.status, moved.updated_at) == (new, clock.now)
        assert service.retrieve(job.id) == moved
        assert names(service) == [*before, new]
        assert (moved.completed_at is not None) == (new not in MOCKUP.active)
    else:
        with pytest.raises(BadInput) as caught:
            service.set_status(job.id, new, data)
        assert caught.value.code == "INVALID_DATA"
        for word in (job.id, old, new, *(MOCKUP.moves[old] or {"nothing"})):
            assert word in caught.value.message
        assert service.retrieve(job.id) == job
        assert names(service) == before


def test_a_status_that_there_is_not(service: JobService) -> None:
    job = made(service)
    for status in ("queued", "", "PENDING", "x" * 500):
        with pytest.raises(BadInput) as caught:
            service.set_status(job.id, status)
        assert "compositing" in caught.value.hint


@pytest.mark.rows("R037", "R038", "R067")
@pytest.mark.parametrize("end", ["completed", "failed", "cancelled"])
def test_times_are_set_once(service: JobService, clock: FakeClock, end: str) -> None:
    start = clock.now
    job = made(service)
    clock.advance(1)
    job = bring(service, job, "compositing")
    assert (job.started_at, job.completed_at) == (start + timedelta(seconds=1), None)
    clock.advance(1)
    job = service.set_status(job.id, "rendering")
    assert job.started_at == start + timedelta(seconds=1)
    clock.advance(1)
    job = service.set_status(job.id, end, {"error_message": "x"} if end == "failed" else {})
    clock.advance(1)
    job = service.set_status(job.id, end, {"metadata": {"seen": True}})
    assert job.completed_at == start + timedelta(seconds=3)
    assert (job.created_at, job.updated_at) == (start, start + timedelta(seconds=4))
    assert job.started_at is not None
    assert job.started_at.tzinfo is UTC


@pytest.mark.rows("R039")
def test_a_callers_times_win(service: JobService, clock: FakeClock) -> None:
    early = clock.now - timedelta(days=1)
    zone = timezone(timedelta(hours=2))
    job = made(service)
    job = service.set_status(job.id, "compositing", {"started_at": early.astimezone(zone)})
    assert job.started_at == early
    assert service.retrieve(job.id).started_at == early
    job = service.set_status(job.id, "failed", {"error_message": "x", "completed_at": early})
    assert job.completed_at == early
    job = service.set_status(job.id, "failed", {"completed_at": clock.now})
    assert job.completed_at == clock.now
    naive = datetime(2026, 1, 1)  # noqa: DTZ001
    with pytest.raises(BadInput, match="zone"):
        service.set_status(job.id, "failed", {"started_at": naive})


def test_times_of_a_job_never_run_back(service: JobService, clock: FakeClock) -> None:
    job = made(service)
    clock.advance(-86_400)
    job = bring(service, job, "completed")
    assert job.started_at is not None
    assert job.created_at <= job.started_at <= (job.completed_at or job.created_at) <= job.updated_at
    times = [event.at for event in service.events(job_id=job.id)]
    assert times == sorted(times)


@pytest.mark.rows("R030", "R047", "R082", "R200")
def test_the_same_status_merges_data_and_nothing_else(service: JobService, clock: FakeClock) -> None:
    job = made(service, "compositing", metadata={"a": 1, "b": {"c": 2}})
    before = names(service)
    clock.advance(9)
    merged = service.set_status(
        job.id, "compositing", {"metadata": {"b": None, "d": 4}, "composited_file_url": "media/c.png"}
    )
    assert merged == replace(
        job,
        metadata={"a": 1, "b": None, "d": 4},
        artifacts=(Artifact(role="composited", key="media/c.png"),),
        updated_at=clock.now,
    )
    assert service.retrieve(job.id) == merged
    assert names(service) == before


@pytest.mark.rows("R058", "R048", "C-19")
def test_data_and_status_change_together(service: JobService) -> None:
    job = made(service)
    job = service.set_status(job.id, "compositing", {"composited_file_url": "media/c.png"})
    assert (job.status, job.composited_file_url) == ("compositing", "media/c.png")
    views = [Artifact(role=f"view_{rank}", key=f"media/{rank}.png", rank=rank) for rank in range(1, 6)]
    front = Artifact(
        role="front_0deg", key="media/0.png", rank=0, media_type="image/png", width=2048, height=2048,
        bytes=5_000_000_000, sha256="0" * 64,
    )  # fmt: skip
    film = Artifact(role="animation", key="media/turn.mp4", media_type="video/mp4", fps=24.0, duration=3.0)
    service.set_status(job.id, "rendering")
    job = service.set_status(job.id, "completed", {"artifacts": [film, *reversed(views), front]})
    assert service.retrieve(job.id) == job
    assert service.list() == [job]
    assert job.rendered_image_url == "media/0.png"
    assert job.rendered_image_urls == tuple(f"media/{rank}.png" for rank in range(6))
    assert job.animation_url == "media/turn.mp4"
    assert job.artifacts[-2:] == (film, Artifact(role="composited", key="media/c.png"))


@pytest.mark.rows("R087", "R035")
@pytest.mark.parametrize("text", [None, "", "  \n", 5])
def test_failed_needs_a_message(service: JobService, text: object) -> None:
    job = made(service, "compositing")
    for data in ({}, {"error_message": text}):
        with pytest.raises(BadInput, match="needs an error_message"):
            service.set_status(job.id, "failed", data)  # type: ignore[arg-type]
    assert service.retrieve(job.id) == job
    with pytest.raises(BadInput, match="goes with"):
        service.set_status(job.id, "rendering", {"error_message": "x"})


def test_a_message_of_any_characters_is_kept_as_far_as_stores_can(service: JobService) -> None:
    job = made(service, "failed")
    assert service.set_status(job.id, "failed", {"error_message": "Other."}).error_message == "Other."
    job = made(service)
    job = service.set_status(
        job.id, "failed", {"error_message": "a\0b \ud800 👕 '; DROP TABLE jobs" + "x" * 3000}
    )
    assert job.error_message is not None
    assert job.error_message.startswith("a�b ? 👕 '; DROP TABLE jobs")
    assert len(job.error_message) == 2000
    assert service.retrieve(job.id) == job


@pytest.mark.rows("C-05", "R004")
@pytest.mark.parametrize("status", MOCKUP.statuses)
def test_whatever_happens_to_a_job_its_row_stays(service: JobService, status: str) -> None:
    job = made(service, status)
    assert service.retrieve(job.id).status == status
    assert names(service, job.id)[-1] == ("created" if status == "pending" else status)


def test_unknown_keys_are_refused(service: JobService) -> None:
    job = made(service)
    for change in (
        lambda: service.set_status(job.id, "compositing", {"progres": 5}),  # type: ignore[typeddict-unknown-key]
        lambda: service.set_status(job.id, "pending", {"status": "failed"}),  # type: ignore[typeddict-unknown-key]
        lambda: service.retry(job.id, {"status": "x"}),  # type: ignore[typeddict-unknown-key]
    ):
        with pytest.raises(BadInput, match="cannot be given here"):
            change()
    assert service.retrieve(job.id) == job


@pytest.mark.rows("R010")
def test_results_change_only_as_given(service: JobService) -> None:
    job = made(service, "rendering")
    job = service.set_results(job.id, {"composited_file_url": "media/c.png", "animation_url": "media/a.mp4"})
    assert (job.composited_file_url, job.rendered_image_url, job.animation_url) == (
        "media/c.png", None, "media/a.mp4"
    )  # fmt: skip
    job = service.set_results(job.id, {"animation_url": None, "rendered_image_url": "https://e.com/f.png"})
    assert service.retrieve(job.id) == job
    assert (job.composited_file_url, job.rendered_image_url, job.animation_url) == (
        "media/c.png", "https://e.com/f.png", None
    )  # fmt: skip
    with pytest.raises(BadInput, match="cannot be given here"):
        service.set_results(job.id, {"rendered_image_urls": "x"})  # type: ignore[typeddict-unknown-key]
    with pytest.raises(BadInput, match="no storage key"):
        service.set_results(job.id, {"animation_url": "../x"})
    assert service.set_results(job.id, {}) == job
    assert service.retrieve(job.id) == job


def test_a_result_with_another_key_loses_what_was_measured(service: JobService) -> None:
    job = made(service, "rendering")
    front = Artifact(role="front_0deg", key="media/f.png", rank=0, width=512)
    service.set_status(job.id, "rendering", {"artifacts": [front]})
    assert service.set_results(job.id, {"rendered_image_url": "media/f.png"}).artifacts == (front,)
    changed = service.set_results(job.id, {"rendered_image_url": "media/g.png"})
    assert changed.artifacts == (Artifact(role="front_0deg", key="media/g.png", rank=0),)
    assert service.retrieve(job.id) == changed


@pytest.mark.rows("R024", "R083")
def test_other_fields_are_updated_and_checked(service: JobService, clock: FakeClock) -> None:
    job = made(service, metadata={"a": 1})
    clock.advance(1)
    changed = service.update(job.id, {"template_id": "tee", "priority": 5, "metadata": {"b": 2}})
    assert changed == replace(
        job, template_id="tee", priority=5, metadata={"a": 1, "b": 2}, updated_at=clock.now
    )
    assert service.retrieve(job.id) == changed
    for wrong in (
        {"preset": "x"},
        {"design_file_url": ""},
        {"priority": 11},
        {"metadata": {"a": float("inf")}},
    ):
        with pytest.raises(BadInput):
            service.update(job.id, wrong)  # type: ignore[arg-type]
    for forbidden in ("status", "progress", "id", "attempt"):
        with pytest.raises(BadInput) as caught:
            service.update(job.id, {forbidden: "failed"})  # type: ignore[misc]
        assert "set_status" in caught.value.hint
    assert service.retrieve(job.id) == changed


@pytest.mark.rows("C-04", "C-12")
def test_only_active_jobs_can_be_cancelled(service: JobService) -> None:
    for status in PATHS:
        job = made(service, status)
        if status in MOCKUP.active:
            assert service.cancel(job.id).status == "cancelled"
        else:
            with pytest.raises(BadInput) as caught:
                service.cancel(job.id)
            assert caught.value.code == "INVALID_DATA"
            assert status in caught.value.message


@pytest.mark.rows("C-07", "R245")
def test_a_failed_job_shows_0_and_keeps_how_far_it_came(service: JobService) -> None:
    job = made(service, "rendering")
    assert service.set_status(job.id, "rendering", {"progress": 80}).progress == 80
    assert service.set_status(job.id, "rendering", {"progress": 60}).progress == 80
    assert service.set_status(job.id, "rendering", {"progress": 100}).progress == 99
    for wrong in (-1, 101, 5.5, "7", True):
        with pytest.raises(BadInput, match="0 to 100"):
            service.set_status(job.id, "rendering", {"progress": wrong})  # type: ignore[typeddict-item]
    job = service.set_status(job.id, "failed", {"error_message": "x"})
    assert (job.progress, job.progress_at_failure) == (0, 99)
    assert service.set_status(job.id, "failed", {"progress": 50}).progress == 0


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled"])
def test_what_was_ordered_stays_when_a_job_has_ended(service: JobService, status: str) -> None:
    job = made(service, status)
    with pytest.raises(BadInput, match="only its metadata"):
        service.update(job.id, {"preset": "back-small", "metadata": {"a": 1}})
    assert service.retrieve(job.id) == job
    assert service.update(job.id, {"metadata": {"a": 1}}).metadata["a"] == 1


# retrying by hand


@pytest.mark.rows("R019", "R033", "R040", "R060", "R280", "C-03")
def test_a_retry_is_a_new_job_and_the_old_row_stays_as_it_is(
    service: JobService, engine: sa.Engine, clock: FakeClock
) -> None:
    run_state = {"media_ids": ["m1"], "error": "x", "error_message": "x", "progress": 4}
    old = made(service, "failed", priority=3, metadata={"note": "for Ann", **run_state})
    every = sa.select(jobs).where(jobs.c.id == old.id)
    with engine.connect() as connection:
        before = connection.execute(every).one()
    clock.advance(60)
    new = service.retry(old.id)
    assert new == replace(
        old,
        id=new.id,
        status="pending",
        metadata={"note": "for Ann", "retried_from": old.id, "retry_count": 1},
        created_at=clock.now,
        updated_at=clock.now,
        started_at=None,
        completed_at=None,
        failure=None,
        progress_at_failure=None,
    )
    assert service.retrieve(new.id) == new
    with engine.connect() as connection:
        assert connection.execute(every).one() == before
    assert names(service, new.id) == ["created"]
    assert service.events(job_id=old.id)[-1].data == {"automatic": False, "retried_as": new.id}
    again = service.retry(bring(service, new, "failed").id)
    assert (again.metadata["retry_count"], again.metadata["retried_from"]) == (2, new.id)


def test_a_retry_may_order_differently(service: JobService) -> None:
    old = made(service, "failed", metadata={"retry_count": "many"})
    new_id = service.new_id()
    new = service.retry(
        old.id,
        {
            "preset": "back-small",
            "options": {"samples": 8},
            "design_file_url": f"uploads/{new_id}/design.png",
        },
        new_id=new_id,
    )
    assert new.id == new_id
    assert (new.preset, new.options) == ("back-small", {"fabric_color": "navy", "samples": 8})
    assert new.metadata["retry_count"] == 1
    for wrong in ({"preset": "x"}, {"options": {"samples": 0}}, {"design_file_url": None}, {"options": 3}):
        with pytest.raises(BadInput):
            service.retry(old.id, wrong)  # type: ignore[arg-type]
    assert len(service.list()) == 2


@pytest.mark.rows("C-12")
@pytest.mark.parametrize("status", [status for status in PATHS if status != "failed"])
def test_only_failed_jobs_can_be_retried(service: JobService, status: str) -> None:
    job = made(service, status)
    with pytest.raises(BadInput, match="only a failed job") as caught:
        service.retry(job.id)
    assert caught.value.code == "INVALID_DATA"


# upkeep


@pytest.mark.rows("R007", "R026", "R027", "C-18")
def test_deleted_jobs_are_hidden_and_can_come_back(service: JobService, clock: FakeClock) -> None:
    kept, *gone = (made(service, status) for status in ("pending", "completed", "pending"))
    clock.advance(1)
    hidden = service.soft_delete([job.id for job in gone])
    assert {job.deleted_at for job in hidden} == {clock.now}
    assert service.list() == service.by_product("prod_123") == service.recent(1) == [kept]
    assert service.list_with_count()[1] == service.product_stats("prod_123").total == 1
    assert [service.get(job.id) for job in gone] == [None, None]
    assert len(service.list(JobFilters(include_deleted=True))) == 3
    for job in gone:
        with pytest.raises(NotFound):
            service.soft_delete([kept.id, job.id])
        with pytest.raises(NotFound):
            service.set_status(job.id, "cancelled")
    assert service.get(kept.id) == kept
    for job in gone:
        back = service.restore(job.id)
        assert back == service.retrieve(job.id) == replace(job, updated_at=back.updated_at)
        assert near(back.updated_at, clock.now)
        assert service.restore(job.id) == back
    assert service.due() == [kept, back]


def test_a_purged_job_is_gone_and_says_which_files_go(service: JobService, engine: sa.Engine) -> None:
    job = made(service, "rendering")
    with pytest.raises(BadInput, match="rendering"):
        service.purge(job.id)
    service.start_attempt(job.id, worker="w", after=0)
    service.set_status(job.id, "completed", {"artifacts": [Artifact(role="x", key="media/x")]})
    service.soft_delete([job.id])
    purged = service.purge(job.id)
    assert purged.job_id == job.id
    assert purged.prefixes == (
        f"uploads/render-jobs/{job.id}/", f"media/products/prod_123/renders/{job.id}/"
    )  # fmt: skip
    with pytest.raises(NotFound):
        service.restore(job.id)
    with engine.connect() as connection:
        for table in ("jobs", "attempts", "artifacts"):
            assert connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar() == 0  # noqa: S608
    assert names(service, job.id)[0] == "created"


@pytest.mark.rows("R018", "R055", "C-18")
def test_clean_up_hides_old_failed_jobs_only(service: JobService, clock: FakeClock) -> None:
    old = {status: made(service, status) for status in PATHS}
    clock.advance(7 * 86_400)
    young = made(service, "failed")
    assert service.clean_up(older_than=timedelta(days=7)) == 0
    clock.advance(1)
    week = timedelta(days=7)
    assert service.clean_up(older_than=week, dry_run=True) == 1
    assert service.get(old["failed"].id) is not None
    assert service.clean_up(older_than=week) == 1
    assert service.clean_up(older_than=week) == 0
    assert service.get(old["failed"].id) is None
    assert service.retrieve(young.id) == young
    assert service.list_with_count()[1] == len(old)
    assert service.restore(old["failed"].id).status == "failed"
    with pytest.raises(BadInput):
        service.clean_up(older_than=timedelta(days=-1))


# events


@pytest.mark.rows("R110", "R065", "R115")
def test_events_tell_the_whole_story(service: JobService, clock: FakeClock) -> None:
    start = clock.now
    job = made(service)
    other = made(service)
    service.start_attempt(job.id, worker="w", after=0)
    for seconds, change in (
        (1, lambda: service.set_status(job.id, "compositing", attempt=1)),
        (2, lambda: service.set_status(job.id, "rendering", attempt=1)),
        (3, lambda: service.report_progress(job.id, attempt=1, done=3, of=6, step="render")),
        (4, lambda: service.set_status(job.id, "completed", attempt=1)),
    ):
        clock.advance(seconds)
        change()
    told = service.events(job_id=job.id)
    assert [(event.name, event.status, event.progress) for event in told] == [
        ("render.job.created", "pending", 0),
        ("render.job.compositing", "compositing", 25),
        ("render.job.rendering", "rendering", 50),
        ("render.job.progress", "rendering", 75),
        ("render.job.completed", "completed", 100),
    ]
    assert [(event.at - start).total_seconds() for event in told] == [0, 1, 3, 6, 10]
    assert told[3].data == {"step": "render", "done": 3, "of": 6}
    assert told[1].data == {"from": "pending"}
    everything = service.events()
    assert [event.number for event in everything] == list(range(1, 7))
    assert everything[1].job_id == other.id
    assert service.events(after=4) == everything[4:]
    assert service.events(after=1, limit=2) == everything[1:3]
    assert service.events(after=99) == []
    with pytest.raises(BadInput):
        service.events(limit=0)
