"""`tirage mockup` as a user runs it: a process of its own, real rendering, real files, real signals."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray

from folders import contents, seal
from processes import unmeasured
from tirage.media.encode import ImageFormat, encode_image

TIRAGE = [sys.executable, "-m", "tirage"]
VIEWS = ["front_0deg", "left_90deg", "right_270deg", "back_180deg", "front_45deg_left", "front_45deg_right"]
MADE = [*(f"{name}.png" for name in VIEWS), "animation.mp4", "composited.png", "print.png"]
INK = (200, 30, 40)
LIMIT_S = 120


@pytest.fixture(scope="module")
def art(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A red square with a transparent margin."""
    pixels = np.zeros((900, 900, 4), np.uint8)
    pixels[30:-30, 30:-30] = (*INK, 255)
    path = tmp_path_factory.mktemp("designs") / "square.png"
    path.write_bytes(encode_image(pixels=pixels, kind=ImageFormat.PNG))
    return path


def tirage(*words: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:  # noqa: ANN401
    argv = [*TIRAGE, "mockup", *map(str, words)]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=LIMIT_S, **options)


def pixels_of(path: Path) -> NDArray[np.uint8]:
    return np.asarray(pyvips.Image.new_from_file(str(path)).numpy(), np.uint8)


def redness(pixels: NDArray[np.uint8]) -> float:
    """How much of a picture is red ink."""
    rgb = pixels[..., :3].astype(int)
    return float(np.mean(rgb[..., 0] - rgb[..., 1:].max(axis=-1) > 40))


