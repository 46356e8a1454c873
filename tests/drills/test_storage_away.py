"""The storage goes away under load, in any way: every job ends right and nothing is left over."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from crew import REAL
from crews import World
from line import Fault, Line

from images import art, rgba_png
from serving import serving
from tirage.errors import TirageError
from tirage.jobs.failure import FailureClass
from tirage.jobs.machine import CANCELLED, COMPLETED, FAILED

SHORT, LONG = 8.0, 60.0
DESIGN = rgba_png(art(64, 48))
CASES = [
    pytest.param(Fault.RESET, SHORT, id="reset"),
    pytest.param(Fault.SILENT, SHORT, id="silent"),
    pytest.param(Fault.BUSY, SHORT, id="busy"),
    *([pytest.param(Fault.BUSY, LONG, id="busy-60s")] if os.environ.get("LONG") else []),
    pytest.param(Fault.RESET, LONG, id="reset-60s"),
]


@pytest.mark.rows("R297", "R299")
@pytest.mark.parametrize(("fault", "seconds"), CASES)
def test_every_job_ends_right(
    fault: Fault,
    seconds: float,
    line: Line,
    far_bucket: str,
    new_postgres: Callable[[str], str],
    tmp_path: Path,
) -> None:
    """Two workers on PostgreSQL and a bucket, with the tries and the waits that customers' jobs have."""
    url = new_postgres(f"away_{fault}_{seconds:.0f}")
    with World.at(tmp_path, url, pipeline=REAL, TIRAGE_STORAGE_URL=far_bucket) as world:
        for _ in range(2):
            world.start(pause=0.1, lease=9.0)
        world.submit(12)
        world.wait(lambda: world.service.stats().by_status[COMPLETED] > 1)
        line.disturb(fault)
        begun = time.monotonic()
        world.submit(4)
        world.wait(lambda: stuck(world))
        world.service.cancel(stuck(world)[0])
        time.sleep(begun + seconds - time.monotonic())
        done = world.service.stats().by_status[COMPLETED]
        line.mend()
        late = world.wait(lambda: world.service.stats().by_status[COMPLETED] > done)
        world.come_to_rest()
        counts = world.service.stats().by_status
        print(f"{fault} {time.monotonic() - begun:.0f} s: {counts}, the next was done {late:.1f} s after")
        world.check()
        assert (counts[COMPLETED], counts[FAILED], counts[CANCELLED]) == (15, 0, 1)
        kinds = {
            each.failure.kind
            for job_id in world.acknowledged
            for each in world.service.attempts(job_id)
            if each.failure
        }
        assert kinds <= {FailureClass.UNAVAILABLE, FailureClass.CANCELLED}
        assert late <= 30


def stuck(world: World) -> list[str]:
    """Jobs that are just storing what they made."""
    return [job_id for job_id in world.acknowledged if world.service.retrieve(job_id).step == "store"]


@pytest.mark.rows("R297")
@pytest.mark.parametrize("fault", Fault)
def test_requests_are_told_to_come_again(fault: Fault, line: Line, far_bucket: str, tmp_path: Path) -> None:
    """Uploads get 503 with a time to come again; what needs no storage is answered as before."""
    with serving(tmp_path, TIRAGE_STORAGE_URL=far_bucket) as server, server.client() as http:
        http.post("/v1/products", json={"id": "p1", "title": "Tee"}).raise_for_status()
        line.disturb(fault)
        start = time.monotonic()
        refused = http.post("/v1/designs", files={"file": ("a.png", DESIGN, "image/png")}, timeout=60)
        spent = time.monotonic() - start
        assert (refused.status_code, refused.json()["code"]) == (503, "STORE_UNAVAILABLE")
        assert 1 <= int(refused.headers["retry-after"]) <= 5
        assert http.get("/v1/products/p1").status_code == 200
        assert httpx2.get(f"{server.url}/healthz").status_code == 200
        line.mend()
        print(f"{fault}: refused after {spent:.1f} s")
        assert spent < 45
        made = http.post("/v1/designs", files={"file": ("a.png", DESIGN, "image/png")}, timeout=60)
        assert made.status_code == 201


def test_a_line_can_be_cut(line: Line, far_bucket: str, tmp_path: Path) -> None:
    """Otherwise the other tests would show nothing."""
    with World.at(tmp_path, f"sqlite:///{tmp_path}/t.db", TIRAGE_STORAGE_URL=far_bucket) as world:
        world.app.files.write("uploads/x.txt", b"x", media_type="text/plain")
        line.disturb(Fault.RESET)
        with pytest.raises(TirageError):
            world.app.files.read("uploads/x.txt")
        line.mend()
        assert world.app.files.read("uploads/x.txt") == b"x"
