"""The client for programs, in both kinds, against a real server."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from images import art, rgba_png
from serving import Serving, serving
from tirage.app import App, open_app
from tirage.client import AsyncClient, Client
from tirage.errors import BadInput, Conflict, NotFound, TryAgain
from tirage.settings import Settings

DESIGN = rgba_png(art(32, 32))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("client")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Serving]:
    with serving(folder) as running:
        yield running


@pytest.fixture(scope="module")
def app(folder: Path, server: Serving) -> Iterator[App]:
    with open_app(Settings.read({}, data_dir=folder), port=server.port) as opened:
        yield opened


@pytest.fixture
def client(server: Serving) -> Iterator[Client]:
    with Client(server.url, server.key) as opened:
        yield opened


def test_from_a_design_to_a_batch(client: Client, app: App, tmp_path: Path) -> None:
    path = tmp_path / "art.png"
    path.write_bytes(DESIGN)
    design = client.upload_design(path)
    assert client.get_design(design["id"]) == design
    assert client.list_designs()["designs"] == [design]
    product = client.create_product("Tee", product_id="p1", variants=[{"title": "S"}])
    assert client.update_product("p1", title="T")["title"] == "T"
    job = client.order_mockup(design_id=design["id"], product_id=product["id"], preset="chest-small")
    assert client.get_job(job["id"])["status"] == "pending"
    assert client.wait_for_job(job["id"], seconds=1.5)["status"] == "pending"
    assert client.list_jobs(product_id="p1", statuses=["pending", "failed"])["count"] == 1

    def worker() -> None:
        time.sleep(0.3)
        app.service.set_status(job["id"], "compositing")
        app.service.set_status(job["id"], "failed", {"error_message": "No paint."})

    threading.Thread(target=worker).start()
    names = [event["name"] for event in client.watch_job(job["id"])]
    assert names == ["render.job.created", "render.job.compositing", "render.job.failed"]
    ended = client.wait_for_job(job["id"], seconds=5)
    assert ended["error"] is not None
    assert ended["error"]["message"] == "No paint."
    again = client.retry_job(job["id"], fabric_color="navy")
    assert again["options"] == {"fabric_color": "navy"}
    assert client.cancel_job(again["id"])["status"] == "cancelled"
    client.delete_job(again["id"])
    assert client.restore_job(again["id"])["id"] == again["id"]
    asked = {"matrix": {"designs": [design["id"]], "products": ["p1"], "presets": ["back-small"]}}
    assert client.estimate(asked)["new"] == 1
    batch = client.create_batch(asked)
    assert client.list_batches()["batches"][0]["id"] == batch["id"]
    assert client.list_batch_jobs(batch["id"])["count"] == 1
    assert client.cancel_batch(batch["id"])["changed"] == 1
    assert client.diff_batch(batch["id"])["products"] == []
    client.download_batch(batch["id"], tmp_path / "batch.zip")
    assert zipfile.ZipFile(tmp_path / "batch.zip").namelist() == []
    sheet = f"design_id,product_id,preset\n{design['id']},p1,back-large\n".encode()
    assert client.estimate_sheet(sheet)["new"] == 1
    assert client.import_batch(sheet, name="S")["name"] == "S"
    assert client.list_events(limit=1)["events"][0]["number"] == 1


def test_errors_are_those_of_the_server(client: Client, server: Serving) -> None:
    with pytest.raises(NotFound) as missing:
        client.get_product("none")
    assert (missing.value.code, missing.value.hint != "") == ("PRODUCT_NOT_FOUND", True)
    with pytest.raises(BadInput) as wrong:
        client.order_mockup(design_id="x", product_id="y", preset="z")
    assert {found.where for found in wrong.value.findings} == {"preset", "design_id"}
    client.create_product("Held", product_id="held")
    design = client.upload_design(DESIGN)
    client.order_mockup(design_id=design["id"], product_id="held", preset="chest-small")
    with pytest.raises(Conflict):
        client.delete_product("held")
    with Client(server.url, "sk_wrong") as stranger, pytest.raises(BadInput) as refused:
        stranger.list_jobs()
    assert refused.value.code == "UNAUTHORIZED"


def test_operation(client: Client) -> None:
    assert client.pause_queue("mockup")["queues"][0]["paused"]
    assert not client.resume_queue("mockup")["queues"][0]["paused"]
    assert isinstance(client.list_queues()["queues"], list)
    key = client.create_key("Shop", ["read"])
    assert key["secret"].startswith("sk_")
    assert client.revoke_key(key["id"])["revoked_at"]
    assert client.list_keys()["keys"][0]["id"] == key["id"]
    hook = client.create_webhook("https://shop.example/hook", events=["batch.ended"])
    assert client.update_webhook(hook["id"], enabled=False)["enabled"] is False
    sent = client.test_webhook(hook["id"])
    assert client.replay_delivery(hook["id"], sent["id"])["id"] == sent["id"]
    assert client.list_deliveries(hook["id"])["count"] == 1
    assert len(client.list_webhooks()["webhooks"]) == 1
    client.delete_webhook(hook["id"])
    assert client.get_template("tee")["id"] == "tee"
    assert client.list_templates()["templates"]
    assert client.import_products(b"title\nA\nB\n")["count"] == 2
    assert client.list_products(limit=1)["next_cursor"]


def test_the_same_for_asyncio(server: Serving) -> None:
    async def use() -> tuple[str, list[str]]:
        async with AsyncClient(server.url, server.key) as client:
            await client.create_product("Async", product_id="async")
            design = await client.upload_design(DESIGN)
            orders = [
                client.order_mockup(design_id=design["id"], product_id="async", preset="chest-small")
                for _ in range(5)
            ]
            jobs = await asyncio.gather(*orders)
            await client.cancel_job(jobs[0]["id"])
            names = [event["name"] async for event in client.watch_job(jobs[0]["id"])]
            return (await client.get_job(jobs[0]["id"], wait=5))["status"], names

    assert asyncio.run(use()) == ("cancelled", ["render.job.created", "render.job.cancelled"])
    both = [
        {name for name, _ in inspect.getmembers(kind, inspect.isfunction)} for kind in (Client, AsyncClient)
    ]
    assert {name for name in both[0] if name[0] != "_"} == {name for name in both[1] if name[0] != "_"}


def test_what_passes_is_tried_again_with_the_same_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", waited.append)
    waited.clear()
    seen: list[str] = []
    answers = iter(
        [
            httpx2.ConnectError("away"),
            httpx2.Response(503, headers={"Retry-After": "2"}, json={}),
            httpx2.Response(429, headers={"Retry-After": "3"}, json={}),
            httpx2.Response(201, json={"id": "p"}),
        ]
    )

    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.headers["idempotency-key"])
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with Client("http://x", "k", transport=httpx2.MockTransport(handle)) as client:
        assert client.create_product("T") == {"id": "p"}
    assert (len(seen), len(set(seen)), waited[1:]) == (4, 1, [2.0, 3.0])
    gone = httpx2.MockTransport(lambda _: httpx2.Response(503, text="<html>"))
    with Client("http://x", "k", transport=gone) as client, pytest.raises(TryAgain):
        client.list_jobs()
    broken = httpx2.MockTransport(lambda _: httpx2.Response(502, text="<html>"))
    with Client("http://x", "k", transport=broken) as client, pytest.raises(Exception, match="502"):
        client.list_jobs()


waited: list[float] = []