@pytest.fixture(scope="module")
def finished(art: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The folder of an order with everything, and what --json printed."""
    out = tmp_path_factory.mktemp("finished") / "out"
    done = tirage(art, "--out", out, "--size", "1024", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return out, json.loads(done.stdout)


def test_without_blender_one_sentence_says_so(art: Path, tmp_path: Path) -> None:
    none = tmp_path / "blender"
    for words, code, message in (
        (["--renderer", "cycles"], "BLENDER_MISSING", f"TIRAGE_BLENDER names {none}, and there is no such"),
        (["--renderer", "cycles", "--samples", "5000"], "INVALID_SAMPLES", "There cannot be 5000 samples"),
        (["--samples", "5"], "INVALID_USAGE", "--samples goes with --renderer cycles only"),
    ):
        environment = {**os.environ, "TIRAGE_BLENDER": str(none)}
        done = tirage(art, "--out", tmp_path / "out", *words, env=environment)
        assert done.returncode == 2
        assert message in done.stderr
        assert f"code: {code}" in done.stderr
        assert not (tmp_path / "out").exists()


@pytest.mark.rows("R104", "R231", "R274", "R286")
def test_a_design_becomes_its_files(finished: tuple[Path, dict[str, Any]]) -> None:
    out, _ = finished
    assert set(contents(out)) == {*MADE, "manifest.json"}
    assert {path.name for path in out.parent.iterdir()} == {"out"}
    for name in VIEWS:
        assert pixels_of(out / f"{name}.png").shape == (1024, 1024, 3)


@pytest.mark.rows("R104")
def test_the_print_is_where_it_was_ordered(finished: tuple[Path, dict[str, Any]]) -> None:
    out, _ = finished
    seen = {name: redness(pixels_of(out / f"{name}.png")) for name in VIEWS}
    assert seen["back_180deg"] == 0
    assert seen["front_0deg"] > 0.04
    assert seen["front_0deg"] > seen["front_45deg_left"] > seen["left_90deg"]
    assert seen["front_0deg"] > seen["front_45deg_right"] > seen["right_270deg"]
    inked = 840 / 900  # of the art's side
    flat = pixels_of(out / "composited.png")
    assert redness(flat) * flat[..., 0].size == pytest.approx((22 * 40 * inked) ** 2, rel=0.01)
    assert redness(pixels_of(out / "print.png")) == pytest.approx(inked**2, rel=0.01)
    assert np.array_equal(pixels_of(out / "front_0deg.png")[0, 0], (242, 242, 242))


@pytest.mark.rows("R286", "R290")
def test_the_turntable_shows_the_views(finished: tuple[Path, dict[str, Any]]) -> None:
    out, _ = finished
    with av.open(str(out / "animation.mp4")) as film:
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert len(frames) == 72
    for name, frame in {
        "front_0deg": 0,
        "front_45deg_left": 9,
        "back_180deg": 36,
        "front_45deg_right": 63,
    }.items():
        error = np.abs(frames[frame].astype(int) - pixels_of(out / f"{name}.png"))
        assert error.mean() < 2, name


def test_json_is_the_manifest_and_the_timings(finished: tuple[Path, dict[str, Any]]) -> None:
    out, printed = finished
    manifest = json.loads((out / "manifest.json").read_text())
    timings = printed.pop("timings_ms")
    assert printed.pop("folder") == str(out)
    assert printed == manifest
    assert {"template", "read", "views", "animation", "composited", "print", "total"} <= timings.keys()
    assert all(0 <= spent <= timings["total"] * 4 for spent in timings.values())
    for file in manifest["files"]:
        data = (out / file["name"]).read_bytes()
        assert (file["bytes"], file["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())


def test_the_same_order_again_gives_the_same_bytes(
    finished: tuple[Path, dict[str, Any]], art: Path, tmp_path: Path
) -> None:
    done = tirage(art, "--out", tmp_path / "again", "--size", "1024")
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "again") == contents(finished[0])
    listed = re.findall(r"^  (\S+)  \d+ × \d+", done.stdout, re.MULTILINE)
    assert listed == [str(tmp_path / "again" / name) for name in MADE]


@pytest.mark.rows("R285", "R289")
def test_fabric_and_background_take_their_colours(art: Path, tmp_path: Path) -> None:
    options = ("--size", "512", "--mode", "images-only", "--color", "#204080", "--background", "transparent")
    done = tirage(
        art, "--out", tmp_path / "out", "--place", "sleeve-left:0,14,6", "--format", "webp", *options
    )
    assert done.returncode == 0, done.stderr
    pixels = pixels_of(tmp_path / "out" / "back_180deg.webp")
    cloth = pixels[pixels[..., 3] == 255][:, :3].mean(axis=0)
    assert cloth[2] > cloth[1] > cloth[0]
    assert tuple(pixels[0, 0]) == (0, 0, 0, 0)


@pytest.mark.rows("R120", "R203", "R213", "R217", "R218")
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["missing.png"], "MISSING_FILE"),
        (["fake.png"], "INVALID_FILE_TYPE"),
        (["art.jpg"], "TYPE_MISMATCH"),
        (["art.png", "--preset", "dead-center-medium"], "INVALID_PRESET"),
        (["art.png", "--place", "pocket:1,2,3"], "INVALID_PLACEMENT"),
        (["art.png", "--color", "transparent"], "INVALID_COLOR"),
        (["art.png", "--format", "jpeg", "--background", "transparent"], "INVALID_FORMAT"),
        (["art.png", "--size", "511"], "INVALID_SIZE"),
        (["art.png", "--mode", "video"], "INVALID_MODE"),
        (["art.png", "--template", "nope"], "TEMPLATE_NOT_FOUND"),
        (["art.png", "--frob"], "INVALID_USAGE"),
    ],
)
def test_bad_input_is_exit_2_with_code_and_hint(
    art: Path, tmp_path: Path, words: list[str], code: str
) -> None:
    (tmp_path / "fake.png").write_bytes(b"GIF89a" + bytes(100))
    for name in ("art.png", "art.jpg"):
        (tmp_path / name).write_bytes(art.read_bytes())
    before = contents(tmp_path)
    done = tirage(*words, "--out", "out", "--json", cwd=tmp_path)
    assert done.returncode == 2
    error = json.loads(done.stdout)["error"]
    assert error["code"] == code
    assert error["hint"]
    assert done.stderr == ""
    assert contents(tmp_path) == before


def test_an_output_that_is_a_file_is_exit_2(art: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    done = tirage(art, "--out", tmp_path / "out", "--size", "512")
    assert (done.returncode, contents(tmp_path)) == (2, {"out": seal(b"mine")})
    assert "code: OUTPUT_UNWRITABLE" in done.stderr


def test_no_room_is_exit_3_and_leaves_nothing(art: Path, tmp_path: Path) -> None:
    def no_file_over_20_kb() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    words = (art, "--out", tmp_path / "out", "--size", "512", "--mode", "images-only", "--json")
    done = tirage(*words, preexec_fn=no_file_over_20_kb)
    assert done.returncode == 3
    error = json.loads(done.stdout)["error"]
    assert (error["code"], error["retryable"]) == ("DISK_FULL", True)
    assert list(tmp_path.iterdir()) == []


def on_a_terminal(words: Sequence[str | Path], *, until: bytes) -> tuple[subprocess.Popen[bytes], int, bytes]:
    """Starts the command with a terminal for its standard error, and reads that up to a word."""
    ours, theirs = pty.openpty()
    argv = [*TIRAGE, "mockup", *map(str, words)]
    child = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=theirs, env=unmeasured())
    os.close(theirs)
    shown = b""
    while until not in shown:
        shown += read_terminal(ours)
    return child, ours, shown


def read_terminal(descriptor: int) -> bytes:
    """What the terminal shows next; EOFError when the command has ended."""
    try:
        data = os.read(descriptor, 4096)
    except OSError:  # how Linux says it
        data = b""
    if not data:
        raise EOFError
    return data


def drained(descriptor: int) -> bytes:
    """The rest of what the terminal shows."""
    shown = b""
    try:
        while True:
            shown += read_terminal(descriptor)
    except EOFError:
        os.close(descriptor)
        return shown


@pytest.mark.rows("R101")
@pytest.mark.parametrize("existing", [False, True])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing(
    art: Path, tmp_path: Path, number: signal.Signals, *, existing: bool
) -> None:
    if existing:
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "front_0deg.png").write_bytes(b"older")
    before = contents(tmp_path)
    child, terminal, _ = on_a_terminal([art, "--out", tmp_path / "out", "--size", "512"], until=b"animation")
    child.send_signal(number)
    child.communicate(timeout=LIMIT_S)
    assert child.returncode == 128 + number
    assert b"INTERRUPTED" in drained(terminal)
    assert contents(tmp_path) == before
    assert [path.name for path in tmp_path.rglob("*") if path.is_dir()] == (["out"] if existing else [])


def test_what_a_killed_run_left_goes_with_the_next(art: Path, tmp_path: Path) -> None:
    words = [art, "--out", tmp_path / "out", "--size", "512"]
    child, terminal, _ = on_a_terminal(words, until=b"animation")
    child.kill()
    child.communicate(timeout=LIMIT_S)
    os.close(terminal)
    assert not (tmp_path / "out").exists()
    assert contents(tmp_path)
    done = tirage(*words, "--mode", "images-only")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_matrix_with_one_bad_design(art: Path, tmp_path: Path) -> None:
    designs = tmp_path / "designs"
    designs.mkdir()
    (designs / "good.png").write_bytes(art.read_bytes())
    (designs / "bad.png").write_bytes(art.read_bytes()[:-40])
    words = (
        designs,
        "--out",
        tmp_path / "out",
        "--colors",
        "white,#204080",
        "--presets",
        "chest-small,back-small",
    )
    done = tirage(*words, "--size", "512", "--mode", "images-only", "--format", "jpeg", "--json")
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert (told["made"], told["failed"]) == (4, 4)
    made = {cell["folder"] for cell in told["cells"] if cell["made"]}
    assert made == {
        str(tmp_path / "out" / "good" / preset / colour)
        for preset in ("chest-small", "back-small")
        for colour in ("white", "204080")
    }
    assert {cell["error"]["code"] for cell in told["cells"] if not cell["made"]} == {"IMAGE_DAMAGED"}
    assert {path.parent for path in (tmp_path / "out").rglob("*.*")} == {Path(folder) for folder in made}
    for cell in told["cells"]:
        for file in cell.get("files", ()):
            data = (Path(cell["folder"]) / file["name"]).read_bytes()
            assert hashlib.sha256(data).hexdigest() == file["sha256"]


def test_a_matrix_tells_people_what_failed_at_the_end(art: Path, tmp_path: Path) -> None:
    words = (art, tmp_path / "missing.png", "--out", tmp_path / "out", "--size", "512", "--format", "jpeg")
    done = tirage(*words, "--place", "sleeve-left:0,14,6", "--mode", "images-only")
    assert done.returncode == 1
    assert "1 of 2 made" in done.stdout
    assert "code: MISSING_FILE" in done.stderr.splitlines()[-2]


def test_help_takes_little_time() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*TIRAGE, "--help"], capture_output=True, check=True, env=unmeasured())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime <= 0.3
