"""Path-traced orders as jobs, in a real Blender: made, cancelled, nothing left."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from processes import below_with, none_left
from studio import working
from tirage.jobs.machine import CANCELLED, COMPLETED
from tirage.media.blender import INSIDE, Blender, Program

WORKER = str(INSIDE / "worker.py")


@dataclass
class Real:
    """One warm Blender."""

    child: Blender

    def get(self) -> Blender:
        return self.child

    def close(self) -> None:
        self.child.close()


@pytest.mark.rows("R291", "R205")
def test_a_cancelled_job_ends_blender_in_time_and_the_next_starts_it(
    program: Program, tmp_path: Path
) -> None:
    others = below_with(WORKER)
    with working(tmp_path, Real(Blender(program, threads=2))) as studio:
        job = studio.order(samples=64)
        studio.wait(lambda: studio.now(job).progress > 50)  # samples of the first picture are told
        running = below_with(WORKER) - others
        assert running
        start = time.monotonic()
        studio.app.service.cancel(job.id)
        studio.wait(lambda: none_left(running))
        spent = time.monotonic() - start
        print(f"gone after {spent:.2f} s")
        assert spent <= 2
        assert studio.now(job).status == CANCELLED
        studio.wait(lambda: studio.settled(job))
        studio.verify()
        after = studio.order(samples=1)
        studio.wait(lambda: studio.settled(after))
        done = studio.now(after)
        assert done.status == COMPLETED, done.failure
        assert len(done.rendered_image_urls) == 6
        studio.verify()
    assert below_with(WORKER) == others
