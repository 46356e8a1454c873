"""`tirage batch`, `tirage keys` and `tirage jobs`, on this machine's data and with `--server`."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from images import art, rgba_png
from serving import serving
from tirage.cli import _exit_code

DESIGN = rgba_png(art(48, 48))


def command(folder: Path, *words: str, code: int = 0, **variables: str) -> str:
    """What a command prints; in this process, since each new one would import everything again."""
    printed = io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
    ):
        for name, value in {"TIRAGE_DATA_DIR": str(folder), "TIRAGE_SERVER": "", **variables}.items():
            patch.setenv(name, value)
        found = _exit_code([*words], json="--json" in words)
    assert found == code, (words, printed.getvalue())
    return printed.getvalue()


def told(folder: Path, *words: str, **variables: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(command(folder, *words, "--json", **variables))
    return found


def use(folder: Path, tmp_path: Path, **variables: str) -> None:
    """The whole life of a batch, by commands."""
    (tmp_path / "art.png").write_bytes(DESIGN)
    (design,) = told(folder, "batch", "upload", str(tmp_path / "art.png"), **variables)["designs"]
    sheet = tmp_path / "Autumn.csv"
    sheet.write_text(
        f"design_id,product_id,preset\n{design['id']},p1,chest-small\n{design['id']},p1,back-small\n"
    )
    assert "2 orders: 2 to render" in command(folder, "batch", "submit", str(sheet), "--dry-run", **variables)
    batch = told(folder, "batch", "submit", str(sheet), **variables)
    assert (batch["name"], batch["total"], batch["status"]) == ("Autumn", 2, "running")
    jobs = told(folder, "jobs", "list", **variables)["jobs"]
    assert command(folder, "jobs", "cancel", jobs[0]["id"], **variables).count("cancelled") == 1
    assert command(folder, "jobs", "watch", jobs[0]["id"], code=1, **variables).count("render.job") == 2
    assert "1 jobs cancelled" in command(folder, "batch", "cancel", batch["id"], **variables)
    assert batch["id"] in command(folder, "batch", "list", **variables)
    command(folder, "batch", "download", batch["id"], str(tmp_path / "all.zip"), **variables)
    assert zipfile.ZipFile(tmp_path / "all.zip").namelist() == []
    matrix = {"matrix": {"designs": [design["id"]], "products": ["none"], "presets": ["chest-small"]}}
    (tmp_path / "wrong.json").write_text(json.dumps(matrix))
    refused = command(folder, "batch", "submit", str(tmp_path / "wrong.json"), code=2, **variables)
    assert "PRODUCT_NOT_FOUND" in refused
    (tmp_path / "wrong.json").write_text("[]")
    command(folder, "batch", "submit", str(tmp_path / "wrong.json"), code=2, **variables)
    command(folder, "batch", "show", "none", code=2, **variables)
    key = told(folder, "keys", "create", "Shop", "--scopes", "read,order", **variables)
    assert key["scopes"] == ["read", "order"]
    assert "Shop" in command(folder, "keys", "list", **variables)
    assert "revoked" in command(folder, "keys", "revoke", key["id"], **variables)
    assert "paused" in command(folder, "jobs", "pause", "mockup", **variables)
    assert "goes on" in command(folder, "jobs", "resume", "mockup", **variables)


@pytest.mark.rows("R294")
def test_on_this_machines_data(tmp_path: Path) -> None:
    data = tmp_path / "data"
    command(data, "products", "add", "Tee", "--id", "p1")
    use(data, tmp_path)


@pytest.mark.rows("R294")
def test_with_a_server(tmp_path: Path) -> None:
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    command(data, "products", "add", "Tee", "--id", "p1")
    with serving(data) as server:
        use(elsewhere, tmp_path, TIRAGE_SERVER=server.url, TIRAGE_API_KEY=server.key)
        words = ("--server", server.url, "batch", "list", "--json")
        assert json.loads(command(elsewhere, *words, TIRAGE_API_KEY=server.key))["count"] == 1
        refused = command(elsewhere, "--server", server.url, "keys", "list", code=2)
        assert "TIRAGE_API_KEY" in refused
    assert not elsewhere.exists()
    away = command(
        elsewhere, "--server", server.url, "jobs", "list", code=3, TIRAGE_API_KEY="sk_0123456789abcdef"
    )
    assert "does not answer" in away
