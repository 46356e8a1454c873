"""Hostile .blend files: each is refused within its time, nothing of it runs, and nothing is left behind."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from processes import gone
from tirage.errors import BadInput, TryAgain
from tirage.media import blender as module
from tirage.media.blender import INSIDE, Blender, Program

MAKER = Path(__file__).with_name("hostile.py")
TIME = {"step_s": 120.0, "silence_s": 120.0}
SCRIPTS = ("registered", "driver", "node_driver", "freestyle")


@pytest.fixture(scope="module")
def maker(program: Program) -> Iterator[Blender]:
    with Blender(program, script=MAKER, threads=2) as found:
        yield found


@pytest.fixture(scope="module")
def files(maker: Blender, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The .blend files, and beside their folder what some of them reach for."""
    place = maker.start() / "place"
    for name in ("in", "outside"):
        (place / name).mkdir(parents=True)
    maker.ask("make", folder=str(place / "in"), outside=str(place / "outside"), **TIME)
    kept = tmp_path_factory.mktemp("blend") / "in"
    shutil.copytree(place / "in", kept)
    return kept


@pytest.fixture(params=[True, False], ids=["sandbox", "bare"])
def door(
    program: Program, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Blender]:
    """The program that opens files of others, in a sandbox where there is one, and without."""
    if not request.param:
        monkeypatch.setattr(module, "bubblewrap", lambda: None)
    with Blender(program, script=INSIDE / "open_untrusted.py", threads=2) as found:
        yield found


def inspect(door: Blender, path: Path, **limits: float) -> tuple[Path, dict[str, object]]:
    """Opens a copy in the door's own folder; where a canary would be, and the answer."""
    folder = door.start()
    (folder / "given").mkdir(exist_ok=True)
    copy = folder / "given" / path.name
    shutil.copy(path, copy)
    answer = door.ask("inspect", file=str(copy), folder=str(copy.parent), **{**TIME, **limits})
    return folder / "canary", dict(answer)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("registered", "'startup.py' is registered to run"),
        ("driver", "'Plane' has a driver in Python"),
        ("node_driver", "'Shader Nodetree' has a driver in Python"),
        ("freestyle", "'ViewLayer' has Freestyle scripts"),
        ("open_shading", "has a script node"),
        ("library", r"uses a file outside its folder \(elsewhere\.blend\)"),
        ("picture", r"uses a file outside its folder \(secret\.png\)"),
        ("damaged", "Blender cannot read it"),
    ],
)
def test_a_hostile_file_is_refused_and_nothing_of_it_runs(
    door: Blender, files: Path, name: str, reason: str
) -> None:
    begin = time.monotonic()
    canary = door.start() / "canary"
    with pytest.raises(BadInput, match=reason) as caught:
        inspect(door, files / f"{name}.blend")
    assert caught.value.code == "BLEND_REFUSED"
    assert str(canary.parent) not in caught.value.message
    assert not canary.exists()
    assert time.monotonic() - begin < 60
    door.close()
    assert gone(str(INSIDE / "open_untrusted.py"), within_s=0)


def test_a_file_that_makes_blender_wait_for_ever_ends_at_its_limit(
    program: Program, files: Path, maker: Blender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A linked library that is a pipe: without a sandbox Blender opens it, and hangs."""
    monkeypatch.setattr(module, "bubblewrap", lambda: None)
    assert maker.start().exists()  # the pipe lies there
    with Blender(program, script=INSIDE / "open_untrusted.py", threads=2) as door:
        door.start()
        begin = time.monotonic()
        with pytest.raises(TryAgain) as caught:
            inspect(door, files / "pipe.blend", step_s=5)
        assert caught.value.code == "TIMEOUT"
        assert time.monotonic() - begin < 8
    assert gone(str(INSIDE / "open_untrusted.py"), within_s=0)


def test_a_harmless_file_is_opened(door: Blender, files: Path) -> None:
    canary, answer = inspect(door, files / "harmless.blend")
    assert answer == {"objects": 1, "meshes": 1}
    assert not canary.exists()


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_same_files_run_in_a_blender_that_trusts_them(maker: Blender, files: Path, name: str) -> None:
    """Otherwise the tests above would show nothing."""
    copy = maker.start() / f"{name}-again.blend"
    shutil.copy(files / f"{name}.blend", copy)
    assert maker.ask("trust", file=str(copy), **TIME)["ran"] is True
