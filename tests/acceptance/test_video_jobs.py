"""Videos over HTTP as clients order them: a real server, a real worker, recordings made by numbers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from processes import programs_below
from recordings import DRAFT, send_edit, send_session
from serving import Serving, serving
from tirage.app import App, open_app
from tirage.errors import BadInput
from tirage.settings import Settings
from tirage.verify import verify_world
from tirage.video.session import Session
from tirage.video.spec import CaptionStyle, Options
from tirage.video.timeline import Format
from video.filmed import a_session
from video.showing import assert_as_edited, cuts, order

STATUS = {
    "jobId", "sessionId", "edlId", "edlHash", "format", "status", "statusDescription", "progress", "attempts",
    "maxAttempts", "canRetry", "artifacts", "timing", "error", "metadata", "engineJobId", "bullmq_job_id",
}  # fmt: skip
TIMING = {"createdAt", "renderStartedAt", "renderCompletedAt", "durationMs"}


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return a_session(tmp_path_factory.mktemp("filmed"), rate="25", seconds=3, offsets=(0, 5, 12))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("videos")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Serving]:
    with serving(folder, worker=()) as running:
        yield running


@pytest.fixture(scope="module")
def app(folder: Path, server: Serving) -> Iterator[App]:
    """The same data, as a worker has them."""
    with open_app(Settings.read({}, data_dir=folder), port=server.port) as opened:
        yield opened


@pytest.fixture(scope="module")
def http(server: Serving, filmed: Session) -> Iterator[httpx2.Client]:
    """With the session `evening`, whose first revision is locked."""
    with server.client() as client:
        send_session(client, filmed, "evening")
        send_edit(client, "evening", cuts(filmed, 20, 17, 15))
        yield client


@pytest.fixture
def held(http: httpx2.Client) -> Iterator[httpx2.Client]:
    """No worker takes a video meanwhile."""
    http.post("/v1/queues/video/pause")
    yield http
    http.post("/v1/queues/video/resume")


def trigger(http: httpx2.Client, session_id: str = "evening", **fields: object) -> httpx2.Response:
    return http.post("/api/render-jobs/trigger", json={"sessionId": session_id, **fields})


def triggered(http: httpx2.Client, **fields: object) -> str:
    """The id of a new job."""
    job_id: str = trigger(http, **fields).json()["data"]["jobId"]
    return job_id


def data(http: httpx2.Client, job_id: str) -> dict[str, Any]:
    found: dict[str, Any] = http.get(f"/api/render-jobs/{job_id}").json()["data"]
    return found


@pytest.mark.rows("R158", "R163", "R165", "R169", "R170", "R180", "R142", "R157", "C-13")
def test_1_and_2_a_job_is_triggered_and_queued(held: httpx2.Client, app: App) -> None:
    answer = trigger(held, metadata={"note": "for Ann"})
    assert answer.status_code == 201
    told = answer.json()
    assert set(told) == {"success", "data"}
    assert told["success"] is True
    assert set(told["data"]) == {"jobId", "status", "format", "sessionId"}
    assert (told["data"]["status"], told["data"]["format"]) == ("queued", "full_16_9")
    assert told["data"]["sessionId"] == "evening"
    job = app.service.retrieve(told["data"]["jobId"])
    (link,) = app.videos.links([job]).values()
    current = held.get("/v1/sessions/evening").json()["current_edl_id"]
    assert (link.recording_session_id, link.edl_id) == ("evening", current)
    assert link.lock == held.get(f"/v1/edls/{current}").json()["lock"]
    assert job.metadata["createdBy"] == "server"
    assert str(job.metadata["rendererVersion"]).startswith("tirage ")
    assert job.metadata["note"] == "for Ann"
    held.post(f"/api/render-jobs/{job.id}/cancel")


@pytest.mark.rows("R150", "R164", "R171")
def test_3_only_locked_edits_are_rendered(http: httpx2.Client, filmed: Session) -> None:
    missing = trigger(http, "nowhere")
    assert (missing.status_code, missing.json()["success"]) == (404, False)
    assert missing.json()["error"]["code"] == "SESSION_NOT_FOUND"
    http.post("/v1/sessions", json={"id": "bare", "rate": "25", "master": "m"})
    without = trigger(http, "bare")
    assert (without.status_code, without.json()["error"]["code"]) == (400, "EDL_NOT_FOUND")
    send_edit(http, "bare", cuts(filmed, 10), locked=False)
    answer = trigger(http, "bare")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "EDL_NOT_LOCKED")
    assert {"code", "message"} <= set(answer.json()["error"])
    # an edit with errors is not locked, and says all of them
    (edl,) = http.get("/v1/sessions/bare/edls").json()["edls"]
    refused = http.post(f"/v1/edls/{edl['id']}/lock")
    assert refused.status_code == 400
    assert {"ASSETS_MISSING"} <= {found["code"] for found in refused.json()["findings"]}


@pytest.mark.rows("R151", "R172", "G-14")
def test_4_recorders_have_to_be_there_with_their_recordings(
    http: httpx2.Client, filmed: Session, app: App
) -> None:
    some = replace(filmed, assets=(*filmed.assets[:2], filmed.assets[-1]))
    assets = send_session(http, some, "partly")["assets"]
    send_edit(http, "partly", cuts(filmed, 10, 9))
    http.delete(f"/v1/assets/{assets[1]['id']}/files/{assets[1]['files'][0]['name']}")
    answer = trigger(http, "partly").json()["error"]
    assert answer["code"] == "MEZZANINE_MISSING"
    assert "camera B" in answer["message"]
    # a file that went from the storage behind our back is missed as well
    key = app.addresses.key(assets[0]["files"][0]["url"])
    assert key
    app.files.delete(key)
    found = trigger(http, "partly").json()["error"]["findings"]
    missing = {each["where"] for each in found if each["code"] == "MEZZANINE_MISSING"}
    assert missing == {"camera A", "camera B"}
    for asset in assets:
        http.delete(f"/v1/assets/{asset['id']}")
    gone = trigger(http, "partly")
    assert (gone.status_code, gone.json()["error"]["code"]) == (400, "ASSETS_MISSING")


@pytest.mark.rows("R127", "R148", "R149", "R159", "R160", "R173", "R174")
def test_5_and_6_a_job_and_a_sessions_jobs(held: httpx2.Client) -> None:
    first, second = triggered(held), triggered(held, format="short_9_16")
    told = held.get(f"/api/render-jobs/{first}").json()
    assert told["success"] is True
    assert set(told["data"]) == STATUS
    assert set(told["data"]["timing"]) == TIMING
    assert (told["data"]["progress"], told["data"]["attempts"], told["data"]["maxAttempts"]) == (0, 0, 3)
    listed = held.get("/api/render-jobs/session/evening").json()
    assert [each["jobId"] for each in listed["data"]][:2] == [second, first]
    assert listed["data"][0]["format"] == "short_9_16"
    assert held.get("/api/render-jobs/session/nowhere").status_code == 404
    assert held.get("/api/render-jobs/rjob_01ARZ3NDEKTSV4RRFFQ69G5FAV").status_code == 404
    wrong = held.get("/api/render-jobs/17")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "INVALID_DATA")
    of_videos = held.get("/v1/jobs", params={"pipeline": "video", "limit": 2}).json()["jobs"]
    assert [each["id"] for each in of_videos] == [second, first]
    assert held.get("/admin/render-jobs").json()["count"] == 0  # a shop's screens know mockups only
    for job_id in (first, second):
        held.post(f"/api/render-jobs/{job_id}/cancel")


@pytest.mark.rows(
    "R143", "R144", "R145", "R146", "R152", "R153", "R155", "R156", "R161", "R175", "R176", "R179", "G-9"
)
def test_7_8_and_11_states_by_hand_a_retry_and_its_times(held: httpx2.Client, app: App) -> None:
    job_id = triggered(held, metadata={"note": 1})
    with pytest.raises(BadInput) as caught:
        app.service.set_status(job_id, "completed")
    assert "processing" in caught.value.message
    assert data(held, job_id)["timing"]["renderStartedAt"] is None
    app.service.set_status(job_id, "processing", {"progress": 40, "metadata": {"more": 2}})
    begun = data(held, job_id)
    assert (begun["status"], begun["progress"]) == ("processing", 40)
    assert {"note": 1, "more": 2}.items() <= begun["metadata"].items()
    assert begun["timing"]["renderStartedAt"]
    assert begun["timing"]["renderCompletedAt"] is None
    assert held.post(f"/api/render-jobs/{job_id}/retry").status_code == 400
    with pytest.raises(BadInput):
        app.service.set_status(job_id, "failed")
    app.service.set_status(job_id, "failed", {"error_message": "No light."})
    failed = data(held, job_id)
    assert (failed["status"], failed["progress"], failed["canRetry"]) == ("failed", 40, True)
    assert failed["error"] == {"code": "RENDER_FAILED", "message": "No light."}
    assert failed["timing"]["renderCompletedAt"] >= failed["timing"]["renderStartedAt"]
    assert failed["timing"]["durationMs"] >= 0
    again = held.post(f"/api/render-jobs/{job_id}/retry")
    assert again.status_code == 200
    assert again.json() == {"success": True, "data": {"jobId": job_id, "status": "queued"}}
    queued = data(held, job_id)
    assert (queued["progress"], queued["error"], queued["artifacts"]) == (0, None, [])
    assert queued["timing"]["renderStartedAt"] is queued["timing"]["renderCompletedAt"] is None
    app.service.set_status(job_id, "processing")
    app.service.set_status(job_id, "completed")
    done = data(held, job_id)
    assert (done["status"], done["progress"]) == ("completed", 100)
    assert done["timing"]["renderStartedAt"] > failed["timing"]["renderStartedAt"]


@pytest.mark.rows("R147", "R154", "R162", "R177", "R178", "C-12", "C-25")
def test_9_and_10_a_cancel_and_that_ends_are_ends(held: httpx2.Client, app: App) -> None:
    job_id = triggered(held)
    answer = held.post(f"/api/render-jobs/{job_id}/cancel")
    assert answer.json() == {"success": True, "data": {"jobId": job_id, "status": "cancelled"}}
    assert data(held, job_id)["timing"]["renderCompletedAt"]
    for route in ("cancel", "retry"):
        refused = held.post(f"/api/render-jobs/{job_id}/{route}")
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "INVALID_DATA")
    for status in ("queued", "processing", "completed", "failed"):
        with pytest.raises(BadInput):
            app.service.set_status(job_id, status, {"error_message": "x"} if status == "failed" else {})
    failed = triggered(held)
    app.service.set_status(failed, "processing")
    app.service.set_status(failed, "failed", {"error_message": "x"})
    assert held.post(f"/api/render-jobs/{failed}/cancel").status_code == 400  # it waits for nobody


@pytest.mark.rows("R126", "R128", "R129", "R166", "R167", "R168", "R183", "R184", "R186", "R188")
def test_from_an_order_to_the_file(http: httpx2.Client, filmed: Session, tmp_path: Path) -> None:
    """An operator orders, watches, downloads; every frame is the one that the edit names."""
    edl = cuts(filmed, 20, 17, 15)
    answer = http.post("/v1/videos", json={"session_id": "evening", "options": DRAFT})
    assert answer.status_code == 201, answer.text
    (job,) = answer.json()["jobs"]
    ended = http.get(f"/v1/jobs/{job['id']}", params={"wait": 60}, timeout=70).json()
    assert (ended["status"], ended["error"]) == ("completed", None)
    (made,) = data(http, job["id"])["artifacts"]
    assert (made["role"], made["resolution"], made["fps"], made["duration"]) == (
        "full_16_9",
        "320x180",
        25,
        2.08,
    )
    file = http.get(made["url"])
    assert made["fileSize"] == len(file.content)
    assert file.headers["content-type"] == "video/mp4"
    part = http.get(made["url"], headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"ftyp")
    (tmp_path / "full.mp4").write_bytes(file.content)
    options = Options(short_side=180, captions=CaptionStyle.NONE)
    assert_as_edited(order(filmed, edl, Format.FULL, options), tmp_path / "full.mp4")
    names = [each["name"] for each in http.get("/v1/events/log", params={"limit": 1000}).json()["events"]
             if each["job_id"] == job["id"]]  # fmt: skip
    assert [name for name in names if name != "render.job.progress"] == [
        "render.job.created", "render.job.processing", "render.job.completed"
    ]  # fmt: skip
    assert names.count("render.job.progress") >= 1
    again = http.post("/v1/videos", json={"session_id": "evening", "options": DRAFT}).json()["jobs"][0]
    assert (again["id"], again["status"], again["artifacts"]) == (job["id"], "completed", ended["artifacts"])
    (attempt,) = http.get(f"/v1/jobs/{job['id']}/history").json()["attempts"]
    assert (attempt["number"], attempt["error"]) == (1, None)
    picture = triggered(http, format="thumbnail")
    assert http.get(f"/v1/jobs/{picture}", params={"wait": 60}, timeout=70).json()["status"] == "completed"
    (shot,) = data(http, picture)["artifacts"]
    assert (shot["role"], shot["resolution"], shot["fps"], shot["duration"]) == (
        "thumbnail", "1280x720", None, None
    )  # fmt: skip
    assert trigger(http, format="4k").json()["error"]["code"] == "INVALID_OPTION"


@pytest.mark.rows("R147", "R177", "R150")
def test_what_changes_while_a_job_waits_or_runs(
    http: httpx2.Client, app: App, server: Serving, folder: Path
) -> None:
    """Preflight once more when it begins; a cancelled render's programs are gone within two seconds."""
    http.post("/v1/queues/video/pause")
    job_id = triggered(http, format="clip_1_1")
    asset = http.get("/v1/sessions/evening").json()["assets"][1]
    http.patch(f"/v1/assets/{asset['id']}", json={"sync": {"offset": "0.04"}})
    http.post("/v1/queues/video/resume")
    ended = http.get(f"/v1/jobs/{job_id}", params={"wait": 60}, timeout=70).json()
    assert (ended["status"], ended["error"]["class"]) == ("failed", "invalid_input")
    assert (ended["error"]["code"], ended["attempt"]) == ("PREFLIGHT_FAILED", 1)
    http.patch(f"/v1/assets/{asset['id']}", json={"sync": asset["sync"]})
    http.post(f"/api/render-jobs/{job_id}/retry")
    until(lambda: any("ffmpeg" in name for name in programs_below(server.process.pid)))
    at = time.monotonic()
    assert http.post(f"/v1/jobs/{job_id}/cancel").json()["status"] == "cancelled"
    until(lambda: not any("ffmpeg" in name for name in programs_below(server.process.pid)))
    assert time.monotonic() - at < 2
    until(lambda: not app.service.untidy() and not list((folder / "work").iterdir()))
    assert data(http, job_id)["attempts"] == 2
    assert not list(app.files.list(f"media/sessions/evening/renders/{job_id}/"))
    assert [found.message for found in verify_world(app)] == []


def until(true: Any, seconds: float = 30) -> None:  # noqa: ANN401
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)
