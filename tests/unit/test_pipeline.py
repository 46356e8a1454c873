"""An order becomes its files and a manifest that describes them, or nothing at all."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import pyvips
import synthetic

from folders import contents, seal
from tirage.errors import BadInput, TryAgain
from tirage.media.encode import ImageFormat, encode_image
from tirage.mockup.catalogue import VIEWS, Preset
from tirage.mockup.model import Template
from tirage.mockup.order import Art, MockupOrder, Mode
from tirage.mockup.pipeline import MockupResult, make_mockup
from tirage.mockup.placement import Placement
from tirage.mockup.template import load
from tirage.testing import FakeRenderer

SLEEVE = Placement("sleeve-left", 0, 14, 6)
VIEW_NAMES = [
    "front_0deg",
    "left_90deg",
    "right_270deg",
    "back_180deg",
    "front_45deg_left",
    "front_45deg_right",
]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return load(synthetic.write_package(tmp_path_factory.mktemp("packages") / "plain"))


@pytest.fixture(scope="module")
def art(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Red, 600 × 700, transparent around."""
    pixels = np.zeros((700, 600, 4), np.uint8)
    pixels[20:-20, 20:-20] = (200, 30, 40, 255)
    path = tmp_path_factory.mktemp("designs") / "art.png"
    path.write_bytes(encode_image(pixels=pixels, kind=ImageFormat.PNG))
    return path


def order(art: Path, out: Path, **changes: Any) -> MockupOrder:  # noqa: ANN401
    plain = {"arts": (Art(art, SLEEVE),), "size": 512, "format": ImageFormat.JPEG, "mode": Mode.IMAGES_ONLY}
    return MockupOrder(**{**plain, **changes}, out=out)


@pytest.fixture(scope="module")
def whole(template: Template, art: Path, tmp_path_factory: pytest.TempPathFactory) -> MockupResult:
    """An order with everything, made once."""
    asked = order(art, tmp_path_factory.mktemp("whole") / "out", mode=Mode.ALL)
    return make_mockup(asked, renderer=FakeRenderer(template))


@pytest.mark.rows("R231", "R274", "R286", "R095")
def test_an_order_makes_all_its_files(whole: MockupResult) -> None:
    names = [*(f"{name}.jpg" for name in VIEW_NAMES), "animation.mp4", "composited.png", "print.png"]
    assert [file.name for file in whole.manifest.files] == names
    assert set(contents(whole.folder)) == {*names, "manifest.json"}
    assert [view.azimuth for view in VIEWS] == [0, 90, 270, 180, 45, 315]


@pytest.mark.rows("R217")
@pytest.mark.parametrize(
    ("mode", "wanted"),
    [
        (Mode.IMAGES_ONLY, ["view"] * 6 + ["composited", "print"]),
        (Mode.ANIMATION_ONLY, ["animation", "composited", "print"]),
    ],
)
def test_modes_make_what_they_say(
    template: Template, art: Path, tmp_path: Path, mode: Mode, wanted: list[str]
) -> None:
    result = make_mockup(order(art, tmp_path / "out", mode=mode), renderer=FakeRenderer(template))
    assert [file.role for file in result.manifest.files] == wanted


def test_a_model_comes_when_it_is_asked_for(template: Template, art: Path, tmp_path: Path) -> None:
    made = make_mockup(order(art, tmp_path / "out", glb=True), renderer=FakeRenderer(template))
    model = made.manifest.files[-1]
    assert (model.name, model.role) == ("model.glb", "model")
    data = (tmp_path / "out" / "model.glb").read_bytes()
    assert (data[:4], len(data)) == (b"glTF", model.bytes)
    entry = json.loads((tmp_path / "out" / "manifest.json").read_bytes())["files"][-1]
    assert list(entry) == ["name", "role", "bytes", "sha256"]
    assert made.timings["model"] > 0


