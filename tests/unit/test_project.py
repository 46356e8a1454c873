"""The frame keeps its promises: acceptance rows, pins, build."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import rows

ROOT = Path(__file__).resolve().parents[2]


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


def test_marks_are_found_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    source = 'import pytest\n\n@pytest.mark.rows("R001", "C-02")\ndef test_a() -> None: ...\n'
    (tmp_path / "tests" / "test_a.py").write_text(source)
    assert rows.shown(tmp_path / "tests") == {"R001": ["tests/test_a.py:3"], "C-02": ["tests/test_a.py:3"]}


@pytest.mark.parametrize("name", ["run", "dev", "blender", "garment"])
def test_pins_carry_hashes_and_no_addresses(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert re.search(r"://|^ *(-i|--index-url|--extra-index-url|--find-links)|#", text, re.MULTILINE) is None
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert blocks
    assert [
        block for block in blocks if not re.match(r"[\w.-]+==\S+.*\\\n +--hash=sha256:[0-9a-f]{64}", block)
    ] == []


def test_warnings_are_errors() -> None:
    with pytest.raises(UserWarning, match="x"):
        __import__("warnings").warn("x", stacklevel=1)
