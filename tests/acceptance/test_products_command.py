"""`tirage products` as operators type it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tirage.app import open_app
from tirage.cli import _exit_code
from tirage.jobs.model import NewJob
from tirage.mockup.ports import Media
from tirage.settings import Settings

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def tirage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.setenv("TIRAGE_DATA_DIR", str(tmp_path / "data"))

    def run(*words: str) -> tuple[int, str, str]:
        code = _exit_code(list(words), json="--json" in words)
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def shown(tirage: Command, *words: str) -> Any:  # noqa: ANN401
    code, out, err = tirage(*words, "--json")
    assert code == 0, err
    return json.loads(out)


def test_a_product_is_added_shown_and_removed(tirage: Command) -> None:
    made = shown(
        tirage, "products", "add", "Tee", "--id", "p1", "--variant", "S", "--metadata", '{"sku": "T"}'
    )
    assert (made["id"], made["metadata"], made["variants"][0]["title"]) == ("p1", {"sku": "T"}, "S")
    assert shown(tirage, "products", "show", "p1") == made
    assert shown(tirage, "products", "list")["count"] == 1
    assert tirage("products", "rename", "p1", "Large tee")[0] == 0
    code, out, _ = tirage("products", "list")
    assert (code, out) == (0, "p1  Large tee  1 variants, 0 media\n")
    _, out, _ = tirage("products", "show", "p1")
    assert 'sku: "T"' in out
    assert tirage("products", "remove", "p1")[0] == 0
    code, _, err = tirage("products", "show", "p1")
    assert code == 2
    assert "PRODUCT_NOT_FOUND" in err


def test_products_come_from_a_file(tirage: Command, tmp_path: Path) -> None:
    sheet = tmp_path / "products.csv"
    sheet.write_text("title,variant_title\nTee,S\n,M\nMug,\n")
    assert tirage("products", "import", str(sheet)) == (0, "2 products added.\n", "")
    sheet.write_text("title,price\nTee,3\n")
    code, out, err = tirage("products", "import", str(sheet))
    assert (code, out) == (2, "")
    assert "Line 1: there is no column 'price'" in err
    assert tirage("products", "import", str(tmp_path / "none.csv"))[0] == 2
    _, out, _ = tirage("products", "list", "--limit", "1")
    assert out.endswith("2 products in all.\n")


def test_media_are_put_in_order(tirage: Command, tmp_path: Path) -> None:
    tirage("products", "add", "Tee", "--id", "p1")
    with open_app(Settings.read({}, data_dir=tmp_path / "data")) as app:
        new = NewJob(pipeline="mockup", product_id="p1", preset="chest-small", design_file_url="d.png")
        job = app.service.create(new)
        media = [
            Media(role=role, key=f"media/{role}.png", kind="image", rank=rank)
            for rank, role in enumerate("ab")
        ]
        app.publisher.publish(product_id="p1", job_id=job.id, media=media)
    first, second = (medium["id"] for medium in shown(tirage, "products", "media", "list", "p1")["media"])
    assert tirage("products", "media", "order", "p1", second, first)[0] == 0
    assert tirage("products", "media", "thumbnail", "p1", second)[0] == 0
    _, out, _ = tirage("products", "media", "list", "p1")
    assert [line.split()[1] for line in out.splitlines()] == [second, first]
    assert "/static/media/b.png (thumbnail)" in out.splitlines()[0]
    assert tirage("products", "media", "remove", "p1", second)[0] == 0
    product = shown(tirage, "products", "show", "p1")
    assert product["thumbnail"] == product["media"][0]["url"]
    assert tirage("products", "media", "order", "p1", second)[0] == 2


@pytest.mark.parametrize(
    "words",
    [
        ("products",),
        ("products", "media"),
        ("products", "add"),
        ("products", "add", "x", "--metadata", "[]"),
        ("products", "add", "x", "--metadata", "{"),
        ("products", "add", " "),
        ("products", "list", "--limit", "0"),
    ],
)
def test_words_that_are_wrong(tirage: Command, words: tuple[str, ...]) -> None:
    assert tirage(*words)[0] == 2
