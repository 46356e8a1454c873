"""The Cycles renderer against a fake Blender: the same files, the same manifest, prints where they belong."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import synthetic

from tirage.errors import TryAgain, UsageError
from tirage.media import blender as module
from tirage.media.blender import Blender, Program
from tirage.media.encode import ImageFormat, encode_image
from tirage.media.values import Colour
from tirage.mockup.cycles import CyclesRenderer, Patience, write_print
from tirage.mockup.ink import texels
from tirage.mockup.model import Template
from tirage.mockup.order import Art, MockupOrder, Mode
from tirage.mockup.pipeline import make_mockup
from tirage.mockup.placement import PlacedArt, Placement, Print, to_design
from tirage.mockup.relight import Renderer
from tirage.mockup.scene_folder import write_scene_folder
from tirage.mockup.template import load

FAKE = Path(__file__).resolve().parents[1] / "fake_blender.py"
GREY, WHITE = Colour(242, 242, 242), Colour(231, 230, 227)
FRONT = Placement("front", 2, 20, 12, 15)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return load(synthetic.write_package(tmp_path_factory.mktemp("packages") / "plain"))


@pytest.fixture
def blender(monkeypatch: pytest.MonkeyPatch) -> Iterator[Blender]:
    monkeypatch.setattr(module, "bubblewrap", lambda: None)
    with Blender(Program(Path(sys.executable)), script=FAKE, threads=3) as found:
        yield found


@pytest.fixture
def asked(blender: Blender, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, object]]]:
    """Every request with its values."""
    seen: list[tuple[str, dict[str, object]]] = []
    ask = blender.ask

    def note(task: str, **values: object) -> object:
        seen.append((task, values))
        return ask(task, **values)  # type: ignore[arg-type]

    monkeypatch.setattr(blender, "ask", note)
    return seen


def print_on_front(width: int = 400, height: int = 300, where: Placement = FRONT) -> Print:
    tall = where.width * height / width
    art = PlacedArt(where.panel, where.x, where.y, where.width, tall, where.rotation)
    return Print(art=art, design=synthetic.solid(width, height, (200, 30, 40, 255)))


def test_the_same_order_gives_the_same_files_and_manifest_keys(
    template: Template, blender: Blender, tmp_path: Path
) -> None:
    path = tmp_path / "art.png"
    path.write_bytes(encode_image(pixels=np.full((300, 200, 4), 255, np.uint8), kind=ImageFormat.PNG))
    results = []
    for name, renderer in (
        ("relight", Renderer(template)),
        ("cycles", CyclesRenderer(template, blender=blender, samples=2)),
    ):
        order = MockupOrder(arts=(Art(path, FRONT),), out=tmp_path / name, size=512, mode=Mode.IMAGES_ONLY)
        results.append(make_mockup(order, renderer=renderer))
    ours, theirs = ((json.loads((r.folder / "manifest.json").read_text())) for r in results)
    assert [file["name"] for file in ours["files"]] == [file["name"] for file in theirs["files"]]
    assert all(a.keys() == b.keys() for a, b in zip(ours["files"], theirs["files"], strict=True))
    assert ours.keys() == theirs.keys()
    assert ours["renderer"].keys() == theirs["renderer"].keys()
    assert theirs["renderer"] == {
        "name": "cycles",
        "version": "1",
        "settings": {"samples": 2, "blender": "5.0.1", "device": "cpu"},
    }
    assert ours["look"] == theirs["look"]
    assert ours["placements"] == theirs["placements"]
    picture = cv2.imread(str(tmp_path / "cycles" / "front_0deg.png"))
    assert (picture[0] == 242).all()
    assert (picture[256, 256] != 242).all()


def test_the_turntable_turns_towards_the_wearers_left(
    template: Template, blender: Blender, asked: list[tuple[str, dict[str, object]]]
) -> None:
    renderer = CyclesRenderer(template, blender=blender, samples=1)
    frames = list(renderer.turntable(prints=[], colour=WHITE, size=64, frames=4, background=GREY))
    assert [frame.shape for frame in frames] == [(64, 64, 3)] * 4
    assert [values["azimuth"] for task, values in asked if task == "render"] == [0, 90, 180, 270]


def test_what_blender_knows_it_is_not_told_again(
    template: Template, blender: Blender, asked: list[tuple[str, dict[str, object]]]
) -> None:
    """Two jobs' renderers, one Blender: the scene is opened once, the garment dressed when that changes."""
    art = print_on_front()
    for colour in (WHITE, WHITE, GREY):
        renderer = CyclesRenderer(template, blender=blender, samples=1)
        list(renderer.stills(prints=[art], colour=colour, azimuths=[0, 45], size=64, background=None))
    tasks = [task for task, _ in asked]
    assert tasks.count("open") == 1
    assert tasks.count("dress") == 2
    assert tasks.count("render") == 6
    assert asked[0][1]["threads"] == 3


