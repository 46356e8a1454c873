"""`tirage doctor` as operators type it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from images import art, rgba_png
from tirage.app import App, open_app
from tirage.cli import _exit_code
from tirage.jobs.model import Job
from tirage.mockup.submit import MockupRequest, Upload
from tirage.settings import VARIABLES, Settings
from tirage.shops.model import NewProduct

Doctor = Callable[..., tuple[int, str]]


@pytest.fixture
def doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Doctor:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIRAGE_DATA_DIR", str(tmp_path / "data"))

    def run(*words: str) -> tuple[int, str]:
        code = _exit_code(["doctor", *words], json="--json" in words)
        return code, capsys.readouterr().out

    return run


def told(doctor: Doctor, *words: str) -> tuple[int, dict[str, Any]]:
    code, out = doctor("--json", *words)
    return code, json.loads(out)


def state(answer: dict[str, Any], name: str) -> str:
    (found,) = [check["state"] for check in answer["checks"] if check["name"] == name]
    return str(found)


def ordered(app: App) -> Job:
    app.catalogue.create(NewProduct(title="Tee", id="p1"))
    design = Upload(data=rgba_png(art()), name="art.png")
    return app.submissions.submit(MockupRequest(design=design, product_id="p1", preset="chest-medium"))


@pytest.mark.rows("R190", "R307")
def test_a_new_place_is_well_and_every_setting_has_an_origin(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "tirage.toml").write_text("step_seconds = 60")
    code, answer = told(doctor)
    assert (code, answer["well"], answer["findings"]) == (0, True, [])
    origins = {each["name"]: (each["value"], each["origin"]) for each in answer["settings"]}
    assert set(origins) == set(VARIABLES)
    assert origins["TIRAGE_DATA_DIR"] == (str(tmp_path / "data"), "environment")
    assert origins["TIRAGE_STEP_SECONDS"] == ("60", str(tmp_path / "tirage.toml"))
    assert origins["TIRAGE_CLEANUP_FAILED_DAYS"] == ("7", "default")
    assert {state(answer, name) for name in ("kernels", "database", "storage", "templates")} == {"ok"}
    assert list((tmp_path / "data" / "static").rglob("*.txt")) == []


def test_people_read_what_to_do(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIRAGE_BLENDER", "/no/blender")
    monkeypatch.setenv("TIRAGE_DATABASE_URL", "postgresql://ann:secretword@127.0.0.1:1/x")
    code, out = doctor()
    assert code == 1
    assert "there is no such program" in out
    assert "error   database" in out
    assert "secretword" not in out
    assert "postgresql://ann:•••@127.0.0.1:1/x  [environment]" in out


def test_a_template_that_is_not_there(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIRAGE_DEFAULT_TEMPLATE", "sock")
    code, answer = told(doctor)
    assert (code, state(answer, "templates")) == (1, "error")


def test_a_queue_that_nobody_works_on(doctor: Doctor, tmp_path: Path) -> None:
    with open_app(Settings.read({}, data_dir=tmp_path / "data")) as app:
        ordered(app)
    code, answer = told(doctor)
    assert (code, state(answer, "queue mockup")) == (0, "warning")


def test_what_is_wrong_with_stored_jobs(doctor: Doctor, tmp_path: Path) -> None:
    with open_app(Settings.read({}, data_dir=tmp_path / "data")) as app:
        job = ordered(app)
        app.service.cancel(job.id)
        key = f"media/products/p1/renders/{job.id}/front_0deg.png"
        app.files.write(key, b"left over", media_type="image/png")
    assert told(doctor)[0] == 0
    code, answer = told(doctor, "--verify")
    assert (code, answer["well"]) == (1, False)
    assert [finding["where"] for finding in answer["findings"]] == [job.id]
