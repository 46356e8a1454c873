"""The HTTP API as clients use it: a real server on loopback, its data looked at from here."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

from images import art, rgba_png
from serving import Serving, serving
from tirage.app import App, open_app
from tirage.jobs.ids import Ids
from tirage.jobs.model import Artifact, Job
from tirage.jobs.service import now
from tirage.mockup.catalogue import VIEWS, Preset
from tirage.mockup.ports import Media
from tirage.settings import Settings
from tirage.shops.model import NewProduct, NewVariant

DESIGN = rgba_png(art(64, 48))
ROLES = [view.name for view in VIEWS]
FIELDS = ("id", "status", "product_id", "preset", "progress", "created_at")
SHOWN = (
    "id",
    "status",
    "progress",
    "product_id",
    "preset",
    "design_file_url",
    "composited_file_url",
    "rendered_image_urls",
    "animation_file_url",
    "error_message",
    "created_at",
    "started_at",
    "completed_at",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Serving]:
    with serving(folder) as running:
        yield running


@pytest.fixture(scope="module")
def app(folder: Path, server: Serving) -> Iterator[App]:
    """The same data, as a worker has them."""
    with open_app(Settings.read({}, data_dir=folder), port=server.port) as opened:
        opened.catalogue.create(
            NewProduct(id="prod_1", title="Tee", variants=(NewVariant(id="var_1", title="S"),))
        )
        yield opened


@pytest.fixture(scope="module")
def http(server: Serving, app: App) -> Iterator[httpx2.Client]:
    assert app
    with server.client() as client:
        yield client


def post(
    http: httpx2.Client, *, file: bytes | None = DESIGN, name: str = "design.png", **fields: str
) -> httpx2.Response:
    given = {"product_id": "prod_1", "preset": "chest-medium", **fields}
    files = None if file is None else {"design_file": (name, file, "image/png")}
    return http.post("/admin/render-jobs", data=given, files=files)


def ordered(http: httpx2.Client, **fields: str) -> str:
    answer = post(http, **fields)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["render_job"]["id"])


def rendered(app: App, job_id: str) -> Job:
    """What a worker does with a job, but for the pictures."""
    job = app.service.set_status(job_id, "compositing")
    folder = f"media/products/{job.product_id}/renders/{job_id}"
    for role in (*ROLES, "composited"):
        app.files.write(f"{folder}/{role}.png", f"{role} {job_id}".encode() * 1000, media_type="image/png")
    app.files.write(f"{folder}/animation.mp4", b"film", media_type="video/mp4")
    app.service.set_status(job_id, "rendering", {"composited_file_url": f"{folder}/composited.png"})
    media = [
        Media(role=role, key=f"{folder}/{role}.png", kind="image", rank=rank, metadata={"camera_angle": role})
        for rank, role in enumerate(ROLES)
    ]
    media.append(Media(role="animation", key=f"{folder}/animation.mp4", kind="video", rank=6))
    app.publisher.publish(product_id=str(job.product_id), job_id=job_id, media=media)
    made = [
        Artifact(role=each.role, key=each.key, rank=each.rank if each.rank < 6 else None) for each in media
    ]
    return app.service.set_status(job_id, "completed", {"artifacts": made})


def failed(app: App, job_id: str) -> None:
    app.service.set_status(job_id, "compositing")
    app.service.set_status(job_id, "failed", {"error_message": "No paint."})


# ordering


@pytest.mark.rows("R113", "R236", "R241", "R243", "R245", "R270", "R271", "C-10", "C-11")
def test_an_order_is_a_pending_job_at_once(http: httpx2.Client, app: App) -> None:
    answer = post(http)
    assert answer.status_code == 201
    job = answer.json()["render_job"]
    assert list(answer.json()) == ["render_job"]
    assert tuple(job) == FIELDS
    assert (job["status"], job["progress"], job["product_id"], job["preset"]) == (
        "pending",
        0,
        "prod_1",
        "chest-medium",
    )
    row = app.service.retrieve(job["id"])
    assert row.design_file_url == f"uploads/render-jobs/{row.id}/design.png"
    assert app.files.read(row.design_file_url) == DESIGN
    assert row.template_id == "tee"


@pytest.mark.rows("R267", "C-10")
def test_an_order_takes_little_work(http: httpx2.Client, server: Serving) -> None:
    """Of the 100 ms that an answer may take; processor time, which a busy machine does not stretch."""
    file = rgba_png(art(800, 600))
    before = server.processor_seconds()
    for _ in range(10):
        assert post(http, file=file).status_code == 201
    assert (server.processor_seconds() - before) / 10 < 0.05


@pytest.mark.rows("R222", "R248", "C-26", "G-12")
def test_every_field_is_kept(http: httpx2.Client, app: App) -> None:
    job_id = ordered(
        http,
        name="../../etc/My “design”.png",
        variant_id="var_1",
        template_id="tee",
        fabric_color="#102030",
        background_color="transparent",
        render_mode="images-only",
        renderer="cycles",
        samples="256",
        metadata='{"order": [1, {"x": null}]}',
    )
    job = app.service.retrieve(job_id)
    assert job.options == {
        "fabric_color": "#102030",
        "background_color": "transparent",
        "render_mode": "images-only",
        "renderer": "cycles",
        "samples": 256,
    }
    assert job.metadata == {"order": [1, {"x": None}], "design_file_name": "My “design”.png"}
    assert (job.variant_id, job.template_id, job.queue) == ("var_1", "tee", "blender")


@pytest.mark.rows("R278", "R192", "C-01", "C-21")
def test_every_preset_can_be_ordered(http: httpx2.Client, app: App) -> None:
    for preset in Preset:
        assert app.service.retrieve(ordered(http, preset=preset.value)).preset == preset.value


WRONG: Sequence[tuple[str, dict[str, Any], int, str]] = (
    ("no file", {"file": None}, 400, "MISSING_FILE"),
    ("an empty file", {"file": b""}, 400, "EMPTY_FILE"),
    ("a GIF", {"file": b"GIF89a" + bytes(99)}, 400, "INVALID_FILE_TYPE"),
    ("a JPEG called PNG", {"file": b"\xff\xd8\xff\xe0" + bytes(99)}, 400, "TYPE_MISMATCH"),
    ("half a file", {"file": DESIGN[:60]}, 400, "IMAGE_DAMAGED"),
    (
        "a bomb",
        {"file": DESIGN.replace((64).to_bytes(4, "big"), (30000).to_bytes(4, "big"), 1)},
        400,
        "",
    ),
    ("a byte too much", {"file": DESIGN + bytes(10 * 2**20 + 1 - len(DESIGN))}, 413, "FILE_TOO_LARGE"),
    ("a large body", {"file": DESIGN + bytes(11 * 2**20)}, 413, "FILE_TOO_LARGE"),
    ("another preset", {"preset": "dead-center-medium"}, 400, "INVALID_PRESET"),
    ("no preset", {"preset": " "}, 400, "INVALID_DATA"),
    ("no colour", {"fabric_color": "#12"}, 400, "INVALID_COLOR"),
    ("cloth of glass", {"fabric_color": "transparent"}, 400, "INVALID_COLOR"),
    ("no colour behind", {"background_color": "url(x)"}, 400, "INVALID_COLOR"),
    ("no mode", {"render_mode": "fast"}, 400, "INVALID_MODE"),
    ("no samples", {"samples": "0"}, 400, "INVALID_SAMPLES"),
    ("too many samples", {"samples": "4097"}, 400, "INVALID_SAMPLES"),
    ("half a sample", {"samples": "1.5"}, 400, "INVALID_SAMPLES"),
    ("endless samples", {"samples": "9" * 5000}, 400, "INVALID_SAMPLES"),
    ("no JSON", {"metadata": "{"}, 400, "INVALID_DATA"),
    ("a list", {"metadata": "[]"}, 400, "INVALID_DATA"),
    ("null", {"metadata": "null"}, 400, "INVALID_DATA"),
    ("deep JSON", {"metadata": "[" * 30000}, 400, "INVALID_DATA"),
    ("NaN", {"metadata": '{"a": NaN}'}, 400, "INVALID_DATA"),
    ("NUL", {"metadata": '{"a": "\\u0000"}'}, 400, "INVALID_DATA"),
    ("another field", {"colour": "navy"}, 400, "INVALID_DATA"),
    ("no product", {"product_id": "prod_2"}, 404, "PRODUCT_NOT_FOUND"),
    ("a path", {"product_id": "../prod_1"}, 400, "INVALID_DATA"),
    ("a NUL", {"product_id": "prod_1\0"}, 400, "INVALID_DATA"),
    ("no variant", {"variant_id": "var_2"}, 404, "VARIANT_NOT_FOUND"),
    ("no template", {"template_id": "hoodie"}, 404, "TEMPLATE_NOT_FOUND"),
    ("a long word", {"preset": "x" * 70000}, 400, "INVALID_DATA"),
)


@pytest.mark.rows(
    "R086",
    "R084",
    "R204",
    "R196",
    "R198",
    "R208",
    "R214",
    "R215",
    "R217",
    "R218",
    "R219",
    "R220",
    "R223",
    "R237",
    "R242",
    "R266",
    "R284",
)
@pytest.mark.parametrize(
    ("fields", "status", "code"), [each[1:] for each in WRONG], ids=[each[0] for each in WRONG]
)
def test_what_cannot_be_ordered(
    http: httpx2.Client, app: App, folder: Path, fields: dict[str, Any], status: int, code: str
) -> None:
    before = app.service.list_with_count()[1], sorted(folder.rglob("design.*"))
    answer = post(http, **fields)
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert {"type", "message", "code"} <= set(body)
    assert body["type"] == ("not_found" if status == 404 else "invalid_data")
    assert body["message"]
    assert body["hint"]
    if code:
        assert body["code"] == code
    assert (app.service.list_with_count()[1], sorted(folder.rglob("design.*"))) == before


@pytest.mark.rows("R041", "R307")
def test_all_that_is_wrong_is_said_at_once(http: httpx2.Client) -> None:
    answer = post(http, file=None, preset="x", samples="y", fabric_color="chartreuse")
    assert [(found["where"], found["code"]) for found in answer.json()["findings"]] == [
        ("design_file", "MISSING_FILE"),
        ("preset", "INVALID_PRESET"),
        ("samples", "INVALID_SAMPLES"),
    ]


@pytest.mark.rows("R240", "R279", "R292")
def test_a_template_can_be_taken_off_offer(http: httpx2.Client) -> None:
    listed = http.get("/v1/templates").json()["templates"]
    assert [(each["id"], each["is_active"]) for each in listed if each["id"] == "tee"] == [("tee", True)]
    assert len(listed[0]["available_presets"]) >= 1
    try:
        assert http.patch("/v1/templates/tee", json={"is_active": False}).json()["is_active"] is False
        refused = post(http)
        assert (refused.status_code, refused.json()["code"]) == (400, "TEMPLATE_INACTIVE")
    finally:
        assert http.patch("/v1/templates/tee", json={"is_active": True}).status_code == 200
    assert post(http).status_code == 201
    assert http.patch("/v1/templates/none", json={"is_active": True}).status_code == 404


@pytest.mark.rows("R301", "R308")
def test_many_at_once_are_all_taken(http: httpx2.Client, app: App) -> None:
    before = app.service.list_with_count()[1]
    with ThreadPoolExecutor(16) as pool:
        ids = set(pool.map(lambda _: ordered(http), range(48)))
    assert len(ids) == 48
    assert app.service.list_with_count()[1] == before + 48


# following


@pytest.mark.rows("C-13", "R114", "R244", "R246", "R247", "C-08")
def test_a_job_is_shown_at_every_moment(http: httpx2.Client, app: App, server: Serving) -> None:
    job_id = ordered(http)
    path = f"/admin/render-jobs/{job_id}"
    seen = http.get(path)
    assert (seen.status_code, tuple(seen.json()["render_job"])) == (200, SHOWN)
    static = f"{server.url}/static"
    assert seen.json()["render_job"]["design_file_url"] == f"{static}/uploads/render-jobs/{job_id}/design.png"
    assert seen.json()["render_job"]["rendered_image_urls"] is None
    again = http.get(path, headers={"If-None-Match": seen.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    rendered(app, job_id)
    done = http.get(path, headers={"If-None-Match": seen.headers["ETag"]}).json()["render_job"]
    assert (done["status"], done["progress"], done["error_message"]) == ("completed", 100, None)
    renders = f"{static}/media/products/prod_1/renders/{job_id}"
    assert done["rendered_image_urls"] == [f"{renders}/{role}.png" for role in ROLES]
    assert done["composited_file_url"] == f"{renders}/composited.png"
    assert done["animation_file_url"] == f"{renders}/animation.mp4"
    assert done["created_at"] <= done["started_at"] <= done["completed_at"]


@pytest.mark.rows("R221", "R247")
@pytest.mark.parametrize(
    "job_id", ["x", "..%2f..%2fetc", "%00", "rjob_" + "a" * 26, "a" * 4000, "rjob_%E2%80%AE"]
)
def test_ids_that_no_job_can_have(http: httpx2.Client, job_id: str) -> None:
    for path in (f"/admin/render-jobs/{job_id}", f"/v1/jobs/{job_id}", f"/v1/jobs/{job_id}/events"):
        assert http.get(path).status_code in {400, 404}
    for action in ("cancel", "retry"):
        assert http.post(f"/admin/render-jobs/{job_id}/{action}").status_code in {400, 404}


@pytest.mark.rows("R034", "R247")
def test_a_job_that_is_not_there(http: httpx2.Client) -> None:
    unknown = Ids(now).new()
    for answer in (
        http.get(f"/admin/render-jobs/{unknown}"),
        http.post(f"/admin/render-jobs/{unknown}/cancel"),
        http.post(f"/admin/render-jobs/{unknown}/retry"),
    ):
        assert (answer.status_code, answer.json()["code"], answer.json()["type"]) == (
            404,
            "NOT_FOUND",
            "not_found",
        )
    for path in (f"/v1/jobs/{unknown}", f"/v1/jobs/{unknown}/events"):
        answer = http.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.rows("R252", "R253", "R254", "R281", "R045")
def test_a_products_jobs_are_listed(http: httpx2.Client, app: App) -> None:
    app.catalogue.create(NewProduct(id="listed", title="x"))
    ids = [ordered(http, product_id="listed") for _ in range(5)]
    failed(app, ids[1])
    rendered(app, ids[3])
    path = "/admin/products/listed/render-jobs"
    whole = http.get(path).json()
    assert {name: whole[name] for name in ("count", "limit", "offset")} == {
        "count": 5,
        "limit": 10,
        "offset": 0,
    }
    assert list(whole) == ["render_jobs", "count", "limit", "offset"]
    assert [job["id"] for job in whole["render_jobs"]] == ids[::-1]
    some = http.get(
        path, params={"status": "completed,failed", "order": "ASC", "limit": 1, "offset": 1}
    ).json()
    assert ([job["id"] for job in some["render_jobs"]], some["count"]) == ([ids[3]], 2)
    assert http.get(path, params={"status": "cancelled"}).json()["count"] == 0
    assert http.get("/admin/products/none/render-jobs").json()["code"] == "PRODUCT_NOT_FOUND"
    for query in (
        "limit=0",
        "limit=101",
        "limit=x",
        "offset=-1",
        "offset=99999999999999999999",
        "order=UP",
        "status=done",
        "status=",
        "status=pending,,",
        f"limit={'9' * 5000}",
    ):
        answer = http.get(f"{path}?{query}")
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_DATA"), query
    assert http.get("/admin/render-jobs", params={"product_id": "listed"}).json()["count"] == 5


@pytest.mark.rows("R260", "R280", "R248", "R250", "C-03", "C-06")
def test_a_failed_job_is_retried_with_its_design(http: httpx2.Client, app: App) -> None:
    job_id = ordered(http, fabric_color="navy", metadata='{"note": "x"}')
    path = f"/admin/render-jobs/{job_id}/retry"
    assert http.post(path).status_code == 400
    failed(app, job_id)
    before = app.service.retrieve(job_id)
    answer = http.post(path, json={"preset": "back-small", "fabric_color": "red", "samples": 64})
    assert (answer.status_code, tuple(answer.json()["render_job"])) == (201, SHOWN)
    new = app.service.retrieve(answer.json()["render_job"]["id"])
    assert (new.id != job_id, new.status, new.preset) == (True, "pending", "back-small")
    assert new.options == {"fabric_color": "red", "samples": 64}
    assert (new.metadata["retried_from"], new.metadata["retry_count"], new.metadata["note"]) == (
        job_id,
        1,
        "x",
    )
    app.files.delete_prefix(f"uploads/render-jobs/{job_id}/")
    assert app.files.read(str(new.design_file_url)) == DESIGN
    assert app.service.retrieve(job_id) == before
    gone = http.post(path)
    assert (gone.status_code, gone.json()["code"]) == (404, "NOT_FOUND")
    for wrong, code in (
        ({"preset": "x"}, "INVALID_PRESET"),
        ({"fabric_color": "no"}, "INVALID_COLOR"),
        ({"render_mode": "no"}, "INVALID_MODE"),
        ({"samples": 0}, "INVALID_SAMPLES"),
        ({"template_id": "no"}, "TEMPLATE_NOT_FOUND"),
        ({"product_id": "p"}, "INVALID_DATA"),
    ):
        assert http.post(path, json=wrong).json()["code"] == code


@pytest.mark.rows("R282", "R291")
def test_an_active_job_is_cancelled_once(http: httpx2.Client, app: App) -> None:
    for status in ("pending", "compositing"):
        job_id = ordered(http)
        app.service.set_status(job_id, status)
        answer = http.post(f"/admin/render-jobs/{job_id}/cancel")
        assert (answer.status_code, tuple(answer.json()["render_job"])) == (200, SHOWN)
        assert answer.json()["render_job"]["status"] == "cancelled"
        again = http.post(f"/admin/render-jobs/{job_id}/cancel")
        assert (again.status_code, again.json()["code"]) == (400, "INVALID_DATA")


@pytest.mark.rows("R051")
def test_a_deleted_job_comes_back(http: httpx2.Client) -> None:
    job_id = ordered(http)
    assert http.delete(f"/v1/jobs/{job_id}").status_code == 204
    assert http.get(f"/v1/jobs/{job_id}").status_code == 404
    assert http.post(f"/v1/jobs/{job_id}/restore").json()["status"] == "pending"
    assert http.get(f"/v1/jobs/{job_id}").json()["message"] == "Waiting for a worker."


def test_a_native_job_tells_everything(http: httpx2.Client, app: App) -> None:
    job_id = ordered(http)
    failed(app, job_id)
    job = http.get(f"/v1/jobs/{job_id}").json()
    assert job["error"] == {
        "class": "bug",
        "code": "RENDER_FAILED",
        "message": "No paint.",
        "hint": job["error"]["hint"],
    }
    other = ordered(http)
    rendered(app, other)
    job = http.get(f"/v1/jobs/{other}").json()
    assert [artifact["role"] for artifact in job["artifacts"]][:6] == ROLES
    assert job["template_id"] == "tee"
    page = http.get("/v1/jobs", params={"status": "completed", "limit": 1}).json()
    assert page["jobs"][0]["id"] == other


# events


def lines(answer: httpx2.Response) -> Iterator[dict[str, Any]]:
    told: dict[str, str] = {}
    for line in answer.iter_lines():
        name, _, value = line.partition(": ")
        if line and name:
            told[name] = value
        elif "data" in told:
            event = json.loads(told["data"])
            assert (told["id"], told["event"]) == (str(event["number"]), event["name"])
            yield event
            told = {}


@pytest.mark.rows("R110", "R244", "R003")
def test_events_are_told_as_they_happen(http: httpx2.Client, app: App) -> None:
    job_id = ordered(http)
    late = []
    with http.stream("GET", f"/v1/jobs/{job_id}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        told = lines(answer)
        assert next(told)["name"] == "render.job.created"
        for status in ("compositing", "rendering", "completed"):
            app.service.set_status(job_id, status)
            begun = time.perf_counter()
            event = next(told)
            late.append(time.perf_counter() - begun)
            assert (event["name"], event["status"], event["job_id"]) == (
                f"render.job.{status}",
                status,
                job_id,
            )
        assert list(told) == []  # the stream ends with the job
    assert sorted(late)[1] < 2  # 0.05 s where nothing else runs


def test_events_are_told_again_from_where_one_was(http: httpx2.Client, app: App) -> None:
    job_id = ordered(http)
    rendered(app, job_id)
    events = f"/v1/jobs/{job_id}/events"
    with http.stream("GET", events) as answer:
        whole = list(lines(answer))
    assert [event["status"] for event in whole] == ["pending", "compositing", "rendering", "completed"]
    with http.stream("GET", events, headers={"Last-Event-ID": str(whole[1]["number"])}) as answer:
        assert list(lines(answer)) == whole[2:]
    with http.stream("GET", events, params={"after": whole[2]["number"]}) as answer:
        assert list(lines(answer)) == whole[3:]
    assert http.get(events, headers={"Last-Event-ID": str(whole[3]["number"])}).status_code == 204
    for last in ("x", "-1", "9" * 40):
        with http.stream("GET", events, headers={"Last-Event-ID": last}) as answer:
            assert answer.status_code in {200, 204}


@pytest.mark.rows("R110")
def test_many_listeners_miss_nothing(http: httpx2.Client, app: App, server: Serving) -> None:
    """Some from now on, one from the beginning: numbers without gaps."""
    start = app.service.last_event()
    total = start + 40
    heard: list[list[int]] = [[] for _ in range(8)]
    ready = threading.Barrier(len(heard) + 1)

    def listen(place: int) -> None:
        query = {"after": "0"} if place == 0 else {"after": str(start)} if place % 2 else {}
        with server.client() as client, client.stream("GET", "/v1/events", params=query) as answer:
            told = lines(answer)
            ready.wait()
            for event in told:
                heard[place].append(event["number"])
                if event["number"] == total:
                    return

    with ThreadPoolExecutor(len(heard)) as pool:
        listening = [pool.submit(listen, place) for place in range(len(heard))]
        ready.wait()
        time.sleep(0.3)  # those without a number begin at what was known when they came
        for _ in range(40):
            ordered(http)
        for each in listening:
            each.result(timeout=60)
    assert heard[0] == list(range(1, total + 1))
    assert all(numbers == list(range(start + 1, total + 1)) for numbers in heard[1:])


def test_an_answer_can_wait_for_the_end(http: httpx2.Client, app: App) -> None:
    job_id = ordered(http)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(http.get, f"/v1/jobs/{job_id}", params={"wait": 30})
        time.sleep(0.2)
        assert not waiting.done()
        failed(app, job_id)
        assert waiting.result(timeout=10).json()["status"] == "failed"
    begun = time.perf_counter()
    assert http.get(f"/v1/jobs/{ordered(http)}", params={"wait": 1}).json()["status"] == "pending"
    assert time.perf_counter() - begun >= 1
    assert http.get(f"/v1/jobs/{job_id}", params={"wait": 61}).status_code == 422


# products and files


@pytest.mark.rows("G-13", "R275", "R224", "R226", "C-15", "R104")
def test_a_product_shows_what_its_jobs_made(http: httpx2.Client, app: App, server: Serving) -> None:
    product = http.post(
        "/v1/products", json={"title": "Mug", "metadata": {"a": 1}, "variants": [{"title": "S"}]}
    )
    assert product.status_code == 201
    name = product.json()["id"]
    assert name.startswith("prod_")
    assert (product.json()["media"], product.json()["thumbnail"]) == ([], None)
    job_id = ordered(http, product_id=name)
    rendered(app, job_id)
    shown = http.get(f"/v1/products/{name}").json()
    assert [medium["role"] for medium in shown["media"]] == [*ROLES, "animation"]
    assert [medium["rank"] for medium in shown["media"]] == list(range(7))
    base = f"{server.url}/static/media/products/{name}/renders/{job_id}"
    assert shown["thumbnail"] == f"{base}/front_0deg.png"
    for medium in shown["media"]:
        file = httpx2.get(medium["url"])  # without the key
        assert file.status_code == 200
        assert file.headers["content-type"] == (
            "video/mp4" if medium["media_type"] == "video" else "image/png"
        )
        assert file.headers["x-content-type-options"] == "nosniff"
        assert "immutable" in file.headers["cache-control"]
    ids = [medium["id"] for medium in shown["media"]]
    changed = http.put(f"/v1/products/{name}/media/order", json={"media": ids[::-1]}).json()
    assert [medium["id"] for medium in changed["media"]] == ids[::-1]
    changed = http.put(f"/v1/products/{name}/thumbnail", json={"media_id": ids[1]}).json()
    assert changed["thumbnail"] == f"{base}/left_90deg.png"
    medium = http.patch(f"/v1/products/{name}/media/{ids[1]}", json={"metadata": {"alt": "Left"}}).json()
    assert medium["metadata"] == {"camera_angle": "left_90deg", "alt": "Left"}
    assert len(http.delete(f"/v1/products/{name}/media/{ids[1]}").json()["media"]) == 6


def test_products_are_kept_and_changed(http: httpx2.Client) -> None:
    name = http.post("/v1/products", json={"title": "A"}).json()["id"]
    path = f"/v1/products/{name}"
    assert http.patch(path, json={"title": "B", "metadata": {"x": 1}}).json()["title"] == "B"
    variant = http.post(f"{path}/variants", json={"title": "S"})
    assert variant.status_code == 201
    variant_path = f"{path}/variants/{variant.json()['id']}"
    assert http.patch(variant_path, json={"title": "M"}).json()["title"] == "M"
    assert http.delete(variant_path).status_code == 204
    assert http.delete(variant_path).status_code == 404
    page = http.get("/v1/products", params={"limit": 1}).json()
    assert (page["products"][0]["id"], page["limit"]) == (name, 1)
    ordered(http, product_id=name)
    assert http.delete(path).status_code == 409
    assert http.get("/v1/products/none").json()["code"] == "PRODUCT_NOT_FOUND"
    sheet = b"title,variant_title\nC,S\n,M\nD,\n"
    imported = http.post("/v1/products/import", content=sheet, headers={"Content-Type": "text/csv"})
    assert (imported.status_code, imported.json()["count"]) == (201, 2)
    refused = http.post("/v1/products/import", content=b"title\n \nx,y\n")
    assert (refused.status_code, len(refused.json()["findings"])) == (400, 1)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"title": 1}',
        b'{"title": "a", "x": 1}',
        b'{"title": "a\\u0000"}',
        b"\xff\xfe",
        b'{"title": "a", "metadata": {"a": NaN}}',
        b'{"title": "a", "metadata": {"a": 1e999}}',
        b'{"title": "\\ud800"}',
        b'{"title": "a", "metadata": ' + b"[" * 100_000,
        b'{"title": "a", "id": "' + b"9" * 400_000 + b'"}',
        b'{"title": "a", "metadata": {"n": ' + b"9" * 5000 + b"}}",
    ],
)
def test_bodies_that_are_none(http: httpx2.Client, body: bytes) -> None:
    answer = http.post("/v1/products", content=body, headers={"Content-Type": "application/json"})
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "code", "hint", "findings"} == set(answer.json())


@pytest.mark.rows("R224", "R238")
def test_uploads_are_only_downloaded(http: httpx2.Client, app: App) -> None:
    job = app.service.retrieve(ordered(http))
    answer = http.get(f"/static/{job.design_file_url}")
    assert answer.content == DESIGN
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "private, no-cache"


def test_files_come_in_parts(http: httpx2.Client, app: App) -> None:
    data = bytes(range(256)) * 10_000
    app.files.write("media/parts.bin", data, media_type="application/octet-stream")
    path = "/static/media/parts.bin"
    whole = http.get(path)
    assert (whole.status_code, whole.content, whole.headers["accept-ranges"]) == (200, data, "bytes")
    size = len(data)
    for asked, start, end in (
        ("0-0", 0, 1),
        ("5-99", 5, 100),
        ("2000000-", 2_000_000, size),
        ("-7", size - 7, size),
        (f"9-{10**15}", 9, size),
    ):
        part = http.get(path, headers={"Range": f"bytes={asked}"})
        assert (part.status_code, part.content) == (206, data[start:end]), asked
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
    for asked in (f"{size}-", f"{10**17}-", "-0"):
        part = http.get(path, headers={"Range": f"bytes={asked}"})
        assert (part.status_code, part.headers["content-range"]) == (416, f"bytes */{size}"), asked
    for asked in (
        "bytes=5-1",
        "bytes=-",
        "bytes=a-b",
        "lines=1-2",
        "bytes=0-1,5-6",
        "bytes=" + "9" * 400 + "-",
    ):
        assert http.get(path, headers={"Range": asked}).status_code == 200, asked
    tag = whole.headers["etag"]
    assert http.get(path, headers={"If-None-Match": f'"x", {tag}'}).status_code == 304
    for condition, status in ((tag, 206), ('"x"', 200)):
        assert http.get(path, headers={"Range": "bytes=0-1", "If-Range": condition}).status_code == status
    head = http.head(path)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(size), b"")
    assert http.get("/static/media/none.bin").status_code == 404
    app.files.write("media/empty.bin", b"", media_type="application/octet-stream")
    assert (http.get("/static/media/empty.bin").status_code, http.get("/static/media").status_code) == (
        200,
        404,
    )


def raw(server: Serving, request: bytes, *, seconds: float = 20) -> bytes:
    """What the server answers to these bytes, until it closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as line:
        received = b""
        try:
            line.sendall(request)
            while block := line.recv(65536):
                received += block
        except (ConnectionError, TimeoutError):
            pass
        return received