def test_the_manifest_describes_the_files_and_the_order(
    template: Template, art: Path, tmp_path: Path
) -> None:
    arts = (Art(art, Preset.BACK_BOTTOM_SMALL), Art(art, Placement("sleeve-left", 1, 14, 6, rotation=15)))
    made = make_mockup(
        order(art, tmp_path / "out", arts=arts, colour="navy"), renderer=FakeRenderer(template)
    )
    data = (tmp_path / "out" / "manifest.json").read_bytes()
    manifest = json.loads(data)
    assert manifest == json.loads(made.manifest.to_json())
    assert manifest["template"]["id"] == "plain"
    assert manifest["template"]["version"] == "1.0.0"
    assert manifest["look"]["colour"] == {"ordered": "navy", "hex": "#1f2a44"}
    assert manifest["look"]["background"] == "#f2f2f2"
    (design,) = manifest["designs"]
    assert design["sha256"] == hashlib.sha256(art.read_bytes()).hexdigest()
    assert (design["name"], design["bytes"]) == ("art.png", art.stat().st_size)
    assert (design["width"], design["height"]) == (600, 700)
    preset, free = manifest["placements"]
    assert preset["preset"] == "back-bottom-small"
    assert (preset["panel"], preset["x"], preset["height"]) == ("back", 0, 10)
    assert preset["y"] == pytest.approx(69.6 - 8 - 5)
    assert preset["width"] == pytest.approx(10 * 600 / 700, abs=1e-4)
    assert free["preset"] is None
    assert [free[key] for key in ("panel", "x", "y", "width", "height", "rotation")] == [
        "sleeve-left", 1, 14, 6, 7, 15,
    ]  # fmt: skip
    for file in manifest["files"]:
        data = (tmp_path / "out" / file["name"]).read_bytes()
        assert (file["bytes"], file["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert [f["name"] for f in manifest["files"] if f["role"] == "print"] == ["print.png", "print_2.png"]
    assert [f["placement"] for f in manifest["files"] if f["role"] == "print"] == [1, 2]
    assert [f["view"] for f in manifest["files"] if f["role"] == "view"] == VIEW_NAMES


def test_the_manifest_has_no_time_and_no_folder(template: Template, art: Path, tmp_path: Path) -> None:
    make_mockup(order(art, tmp_path / "out"), renderer=FakeRenderer(template))
    text = (tmp_path / "out" / "manifest.json").read_text()
    assert str(tmp_path) not in text
    assert re.search(r"\b20\d\d-\d\d|_ms\b|second", text) is None


def test_sizes_in_the_manifest_are_those_of_the_files(whole: MockupResult) -> None:
    for file in whole.manifest.files:
        path = whole.folder / file.name
        if file.role == "animation":
            with av.open(str(path)) as film:
                (stream,) = film.streams.video
                assert (stream.width, stream.height, stream.frames) == (file.width, file.height, file.frames)
                assert (stream.frames, stream.average_rate) == (72, 24)
        else:
            image = pyvips.Image.new_from_file(str(path))
            assert (image.width, image.height) == (file.width, file.height)
    assert {(file.width, file.height) for file in whole.manifest.files if file.role == "view"} == {(512, 512)}


@pytest.mark.parametrize("kind", [ImageFormat.PNG, ImageFormat.WEBP])
def test_transparent_pictures_have_alpha(
    template: Template, art: Path, tmp_path: Path, kind: ImageFormat
) -> None:
    asked = order(art, tmp_path / "out", background="transparent", format=kind)
    make_mockup(asked, renderer=FakeRenderer(template))
    image = pyvips.Image.new_from_file(str(tmp_path / "out" / f"front_0deg{kind.extension}"))
    assert image.bands == 4
    assert image(0, 0)[3] == 0
    assert image(256, 256)[3] == 255


def test_the_same_order_gives_the_same_bytes(
    template: Template, art: Path, tmp_path: Path, whole: MockupResult
) -> None:
    make_mockup(order(art, tmp_path / "out", mode=Mode.ALL), renderer=FakeRenderer(template))
    assert contents(tmp_path / "out") == contents(whole.folder)


def test_a_run_over_an_older_one_replaces_its_files_and_leaves_others(
    template: Template, art: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    make_mockup(order(art, out, colour="navy"), renderer=FakeRenderer(template))
    (out / "notes.txt").write_text("mine")
    make_mockup(order(art, out), renderer=FakeRenderer(template))
    make_mockup(order(art, tmp_path / "fresh"), renderer=FakeRenderer(template))
    assert contents(out) == {**contents(tmp_path / "fresh"), "notes.txt": seal(b"mine")}


@pytest.mark.rows("R109")
def test_progress_runs_forward_in_the_callers_thread(template: Template, art: Path, tmp_path: Path) -> None:
    heard: list[tuple[str, int, int]] = []
    threads = set()

    def progress(stage: str, done: int, total: int) -> None:
        heard.append((stage, done, total))
        threads.add(threading.current_thread())

    asked = order(art, tmp_path / "out", mode=Mode.ALL)
    result = make_mockup(asked, renderer=FakeRenderer(template), progress=progress)
    assert threads == {threading.main_thread()}
    for stage in dict.fromkeys(name for name, _, _ in heard):
        steps = [(done, total) for name, done, total in heard if name == stage]
        assert steps == sorted(steps), stage
        assert steps[-1][0] == steps[-1][1], stage
    assert {total for name, _, total in heard if name == "animation"} == {72}
    assert {total for name, _, total in heard if name == "views"} == {6}
    assert {"read", "views", "animation", "composited", "print"} <= result.timings.keys()


@pytest.mark.rows("R101", "R107")
@pytest.mark.parametrize("picture", [0, 3, 6, 40])
@pytest.mark.parametrize("failure", [ValueError("defect"), KeyboardInterrupt()])
def test_a_renderer_that_fails_leaves_nothing(
    template: Template, art: Path, tmp_path: Path, picture: int, failure: BaseException
) -> None:
    renderer = FakeRenderer(template, failing_at={picture: failure})
    asked = order(art, tmp_path / "out", mode=Mode.ALL)
    with pytest.raises(type(failure)):
        make_mockup(asked, renderer=renderer)
    assert list(tmp_path.iterdir()) == []


def test_an_older_run_survives_one_that_fails(template: Template, art: Path, tmp_path: Path) -> None:
    make_mockup(order(art, tmp_path / "out"), renderer=FakeRenderer(template))
    before = contents(tmp_path / "out")
    renderer = FakeRenderer(template, failing_at={5: ValueError("defect")})
    with pytest.raises(ValueError, match="defect"):
        make_mockup(order(art, tmp_path / "out", colour="navy"), renderer=renderer)
    assert contents(tmp_path / "out") == before


def test_no_memory_is_try_again(template: Template, art: Path, tmp_path: Path) -> None:
    renderer = FakeRenderer(template, failing_at={1: MemoryError()})
    with pytest.raises(TryAgain) as caught:
        make_mockup(order(art, tmp_path / "out"), renderer=renderer)
    assert caught.value.code == "OUT_OF_MEMORY"
    assert list(tmp_path.iterdir()) == []


def test_art_with_nothing_to_print_is_refused(template: Template, tmp_path: Path) -> None:
    empty = tmp_path / "empty.png"
    empty.write_bytes(encode_image(pixels=np.zeros((50, 50, 4), np.uint8), kind=ImageFormat.PNG))
    with pytest.raises(BadInput) as caught:
        make_mockup(order(empty, tmp_path / "out"), renderer=FakeRenderer(template))
    assert caught.value.code == "EMPTY_ART"
    assert caught.value.findings
    assert not (tmp_path / "out").exists()


def test_findings_stand_in_the_manifest(template: Template, art: Path, tmp_path: Path) -> None:
    wide = (Art(art, Placement("sleeve-left", 0, 14, 14)),)
    made = make_mockup(order(art, tmp_path / "out", arts=wide), renderer=FakeRenderer(template))
    codes = {found.code for found in made.manifest.findings}
    assert {"LOW_RESOLUTION", "OUTSIDE_PRINT_AREA"} <= codes
    written = json.loads((tmp_path / "out" / "manifest.json").read_bytes())["findings"]
    assert {found["code"] for found in written} == codes
    assert all(found["hint"] and found["where"] for found in written)


def test_a_design_is_never_overwritten(template: Template, art: Path, tmp_path: Path) -> None:
    design = tmp_path / "print.png"
    design.write_bytes(art.read_bytes())
    with pytest.raises(BadInput, match="would be overwritten"):
        make_mockup(order(design, tmp_path), renderer=FakeRenderer(template))
    assert contents(tmp_path) == {"print.png": seal(art.read_bytes())}
