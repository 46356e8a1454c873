"""Templates by others with a real Blender: the how-to from a mesh, word by word; meshes in .blend."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tirage.authoring.blend import read_blend
from tirage.authoring.gltf import read_gltf
from tirage.authoring.surface import Part, join
from tirage.cli import _exit_code
from tirage.errors import BadInput
from tirage.media.blender import Blender, Program
from tirage.media.process import run
from tirage.mockup.template import load

ROOT = Path(__file__).resolve().parents[2]
HOW_TO = ROOT / "docs" / "howto" / "from-your-own-mesh.md"
MAKER = Path(__file__).with_name("hostile.py")


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where somebody works who follows the how-to: the examples are there, and nothing else."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIRAGE_TEMPLATES", str(tmp_path / "own"))
    return tmp_path


def follow(line: str, folder: Path) -> int:
    program, *words = shlex.split(line)
    if program == "tirage":
        return _exit_code(words, json=False)
    assert program == ".venv/bin/python"
    return run([sys.executable, *words], folder=folder)


def test_the_how_to_makes_a_template(reader: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Every command as it stands there, in its order; the light is coarse, as the page has it."""
    lines = re.findall(r"```sh\n(.*?)```", HOW_TO.read_text("utf-8"), re.DOTALL)
    told = {}
    for line in [line for block in lines for line in block.splitlines()]:
        assert follow(line, reader) == 0, line
        told[line] = capfd.readouterr().out
    (check,) = (text for line, text in told.items() if " check " in line)
    assert check.count("ΔE00 mean 0.00, worst 0.00") == 4
    assert "is sound" in check
    package = reader / "banner" / "build" / "package"
    assert sum(path.stat().st_size for path in package.iterdir()) < 4_000_000
    assert (reader / "banner" / "build" / "preview.png").is_file()
    made = json.loads((reader / "out" / "banner" / "manifest.json").read_text())
    assert made["template"]["content_sha256"] == load(package).info.content_sha256
    assert len(list((reader / "out" / "banner").glob("*deg*"))) == 6
    assert not (reader / "own" / "banner").exists()


# --- .blend

SAVE = """
import sys, bpy
source, target = sys.argv[-2:]
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.import_scene.gltf(filepath=source)
bpy.ops.wm.save_as_mainfile(filepath=target)
"""


@pytest.fixture
def banner(reader: Path, program: Program, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example as .glb and, by Blender's own importer, as .blend."""
    monkeypatch.syspath_prepend(ROOT / "examples")
    import make_banner

    (reader / "garment.glb").write_bytes(make_banner.glb(make_banner.banner(), "front"))
    (reader / "save.py").write_text(SAVE)
    dashes = [] if program.is_python else ["--"]
    words = [str(reader / "garment.glb"), str(reader / "garment.blend")]
    assert run([*program.argv(reader / "save.py"), *dashes, *words], folder=reader) == 0
    return reader


def corners(parts: list[Part]) -> np.ndarray[Any, Any]:
    """Place and UV of every corner, sorted: two files of the same mesh may differ in order."""
    surface = join(parts, ["front"], 64.0)
    flat = surface.triangle.ravel()
    both = np.concatenate([surface.position[surface.joint[flat]] * 100, surface.uv[flat]], 1)
    rounded = np.rint(both.reshape(-1, 3, 5) * 1000)
    turned = [row[np.lexsort(row.T)] for row in rounded]
    return np.array(sorted(map(np.ndarray.tolist, turned)))


def test_a_blend_holds_what_the_gltf_does(banner: Path, program: Program) -> None:
    """Blender's own importer against ours: axes, UVs, sides."""
    (ours,) = read_gltf(banner / "garment.glb")
    (theirs,) = read_blend(banner / "garment.blend", program)
    assert theirs.panel == "front"
    assert np.abs(corners([ours]) - corners([theirs])).max() <= 2
    normal = theirs.normal
    assert normal is not None
    assert normal[:, 1].mean() < -0.8


def test_a_hostile_blend_is_refused(reader: Path, program: Program) -> None:
    with Blender(program, script=MAKER) as maker:
        folder = maker.start()
        (folder / "outside").mkdir()
        maker.ask("make", folder=str(folder), outside=str(folder / "outside"), step_s=120, silence_s=120)
        files = {path.stem: shutil.copyfile(path, reader / path.name) for path in folder.glob("*.blend")}
    for name in ("registered", "driver", "freestyle"):
        with pytest.raises(BadInput) as caught:
            read_blend(files[name], program)
        assert caught.value.code == "BLEND_REFUSED"


def test_what_is_no_blend_is_refused(reader: Path, program: Program) -> None:
    (reader / "garment.blend").write_bytes(b"BLENDER" + bytes(1000))
    with pytest.raises(BadInput):
        read_blend(reader / "garment.blend", program)
    (reader / "garment.blend").unlink()
    with pytest.raises(BadInput, match="no regular file"):
        read_blend(reader / "garment.blend", program)
