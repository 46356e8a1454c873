"""A matrix makes every combination it can, each in its own folder, whatever happens to the others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import synthetic

from tirage.errors import BadInput, NotFound, UsageError
from tirage.media.encode import ImageFormat, encode_image
from tirage.media.files import MARK
from tirage.mockup.catalogue import Preset
from tirage.mockup.cells import MatrixOrder, cells_of, designs_in, folder_names
from tirage.mockup.matrix import CellResult, make_matrix
from tirage.mockup.model import Template
from tirage.mockup.order import Mode
from tirage.mockup.placement import Placement
from tirage.mockup.template import load
from tirage.testing import FakeRenderer

SLEEVE = Placement("sleeve-left", 0, 14, 6)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return load(synthetic.write_package(tmp_path_factory.mktemp("packages") / "plain"))


def write_art(path: Path, *, red: int = 200) -> Path:
    pixels = np.full((350, 300, 4), (red, 30, 40, 255), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_image(pixels=pixels, kind=ImageFormat.PNG))
    return path


def order(designs: list[Path], out: Path, **changes: Any) -> MatrixOrder:  # noqa: ANN401
    plain = {"places": (SLEEVE,), "size": 512, "format": ImageFormat.JPEG, "mode": Mode.IMAGES_ONLY}
    return MatrixOrder(**{**plain, **changes}, designs=designs, out=out)


def test_cells_keep_a_designs_colours_together() -> None:
    presets = (Preset.CHEST_SMALL, Preset.BACK_LARGE)
    asked = order(
        [Path("a.png"), Path("b.png")], Path("out"), colours=("navy", "#FFF"), presets=presets, places=()
    )
    folders = [str(cell.order.out) for cell in cells_of(asked)]
    assert folders == [
        f"out/{design}/{preset}/{colour}"
        for design in ("a", "b")
        for preset in ("chest-small", "back-large")
        for colour in ("navy", "fff")
    ]


def test_every_cell_gets_what_the_matrix_asks_for() -> None:
    asked = order([Path("a.png")], Path("out"), glb=True, background="#123456", size=600)
    (cell,) = cells_of(asked)
    assert (cell.order.glb, cell.order.background, cell.order.size) == (True, "#123456", 600)


def test_a_cell_is_made_once() -> None:
    asked = order([Path("a.png"), Path("./a.png")], Path("out"), colours=("navy", "Navy", "#fff", "fff"))
    assert [cell.colour for cell in cells_of(asked)] == ["navy", "fff"]


def test_free_placements_share_a_folder_and_a_garment() -> None:
    asked = order([Path("a.png")], Path("out"), places=(SLEEVE, Placement("front", 0, 20, 10)))
    (cell,) = cells_of(asked)
    assert str(cell.order.out) == "out/a/placed/white"
    assert [art.where for art in cell.order.arts] == list(asked.places)


@pytest.mark.parametrize("empty", [{"colours": ()}, {"places": (), "presets": ()}])
def test_a_matrix_without_a_side_is_refused(empty: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        cells_of(order([Path("a.png")], Path("out"), **empty))


def test_same_stems_get_the_start_of_their_hash(tmp_path: Path) -> None:
    one, two = write_art(tmp_path / "x" / "Logo.png"), write_art(tmp_path / "y" / "logo.png", red=10)
    other = write_art(tmp_path / "z.png")
    names = folder_names([one, two, other])
    assert list(names.values()) == [one, two, other]
    assert len(names) == 3
    logo, second, plain = names
    assert logo.startswith("Logo-")
    assert second.startswith("logo-")
    assert plain == "z"
    assert list(folder_names([two, other, one])) == [second, plain, logo], "whatever the order"


def test_the_same_bytes_under_the_same_stem_are_one_design(tmp_path: Path) -> None:
    one, two = write_art(tmp_path / "x" / "logo.png"), write_art(tmp_path / "y" / "logo.png")
    assert list(folder_names([one, two]).values()) == [one]


@pytest.mark.rows("R201", "R222")
@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("...png", "design"),
        (".png", "png"),
        ("a b.png", "a b"),
        ("a\nb\x1b[31m.png", "a_b_[31m"),
        ("..\\..\\x.png", "_.._x"),
        (" .png", "design"),
    ],
)
def test_no_name_leaves_the_folder_or_steers_a_terminal(tmp_path: Path, name: str, folder: str) -> None:
    assert list(folder_names([tmp_path / name])) == [folder]


def test_a_folder_stands_for_the_designs_in_it(tmp_path: Path) -> None:
    for name in ("b.PNG", "a.jpg", "c.jpeg", ".hidden.png", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    write_art(tmp_path / "below" / "d.png")
    found = designs_in([tmp_path, Path("single.png")])
    assert [path.name for path in found] == ["a.jpg", "b.PNG", "c.jpeg", "single.png"]


def test_a_folder_without_designs_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        designs_in([tmp_path])
    assert caught.value.code == "MISSING_FILE"


def made_in(out: Path) -> list[str]:
    return sorted(str(path.parent.relative_to(out)) for path in out.rglob("manifest.json"))


def test_every_combination_is_made(template: Template, tmp_path: Path) -> None:
    designs = [write_art(tmp_path / "a.png"), write_art(tmp_path / "b.png", red=90)]
    heard: list[tuple[int, int]] = []

    def progress(_cell: CellResult, done: int, total: int) -> None:
        heard.append((done, total))

    out = tmp_path / "out"
    asked = order(designs, out, colours=("navy", "white"))
    result = make_matrix(asked, renderer=FakeRenderer(template), progress=progress)
    wanted = ["a/placed/navy", "a/placed/white", "b/placed/navy", "b/placed/white"]
    assert made_in(out) == wanted
    assert [str(cell.cell.order.out.relative_to(out)) for cell in result.cells] == wanted
    assert result.failed == ()
    assert heard == [(number, 4) for number in range(1, 5)]
    prints = [(out / folder / "print.png").read_bytes() for folder in wanted]
    assert prints[0] == prints[1] != prints[2] == prints[3]
    looks = [json.loads((out / folder / "manifest.json").read_text())["look"] for folder in wanted]
    assert [look["colour"]["hex"] for look in looks] == ["#1f2a44", "#e6e6e3"] * 2


def test_a_bad_design_does_not_stop_the_others(template: Template, tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"GIF89a")
    designs = [bad, write_art(tmp_path / "good.png"), tmp_path / "missing.png"]
    result = make_matrix(
        order(designs, tmp_path / "out", colours=("navy", "white")), renderer=FakeRenderer(template)
    )
    assert made_in(tmp_path / "out") == ["good/placed/navy", "good/placed/white"]
    failed = [(cell.cell.design, cell.error.code) for cell in result.failed if cell.error]
    assert failed == [("bad", "INVALID_FILE_TYPE")] * 2 + [("missing", "MISSING_FILE")] * 2


def test_a_defect_in_one_cell_does_not_stop_the_others(template: Template, tmp_path: Path) -> None:
    designs = [write_art(tmp_path / f"{name}.png") for name in "abc"]
    renderer = FakeRenderer(template, failing_at={7: ValueError("defect")})
    result = make_matrix(order(designs, tmp_path / "out"), renderer=renderer)
    assert [cell.error.code for cell in result.failed if cell.error] == ["INTERNAL"]
    assert len(made_in(tmp_path / "out")) == 2
    assert not list(tmp_path.rglob(f"*{MARK}*"))


@pytest.mark.parametrize("wrong", [{"colours": ("navy", "blurple")}, {"size": 9000}])
def test_what_is_wrong_for_all_stops_before_anything_is_made(
    template: Template, tmp_path: Path, wrong: dict[str, Any]
) -> None:
    with pytest.raises(BadInput):
        make_matrix(
            order([write_art(tmp_path / "a.png")], tmp_path / "out", **wrong), renderer=FakeRenderer(template)
        )
    assert not (tmp_path / "out").exists()


def test_an_interrupted_matrix_keeps_whole_cells_only(template: Template, tmp_path: Path) -> None:
    designs = [write_art(tmp_path / f"{name}.png") for name in "abcdef"]

    def progress(_cell: CellResult, done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_matrix(order(designs, tmp_path / "out"), renderer=FakeRenderer(template), progress=progress)
    made = made_in(tmp_path / "out")
    assert 2 <= len(made) < len(designs)
    assert not list(tmp_path.rglob(f"*{MARK}*"))
    for folder in made:
        names = {
            file["name"]
            for file in json.loads((tmp_path / "out" / folder / "manifest.json").read_text())["files"]
        }
        assert names <= {path.name for path in (tmp_path / "out" / folder).iterdir()}
