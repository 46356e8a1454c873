"""`tirage video render` as a user runs it: refused, killed, finished, asked for again."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tirage.video.session import Session
from tirage.video.spec import CaptionStyle, Options
from tirage.video.timeline import Format
from video.showing import assert_as_edited, cuts, order

WORDS = ("--size", "180", "--captions", "none", "--json")


def tirage(*words: str) -> tuple[int, dict]:
    argv = [sys.executable, "-m", "tirage", "video", *words]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout)


@pytest.fixture
def written(filmed: Session, tmp_path: Path) -> Path:
    """The filmed session as a file, its edit not locked."""
    edl = cuts(filmed, 40, 35, 44)
    value = {
        "tirage_session": 1,
        "id": "filmed",
        "rate": 30,
        "master": "master",
        "assets": [
            {
                "camera": asset.camera,
                "file": asset.files[0].path,
                "sync": {"offset": str(asset.sync.offset)},
            }
            for asset in filmed.assets
        ],
        "edl": {
            "tirage_edl": 1,
            "rate": 30,
            "events": [
                {
                    "camera": event.camera,
                    "source_in": event.source_in,
                    "source_out": event.source_out,
                    "record_in": event.record_in,
                }
                for event in edl.events
            ],
        },
    }
    path = tmp_path / "session.json"
    path.write_text(json.dumps(value))
    return path


@pytest.mark.rows("R150", "R151", "R128", "R167")
def test_a_render_is_refused_killed_finished_and_not_made_twice(
    filmed: Session, written: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    render = ("render", str(written), "--out", str(out), *WORDS)
    code, answer = tirage(*render)
    assert code == 2
    findings = answer["error"]["findings"]
    assert [found["code"] for found in findings if found["severity"] == "error"] == ["EDL_NOT_LOCKED"]
    assert not out.exists()
    assert tirage("lock", str(written), "--json")[0] == 0

    program = subprocess.Popen(
        [sys.executable, "-m", "tirage", "video", *render], stdout=subprocess.PIPE, start_new_session=True
    )
    segments = written.with_suffix(".media") / "segments"
    while program.poll() is None and not list(segments.glob("??/*.mp4")):
        time.sleep(0.02)
    os.kill(program.pid, signal.SIGKILL)
    program.wait()
    assert not (out / "full_16_9.mp4").exists()
    kept = {path.name: path.stat().st_mtime_ns for path in segments.glob("??/*.mp4")}

    code, answer = tirage(*render)
    assert code == 0
    (video,) = answer["videos"][0]["artifacts"]
    assert (video["width"], video["height"], video["fps"], video["duration"]) == (320, 180, "30", "119/30")
    assert kept.keys() <= {path.name for path in segments.glob("??/*.mp4")}
    options = Options(short_side=180, captions=CaptionStyle.NONE)
    assert_as_edited(order(filmed, cuts(filmed, 40, 35, 44), Format.FULL, options), out / "full_16_9.mp4")

    before = (out / "full_16_9.mp4").stat().st_ino
    assert tirage(*render)[1]["videos"][0]["rendered"] is False
    assert (out / "full_16_9.mp4").stat().st_ino == before


def test_a_format_that_there_is_not(written: Path) -> None:
    code, answer = tirage("render", str(written), "--format", "4k", "--json")
    assert (code, answer["error"]["code"]) == (2, "INVALID_OPTION")
