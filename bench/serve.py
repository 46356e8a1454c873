"""What a shop waits for: `tirage serve` with its worker, from the POST to pictures that can be fetched."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import cv2
import httpx2
import numpy as np

from tests.serving import Serving, serving
from tirage.app import open_app
from tirage.jobs.model import NewJob
from tirage.settings import Settings

POST, FIRST, NEXT, IMAGES, AGAIN = "answer to an order", "first job", "next job", "images only", "made before"
TARGETS: Mapping[str, float] = MappingProxyType({POST: 0.1, FIRST: 8.0, NEXT: 4.0, IMAGES: 1.5, AGAIN: 1.5})
"""Seconds on two idle cores."""
POSTS = 20
GIVE_UP = 600.0
CLIENTS, EVENTS = 100, 40
MEGABYTE = 1 << 20
QUEUED = 10_000
ENDS = frozenset({"completed", "failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class Waited:
    """One order, from its POST to its end."""

    seconds: float
    processor: float
    """Seconds that server and worker have worked meanwhile."""
    job: Mapping[str, object]
    progress: tuple[int, ...]
    """As it was seen, every twentieth of a second."""


@contextmanager
def shop(folder: Path) -> Iterator[tuple[Serving, httpx2.Client]]:
    """A server that has just started, with one product."""
    with serving(folder, worker=()) as server, server.client() as client:
        client.post("/v1/products", json={"id": "p1", "title": "Tee"}).raise_for_status()
        yield server, client


def design(number: int) -> bytes:
    """A PNG of 1600 × 1600 that no other number gives."""
    noise = np.random.default_rng(number).integers(0, 256, (40, 40, 3), np.uint8)
    _, data = cv2.imencode(".png", np.kron(noise, np.ones((40, 40, 1), np.uint8)))
    return data.tobytes()


def order(client: httpx2.Client, number: int, **fields: str) -> tuple[float, Mapping[str, object]]:
    """Seconds until the answer to a POST, and what it says."""
    data, given = design(number), {"product_id": "p1", "preset": "chest-medium", **fields}
    start = time.perf_counter()
    answer = client.post(
        "/admin/render-jobs", data=given, files={"design_file": ("art.png", data, "image/png")}
    )
    spent = time.perf_counter() - start
    return spent, answer.raise_for_status().json()["render_job"]


def wait(server: Serving, client: httpx2.Client, number: int, **fields: str) -> Waited:
    """An order that is waited for."""
    before, start = ticks(server), time.perf_counter()
    _, job = order(client, number, **fields)
    seen = [int(str(job["progress"]))]
    while job["status"] not in ENDS:
        assert time.perf_counter() - start < GIVE_UP
        time.sleep(0.05)
        job = client.get(f"/admin/render-jobs/{job['id']}").raise_for_status().json()["render_job"]
        seen.append(int(str(job["progress"])))
    return Waited(time.perf_counter() - start, ticks(server) - before, job, tuple(seen))


def waits(server: Serving, client: httpx2.Client) -> Iterator[tuple[str, Waited]]:
    """The first orders after a start."""
    yield FIRST, wait(server, client, 1)
    yield NEXT, wait(server, client, 2)
    yield IMAGES, wait(server, client, 3, render_mode="images-only")
    yield AGAIN, wait(server, client, 1)


def answers(client: httpx2.Client) -> list[float]:
    """Seconds until answers to orders, which are cancelled at once."""
    spent = []
    for number in range(POSTS):
        seconds, job = order(client, 100 + number)
        client.post(f"/admin/render-jobs/{job['id']}/cancel")
        spent.append(seconds)
    return spent


def figures() -> Iterator[tuple[str, float]]:
    """Each wait by its name, in seconds."""
    with tempfile.TemporaryDirectory() as folder, shop(Path(folder)) as (server, client):
        for name, waited in waits(server, client):
            assert waited.job["status"] == "completed", waited.job
            yield name, waited.seconds
        yield POST, statistics.median(answers(client))


def uploads(client: httpx2.Client, url: str, *, callers: int = 8, seconds: float = 4.0) -> float:
    """Orders a second with a design of a megabyte each; nobody works on them."""
    data = big_design()
    end = time.perf_counter() + seconds
    headers = dict(client.headers)

    def submit(_caller: int) -> int:
        count = 0
        with httpx2.Client(base_url=url, headers=headers, timeout=60) as own:
            while time.perf_counter() < end:
                own.post(
                    "/admin/render-jobs",
                    data={"product_id": "p1", "preset": "chest-medium"},
                    files={"design_file": ("art.png", data, "image/png")},
                ).raise_for_status()
                count += 1
        return count

    with ThreadPoolExecutor(callers) as pool:
        return sum(pool.map(submit, range(callers))) / seconds


def big_design() -> bytes:
    """A PNG of just under a megabyte: noise does not get smaller."""
    side = int((MEGABYTE / 3) ** 0.5)
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    _, data = cv2.imencode(".png", noise)
    return data.tobytes()


def listeners(client: httpx2.Client, url: str) -> list[float]:
    """Seconds from the moment of an event until each of many listeners has read it."""
    heard: list[float] = []
    ready = threading.Barrier(CLIENTS + 1)
    headers = dict(client.headers)

    def listen() -> None:
        with (
            httpx2.Client(base_url=url, headers=headers, timeout=60) as own,
            own.stream("GET", "/v1/events") as answer,
        ):
            lines, left = answer.iter_lines(), EVENTS
            next(lines)
            ready.wait()
            for line in lines:
                if line.startswith("data:") and '"render.job.created"' in line:
                    happened = datetime.fromisoformat(json.loads(line[5:])["at"])
                    heard.append((datetime.now(UTC) - happened).total_seconds())
                    left -= 1
                    if not left:
                        return

    threads = [threading.Thread(target=listen, daemon=True) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    ready.wait(60)
    for number in range(EVENTS):
        order(client, 200 + number)
        time.sleep(0.1)
    for thread in threads:
        thread.join(30)
    return heard


def load() -> Iterator[tuple[str, float, str, str]]:
    """What many clients at once get, with nobody working on the orders."""
    with tempfile.TemporaryDirectory() as folder:
        with serving(Path(folder)) as server, server.client() as client:
            client.post("/v1/products", json={"id": "p1", "title": "Tee"}).raise_for_status()
            yield "orders with 1 MB over HTTP", uploads(client, server.url), "/s", "≥ 40"
            heard = sorted(listeners(client, server.url))
            whole = len(heard) == CLIENTS * EVENTS
            assert whole, f"{len(heard)} of {CLIENTS * EVENTS} were heard"
            yield f"{CLIENTS} listeners, median", heard[len(heard) // 2] * 1000, "ms", "≤ 60"
            yield f"{CLIENTS} listeners, p99", heard[len(heard) * 99 // 100] * 1000, "ms", "≤ 250"
            fill(client, Path(folder))
            server.process.kill()
            server.process.wait()
        start = time.perf_counter()
        with serving(Path(folder)) as server:
            httpx2.get(f"{server.url}/healthz").raise_for_status()
            yield f"ready after a kill, {QUEUED} jobs", time.perf_counter() - start, "s", "≤ 3"


def fill(client: httpx2.Client, folder: Path) -> None:
    """So many queued jobs of the product, behind the server's back."""
    with open_app(Settings.read({}, data_dir=folder)) as app:
        known = client.get("/v1/jobs?limit=1").json()["count"]
        new = NewJob(
            pipeline="mockup", product_id="p1", design_file_url="uploads/x.png", preset="chest-medium"
        )
        app.service.create_many([new] * max(0, QUEUED - known))


def idle(seconds: float = 10.0) -> Iterator[tuple[str, float, str, str]]:
    """What server and worker take that have nothing to do."""
    with tempfile.TemporaryDirectory() as folder, shop(Path(folder)) as (server, _client):
        time.sleep(35)  # from the thirtieth quiet second on they look less often
        before = ticks(server)
        time.sleep(seconds)
        yield "idle server and worker", (ticks(server) - before) / seconds * 100, "% of a core", "≤ 6"
        yield "their memory", resident(server) / 1e6, "MB", "≤ 250"


def family(server: Serving) -> list[int]:
    """The server and what it started."""
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(server.process.pid)], capture_output=True, text=True, check=False
    )
    return [server.process.pid, *map(int, listed.stdout.split())]


def ticks(server: Serving) -> float:
    """Seconds of processor, to the hundredth."""
    spent = 0
    for pid in family(server):
        facts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        spent += int(facts[11]) + int(facts[12])
    return spent / os.sysconf("SC_CLK_TCK")


def resident(server: Serving) -> int:
    """Bytes that only they hold, and their parts of what they share."""
    return sum(
        int(line.split()[1]) * 1024
        for pid in family(server)
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        if line.startswith("Pss:")
    )
