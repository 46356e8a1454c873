"""Cancelling a path-traced order, again and again: the program is gone, and all that it started."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import pytest

from processes import gone
from studio import ENDLESS, GRANDCHILD, Fake, working
from tirage.jobs.machine import CANCELLED
from tirage.media import blender as module

TIMES = 50


@pytest.mark.rows("R291")
def test_blender_is_gone_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "bubblewrap", lambda: None)
    spent = []
    with working(tmp_path, Fake.blender()) as studio:
        for _ in range(TIMES):
            job = studio.order(samples=ENDLESS)
            studio.wait(lambda: not gone(GRANDCHILD, within_s=0))
            start = time.monotonic()
            studio.app.service.cancel(job.id)
            assert gone(GRANDCHILD, within_s=30)
            spent.append(time.monotonic() - start)
            assert studio.now(job).status == CANCELLED
            studio.wait(lambda job=job: studio.settled(job))
        studio.verify()
    worst = statistics.quantiles(spent, n=100)[98]
    print(f"gone after {statistics.median(spent):.2f} s, p99 {worst:.2f} s")
    assert worst <= 2
