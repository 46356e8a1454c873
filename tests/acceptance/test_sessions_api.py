"""Sessions, recorders and edits over HTTP, without media worth rendering; and the client's part of them."""

from __future__ import annotations

import asyncio
import inspect
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest

from serving import Serving, serving
from tirage.app import App, open_app
from tirage.client import AsyncClient, Client
from tirage.errors import BadInput, NotFound
from tirage.jobs.worker import Worker
from tirage.settings import Settings
from tirage.staff import make_worker
from video.filmed import a_session

EDIT = {
    "tirage_edl": 1,
    "rate": 25,
    "events": [{"camera": "A", "source_in": 0, "source_out": 20, "record_in": 0}],
}
WAV = b"RIFF____WAVE" + bytes(100)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Serving]:
    with serving(folder) as running:
        yield running


@pytest.fixture(scope="module")
def http(server: Serving) -> Iterator[httpx2.Client]:
    with server.client() as client:
        yield client


def session(http: httpx2.Client, name: str) -> str:
    """A new session with one recorder, whose id is answered."""
    body = {"id": name, "rate": "25", "master": "A", "assets": [{"camera": "A"}]}
    made = http.post("/v1/sessions", json=body)
    assert made.status_code == 201, made.text
    asset: str = made.json()["assets"][0]["id"]
    return asset


def test_a_session_over_http(http: httpx2.Client) -> None:
    asset = session(http, "one")
    assert http.post("/v1/sessions", json={"id": "one", "rate": "25", "master": "A"}).status_code == 409
    wrong = http.post("/v1/sessions", json={"rate": "26", "master": "A"})
    assert (wrong.status_code, wrong.headers["content-type"]) == (400, "application/problem+json")
    assert wrong.json()["findings"][0]["where"] == "rate"
    assert http.post("/v1/sessions", json={"rate": "25", "master": "A", "x": 1}).status_code == 422
    listed = http.get("/v1/sessions", params={"limit": 1}).json()
    assert (listed["count"], listed["sessions"][0]["id"]) == (1, "one")
    assert http.patch("/v1/sessions/one", json={"name": "Friday"}).json()["name"] == "Friday"
    changed = http.patch(f"/v1/assets/{asset}", json={"sync": {"offset": 0.5}, "start": "01:00:00:00"}).json()
    assert (changed["sync"]["offset"], changed["start"]) == ("1/2", "01:00:00:00")
    assert http.patch(f"/v1/assets/{asset}", json={"start": None}).json()["start"] is None
    added = http.post("/v1/sessions/one/assets", json={"camera": "B", "focus": [{"x": 0.5, "y": 0.5}]})
    assert added.json()["focus"] == [{"frame": 0, "x": 0.5, "y": 0.5}]
    assert [each["camera"] for each in http.get("/v1/sessions/one/assets").json()["assets"]] == ["A", "B"]
    assert http.delete(f"/v1/assets/{added.json()['id']}").status_code == 204
    cube = b"LUT_3D_SIZE 2\n" + b"0 0 0\n" * 8
    graded = http.put(f"/v1/assets/{asset}/lut", content=cube).json()
    assert len(graded["lut_sha256"]) == 64
    assert http.put(f"/v1/assets/{asset}/lut", content=b"").json()["lut_sha256"] is None
    assert http.put(f"/v1/assets/{asset}/lut", content=b"no lut").status_code == 400
    found = http.get("/v1/sessions/one/preflight").json()
    assert not found["ok"]
    assert {"EDL_NOT_FOUND", "MEZZANINE_MISSING"} <= {each["code"] for each in found["findings"]}
    assert http.delete("/v1/sessions/one").status_code == 204
    assert http.get("/v1/sessions/one").json()["code"] == "SESSION_NOT_FOUND"
    assert http.get(f"/v1/assets/{asset}").status_code == 404


