"""The command's words become orders, its errors blocks and exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import synthetic

from tirage.cli import _exit_code
from tirage.cli.job_commands import ALL_QUEUES
from tirage.cli.orders import Asked, Tool, order_of, tool_of
from tirage.errors import BadInput, Failed, Finding, Severity, TirageError, TryAgain, UsageError
from tirage.media.encode import ImageFormat
from tirage.media.process import child_environment, run
from tirage.mockup.catalogue import Preset
from tirage.mockup.cells import MatrixOrder
from tirage.mockup.order import Art, MockupOrder, Mode, RendererName
from tirage.mockup.placement import Placement
from tirage.pipelines import PIPELINES


def asked(*designs: str, **changes: Any) -> Asked:  # noqa: ANN401
    plain: dict[str, Any] = {
        "preset": None,
        "places": [],
        "template": "tee",
        "color": None,
        "background": "#f2f2f2",
        "mode": "all",
        "size": 2048,
        "format": "png",
        "glb": False,
        "out": None,
        "colors": None,
        "presets": None,
    }
    return Asked(**{**plain, **changes}, designs=[Path(design) for design in designs])


def arts(**changes: Any) -> list[Art]:  # noqa: ANN401
    order = order_of(asked("a.png", **changes))
    assert isinstance(order, MockupOrder)
    return list(order.arts)


@pytest.mark.rows("R214", "G-4")
def test_the_renderer_and_its_samples() -> None:
    assert tool_of("relight", None).name is RendererName.RELIGHT
    assert tool_of("cycles", None) == Tool(RendererName.CYCLES, 128)
    assert [tool_of("cycles", samples).samples for samples in (1, 4096)] == [1, 4096]
    for name, samples, code in (
        ("cycles", 0, "INVALID_SAMPLES"),
        ("cycles", 4097, "INVALID_SAMPLES"),
        ("relight", 4, "INVALID_USAGE"),
        ("Cycles", None, "INVALID_RENDERER"),
    ):
        with pytest.raises(UsageError) as caught:
            tool_of(name, samples)
        assert caught.value.code == code


def test_a_worker_takes_all_queues_unless_told() -> None:
    assert ALL_QUEUES.split(",") == [queue for each in PIPELINES for queue in each.queues]


def test_one_design_with_nothing_else_is_the_default_order() -> None:
    art = Art(Path("a.png"), Preset.CHEST_MEDIUM)
    assert order_of(asked("x/a.png".rpartition("/")[2])) == MockupOrder(arts=(art,), out=Path("mockups/a"))


def test_options_reach_the_order() -> None:
    order = order_of(
        asked("a.png", preset="back-large", color="navy", background="transparent", mode="images-only",
              size=1024, format="webp", glb=True, template="mine", out=Path("o"))
    )  # fmt: skip
    assert order == MockupOrder(
        arts=(Art(Path("a.png"), Preset.BACK_LARGE),),
        out=Path("o"),
        template="mine",
        colour="navy",
        background="transparent",
        mode=Mode.IMAGES_ONLY,
        size=1024,
        format=ImageFormat.WEBP,
        glb=True,
    )


def test_the_preset_stands_unless_the_design_is_placed_freely() -> None:
    design, other = Path("a.png"), Path("b.png")
    chest = Art(design, Preset.CHEST_MEDIUM)
    free = Placement("front", 0, 20, 10)
    back = Placement("back", 0, 30, 20, 5)
    assert arts(places=["front:0,20,10"]) == [Art(design, free)]
    assert arts(places=["back:0,30,20,5=b.png"]) == [chest, Art(other, back)]
    assert arts(places=["front:0,20,10", "back:0,30,20,5=b.png"]) == [Art(design, free), Art(other, back)]
    assert arts(places=["front:0,20,10"], preset="chest-medium") == [chest, Art(design, free)]


@pytest.mark.parametrize("changes", [{"colors": "navy,white"}, {"presets": "chest-small"}])
def test_lists_make_a_matrix(changes: dict[str, str]) -> None:
    order = order_of(asked("a.png", **changes))
    assert isinstance(order, MatrixOrder)
    assert order.out == Path("mockups")


def test_several_designs_and_folders_make_a_matrix(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    for order in (order_of(asked("a.png", "b.png")), order_of(asked(str(tmp_path)))):
        assert isinstance(order, MatrixOrder)
        assert order.presets == (Preset.CHEST_MEDIUM,)
    matrix = order_of(
        asked("a.png", "b.png", colors=" navy , #fff", presets="back-small,chest-large,back-small")
    )
    assert isinstance(matrix, MatrixOrder)
    assert matrix.colours == ["navy", "#fff"]
    assert matrix.presets == (Preset.BACK_SMALL, Preset.CHEST_LARGE)


def test_a_matrix_of_free_places() -> None:
    order = order_of(asked("a.png", "b.png", places=["front:0,20,10"]))
    assert isinstance(order, MatrixOrder)
    assert (order.places, order.presets) == ((Placement("front", 0, 20, 10),), ())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"preset": "dead-center-medium"}, "INVALID_PRESET"),
        ({"presets": "chest-small,nope"}, "INVALID_PRESET"),
        ({"places": ["front"]}, "INVALID_PLACEMENT"),
        ({"places": ["front:1,2"]}, "INVALID_PLACEMENT"),
        ({"mode": "video"}, "INVALID_MODE"),
        ({"format": "jpg"}, "INVALID_FORMAT"),
        ({"color": "navy", "colors": "white"}, "INVALID_USAGE"),
        ({"preset": "chest-small", "presets": "chest-small"}, "INVALID_USAGE"),
        ({"places": ["front:0,20,10"], "presets": "chest-small"}, "INVALID_USAGE"),
        ({"places": ["front:0,20,10"], "preset": "chest-small", "colors": "white"}, "INVALID_USAGE"),
        ({"places": ["front:0,20,10=b.png"], "colors": "white"}, "INVALID_USAGE"),
        ({"colors": "navy,,white"}, "INVALID_USAGE"),
        ({"colors": ""}, "INVALID_USAGE"),
    ],
)
@pytest.mark.rows("R078", "R198", "R217")
def test_wrong_or_contradicting_options(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(BadInput) as caught:
        order_of(asked("a.png", **changes))
    assert caught.value.code == code


def test_hostile_names_stay_below_the_default_folder() -> None:
    order = order_of(asked("...png"))
    assert order.out == Path("mockups/design")


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401
    """Makes `tirage template list` raise what it is given."""

    def arrange(error: BaseException) -> None:
        def fail(*, json: bool) -> None:
            assert json in {True, False}
            raise error

        monkeypatch.setattr("tirage.cli.templates.list_all", fail)

    return arrange


@pytest.mark.rows("R307")
@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (UsageError("INVALID_USAGE", "No."), 2),
        (Failed("RENDER_FAILED", "No."), 1),
        (TryAgain("DISK_FULL", "No."), 3),
    ],
)
def test_errors_are_one_block_and_an_exit_code(
    failing: Any,  # noqa: ANN401
    error: TirageError,
    exit_code: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    failing(error)
    assert _exit_code(["template", "list"], json=False) == exit_code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == ["error: No.", f"  code: {error.code}", f"  hint: {error.hint}"]
    assert _exit_code(["template", "list", "--json"], json=True) == exit_code
    shown = capsys.readouterr()
    assert json.loads(shown.out)["error"]["code"] == error.code
    assert json.loads(shown.out)["error"]["retryable"] == error.retryable
    assert shown.err == ""


def test_an_error_lists_its_findings_once(failing: Any, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: ANN401
    same = Finding("A", Severity.ERROR, "No.", "Do that.")
    other = Finding("B", Severity.WARNING, "Hm.", "Do this.")
    failing(BadInput("INVALID_USAGE", "No.", findings=[same, other]))
    _exit_code(["template", "list"], json=False)
    assert capsys.readouterr().err.splitlines()[3:] == ["warning: Hm. [B]", "  hint: Do this."]


def test_a_defect_is_told_like_every_other_error(failing: Any, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: ANN401
    failing(ZeroDivisionError("by zero"))
    assert _exit_code(["template", "list", "--json"], json=True) == 1
    shown = capsys.readouterr()
    assert json.loads(shown.out)["error"]["code"] == "INTERNAL"
    assert "Traceback" in shown.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--frob"], "--frob"),
        (["nope"], "nope"),
        (["mockup"], "DESIGN"),
        (["mockup", "a.png", "--size", "big"], "--size"),
        (["mockup", "a.png", "--color"], "--color"),
    ],
)
def test_typing_errors_are_usage_errors(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _exit_code(words, json=False) == 2
    shown = capsys.readouterr().err
    assert said in shown
    assert "code: INVALID_USAGE" in shown
    assert _exit_code([words[0], "--json", *words[1:]], json=True) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "INVALID_USAGE"


@pytest.mark.parametrize("words", [[], ["template"]])
def test_no_command_shows_the_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert _exit_code(words, json=False) == 2
    assert "Commands:" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert _exit_code(["--version"], json=False) == 0
    assert capsys.readouterr().out.startswith("tirage 0.")


@pytest.fixture
def plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A template of the user's own, found by its id."""
    monkeypatch.setenv("TIRAGE_TEMPLATES", str(tmp_path))
    return synthetic.write_package(tmp_path / "plain")


