"""What the web interface asks of the server: its page, its previews, orders with places of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from images import art, rgba_png
from serving import Serving, serving
from tirage.errors import NotFound
from tirage.web import studio
from tirage.web.faults import add_handlers

pytestmark = pytest.mark.usefixtures("http")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Serving:
    with serving(tmp_path_factory.mktemp("studio")) as found:
        yield found  # type: ignore[misc]


@pytest.fixture(scope="module")
def http(server: Serving) -> httpx2.Client:
    with server.client() as client:
        client.post("/v1/products", json={"id": "p1", "title": "Tee"}).raise_for_status()
        yield client  # type: ignore[misc]


def test_the_page_needs_no_key(server: Serving) -> None:
    answer = httpx2.get(f"{server.url}/", follow_redirects=True)
    assert answer.url.path == "/studio/"
    built = (studio.FOLDER / "index.html").is_file()
    assert answer.status_code == (200 if built else 503)
    assert built or "make studio" in answer.text


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The interface's routes over a build of two files, with one beside it that is none of its own."""
    folder = tmp_path / "studio"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text('<meta name="csp-nonce" content="{{nonce}}">')
    (folder / "assets" / "page.js").write_text("1")
    (tmp_path / "secret.js").write_text("secret")
    monkeypatch.setattr(studio, "FOLDER", folder)
    studio._page.cache_clear()
    site = FastAPI()
    site.include_router(studio.router)
    add_handlers(site)
    with TestClient(site) as client:
        yield client
    studio._page.cache_clear()


def test_the_page_runs_nothing_foreign(built: TestClient) -> None:
    nonces = set()
    for path in ("/studio/", "/studio/jobs/rjob_1"):
        answer = built.get(path)
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        nonce = policy.partition("'nonce-")[2].partition("'")[0]
        assert f'content="{nonce}"' in answer.text
        nonces.add(nonce)
    assert len(nonces) == 2
    assert min(map(len, nonces)) > 15


def test_assets_are_only_the_interfaces(built: TestClient) -> None:
    assert built.get("/studio/assets/page.js").text == "1"
    for name in ("..%2f..%2fsecret.js", "%2e%2e%2f%2e%2e%2fsecret.js", "nothing.js"):
        assert "secret" not in built.get(f"/studio/assets/{name}").text
    for name in ("../../secret.js", "..", ".", ""):
        with pytest.raises(NotFound):
            studio.asset(name)


