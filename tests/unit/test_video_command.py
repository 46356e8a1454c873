"""`tirage video`: from files on a disk to a checked, synced and locked session; conversions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_video_ingest import X264, film

from edits import programme, seen
from tirage.cli import _exit_code
from tirage.media.notes import Notes
from tirage.media.rates import RATES
from tirage.video.formats import cmx3600, edl_json, otio
from tirage.video.opening import open_session


def told(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, object]]:
    """The exit code and the JSON of a command."""
    code = _exit_code(["video", *map(str, words), "--json"], json=True)
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("session")
    sound = film(folder / "sound.wav", "-f", "lavfi", "-i", "anoisesrc=seed=5:d=9:r=48000")
    for camera, late in (("A", "0"), ("B", "0.4")):
        film(
            folder / f"{camera}.mp4",
            *("-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=8", "-ss", late, "-i", str(sound)),
            *("-map", "0:v", "-map", "1:a", *X264, "-c:a", "aac", "-t", "8"),
        )
    (folder / "cut.edl").write_text(
        "TITLE: Evening\nFCM: NON-DROP FRAME\n"
        "001  A  V  C  00:00:00:00 00:00:03:00 01:00:00:00 01:00:03:00\n"
        "002  B  V  C  00:00:03:00 00:00:06:00 01:00:03:00 01:00:06:00\n"
    )
    value = {
        "tirage_session": 1,
        "id": "evening",
        "rate": "25",
        "master": "A",
        "assets": [{"camera": "A", "file": "A.mp4"}, {"camera": "B", "file": "B.mp4"}],
        "edl": "cut.edl",
    }
    (folder / "evening.json").write_text(json.dumps(value))
    return folder / "evening.json"


def codes(answer: dict[str, object]) -> set[str]:
    found = answer["findings"]
    assert isinstance(found, list)
    return {one["code"] for one in found}


@pytest.mark.rows("R150", "R186", "G-8")
def test_from_files_to_a_locked_edit(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, answer = told(capsys, "check", session)
    assert (code, answer["ok"]) == (2, False)
    assert "NOT_INGESTED" in codes(answer)
    code, answer = told(capsys, "ingest", session, "--light")
    assert (code, answer["files"], answer["new"], answer["errors"]) == (0, 2, 2, [])
    assert told(capsys, "ingest", session, "--light")[1]["new"] == 0
    code, answer = told(capsys, "check", session)
    assert code == 0, answer
    assert codes(answer) == {"SYNC_MISSING", "SIZE_SMALL"}
    code, answer = told(capsys, "sync", session, "--write")
    assert code == 0, answer
    offset = open_session(session).session.assets[1].sync.offset
    assert abs(float(offset) + 0.4) < 0.001
    code, answer = told(capsys, "lock", session)
    assert code == 0, answer
    assert told(capsys, "check", session)[0] == 0
    edit = session.parent / "cut.edl"
    before = edit.read_text()
    edit.write_text(
        before.replace("00:00:03:00 01:00:00:00 01:00:03:00", "00:00:02:24 01:00:00:00 01:00:02:24")
    )
    code, answer = told(capsys, "check", session)
    assert (code, "LOCK_BROKEN" in codes(answer)) == (2, True)
    edit.write_text(before)


def test_a_session_with_errors_is_not_locked(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = session.with_name("broken.json")
    value = json.loads(session.read_text().replace('"B.mp4"', '"gone.mp4"'))
    value.pop("locked", None)
    broken.write_text(json.dumps(value))
    code, answer = told(capsys, "lock", broken)
    assert code == 2
    assert "gone.mp4" in json.dumps(answer)
    assert "locked" not in json.loads(broken.read_text())


def test_conversions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edl = programme(RATES["25"])
    source = tmp_path / "cut.edl"
    source.write_bytes(cmx3600.write(edl, Notes()))
    assert told(capsys, "convert", source, tmp_path / "cut.otio", "--rate", "25")[0] == 0
    assert told(capsys, "convert", tmp_path / "cut.otio", tmp_path / "cut.json")[0] == 0
    back = edl_json.read((tmp_path / "cut.json").read_bytes(), Notes())
    assert back is not None
    assert seen(back) == seen(edl)
    code, answer = told(capsys, "diff", source, tmp_path / "cut.json", "--rate", "25")
    assert (code, answer["frames"]) == (0, 0)


def test_a_sessions_clock_becomes_the_sources(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "ingest", session, "--light")
    folder = session.parent
    words = ("--rate", "25", "--session", session)
    assert told(capsys, "convert", folder / "cut.edl", folder / "cut.json", *words)[0] == 0
    assert told(capsys, "convert", folder / "cut.json", folder / "back.otio", *words)[0] == 0
    back = otio.read((folder / "back.otio").read_bytes(), Notes())
    assert back is not None
    assert [event.source_in for event in back.events] == [0, 75]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["check", "nothing.json"], "MISSING_FILE"),
        (["convert", "a.mp4", "b.otio"], "INVALID_EDL_FORMAT"),
        (["convert", "a.edl", "b.drp"], "INVALID_EDL_FORMAT"),
        (["convert", "a.edl", "b.otio"], "INVALID_EDL"),
        (["convert", "a.edl", "b.otio", "--rate", "12"], "INVALID_USAGE"),
    ],
)
def test_what_is_wrong_has_a_code(
    words: list[str],
    code: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.edl").write_text("001  A  V  C  00:00:00:00 00:00:01:00 00:00:00:00 00:00:01:00\n")
    exit_code, answer = told(capsys, *words)
    assert exit_code == 2
    assert isinstance(answer["error"], dict)
    assert answer["error"]["code"] == code
    assert answer["error"]["hint"]
    assert not (tmp_path / "b.otio").exists()


def test_findings_are_readable(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _exit_code(["video", "check", str(session)], json=False) in {0, 2}
    assert "hint:" in capsys.readouterr().err