@pytest.mark.rows("R195")
def test_templates_are_listed_and_shown(plain: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _exit_code(["template", "list"], json=False) == 0
    assert f"plain  Plain test shirt 1.0.0  {plain}" in capsys.readouterr().out.splitlines()
    assert _exit_code(["template", "list", "--json"], json=True) == 0
    assert "plain" in [entry["id"] for entry in json.loads(capsys.readouterr().out)["templates"]]
    assert _exit_code(["template", "show", "plain"], json=False) == 0
    assert "front (prints 36 × 47 cm)" in capsys.readouterr().out
    assert _exit_code(["template", "show", str(plain), "--json"], json=True) == 0
    shown = json.loads(capsys.readouterr().out)
    assert set(shown["presets"]) == set(Preset)
    assert shown["colours"]["navy"] == "#1f2a44"
    assert shown["views"][0] == {"name": "front_0deg", "azimuth": 0}


def test_checking_a_template_tells_its_errors_by_exit_code(
    plain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _exit_code(["template", "check", "plain"], json=False) == 0
    assert capsys.readouterr().out == f"{plain} is sound.\n"
    (plain / "LICENSE").write_text("changed")
    assert _exit_code(["template", "check", "plain"], json=False) == 2
    assert "WRONG_HASH" in capsys.readouterr().out
    assert _exit_code(["template", "check", "plain", "--json"], json=True) == 2
    assert not json.loads(capsys.readouterr().out)["sound"]


def test_an_unknown_template(capsys: pytest.CaptureFixture[str]) -> None:
    assert _exit_code(["template", "show", "nope"], json=False) == 2
    assert "TEMPLATE_NOT_FOUND" in capsys.readouterr().err


def test_baking_needs_a_source_and_blender(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _exit_code(["template", "bake", str(tmp_path)], json=False) == 2
    assert "neither source.toml nor source.json" in capsys.readouterr().err
    (tmp_path / "source.toml").touch()
    monkeypatch.setenv("TIRAGE_BLENDER", str(tmp_path / "none"))
    assert _exit_code(["template", "bake", str(tmp_path)], json=False) == 2
    assert "make blender" in capsys.readouterr().err
    assert _exit_code(["template", "bake", str(tmp_path), "--from", "oven"], json=False) == 2
    assert "mesh, prepare, bake" in capsys.readouterr().err


@pytest.mark.rows("R206", "R210")
def test_children_see_few_variables_and_no_shell(tmp_path: Path) -> None:
    assert child_environment({"PATH": "/bin", "TIRAGE_SECRET": "x", "HOME": "/h"}) == {
        "PATH": "/bin",
        "HOME": "/h",
    }
    assert run([sys.executable, "-c", "raise SystemExit(3)"], folder=tmp_path) == 3
    assert run([sys.executable, "-c", "import os; open('$HOME; x', 'w')"], folder=tmp_path) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["$HOME; x"]


def test_importing_tirage_is_cheap_and_the_names_are_there() -> None:
    code = "import sys, tirage; print({'numpy', 'pyvips', 'av', 'cv2', 'typer', 'rich'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
    import tirage

    assert len(tirage.__all__) <= 20
    assert all(getattr(tirage, name) is not None for name in tirage.__all__)
    assert set(tirage.__all__) <= set(dir(tirage))
    with pytest.raises(AttributeError):
        tirage.no_such_name  # noqa: B018