def test_recordings_are_received_and_bad_ones_refused(http: httpx2.Client, folder: Path) -> None:
    asset = session(http, "two")
    sent = http.put(f"/v1/assets/{asset}/files/A.wav", content=WAV)
    assert sent.status_code == 200
    (file,) = sent.json()["files"]
    assert (file["name"], file["bytes"], file["sha256"]) == ("A.wav", len(WAV), None)
    assert not sent.json()["ready"]
    assert http.get(file["url"]).headers["content-disposition"].startswith("attachment")
    refused = http.put(f"/v1/assets/{asset}/files/list.mp4", content=b"#EXTM3U\n/etc/passwd")
    assert (refused.status_code, refused.json()["code"]) == (400, "MEDIA_CONTAINER")
    assert http.put("/v1/assets/asst_nothing/files/A.wav", content=WAV).status_code == 404
    gone = http.delete(f"/v1/assets/{asset}/files/A.wav")
    assert gone.json()["files"] == []
    assert http.delete(f"/v1/assets/{asset}/files/A.wav").status_code == 404
    outside = http.post("/v1/sessions/two/assets", json={"camera": "U", "mezzanine_url": "ftp://x/y.mov"})
    assert outside.json()["code"] == "FETCH_REFUSED"
    assert list((folder / "video" / "incoming").iterdir()) == []


def test_edits_over_http(http: httpx2.Client) -> None:
    session(http, "three")
    made = http.post("/v1/sessions/three/edls", params={"name": "cut.json"}, json=EDIT)
    assert made.status_code == 201
    one = made.json()
    assert (one["number"], one["frames"], one["events"], one["locked"]) == (1, 20, 1, False)
    bad = {**EDIT, "events": [{"camera": "A", "source_in": 9, "source_out": 3, "record_in": -1}]}
    refused = http.post("/v1/sessions/three/edls", params={"name": "cut.json"}, json=bad)
    assert (refused.status_code, refused.json()["code"]) == (400, "INVALID_EDL")
    assert len(refused.json()["findings"]) >= 2
    checked = http.post(f"/v1/edls/{one['id']}/validate").json()
    assert not checked["ok"]
    assert "MEZZANINE_MISSING" in {each["code"] for each in checked["findings"]}
    assert http.post(f"/v1/edls/{one['id']}/lock").json()["code"] == "INVALID_SESSION"
    spoken = http.post(
        f"/v1/edls/{one['id']}/captions",
        params={"language": "en", "name": "a.srt"},
        content=b"1\n00:00:00,000 --> 00:00:00,700\nHello.\n",
    )
    assert spoken.json()["number"] == 2
    two = spoken.json()["id"]
    change = http.get(f"/v1/edls/{two}/diff", params={"against": one["id"]}).json()
    assert (change["frames"], [each["what"] for each in change["changes"]]) == (0, ["captions en"])
    file = http.get(f"/v1/edls/{two}/export", params={"format": "edl"})
    assert b"TITLE" in file.content
    assert file.headers["content-disposition"] == 'attachment; filename="cut.edl"'
    assert http.get(f"/v1/edls/{two}/export", params={"format": "drp"}).status_code == 422
    assert [each["number"] for each in http.get("/v1/sessions/three/edls").json()["edls"]] == [2, 1]
    assert http.delete(f"/v1/edls/{two}").status_code == 204
    assert http.get(f"/v1/edls/{two}").json()["code"] == "EDL_NOT_FOUND"


def test_who_may_what(http: httpx2.Client, server: Serving) -> None:
    secret = http.post("/v1/keys", json={"name": "Ann", "scopes": ["read"]}).json()["secret"]
    with httpx2.Client(base_url=server.url, headers={"x-api-key": secret}) as reader:
        assert reader.get("/v1/sessions").status_code == 200
        for method, path in (
            ("POST", "/v1/sessions"),
            ("PUT", "/v1/assets/x/files/y"),
            ("POST", "/v1/edls/x/lock"),
            ("POST", "/v1/videos"),
        ):
            assert reader.request(method, path, json={}).status_code == 403, path
        refused = reader.post("/api/render-jobs/trigger", json={"sessionId": "three"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "FORBIDDEN")
    assert httpx2.post(f"{server.url}/api/render-jobs/trigger", json={}).json()["success"] is False
    secret = http.post("/v1/keys", json={"name": "Bob", "scopes": ["read", "order"]}).json()["secret"]
    with httpx2.Client(base_url=server.url, headers={"x-api-key": secret}) as editor:
        session(editor, "four")
        made = editor.post("/v1/sessions/four/edls", params={"name": "cut.json"}, json=EDIT)
        assert made.json()["created_by"] == "Bob"
    wrong = http.post("/api/render-jobs/trigger", json={"format": 7})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "INVALID_DATA")


