"""`tirage backup` and `tirage restore` as operators type them; `make test-drills` does it under load."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from images import art, rgba_png
from tirage.app import App, open_app
from tirage.cli import _exit_code
from tirage.settings import Settings
from tirage.shops.model import NewProduct
from tirage.stores.backup import FILES, NOTE
from tirage.verify import verify_world

Command = Callable[..., tuple[int, str]]


@pytest.fixture
def tirage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command on the data of a place."""

    def run(place: str, *words: str) -> tuple[int, str]:
        monkeypatch.setenv("TIRAGE_DATA_DIR", str(tmp_path / place))
        code = _exit_code(list(words), json="--json" in words)
        told = capsys.readouterr()
        return code, told.out + told.err

    return run


def opened(folder: Path) -> App:
    return open_app(Settings.read({}, data_dir=folder))  # type: ignore[return-value]  # entered by its caller


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A place with a product and a design."""
    with opened(tmp_path / "old") as app:  # type: ignore[attr-defined]
        app.catalogue.create(NewProduct(id="p1", title="Tee"))
        app.designs.add(rgba_png(art(40, 40)), name="art.png")
        app.files.write("checks/1-1", b"tirage", media_type="text/plain")
    return tmp_path / "old"


@pytest.mark.rows("R297")
def test_what_was_backed_up_is_there_again(tirage: Command, old: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    code, out = tirage("old", "backup", str(folder), "--json")
    assert (code, json.loads(out)["files"]) == (0, 1), out  # the design; what is passing is left out
    assert folder.stat().st_mode & 0o077 == 0
    assert tirage("new", "restore", str(folder))[0] == 0
    with opened(tmp_path / "new") as app, opened(old) as before:  # type: ignore[attr-defined]
        assert app.catalogue.get("p1") == before.catalogue.get("p1")
        (stat,) = app.files.list("uploads/designs/")
        assert app.files.read(stat.key) == before.files.read(stat.key) == rgba_png(art(40, 40))
        assert verify_world(app, at_rest=True) == []


def test_what_cannot_be_backed_up(tirage: Command, old: Path, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "notes.txt").write_text("mine")
    for words, said in (
        (("old", "backup", str(full)), "is not empty"),
        (("nothing", "backup", str(tmp_path / "b")), "There is no database"),
    ):
        code, out = tirage(*words)
        assert (code, said in out) == (2, True), out
    assert old.exists()
    assert [path.name for path in full.iterdir()] == ["notes.txt"]


def test_nothing_is_put_over_data_and_no_half_is_restored(tirage: Command, old: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    assert tirage("old", "backup", str(folder))[0] == 0
    code, out = tirage("old", "restore", str(folder))
    assert (code, "There are data already" in out) == (2, True)
    (folder / NOTE).unlink()
    code, out = tirage("new", "restore", str(folder))
    assert (code, "holds no whole back-up" in out) == (2, True)
    assert not (tmp_path / "new" / "tirage.db").exists()
    assert (folder / FILES).is_dir()
    assert old.exists()


def test_servers_have_tools_of_their_own(
    tirage: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIRAGE_DATABASE_URL", "postgresql://tirage@nowhere/tirage")
    code, out = tirage("old", "backup", str(tmp_path / "b"))
    assert (code, "pg_dump" in out) == (2, True)
    assert not (tmp_path / "b").exists()