@pytest.mark.rows("R201", "R209", "R251", "R120")
@pytest.mark.parametrize(
    "path",
    [
        "../tirage.db",
        "%2e%2e/tirage.db",
        "..%2ftirage.db",
        "%2e%2e%2ftirage.db",
        "uploads/../../tirage.db",
        "%252e%252e/tirage.db",
        "..\\tirage.db",
        "/etc/passwd",
        "//etc/passwd",
        "uploads/%00",
        "uploads//x",
        ".",
        "%c0%ae%c0%ae/tirage.db",
        "a" * 4000,
        "uploads/%e2%80%ae",
        "link/tirage.db",
    ],
)
def test_no_address_leads_outside(server: Serving, app: App, folder: Path, path: str) -> None:
    assert app
    link = folder / "static" / "link"
    if not link.exists():
        link.symlink_to(folder)
    answer = raw(server, b"GET /static/%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % path.encode())
    assert answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400")), answer[:200]
    assert b"SQLite" not in answer
    assert b"root:" not in answer


# who may come in, and how much they may send


@pytest.mark.rows("G-1")
def test_nobody_comes_in_without_the_key(server: Serving) -> None:
    basic = base64.b64encode(f"{server.key}:".encode()).decode()
    with httpx2.Client(base_url=server.url) as client:
        for headers in (
            {"Authorization": f"Bearer {server.key}"},
            {"authorization": f"bearer  {server.key}"},
            {"Authorization": f"Basic {basic}"},
            {"x-api-key": server.key},
        ):
            assert client.get("/v1/jobs", headers=headers).status_code == 200
        for headers in (
            {},
            {"Authorization": "Bearer sk_wrong"},
            {"Authorization": f"Bearer {server.key}x"},
            {"Authorization": "Basic ~~~"},
            {"Authorization": f"Basic {base64.b64encode(b'sk_wrong:').decode()}"},
            {"Authorization": "Basic /////w=="},
            {"Authorization": server.key},
            {"x-api-key": ""},
        ):
            for path in ("/v1/jobs", "/admin/render-jobs", "/openapi.json", "/nothing"):
                answer = client.get(path, headers=headers)
                assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHORIZED")
                assert "www-authenticate" in answer.headers
            assert client.post("/admin/render-jobs", headers=headers, content=b"x").status_code == 401
        assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200


def chunked(server: Serving, megabytes: int) -> tuple[bytes, int]:
    """An order that does not say how long it is; the answer, and how much of it was sent before."""
    head = (
        f"POST /admin/render-jobs HTTP/1.1\r\nHost: x\r\nx-api-key: {server.key}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n"
    ).encode()
    first = b'--b\r\nContent-Disposition: form-data; name="design_file"; filename="a.png"\r\n\r\n'
    block = bytes(64 << 10)
    sent = 0
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        try:
            line.sendall(head + b"%x\r\n%s\r\n" % (len(first), first))
            line.settimeout(0.2)
            for _ in range(megabytes * 16):
                line.sendall(b"%x\r\n%s\r\n" % (len(block), block))
                sent += len(block)
        except (ConnectionError, TimeoutError):
            pass
        line.settimeout(20)
        try:
            return line.recv(4096), sent
        except ConnectionError:
            return b"", sent


@pytest.mark.rows("R219", "R237")
def test_a_body_without_end_is_cut_off(server: Serving, http: httpx2.Client) -> None:
    answer, sent = chunked(server, 100)
    assert answer.startswith(b"HTTP/1.1 413") or answer == b""
    assert sent < 20 << 20  # 12 MB read, and what lay in the sockets' buffers
    assert http.get("/healthz").status_code == 200


def test_too_much_of_anything(server: Serving, http: httpx2.Client) -> None:
    fields = {f"field{number}": "1" for number in range(10_000)}
    assert http.post("/admin/render-jobs", data=fields, files={"design_file": DESIGN}).status_code == 400
    files = [("design_file", ("a.png", DESIGN, "image/png"))] * 1000
    assert http.post("/admin/render-jobs", data={"preset": "x"}, files=files).status_code in {400, 413}
    assert http.post("/v1/products", content=bytes(2 << 20)).status_code == 413
    many = b"".join(b"A%d: b\r\n" % number for number in range(5000))
    for request in (
        b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * (1 << 20) + b"\r\n\r\n",
        b"GET /" + b"a" * (1 << 20),
        b"GET / HTTP/1.1\r\nHost: x\r\n" + many + b"\r\n",
    ):
        begun = time.monotonic()
        answer = raw(server, request)
        # who still sends when the server has had enough may be cut off before reading why
        assert answer == b"" or answer.startswith((b"HTTP/1.1 414", b"HTTP/1.1 431"))
        assert time.monotonic() - begun < 4  # and not for being slow
    line = b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * (33 << 10)
    assert raw(server, line).startswith(b"HTTP/1.1 431")
    assert http.get("/healthz").status_code == 200


def test_who_does_not_finish_a_sentence_is_dropped(server: Serving, http: httpx2.Client) -> None:
    slow = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(200)]
    begun = time.monotonic()
    for line in slow:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    assert http.get("/healthz").status_code == 200
    for line in slow:
        assert line.recv(1) == b""
        line.close()
    assert time.monotonic() - begun < 20  # 5 s where nothing else runs


def test_routes_and_methods_that_are_not_there(http: httpx2.Client) -> None:
    for path, kind in (("/admin/nothing", "application/json"), ("/v1/nothing", "application/problem+json")):
        answer = http.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, kind)
        assert answer.json()["code"] == "NOT_FOUND"
    answer = http.put("/v1/jobs")
    assert (answer.status_code, answer.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "GET"


@pytest.mark.rows("R050", "R265")
def test_the_document_of_the_api(http: httpx2.Client) -> None:
    document = http.get("/openapi.json").json()
    form = document["paths"]["/admin/render-jobs"]["post"]["requestBody"]["content"]
    assert list(form) == ["multipart/form-data"]
    names = document["components"]["schemas"]["OrderForm"]["properties"]
    assert set(names) == {
        "design_file",
        "product_id",
        "preset",
        "variant_id",
        "template_id",
        "fabric_color",
        "background_color",
        "render_mode",
        "renderer",
        "samples",
        "metadata",
    }