def test_the_client_has_all_of_it(server: Serving, tmp_path: Path) -> None:
    take = tmp_path / "take one.wav"
    take.write_bytes(WAV)
    with Client(server.url, server.key) as client:
        made = client.create_session(session_id="five", rate="25", master="A", assets=[{"camera": "A"}])
        asset = client.send_recording(made["assets"][0]["id"], take)
        assert asset["files"][0]["name"] == "take one.wav"
        assert client.get_job(str(asset["ingest_job_id"]))["pipeline"] == "ingest"
        edl = client.add_edl("five", json.dumps(EDIT).encode())
        assert client.list_edls("five")["edls"][0]["id"] == edl["id"]
        assert not client.validate_edl(edl["id"])["ok"]
        with pytest.raises(BadInput) as caught:
            client.lock_edl(edl["id"])
        assert caught.value.code == "INVALID_SESSION"
        with pytest.raises(BadInput) as unlocked:
            client.trigger("five")
        assert unlocked.value.code == "EDL_NOT_LOCKED"
        with pytest.raises(NotFound) as missing:
            client.order_videos("nowhere")
        assert missing.value.code == "SESSION_NOT_FOUND"
        assert client.list_render_statuses("five") == {"success": True, "data": []}

    async def same() -> str:
        async with AsyncClient(server.url, server.key) as client:
            sent = await client.send_recording(made["assets"][0]["id"], take, name="two.wav")
            return sent["files"][1]["name"]

    assert asyncio.run(same()) == "two.wav"
    shared = {name for name, _ in inspect.getmembers(Client, inspect.isfunction)}
    assert {"order_videos", "cancel_render"} <= shared


@pytest.fixture
def recordings(tmp_path: Path) -> Iterator[str]:
    """A server with recordings, on this machine; its address."""
    a_session(tmp_path, rate="25", seconds=1)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


@pytest.mark.rows("R166", "R151")
def test_recordings_are_fetched_looked_into_and_their_faults_told(recordings: str, tmp_path: Path) -> None:
    """The addresses of `r2_video_prores_url`, through the one guarded door."""
    settings = Settings.read({"TIRAGE_FETCH_ALLOW": recordings}, data_dir=tmp_path / "data")
    with open_app(settings) as app:
        from tirage.web.video_bodies import SessionBody

        urls = {"A": "camera0.mp4", "mix": "master.wav", "gone": "nothing.mp4"}
        body = SessionBody.model_validate(
            {
                "id": "fetched",
                "rate": "25",
                "master": "mix",
                "assets": [
                    {"camera": name, "r2_video_prores_url": f"http://{recordings}/{file}"}
                    for name, file in urls.items()
                ]
                + [{"camera": "broken"}],
            }
        )
        app.sessions.create(body.value(), [each.value() for each in body.assets])
        broken = app.sessions.assets("fetched")[3]
        (tmp_path / "sent").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(100))
        app.sessions.receive(broken.id, "broken.mp4", tmp_path / "sent")
        work(app)
        a, mix, gone, broken = app.sessions.assets("fetched")
        assert a.content_sha256
        assert mix.content_sha256
        assert (a.files[0].name, a.files[0].facts["video"]["frames"]) == ("1-camera0.mp4", 25)  # type: ignore[index, call-overload]
        assert gone.files[0].error == "The address answers 404, not with a file."
        assert broken.files[0].error
        failures = {
            asset.camera: app.service.retrieve(str(asset.ingest_job_id)).failure for asset in (gone, broken)
        }
        assert [failure and failure.code for failure in failures.values()] == [
            "FETCH_FAILED", "MEDIA_UNREADABLE"
        ]  # fmt: skip
        assert app.orphans.sweep(timedelta(0)) == 0
        app.sessions.ingest(a.id, mezzanines="all")
        work(app)
        (file,) = app.sessions.asset(a.id).files
        assert file.delivery
        assert app.footage.has(file.delivery.key, file.delivery.bytes)


def work(app: App) -> None:
    """A worker in this process, until nothing waits."""
    worker: Worker = make_worker(app, queues=["ingest"], concurrency=1)
    thread = threading.Thread(target=worker.run)
    thread.start()
    while app.service.active():
        thread.join(0.05)
    worker.stop()
    thread.join()
