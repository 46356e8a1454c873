"""Blender as a warm child, against a fake of it: found, asked, lost, started again."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from processes import gone
from tirage.errors import BadInput, Cancelled, Failed, TirageError, TryAgain, UsageError
from tirage.media import blender as module
from tirage.media.blender import Blender, Program, find_blender
from tirage.media.process import Limits

FAKE = Path(__file__).resolve().parents[1] / "fake_blender.py"
PYTHON = Program(Path(sys.executable))
QUICK = {"step_s": 30.0, "silence_s": 30.0}


@pytest.fixture
def blender(monkeypatch: pytest.MonkeyPatch) -> Iterator[Blender]:
    monkeypatch.setattr(module, "bubblewrap", lambda: None)
    with Blender(PYTHON, script=FAKE) as found:
        yield found


def pid(blender: Blender) -> int:
    return int(blender.ask("who", **QUICK)["pid"])


def test_one_child_answers_many_requests(blender: Blender) -> None:
    assert pid(blender) == pid(blender)
    assert blender.version == "5.0.1"


def test_progress_is_told(blender: Blender, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    values = {"azimuth": 0, "size": 16, "samples": 3, "file": str(tmp_path / "a.npy")}
    blender.ask("render", **QUICK, progress=lambda done, total: told.append((done, total)), **values)
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_babble_is_no_answer(blender: Blender) -> None:
    assert blender.ask("misbehave", how="babble", **QUICK) == {}


@pytest.mark.parametrize(
    ("how", "kind", "code"),
    [
        ("die", TryAgain, "PROCESS_KILLED"),
        ("crash", Failed, "PROCESS_CRASHED"),
        ("leave", Failed, "PROCESS_CRASHED"),
        ("memory", TryAgain, "OUT_OF_MEMORY"),
        ("disk", TryAgain, "DISK_FULL"),
        ("fail", Failed, "RENDER_FAILED"),
    ],
)
def test_a_bad_end_is_an_error_and_the_next_request_a_new_child(
    blender: Blender, how: str, kind: type[TirageError], code: str
) -> None:
    before, folder = pid(blender), blender.start()
    blender.told["scene"] = "x"
    with pytest.raises(kind) as caught:
        blender.ask("misbehave", how=how, **QUICK)
    assert caught.value.code == code
    assert blender.told == {}
    assert not folder.exists()
    assert pid(blender) != before


def test_a_refusal_leaves_the_child_as_it_was(blender: Blender) -> None:
    before = pid(blender)
    with pytest.raises(BadInput, match="registered to run") as caught:
        blender.ask("misbehave", how="refuse", **QUICK)
    assert caught.value.code == "BLEND_REFUSED"
    assert pid(blender) == before


@pytest.mark.rows("R205")
def test_a_hung_child_is_ended(blender: Blender) -> None:
    with pytest.raises(TryAgain) as caught:
        blender.ask("misbehave", how="hang", step_s=30, silence_s=0.3)
    assert caught.value.code == "TIMEOUT"


def test_memory_is_watched(blender: Blender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Limits, "of_machine", lambda **_: Limits(memory=300 << 20, address_space=None))
    with pytest.raises(TryAgain) as caught:
        blender.ask("misbehave", how="eat", **QUICK)
    assert caught.value.code == "OUT_OF_MEMORY"


def test_cancelling_takes_what_it_started_along(blender: Blender) -> None:
    blender.start()
    asked = threading.Event()
    timer = threading.Timer(0.3, asked.set)
    timer.start()
    begin = time.monotonic()
    with pytest.raises(Cancelled):
        blender.ask("misbehave", how="spawn", **QUICK, cancelled=asked.is_set)
    assert time.monotonic() - begin < 2.3
    assert gone("of-fake-blender", within_s=0)


def test_an_interrupted_request_is_not_answered_to_the_next(blender: Blender, tmp_path: Path) -> None:
    def interrupt(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    values = {"azimuth": 0, "size": 16, "samples": 3, "file": str(tmp_path / "a.npy")}
    with pytest.raises(KeyboardInterrupt):
        blender.ask("render", **QUICK, progress=interrupt, **values)
    assert set(blender.ask("who", **QUICK)) == {"pid"}


def test_an_old_blender_is_refused(blender: Blender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OLDEST", (5, 1))
    with pytest.raises(UsageError, match=r"is Blender 5\.0\.1, which is too old") as caught:
        blender.start()
    assert caught.value.code == "BLENDER_MISSING"


def test_a_python_without_bpy_is_no_blender(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "bubblewrap", lambda: None)
    with Blender(PYTHON) as blender, pytest.raises(UsageError, match="has no bpy") as caught:
        blender.start()
    assert caught.value.code == "BLENDER_MISSING"


def test_where_blender_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHECKOUT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(UsageError, match="There is no Blender here") as caught:
        find_blender(None)
    assert "make blender" in caught.value.hint
    assert "TIRAGE_BLENDER" in caught.value.hint
    with pytest.raises(UsageError, match="no such program"):
        find_blender(tmp_path / "none")
    for path in (
        tmp_path / "bin" / "blender",
        tmp_path / ".venv-blender" / "bin" / "python",
        tmp_path / "own",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
        assert find_blender(path if path.name == "own" else None) == Program(path)


def test_words_that_start_it() -> None:
    script = Path("/x/worker.py")
    assert Program(Path("/v/bin/python3.11")).argv(script) == ["/v/bin/python3.11", "-I", "/x/worker.py"]
    words = Program(Path("/opt/blender/blender")).argv(script)
    assert words[-2:] == ["--python", "/x/worker.py"]
    assert {"--background", "--factory-startup", "--disable-autoexec"} <= set(words)


def test_where_a_program_lies(tmp_path: Path) -> None:
    base, environment = tmp_path / "base" / "bin" / "python3", tmp_path / "venv" / "bin" / "python"
    for path in (base, environment):
        path.parent.mkdir(parents=True)
    base.touch()
    environment.symlink_to(base)
    assert Program(environment).roots() == [tmp_path / "venv", tmp_path / "base"]
    assert Program(tmp_path / "app" / "blender").roots() == [tmp_path / "app"]


def test_its_home_is_its_folder(blender: Blender) -> None:
    folder = blender.start()
    environment = Path(f"/proc/{pid(blender)}/environ").read_bytes().split(b"\0")
    assert f"HOME={folder}".encode() in environment
    assert not any(entry.startswith(b"PYTHONPATH=") for entry in environment)
    assert Path(f"/proc/{pid(blender)}/cwd").samefile(folder)
