"""Path-traced orders through a queue of their own, with one warm Blender: a fake of it, and the rest real."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from processes import gone
from studio import ENDLESS, GRANDCHILD, Fake, Studio, working
from tirage.jobs.failure import FailureClass
from tirage.jobs.machine import CANCELLED, COMPLETED, FAILED
from tirage.media import blender as module


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    monkeypatch.setattr(module, "bubblewrap", lambda: None)
    return Fake.blender()


@pytest.fixture
def studio(tmp_path: Path, fake: Fake) -> Iterator[Studio]:
    with working(tmp_path, fake) as opened:
        yield opened


@pytest.mark.rows("R184", "R288")
def test_one_warm_blender_makes_all_path_traced_orders(studio: Studio, fake: Fake) -> None:
    orders = [studio.order(samples=4, fabric_color=colour) for colour in ("navy", "white")]
    assert {job.queue for job in orders} == {"blender"}
    children = set()
    for job in orders:
        studio.wait(lambda job=job: studio.settled(job))
        assert studio.now(job).status == COMPLETED, studio.now(job).failure
        children.add(fake.get().ask("who", step_s=30, silence_s=30)["pid"])
        assert len(studio.now(job).rendered_image_urls) == 6
    assert len(children) == 1
    studio.verify()


@pytest.mark.rows("R291", "R205", "R282")
def test_cancelling_ends_blender_and_all_that_it_started(studio: Studio) -> None:
    job = studio.order(samples=ENDLESS)
    studio.wait(lambda: not gone(GRANDCHILD, within_s=0))
    studio.app.service.cancel(job.id)
    assert studio.now(job).status == CANCELLED
    assert gone(GRANDCHILD, within_s=2)
    studio.wait(lambda: studio.settled(job))
    studio.verify()
    after = studio.order(samples=4)
    studio.wait(lambda: studio.settled(after))
    assert studio.now(after).status == COMPLETED


def test_a_mockup_does_not_wait_for_blender(studio: Studio) -> None:
    job = studio.order(samples=ENDLESS)
    studio.wait(lambda: studio.now(job).status == "rendering")
    quick = studio.order(renderer="relight")
    assert quick.queue == "mockup"
    studio.wait(lambda: studio.settled(quick))
    assert studio.now(quick).status == COMPLETED
    assert studio.now(job).status == "rendering"
    studio.app.service.cancel(job.id)
    studio.wait(lambda: studio.settled(job))


@pytest.mark.rows("R187", "R307")
def test_without_blender_the_job_fails_and_says_what_to_do(tmp_path: Path) -> None:
    with working(tmp_path, Fake()) as studio:
        job = studio.order()
        studio.wait(lambda: studio.settled(job))
        failed = studio.now(job)
        assert failed.failure is not None
        assert (failed.status, failed.attempt) == (FAILED, 1)
        assert (failed.failure.kind, failed.failure.code) == (FailureClass.CONFIGURATION, "BLENDER_MISSING")
        assert "TIRAGE_BLENDER" in failed.failure.hint
        studio.verify()
