"""The frame keeps its promises: acceptance rows, pins, build."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import reference
import rows

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.rows("C-02")
def test_acceptance_list_is_complete() -> None:
    listed = rows.read_rows(ROOT / "docs" / "requirements.csv")
    assert [name for name in listed if name[0] == "R"] == [f"R{number:03}" for number in range(1, 310)]
    assert [name for name in listed if name[0] == "C"] == [f"C-{n:02}" for n in range(1, 29) if n != 23]
    assert [name for name in listed if name[0] == "G"] == [f"G-{number}" for number in range(1, 16)]
    assert all(row.area and row.asked and row.must for row in listed.values())


def test_every_tagged_row_exists() -> None:
    listed = rows.read_rows(ROOT / "docs" / "requirements.csv")
    shown = rows.shown(ROOT / "tests")
    assert {row: places for row, places in shown.items() if row not in listed} == {}
    assert shown


def test_marks_are_found_with_their_test(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    source = 'import pytest\n\n@pytest.mark.rows("R001", "C-02")\ndef test_a() -> None: ...\n'
    (tmp_path / "tests" / "test_a.py").write_text(source)
    source = '// rows: R001 R064\ntest("a page opens", async () => {});\n'
    (tmp_path / "tests" / "pages.test.mjs").write_text(source)
    python, browser = "tests/test_a.py::test_a", "tests/pages.test.mjs::a page opens"
    found = rows.shown(tmp_path / "tests")
    assert found == {"R001": [python, browser], "C-02": [python], "R064": [browser]}
    page = rows.page(rows.read_rows(ROOT / "docs" / "requirements.csv"), found)
    assert f"`{python}`<br>`{browser}` |" in page


@pytest.mark.parametrize("name", ["run", "server", "video", "dev", "blender"])
def test_pins_carry_hashes_and_no_addresses(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert re.search(r"://|^ *(-i|--index-url|--extra-index-url|--find-links)|#", text, re.MULTILINE) is None
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert blocks
    assert [
        block for block in blocks if not re.match(r"[\w.-]+==\S+.*\\\n +--hash=sha256:[0-9a-f]{64}", block)
    ] == []


@pytest.mark.rows("R063", "R099", "R116", "R194", "R263", "R264", "R298", "R299")
def test_no_change_passes_without_types_boundaries_and_covered_tests() -> None:
    """What `make test` asks of every change."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    makefile = (ROOT / "Makefile").read_text()
    (gates,) = re.findall(r"^test: ([\w ]+) ##", makefile, re.MULTILINE)
    assert set(gates.split()) == {"lint", "types", "imports", "unit"}
    assert project["mypy"]["strict"]
    assert "src" in project["mypy"]["files"]
    assert project["coverage"]["report"]["fail_under"] >= 90
    layered = {name for each in project["importlinter"]["contracts"] for name in each.get("containers", ())}
    assert {
        "tirage",
        "tirage.jobs",
        "tirage.mockup",
        "tirage.shops",
        "tirage.stores",
        "tirage.web",
    } <= layered
    assert {"tests/unit", "tests/contract", "tests/acceptance"} <= {
        *project["pytest"]["ini_options"]["testpaths"]
    }


def test_warnings_are_errors() -> None:
    with pytest.raises(UserWarning, match="x"):
        __import__("warnings").warn("x", stacklevel=1)


def test_reference_pages_say_what_the_code_says() -> None:
    for path, text in reference.pages().items():
        assert path.read_text() == text, f"{path.name} is behind the code: run `make reference`"


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(ROOT / "Makefile", folder)
    return subprocess.run(
        ["make", "--no-print-directory", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def test_make_names_what_is_missing(tmp_path: Path) -> None:
    old = tmp_path / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    for python, sentence in (
        ("no-such-python", "Tirage needs Python 3.11 as 'no-such-python': install it"),
        (str(old), f"Tirage needs Python 3.11 or newer, and '{old}' is older"),
    ):
        for target in (".venv/.ready", "blender"):
            for needed in (
                "requirements/dev.txt",
                "pyproject.toml",
                "hatch_build.py",
                "requirements/blender.txt",
            ):
                (tmp_path / needed).parent.mkdir(exist_ok=True)
                (tmp_path / needed).touch()
            done = make(tmp_path, f"PYTHON={python}", target)
            assert done.returncode != 0
            assert sentence in done.stderr
            assert "Traceback" not in done.stderr


def test_make_help_lists_the_targets(tmp_path: Path) -> None:
    text = make(tmp_path).stdout
    for target in (
        "demo",
        "test",
        "test-ui",
        "contact-sheet",
        "bench",
        "bench-smoke",
        "references",
        "blender",
        "garment",
        "bake",
        "goldens",
        "pins",
        "ci-deps",
        "clean",
    ):
        assert re.search(rf"^  make {target} +\S", text, re.MULTILINE), target


@pytest.mark.parametrize(("environment", "code"), [({}, 0), ({"CI": "true"}, 1)])
def test_in_ci_a_skip_is_a_failure(tmp_path: Path, environment: dict[str, str], code: int) -> None:
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    (tmp_path / "test_a.py").write_text(
        "import pytest\n\n@pytest.mark.skip(reason='no such thing here')\ndef test_mark(): ...\n\n"
        "def test_call():\n    pytest.skip('nor here')\n"
    )
    variables = {name: value for name, value in os.environ.items() if name != "CI"} | environment
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={tmp_path}", tmp_path],
        cwd=tmp_path,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout
    assert ("1 failed, 1 error" if code else "2 skipped") in done.stdout
