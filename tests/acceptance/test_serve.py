"""`tirage serve` as operators run it: where it listens, how it ends; a mockup from the order to the shop."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from bench import serve as waiting
from images import art, rgba_png
from serving import serving
from tirage.errors import UsageError
from tirage.media.container import Kind
from tirage.media.intake import inspect_design
from tirage.mockup.catalogue import VIEWS
from tirage.settings import Settings
from tirage.web.serve import serve

DESIGN = rgba_png(art(300, 200))
CORES = 2
"""Of the machine that the targets are of."""
BUSY = 20
"""How much slower a machine may be that does other things."""
ROLES = [view.name for view in VIEWS]


def until(condition: Callable[[], bool], *, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def children(process: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True, check=False)
    return [int(word) for word in listed.stdout.split()]


def alive(process: int) -> bool:
    state = Path(f"/proc/{process}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


def command(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **variables}
    return subprocess.run(
        [sys.executable, "-m", "tirage", *words], capture_output=True, text=True, env=environment, check=False
    )


@pytest.mark.rows("G-1")
def test_without_a_key_it_listens_on_this_machine_only(tmp_path: Path) -> None:
    settings = Settings.read({}, data_dir=tmp_path / "x")
    for host in ("0.0.0.0", "::", "192.0.2.1"):  # noqa: S104 – which is refused
        with pytest.raises(UsageError) as caught:
            serve(settings, host=host, port=0, say=print)
        assert "TIRAGE_API_KEY" in caught.value.hint
    with pytest.raises(UsageError, match=r"cannot be 'example\.com'"):
        serve(settings, host="example.com", port=0, say=print)
    assert not (tmp_path / "x").exists()


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused = command("serve", "--port", str(taken.getsockname()[1]), "--data-dir", str(tmp_path))
    assert refused.returncode == 2
    assert "--port" in refused.stderr


@pytest.mark.rows("G-1")
def test_a_key_of_ones_own(tmp_path: Path) -> None:
    with serving(tmp_path, TIRAGE_API_KEY="sk_0123456789abcdef") as server:
        assert httpx2.get(f"{server.url}/v1/jobs", headers={"x-api-key": server.key}).status_code == 200
        assert httpx2.get(f"{server.url}/v1/jobs").status_code == 401


@pytest.mark.rows("R309", "R297")
def test_it_ends_with_its_worker_and_its_streams(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        until(lambda: len(children(server.process.pid)) == 1)
        (worker,) = children(server.process.pid)
        with server.client() as client, client.stream("GET", "/v1/events") as answer:
            lines = answer.iter_lines()
            assert next(lines) == ": events"
            server.process.send_signal(signal.SIGTERM)
            assert list(lines) == ["retry: 2000", ""]
        assert server.process.wait(timeout=30) == 0
        assert not alive(worker)


@pytest.mark.rows("R189", "R309")
def test_a_worker_that_ends_is_started_again(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        until(lambda: len(children(server.process.pid)) == 1)
        (first,) = children(server.process.pid)
        os.kill(first, signal.SIGKILL)
        until(lambda: any(alive(each) and each != first for each in children(server.process.pid)))
        assert httpx2.get(f"{server.url}/readyz").json()["checks"]["worker"] == "ok"


@pytest.mark.rows("R309", "R297")
def test_it_says_what_is_not_ready(tmp_path: Path) -> None:
    with serving(tmp_path, worker=("false",)) as server:
        until(lambda: httpx2.get(f"{server.url}/readyz").status_code == 503)
        assert httpx2.get(f"{server.url}/healthz").status_code == 200


def test_a_killed_server_takes_its_worker_along_and_loses_nothing(tmp_path: Path) -> None:
    with serving(tmp_path, worker=()) as server:
        until(lambda: len(children(server.process.pid)) == 1)
        (worker,) = children(server.process.pid)
        with server.client() as client:
            client.post("/v1/products", json={"id": "p1", "title": "Tee"}).raise_for_status()
        server.process.kill()
        server.process.wait()
    until(lambda: not alive(worker))
    with serving(tmp_path) as server, server.client() as client:
        assert client.get("/v1/products/p1").json()["title"] == "Tee"


@pytest.mark.rows(
    "R104", "R111", "R230", "R231", "R232", "R273", "R274", "R275", "R283", "R286", "R098", "R276"
)
def test_from_the_order_to_the_shop(tmp_path: Path) -> None:
    """Real pictures by a real worker; nothing is left in temporary folders."""
    with serving(tmp_path, worker=()) as server, server.client() as client:
        client.post("/v1/products", json={"id": "p1", "title": "Tee"}).raise_for_status()
        answer = client.post(
            "/admin/render-jobs",
            data={"product_id": "p1", "preset": "chest-medium", "fabric_color": "navy"},
            files={"design_file": ("art.png", DESIGN, "image/png")},
        )
        job_id = answer.json()["render_job"]["id"]
        seen = [0]
        while True:
            job = client.get(f"/admin/render-jobs/{job_id}").json()["render_job"]
            assert job["progress"] >= seen[-1]
            seen.append(job["progress"])
            if job["status"] in {"completed", "failed", "cancelled"}:
                break
            time.sleep(0.1)
        assert (job["status"], job["progress"], job["error_message"]) == ("completed", 100, None)
        assert len(set(seen)) > 4
        assert len(job["rendered_image_urls"]) == 6
        for url in (*job["rendered_image_urls"], job["composited_file_url"]):
            assert shape(client.get(url).content) == "png"
        assert client.get(job["animation_file_url"]).content[4:8] == b"ftyp"
        product = client.get("/v1/products/p1").json()
        assert [medium["role"] for medium in product["media"]] == [*ROLES, "animation"]
        assert product["thumbnail"] == job["rendered_image_urls"][0]
        for medium in product["media"]:
            keys = {"generated_by", "render_job_id", "camera_angle", "preset", "created_at", "media_type"}
            assert set(medium["metadata"]) <= keys
            assert medium["metadata"]["render_job_id"] == job_id
            assert medium["metadata"]["media_type"] == medium["media_type"]
        told = client.get(f"/v1/jobs/{job_id}").json()
        assert told["metadata"]["media_ids"] == [medium["id"] for medium in product["media"]]
    assert [path for path in (tmp_path / "work").rglob("*") if path.is_file()] == []


@pytest.mark.rows("R241", "R244", "R293", "R122", "R123", "R124", "R283", "R114")
def test_orders_are_answered_at_once_and_made_in_seconds(tmp_path: Path) -> None:
    """Measured as work, which other programs do not change much; `make bench-jobs` has the times."""
    with waiting.shop(tmp_path) as (server, client):
        for name, waited in waiting.waits(server, client):
            assert waited.job["status"] == "completed", waited.job
            assert list(waited.progress) == sorted(waited.progress)
            assert waited.processor <= CORES * waiting.TARGETS[name] + 1, name
        again = client.get(f"/v1/jobs/{waited.job['id']}").json()["metadata"]["reused_from"]
        assert client.get(f"/v1/jobs/{again}").json()["status"] == "completed"
        spent, made = waiting.order(client, 5)
        assert list(made) == ["id", "status", "product_id", "preset", "progress", "created_at"]
        assert spent <= BUSY * waiting.TARGETS[waiting.POST]


def shape(data: bytes) -> Kind:
    return inspect_design(data).kind