def test_another_template_is_opened_and_dressed_anew(
    template: Template, blender: Blender, tmp_path: Path, asked: list[tuple[str, dict[str, object]]]
) -> None:
    package = synthetic.write_package(tmp_path / "other")
    synthetic.edit(package, lambda content: content.update(exposure=1.5))
    for one in (template, load(package), template):
        renderer = CyclesRenderer(one, blender=blender, samples=1)
        list(renderer.stills(prints=[], colour=WHITE, azimuths=[0], size=64, background=None))
    assert [task for task, _ in asked] == ["open", "dress", "render"] * 3


def test_a_lost_blender_costs_one_picture(template: Template, blender: Blender) -> None:
    renderer = CyclesRenderer(template, blender=blender, samples=1)

    def still() -> int:
        return len(list(renderer.stills(prints=[], colour=WHITE, azimuths=[0], size=64, background=GREY)))

    assert still() == 1
    with pytest.raises(TryAgain):
        blender.ask("misbehave", how="die", step_s=30, silence_s=30)
    assert still() == 1


def test_nothing_is_left_in_the_working_folder_but_the_scene(template: Template, blender: Blender) -> None:
    renderer = CyclesRenderer(template, blender=blender, samples=1)
    list(renderer.stills(prints=[print_on_front()], colour=WHITE, azimuths=[0], size=64, background=None))
    folder = blender.start()
    assert [path.name for path in folder.iterdir()] == ["scene"]
    assert sorted(path.name for path in (folder / "scene").iterdir()) == [
        "detail.png", "height.png", "scene.json", "shell.npz"
    ]  # fmt: skip


def test_progress_is_of_samples(template: Template, blender: Blender) -> None:
    told: list[tuple[int, int]] = []
    renderer = CyclesRenderer(
        template, blender=blender, samples=2, progress=lambda done, total: told.append((done, total))
    )
    list(renderer.stills(prints=[], colour=WHITE, azimuths=[0], size=64, background=GREY))
    assert told == [(0, 2), (1, 2), (2, 2)]


@pytest.mark.rows("R214")
@pytest.mark.parametrize("samples", [0, 4097, -1])
def test_samples_have_a_range(template: Template, blender: Blender, samples: int) -> None:
    with pytest.raises(UsageError) as caught:
        CyclesRenderer(template, blender=blender, samples=samples)
    assert caught.value.code == "INVALID_SAMPLES"
    assert CyclesRenderer(template, blender=blender, samples=4096)


@pytest.mark.parametrize("factor", [1, 2, 7])
def test_a_print_lies_in_blender_where_it_lies_in_the_order(tmp_path: Path, factor: int) -> None:
    """The corners of the design, through the entry's own geometry, are the corners of the art."""
    item = print_on_front(401, 299)
    entry = write_print(item, factor, tmp_path / "p.npy")
    rows, columns = np.load(tmp_path / "p.npy").shape[:2]
    moved = Print(
        art=PlacedArt(
            str(entry["panel"]),
            float(entry["x"]),  # type: ignore[arg-type]
            float(entry["y"]),  # type: ignore[arg-type]
            float(entry["width"]),  # type: ignore[arg-type]
            float(entry["width"]) * rows / columns,  # type: ignore[arg-type]
            float(entry["rotation"]),  # type: ignore[arg-type]
        ),
        design=synthetic.sized(columns, rows),
    )
    corners = np.column_stack([item.art.corners(), np.ones(4)])
    np.testing.assert_allclose(corners @ to_design(moved).T * factor, corners @ to_design(item).T, atol=1e-6)


def test_texels_are_those_of_the_relight_renderer(tmp_path: Path) -> None:
    item = print_on_front()
    write_print(item, 3, tmp_path / "p.npy")
    assert (np.load(tmp_path / "p.npy") == texels(item.design.pixels, 3)[1:-1, 1:-1]).all()


def test_the_scene_is_the_template(template: Template, tmp_path: Path) -> None:
    write_scene_folder(template, tmp_path)
    scene = json.loads((tmp_path / "scene.json").read_text())
    assert [panel["name"] for panel in scene["panels"]] == [panel.name for panel in template.panels]
    assert scene["camera"]["lens_mm"] == template.camera.lens_mm
    assert len(scene["lamps"]) == len(template.lamps)
    shell = np.load(tmp_path / "shell.npz")
    assert len(shell["triangle"]) == 2 * len(template.garment.triangle) + 2 * len(template.garment.rim)
    detail = cv2.imread(str(tmp_path / "detail.png"), cv2.IMREAD_UNCHANGED)
    assert (detail == template.detail).all()
    assert template.relief is not None
    assert (tmp_path / "height.png").read_bytes() == template.relief.png
    assert scene["height_range_mm"] == template.relief.range_mm


def test_more_pixels_and_samples_may_take_longer() -> None:
    small, large = Patience.of(512, 128), Patience.of(4096, 4096)
    assert 0 < small.silence_s < small.step_s < large.step_s
    assert small.silence_s < large.silence_s
