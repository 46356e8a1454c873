"""An output folder is whole or not there, whatever ends the run."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tirage.errors import BadInput, Failed, TirageError, TryAgain
from tirage.media.files import MARK, READY, disk_errors, staged, sweep, uninterrupted


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below the folder, hidden ones too."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def folders(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_dir())


def write(out: Path, *names: str, failing: type[BaseException] | None = None) -> None:
    with staged(out) as stage:
        for name in names:
            stage.write(name, name.encode())
        if failing:
            raise failing


def fill(out: Path) -> None:
    with staged(out) as stage, Path("/dev/full").open("wb", 0) as full:
        stage.write("a", b"a")
        full.write(b"b")


@pytest.fixture(params=["new", "existing"])
def out(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A target that is not there, below folders that are not, and one that is there with an older run."""
    if request.param == "new":
        return tmp_path / "a" / "b" / "out"
    out = tmp_path / "out"
    out.mkdir()
    (out / "front.png").write_bytes(b"old")
    (out / "other.txt").write_bytes(b"mine")
    return out


@pytest.mark.rows("R096")
def test_files_appear_together_at_the_end(out: Path) -> None:
    before = tree(out)
    with staged(out) as stage:
        written = stage.write("front.png", b"new")
        stage.path("film.mp4").write_bytes(b"film")
        film = stage.seal("film.mp4")
        assert {name: data for name, data in tree(out).items() if not name.startswith(".")} == before
    assert tree(out) == {**before, "front.png": b"new", "film.mp4": b"film"}
    assert (written.name, written.bytes, written.sha256) == (
        "front.png",
        3,
        hashlib.sha256(b"new").hexdigest(),
    )
    assert (film.bytes, film.sha256) == (4, hashlib.sha256(b"film").hexdigest())
    assert not list(out.parent.rglob(f"*{MARK}*"))


@pytest.mark.rows("R101")
@pytest.mark.parametrize("failure", [KeyboardInterrupt, SystemExit, ValueError])
def test_a_run_that_fails_leaves_everything_as_it_was(
    out: Path, tmp_path: Path, failure: type[BaseException]
) -> None:
    before, folders_before = tree(tmp_path), folders(tmp_path)
    with pytest.raises(failure):
        write(out, "front.png", failing=failure)
    assert (tree(tmp_path), folders(tmp_path)) == (before, folders_before)


def test_folders_are_as_open_as_the_user_has_them(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    with staged(tmp_path / "out") as stage:
        stage.write("a", b"")
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_folder_in_the_place_of_a_file_stops_the_run_before_anything_moves(tmp_path: Path) -> None:
    (tmp_path / "out" / "b.png").mkdir(parents=True)
    with pytest.raises(BadInput, match="is a folder") as caught:
        write(tmp_path / "out", "a.png", "b.png")
    assert caught.value.code == "OUTPUT_UNWRITABLE"
    assert tree(tmp_path) == {}


def test_a_file_is_no_output_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"mine")
    with pytest.raises(BadInput) as caught, staged(tmp_path / "out"):
        pytest.fail("the block must not run")
    assert caught.value.code == "OUTPUT_UNWRITABLE"
    with pytest.raises(BadInput), staged(tmp_path / "out" / "below"):
        pytest.fail("the block must not run")


def test_a_link_to_a_folder_is_followed_and_stays(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to("real")
    with staged(tmp_path / "out") as stage:
        stage.write("a", b"a")
    assert (tmp_path / "out").is_symlink()
    assert tree(tmp_path / "real") == {"a": b"a"}


def test_a_link_in_the_place_of_a_file_is_replaced_not_followed(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / "out" / "a").symlink_to("../precious")
    with staged(tmp_path / "out") as stage:
        stage.write("a", b"a")
    assert (tmp_path / "precious").read_bytes() == b"precious"


@pytest.mark.parametrize("name", ["", ".", "..", "../a", "a/b", "/a", ".hidden"])
def test_names_are_flat(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="flat"), staged(tmp_path / "out") as stage:
        stage.path(name)


def test_a_name_is_written_once(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="File exists"):
        write(tmp_path / "out", "a", "a")


KILLED = """
import os, sys
from pathlib import Path
from tirage.media.files import staged
with staged(Path(sys.argv[1])) as stage:
    stage.write("half.png", b"half")
    if sys.argv[2] == "kill":
        os.kill(os.getpid(), 9)
    print("ready", flush=True)
    sys.stdin.read()
"""


def run_and_die(out: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(out), "kill"], check=False, timeout=30)
    assert done.returncode == -signal.SIGKILL


def test_the_next_run_clears_what_a_killed_one_staged(out: Path, tmp_path: Path) -> None:
    before = tree(tmp_path)
    run_and_die(out)
    assert len(tree(tmp_path)) == len(before) + 1
    with staged(out) as stage:
        stage.write("whole.png", b"whole")
    shown = {name: data for name, data in tree(tmp_path).items() if name not in before}
    assert list(shown.values()) == [b"whole"]
    assert not list(tmp_path.rglob(f"*{MARK}*"))


def test_a_living_run_keeps_its_stage(out: Path, tmp_path: Path) -> None:
    argv = [sys.executable, "-c", KILLED, str(out), "wait"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        sweep(out)
        other.communicate(timeout=30)
    assert other.returncode == 0
    assert tree(out)["half.png"] == b"half"
    assert not list(tmp_path.rglob(f"*{MARK}*"))


def test_a_complete_stage_of_a_killed_run_is_moved_in_place(tmp_path: Path) -> None:
    stage = tmp_path / "out" / f"{MARK}0123456789ab{READY}"
    stage.mkdir(parents=True)
    (stage / "b.png").write_bytes(b"new")
    (tmp_path / "out" / "a.png").write_bytes(b"new, moved before the kill")
    (tmp_path / "out" / "b.png").write_bytes(b"old")
    sweep(tmp_path / "out")
    assert tree(tmp_path / "out") == {"a.png": b"new, moved before the kill", "b.png": b"new"}


def test_names_with_wildcards_sweep_only_their_own(tmp_path: Path) -> None:
    theirs = tmp_path / f".ab{MARK}0123456789ab"
    theirs.mkdir()
    sweep(tmp_path / "[a]*")
    assert theirs.exists()


@pytest.mark.parametrize(
    ("number", "kind", "code"),
    [
        (errno.ENOSPC, TryAgain, "DISK_FULL"),
        (errno.EDQUOT, TryAgain, "DISK_FULL"),
        (errno.EACCES, BadInput, "OUTPUT_UNWRITABLE"),
        (errno.EROFS, BadInput, "OUTPUT_UNWRITABLE"),
        (errno.EIO, Failed, "OUTPUT_UNWRITABLE"),
    ],
)
def test_what_the_disk_says_becomes_one_of_our_errors(
    tmp_path: Path, number: int, kind: type[TirageError], code: str
) -> None:
    with pytest.raises(kind) as caught, disk_errors(tmp_path / "out"):
        raise OSError(number, os.strerror(number))
    assert caught.value.code == code
    assert str(tmp_path / "out") in caught.value.message


def test_a_full_disk_is_try_again_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TryAgain):
        fill(tmp_path / "out")
    assert tree(tmp_path) == {}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_wait_for_the_end_of_the_block(number: signal.Signals) -> None:
    heard: list[int] = []
    before = signal.signal(number, lambda heard_number, _: heard.append(heard_number))
    try:
        with uninterrupted():
            signal.raise_signal(number)
            assert heard == []
        assert heard == [number]
    finally:
        signal.signal(number, before)
