"""Who may do what: keys with scopes, browsers' sessions, limits; requests that are carried out once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from images import art, rgba_png
from serving import Serving, serving
from tirage.access.model import SCOPES, Scope
from tirage.web.build import bare_api
from tirage.web.scopes import scope_of

KEY = "sk_0123456789abcdef"
DESIGN = rgba_png(art(32, 32))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("access")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Serving]:
    with serving(folder, TIRAGE_API_KEY=KEY, TIRAGE_RATE_LIMIT="1000", TIRAGE_LOG_LEVEL="debug") as running:
        with running.client() as client:
            client.post("/v1/products", json={"id": "p1", "title": "Tee"}).raise_for_status()
        yield running


@pytest.fixture
def http(server: Serving) -> Iterator[httpx2.Client]:
    with server.client() as client:
        yield client


def key_for(http: httpx2.Client, *scopes: str, **more: object) -> tuple[str, str]:
    made = http.post("/v1/keys", json={"name": "Shop", "scopes": list(scopes), **more})
    assert made.status_code == 201, made.text
    return made.json()["id"], made.json()["secret"]


def asked(server: Serving, method: str, path: str, secret: str, **given: object) -> httpx2.Response:
    headers = {"x-api-key": secret, **given.pop("headers", {})}  # type: ignore[dict-item]
    return httpx2.request(method, f"{server.url}{path}", headers=headers, **given)  # type: ignore[arg-type]


@pytest.mark.rows("G-1", "R295")
def test_a_key_is_shown_once_and_kept_as_a_digest(http: httpx2.Client, server: Serving, folder: Path) -> None:
    key_id, secret = key_for(http, "read")
    assert asked(server, "GET", "/v1/jobs", secret).status_code == 200
    listed = http.get("/v1/keys").json()["keys"]
    assert secret not in str(listed)
    assert [key["beginning"] for key in listed if key["id"] == key_id] == [secret[:7]]
    for path in folder.rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes(), path
    assert http.delete(f"/v1/keys/{key_id}").json()["revoked_at"]
    assert asked(server, "GET", "/v1/jobs", secret).status_code == 401
    assert http.delete("/v1/keys/none").status_code == 404
    for wrong in (
        {"name": "", "scopes": ["read"]},
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["root"]},
        {"name": "x", "scopes": ["read"], "days": 0},
    ):
        assert http.post("/v1/keys", json=wrong).status_code == 400


@pytest.mark.rows("G-1")
def test_a_key_does_what_its_scopes_allow(http: httpx2.Client, server: Serving) -> None:
    calls = {
        Scope.READ: ("GET", "/v1/products"),
        Scope.ORDER: ("POST", "/v1/jobs/rjob_x/cancel"),
        Scope.CATALOGUE: ("PATCH", "/v1/products/none"),
        Scope.OPERATE: ("POST", "/v1/queues/none/pause"),
        Scope.KEYS: ("GET", "/v1/keys"),
    }
    for held in Scope:
        _, secret = key_for(http, held.value)
        for scope, (method, path) in calls.items():
            answer = asked(server, method, path, secret, json={} if method == "PATCH" else None)
            allowed = held in {scope, Scope.KEYS}
            assert (answer.status_code != 403) is allowed, (held, scope, answer.text)
            if not allowed:
                assert (answer.json()["code"], scope.value in answer.json()["detail"]) == ("FORBIDDEN", True)


@pytest.mark.rows("R305")
def test_metrics_are_for_operators(http: httpx2.Client, server: Serving) -> None:
    assert httpx2.get(f"{server.url}/metrics").status_code == 401
    _, reader = key_for(http, "read")
    assert asked(server, "GET", "/metrics", reader).status_code == 403
    _, operator = key_for(http, "operate")
    answer = asked(server, "GET", "/metrics", operator)
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "# TYPE tirage_failures_total counter" in answer.text


def test_every_route_asks_for_a_scope_on_purpose() -> None:
    """What fits no row asks for everything: only keys may."""
    assert set(SCOPES) == set(Scope)
    for path, methods in bare_api().openapi()["paths"].items():
        for method in methods:
            plain = path.replace("{", "").replace("}", "")
            needed = scope_of(method.upper(), plain)
            assert needed is not Scope.KEYS or path.startswith("/v1/keys") or path == "/v1/session", path
            assert needed is not Scope.READ or method in {"get", "delete"} or path == "/v1/estimates", path
    assert scope_of("POST", "/v1/anything") is Scope.KEYS


@pytest.mark.rows("G-1", "R295")
def test_a_browser_has_a_session_of_its_own(http: httpx2.Client, server: Serving) -> None:
    key_id, secret = key_for(http, "read", "catalogue")
    with httpx2.Client(base_url=server.url) as browser:
        assert browser.post("/v1/session", json={"key": "sk_wrong"}).status_code == 401
        opened = browser.post("/v1/session", json={"key": secret})
        assert opened.status_code == 201
        assert opened.json()["scopes"] == ["catalogue", "read"]
        cookie = opened.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert browser.get("/v1/products").status_code == 200
        path = "/v1/products/p1"
        assert browser.patch(path, json={"title": "X"}).json()["code"] == "FORBIDDEN"
        csrf = browser.get("/v1/session").json()["csrf"]
        for wrong in ("", csrf[:-1], "ü"):
            sent = {"x-csrf-token": wrong.encode()}
            assert browser.patch(path, json={"title": "X"}, headers=sent).status_code == 403  # type: ignore[arg-type]
        right = {"x-csrf-token": csrf}
        assert browser.patch(path, json={"title": "X"}, headers=right).status_code == 200
        assert browser.post("/v1/keys", json={}, headers=right).status_code == 403
        before = dict(browser.cookies)
        assert browser.delete("/v1/session", headers=right).status_code == 204
        again = httpx2.get(f"{server.url}/v1/products", cookies=before)
        assert again.status_code == 401
        browser.post("/v1/session", json={"key": secret}).raise_for_status()
        http.delete(f"/v1/keys/{key_id}")
        assert browser.get("/v1/products").status_code == 401


@pytest.mark.rows("G-11", "R295")
def test_who_asks_too_often_has_to_wait(http: httpx2.Client, tmp_path: Path) -> None:
    told = http.get("/v1/jobs").headers
    assert told["RateLimit-Policy"] == '"key";q=1000;w=60'
    with serving(tmp_path, TIRAGE_API_KEY=KEY, TIRAGE_RATE_LIMIT="5") as server, server.client() as busy:
        codes = [busy.get("/v1/jobs").status_code for _ in range(8)]
        assert codes[:5] == [200] * 5
        assert codes[-1] == 429
        refused = busy.get("/v1/jobs")
        assert 1 <= int(refused.headers["Retry-After"]) <= 12
        assert refused.json()["code"] == "RATE_LIMITED"
        assert httpx2.get(f"{server.url}/healthz").status_code == 200
        strangers = [httpx2.get(f"{server.url}/v1/jobs").status_code for _ in range(7)]
        assert strangers == [401] * 5 + [429] * 2


def test_secrets_are_in_no_answer(http: httpx2.Client) -> None:
    made = http.post("/v1/webhooks", json={"url": "https://example.com/hook"}).json()
    assert made["secret"].startswith("whsec_")
    for path in ("/v1/webhooks", f"/v1/webhooks/{made['id']}", "/v1/keys"):
        text = http.get(path).text
        assert made["secret"] not in text
        assert KEY not in text
    http.delete(f"/v1/webhooks/{made['id']}").raise_for_status()


# once


def once(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


def test_a_request_with_a_key_is_carried_out_once(http: httpx2.Client, server: Serving) -> None:
    body = {"title": "Mug"}
    first = http.post("/v1/products", json=body, headers=once("a"))
    again = http.post("/v1/products", json=body, headers=once("a"))
    assert (again.status_code, again.json()) == (201, first.json())
    assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (
        None,
        "true",
    )
    assert again.headers["content-type"] == first.headers["content-type"]
    other = http.post("/v1/products", json={"title": "Cup"}, headers=once("a"))
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_MISMATCH")
    assert http.post("/v1/products", json=body, headers=once("b")).json()["id"] != first.json()["id"]
    _, secret = key_for(http, "catalogue")  # somebody else's "a"
    theirs = asked(server, "POST", "/v1/products", secret, json=body, headers=once("a"))
    assert theirs.json()["id"] != first.json()["id"]
    for wrong in ("", "x" * 256):
        assert http.post("/v1/products", json=body, headers=once(wrong)).status_code == 400


def test_an_order_with_a_key_is_one_job(http: httpx2.Client) -> None:
    """As a form, whose boundary is another one each time."""
    answers = [
        http.post(
            "/admin/render-jobs",
            data={"product_id": "p1", "preset": "chest-medium"},
            files={"design_file": ("a.png", DESIGN, "image/png")},
            headers=once("form"),
        )
        for _ in range(3)
    ]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["render_job"]["id"] for answer in answers}) == 1
    assert http.get("/v1/jobs").json()["count"] == 1


def test_what_failed_may_be_tried_again_with_the_same_key(http: httpx2.Client) -> None:
    wrong = http.post("/v1/products", json={"title": " "}, headers=once("again"))
    assert wrong.status_code == 400
    assert http.post("/v1/products", json={"title": "B"}, headers=once("again")).status_code == 201


def test_equal_requests_at_once_are_one(http: httpx2.Client, server: Serving) -> None:
    count = http.get("/v1/products").json()["count"]
    begin = threading.Barrier(12)

    def post(_: int) -> int:
        with server.client() as client:
            begin.wait()
            return client.post("/v1/products", json={"title": "C"}, headers=once("race")).status_code

    with ThreadPoolExecutor(12) as pool:
        codes = list(pool.map(post, range(12)))
    assert set(codes) <= {201, 409}
    assert 201 in codes
    assert http.get("/v1/products").json()["count"] == count + 1


def test_a_key_holds_over_servers(folder: Path, http: httpx2.Client) -> None:
    first = http.post("/v1/products", json={"title": "D"}, headers=once("two")).json()
    with serving(folder, TIRAGE_API_KEY=KEY) as other, other.client() as client:
        assert client.post("/v1/products", json={"title": "D"}, headers=once("two")).json() == first


# lists, documents


def test_a_cursor_moves_with_nothing(http: httpx2.Client) -> None:
    for place in range(5):
        http.post("/v1/products", json={"id": f"cursor{place}", "title": "x"}).raise_for_status()
    first = http.get("/v1/products", params={"limit": 2}).json()
    http.post("/v1/products", json={"id": "cursor-late", "title": "x"}).raise_for_status()
    second = http.get("/v1/products", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    names = [each["id"] for each in (*first["products"], *second["products"])]
    assert names == ["cursor4", "cursor3", "cursor2", "cursor1"]
    everything, cursor = [], ""
    while cursor is not None:
        part = http.get("/v1/products", params={"limit": 3, "order": "ASC", "cursor": cursor}).json()
        everything += [each["id"] for each in part["products"]]
        cursor = part["next_cursor"]
    assert len(everything) == len(set(everything)) == part["count"]
    for wrong in ("x", "a" * 300, "MjAyNg", "AAAA", "MTk3MC0wMS0wMSAuLi8"):
        assert http.get("/v1/products", params={"cursor": wrong}).status_code in {400, 422}


def test_the_documents_are_one_page_of_ours(http: httpx2.Client) -> None:
    answer = http.get("/docs")
    assert answer.status_code == 200
    assert "/v1/batches" in answer.text
    assert "<script" not in answer.text
    assert (
        "http"
        not in answer.text.replace("http-equiv", "")
        .replace("https://shop.example", "")
        .partition("<body")[0]
        .partition("<style>")[0]
    )
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_designs_are_stored_once(http: httpx2.Client) -> None:
    sent = {"file": ("Logo.png", rgba_png(art(20, 10)), "image/png")}
    made = http.post("/v1/designs", files=sent)
    assert (made.status_code, made.json()["width"], made.json()["height"]) == (201, 20, 10)
    assert http.post("/v1/designs", files=sent).json() == made.json()
    name = made.json()["id"]
    assert http.get(f"/v1/designs/{name}").json() == made.json()
    assert httpx2.get(made.json()["url"]).content == sent["file"][1]
    order = {"design_id": name, "product_id": "p1", "preset": "chest-small", "priority": 9}
    job = http.post("/v1/mockups", json=order).json()
    assert (job["status"], job["priority"], job["metadata"]) == (
        "pending",
        9,
        {"design_file_name": "Logo.png"},
    )
    assert http.delete(f"/v1/designs/{name}").status_code == 409
    other = http.post("/v1/designs", files={"file": ("b.png", rgba_png(art(21, 10)), "image/png")}).json()
    assert http.delete(f"/v1/designs/{other['id']}").status_code == 204
    assert httpx2.get(other["url"]).status_code == 404
    assert http.get(f"/v1/designs/{other['id']}").json()["code"] == "NOT_FOUND"
    for wrong, code in (
        ({}, "MISSING_FILE"),
        ({"file": ("a.png", b"GIF89a", "image/png")}, "INVALID_FILE_TYPE"),
        ({"file": ("a.png", b"", "image/png")}, "EMPTY_FILE"),
    ):
        assert http.post("/v1/designs", files=wrong or None).json()["code"] == code
    for wrong in (
        {"product_id": "p1", "preset": "chest-small"},
        {**order, "design_url": "https://example.com/a.png"},
        {**order, "product_id": "none"},
        {**order, "preset": "x"},
        {**order, "priority": 10},
    ):
        assert http.post("/v1/mockups", json=wrong).status_code in {400, 404, 422}


def test_queues_are_held_back_and_go_on(http: httpx2.Client) -> None:
    paused = http.post("/v1/queues/mockup/pause").json()["queues"]
    assert [(each["name"], each["paused"]) for each in paused] == [("mockup", True)]
    assert http.post("/v1/queues/mockup/resume").json()["queues"][0]["paused"] is False
    assert http.post("/v1/queues/none/pause").status_code == 400


def test_a_template_says_what_can_be_ordered(http: httpx2.Client) -> None:
    tee = http.get("/v1/templates/tee").json()
    assert {"navy", "white"} <= tee["colours"].keys()
    assert len(tee["presets"]) == 9
    assert len(tee["views"]) == 6
    assert http.get("/v1/templates/none").json()["code"] == "TEMPLATE_NOT_FOUND"
