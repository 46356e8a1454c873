"""Two machines with PostgreSQL and a bucket make real pictures; one dies in the middle of an order."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from commands import started, tirage

from buckets import Bucket
from images import art, rgba_png
from serving import serving
from tirage.app import App, open_app
from tirage.jobs.failure import FailureClass
from tirage.jobs.machine import COMPLETED
from tirage.settings import Settings

KEY = "sk_0123456789abcdef"
ORDERS = 8


def until(condition: Callable[[], object], *, seconds: float = 240) -> float:
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds
        time.sleep(0.1)
    return time.monotonic() - start


@pytest.mark.rows("R268", "R296", "R297")
def test_one_of_two_dies(tmp_path: Path, bucket: Bucket, new_postgres: Callable[[str], str]) -> None:
    shared = {
        "TIRAGE_DATABASE_URL": new_postgres("two"),
        "TIRAGE_STORAGE_URL": bucket.url,
        "TIRAGE_API_KEY": KEY,
        "TIRAGE_THREADS": "1",
    }
    other = {**shared, "TIRAGE_DATA_DIR": str(tmp_path / "other")}
    with (
        serving(tmp_path / "first", worker=(), **shared) as server,
        server.client() as http,
        started(other, "worker", log=tmp_path / "other.err") as second,
        open_app(Settings.read(other)) as app,
    ):
        http.post("/v1/products", json={"id": "p1", "title": "Tee"}).raise_for_status()
        jobs = [order(http, 40 + number) for number in range(ORDERS)]
        until(lambda: held_by(second.pid, app))
        (name,) = held_by(second.pid, app)
        second.send_signal(signal.SIGKILL)
        dead = time.monotonic()
        with started(other, "worker", log=tmp_path / "other.err") as third:
            until(lambda: app.service.stats().by_status[COMPLETED] == ORDERS)
            done = time.monotonic() - dead
            third.send_signal(signal.SIGTERM)
            assert third.wait(60) == 0
        tries = [each for job_id in jobs for each in app.service.attempts(job_id)]
        lost = [each for each in tries if each.failure]
        by = {each.worker for each in tries}
        print(f"{ORDERS} orders by {len(by)} workers; all done {done:.0f} s after one died")
        assert [(each.worker, each.failure and each.failure.kind) for each in lost] == [
            (name, FailureClass.WORKER_LOST)
        ]
        assert len(by) >= 2
        shown = http.get("/v1/products/p1").json()["media"]
        assert len(shown) == 6 * ORDERS
        assert httpx2.get(shown[0]["url"]).status_code == 200
    tirage(other, "doctor", "--verify")


def order(http: httpx2.Client, side: int) -> str:
    design = http.post("/v1/designs", files={"file": ("a.png", rgba_png(art(side, side)), "image/png")})
    asked = {
        "design_id": design.raise_for_status().json()["id"],
        "product_id": "p1",
        "preset": "chest-medium",
        "render_mode": "images-only",
    }
    return str(http.post("/v1/mockups", json=asked).raise_for_status().json()["id"])


def held_by(pid: int, app: App) -> set[str]:
    """The worker of that process, once it holds a job: its name says which process it is."""
    return {claim.worker for claim in app.service.claims() if claim.worker.split(":")[1] == str(pid)}