def test_previews(server: Serving, http: httpx2.Client) -> None:
    base = "/v1/templates/tee/preview"
    assert httpx2.get(f"{server.url}{base}/scene.json").status_code == 401
    described = http.get(f"{base}/scene.json").json()
    assert described["template"]["id"] == "tee"
    mesh = http.get(f"{base}/mesh.bin")
    assert mesh.headers["content-encoding"] == "gzip"
    assert len(mesh.content) > 1_000_000
    again = http.get(f"{base}/mesh.bin", headers={"If-None-Match": mesh.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for path in (f"{base}/nothing.png", "/v1/templates/nothing/preview/scene.json"):
        assert http.get(path).status_code == 404


def test_an_order_with_places_of_its_own(http: httpx2.Client) -> None:
    designs = [
        http.post("/v1/designs", files={"file": ("a.png", rgba_png(art(300 + n, 200)), "image/png")}).json()
        for n in range(2)
    ]
    places = [
        {"design_id": each["id"], "panel": panel, "x": 1.5, "y": 20, "width": 12, "rotation": 10}
        for each, panel in zip(designs, ("front", "back"), strict=True)
    ]
    answer = http.post("/v1/mockups", json={"product_id": "p1", "placements": places})
    assert answer.status_code == 201, answer.text
    job = answer.json()
    assert job["preset"] is None
    kept = job["options"]["placements"]
    assert [each["panel"] for each in kept] == ["front", "back"]
    assert len({each["design_file_url"] for each in kept}) == 2
    assert "design_id" not in json.dumps(kept)


def test_places_that_cannot_be(http: httpx2.Client) -> None:
    design = http.post("/v1/designs", files={"file": ("a.png", rgba_png(art(310, 200)), "image/png")}).json()
    place = {"design_id": design["id"], "panel": "front", "x": 0, "y": 20, "width": 12}
    for body, code in (
        ({"placements": [{**place, "width": 0}]}, "INVALID_PLACEMENT"),
        ({"placements": [place], "preset": "chest-medium"}, "INVALID_PLACEMENT"),
        ({"placements": [{**place, "design_id": "dsgn_00000000000000000000000000"}]}, "NOT_FOUND"),
        ({"placements": [place, {**place, "design_id": "dsgn_00000000000000000000000000"}]}, "NOT_FOUND"),
    ):
        answer = http.post("/v1/mockups", json={"product_id": "p1", **body})
        assert answer.status_code // 100 == 4
        assert code in {each["code"] for each in answer.json()["findings"]}, answer.text


def _free(http: httpx2.Client, product: str = "p1") -> dict[str, object]:
    data = rgba_png(art(320, 200))
    design = http.post("/v1/designs", files={"file": ("blue heron.png", data, "image/png")}).json()
    place = {"design_id": design["id"], "panel": "front", "x": 1.5, "y": 20, "width": 12, "rotation": 10}
    return {"design_id": design["id"], "product_id": product, "placements": [place]}


def test_batches_take_places_of_their_own(http: httpx2.Client) -> None:
    """So a single mockup can be looked at before it is published."""
    made = http.post("/v1/batches", json={"orders": [_free(http)], "priority": 0})
    assert made.status_code == 201, made.text
    (order,) = http.get(f"/v1/batches/{made.json()['id']}/jobs").json()["jobs"]
    assert order["preset"] is None
    assert order["options"]["placements"][0]["panel"] == "front"
    both = {**_free(http), "preset": "chest-small"}
    assert http.post("/v1/batches", json={"orders": [both]}).status_code == 400
    neither = {name: value for name, value in _free(http).items() if name != "placements"}
    assert http.post("/v1/batches", json={"orders": [neither]}).status_code == 400


def test_jobs_are_found_by_what_they_contain(http: httpx2.Client) -> None:
    job = http.post("/v1/mockups", json={**_free(http), "fabric_color": "#123456"}).json()

    def found(**query: str) -> set[str]:
        return {each["id"] for each in http.get("/v1/jobs", params={"limit": 100, **query}).json()["jobs"]}

    for text in ("BLUE HERON", "#123456", job["id"], "p1"):
        assert job["id"] in found(q=text), text
    assert found(q="100%_heron") == set(), "no wildcards"
    assert job["id"] in found(pipeline="mockup", q="heron")
    assert found(pipeline="video") == set()


def test_a_job_says_how_it_went(http: httpx2.Client) -> None:
    job = http.post("/v1/mockups", json=_free(http)).json()
    assert http.get(f"/v1/jobs/{job['id']}/history").json() == {"attempts": [], "steps": []}
    assert http.get("/v1/jobs/rjob_00000000000000000000000000/history").status_code == 404


def test_the_overview_and_the_clean_up(server: Serving, http: httpx2.Client) -> None:
    http.post("/v1/mockups", json=_free(http))
    now = http.get("/v1/overview").json()
    assert now["by_status"]["pending"] >= 1
    assert (now["failures"], now["steps"], now["stored_bytes"]) == ({}, [], 0)
    jobs = http.get("/v1/jobs").json()["count"]
    would = http.post("/v1/cleanup").json()
    assert would["dry_run"] is True
    assert http.post("/v1/cleanup?dry_run=false").json()["dry_run"] is False
    assert http.get("/v1/jobs").json()["count"] == jobs
    secret = http.post("/v1/keys", json={"name": "reader", "scopes": ["read"]}).json()["secret"]
    refused = httpx2.post(f"{server.url}/v1/cleanup", headers={"x-api-key": secret})
    assert refused.status_code == 403
