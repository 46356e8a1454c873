"""`tirage shops` as operators type it, and the same shops over HTTP: an order's pictures end in the shop."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from fake_medusa import KEY, FakeMedusa, Fault, running_medusa, soon
from serving import serving
from tirage.app import App, open_app
from tirage.cli import _exit_code
from tirage.jobs.model import Job, NewJob
from tirage.mockup.ports import Media
from tirage.settings import Settings

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def medusa() -> Iterator[FakeMedusa]:
    with running_medusa() as shop:
        yield shop


@pytest.fixture
def tirage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.setenv("TIRAGE_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "key").write_text(KEY + "\n")

    def run(*words: str) -> tuple[int, str, str]:
        code = _exit_code(list(words), json="--json" in words)
        told = capsys.readouterr()
        assert KEY not in told.out + told.err
        return code, told.out, told.err

    return run


def connect(tirage: Command, medusa: FakeMedusa, tmp_path: Path, *more: str) -> tuple[int, str, str]:
    return tirage("shops", "add", "main", medusa.url, "--key-file", str(tmp_path / "key"), *more)


def published(app: App, product: str) -> tuple[Job, list[Media]]:
    """What a worker does at the end of a job."""
    new = NewJob(pipeline="mockup", product_id=product, preset="chest-small", design_file_url="d.png")
    job = app.service.create(new)
    media = []
    for rank, role in enumerate(("front_0deg", "left_90deg")):
        key = f"media/products/{product}/renders/{job.id}/{role}.png"
        app.files.write(key, role.encode(), media_type="image/png")
        media.append(Media(role=role, key=key, kind="image", rank=rank))
    app.publisher.publish(product_id=product, job_id=job.id, media=media)
    return job, media


def test_a_shop_is_connected_read_and_forgotten(tirage: Command, medusa: FakeMedusa, tmp_path: Path) -> None:
    product = medusa.add_product()
    code, out, _ = connect(tirage, medusa, tmp_path)
    assert code == 0
    assert out == f"main  medusa  {medusa.url}  copies  0 products, 0 to be told of\n"
    assert medusa.files == {}
    code, out, _ = tirage("shops", "check", "main")
    assert (code, out) == (0, f"Medusa with 1 products; files go to {medusa.url}/static\n")
    code, out, _ = tirage("shops", "sync", "main", "--json")
    assert json.loads(out) == {
        "added": 1, "changed": 0, "unchanged": 0, "gone": 0, "findings": [], "told": 0
    }  # fmt: skip
    code, out, _ = tirage("products", "show", product)
    assert f"{product}  Tee" in out
    assert 'shop: "main"' in out
    with open_app(Settings.read({}, data_dir=tmp_path / "data")) as app:
        medusa.faults = [Fault("POST", product, 1, status=503)]
        with pytest.raises(Exception, match="cannot do it now"):
            published(app, product)
    (told,) = json.loads(tirage("shops", "list", "--json")[1])["shops"]
    assert (told["waiting"], told["failing"]) == (1, 1)
    assert "the shops were told of 1." in tirage("shops", "sync", "main")[1]
    assert len(medusa.products[product]["images"]) == 2
    assert tirage("shops", "remove", "main")[:2] == (0, "main is removed.\n")
    assert tirage("shops", "list") == (0, "", "")
    assert tirage("shops", "check", "main")[0] == 2


def test_what_cannot_be_connected(tirage: Command, medusa: FakeMedusa, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text(KEY[:-1])
    for words, says in (
        (("add", "main", medusa.url, "--key-file", str(wrong)), "does not let us"),
        (("add", "main", "http://127.0.0.1:9", "--key-file", str(wrong)), "does not answer"),
        (("add", "Main!", medusa.url, "--key-file", str(wrong)), "a–z"),
        (("add", "main", "ftp://x", "--key-file", str(wrong)), "http://"),
        (("add", "main", "http://u:p@x", "--key-file", str(wrong)), "http://"),
        (("add", "main", medusa.url, "--kind", "abc", "--key-file", str(wrong)), "no adapter"),
        (("add", "main", medusa.url, "--link", "--key-file", str(wrong)), "no address"),
        (("add", "main", medusa.url, "--key-file", str(tmp_path / "none")), "cannot be read"),
        (("sync", "main"), "no shop"),
        (("remove", "main"), "no shop"),
    ):
        code, out, err = tirage("shops", *words)
        assert (code in {2, 3}, out) == (True, ""), words
        assert says in err
    assert tirage("shops", "list") == (0, "", "")
    assert tirage("shops")[0] == 2


def test_a_server_tells_the_shop(tirage: Command, medusa: FakeMedusa, tmp_path: Path) -> None:
    """Routes and their scopes; what changes in the catalogue changes in the shop by itself."""
    product = medusa.add_product()
    connect(tirage, medusa, tmp_path)
    environment = {name: value for name, value in os.environ.items() if name.startswith("TIRAGE_LOG")}
    with serving(tmp_path / "data", **environment) as server, server.client() as http:
        assert http.post("/v1/shops/main/sync").json()["added"] == 1
        assert http.post("/v1/shops/main/check").json()["answer"].startswith("Medusa with 1")
        with open_app(Settings.read({}, data_dir=tmp_path / "data"), port=server.port) as app:
            job, _ = published(app, product)
        images = medusa.products[product]["images"]
        assert [job.id in image["url"] for image in images] == [True, True]
        media = [each["id"] for each in http.get(f"/v1/products/{product}").json()["media"]]
        http.put(f"/v1/products/{product}/media/order", json={"media": media[::-1]}).raise_for_status()
        soon(lambda: medusa.products[product]["images"][0]["id"] == images[1]["id"])
        http.delete(f"/v1/products/{product}/media/{media[0]}").raise_for_status()
        soon(lambda: len(medusa.products[product]["images"]) == 1)
        (shop,) = http.get("/v1/shops").json()["shops"]
        assert (shop["name"], shop["products"]) == ("main", 1)
        assert KEY not in http.get("/v1/shops/main").text
        assert http.get("/v1/shops/none").status_code == 404
        medusa.faults = [Fault("*", "", 9, status=403)]
        refused = http.post("/v1/shops/main/check")
        assert (refused.status_code, refused.json()["code"]) == (424, "SHOP_REFUSED")
        assert "does not let us" in http.get("/v1/shops/main").json()["problem"]
        scopes(http, server.url)


def scopes(http: httpx2.Client, url: str) -> None:
    for scope, allowed in (("read", set[str]()), ("catalogue", {"sync"}), ("operate", {"check"})):
        key = http.post("/v1/keys", json={"name": scope, "scopes": ["read", scope]}).json()["secret"]
        for action in ("sync", "check"):
            answer = httpx2.post(f"{url}/v1/shops/none/{action}", headers={"Authorization": f"Bearer {key}"})
            assert answer.status_code == (404 if action in allowed else 403), (scope, action)
