"""Which acceptance rows the tests show: reads docs/requirements.csv and the `rows` marks of tests/.
Run by `make rows`; tests/unit/test_project.py uses the same functions.
"""

from __future__ import annotations

import ast
import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the acceptance list."""

    id: str
    area: str
    asked: str
    must: str


def read_rows(path: Path) -> dict[str, Row]:
    """The acceptance list by id, in the file's order."""
    with path.open(encoding="utf-8", newline="") as file:
        return {line["id"]: Row(**line) for line in csv.DictReader(file)}


def marks(path: Path) -> Iterator[tuple[str, str]]:
    """Every row id in a `rows(…)` mark of a test file, with the test's name."""
    for test in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for mark in getattr(test, "decorator_list", ()):
            if (
                isinstance(mark, ast.Call)
                and isinstance(mark.func, ast.Attribute)
                and mark.func.attr == "rows"
            ):
                for argument in mark.args:
                    yield ast.literal_eval(argument), test.name  # type: ignore[attr-defined]


def browser_marks(path: Path) -> Iterator[tuple[str, str]]:
    """The same of a test for Node, where a comment `// rows: R064 R255` stands above `test("name"`."""
    above = r"// rows: *([\w -]+)\n\s*test\(\s*[\"'`]([^\"'`]+)"
    for ids, name in re.findall(above, path.read_text(encoding="utf-8")):
        for row in ids.split():
            yield row, name


READERS = {"test_*.py": marks, "*.test.mjs": browser_marks, "*.test.js": browser_marks}


def shown(tests: Path) -> dict[str, list[str]]:
    """Row id → places (`file::test`) of the tests that show it."""
    places: dict[str, list[str]] = defaultdict(list)
    folders = (tests, tests.parent / "ui" / "test")
    for pattern, read in READERS.items():
        for path in sorted(each for folder in folders for each in folder.rglob(pattern)):
            if "node_modules" not in path.parts:
                for row, name in read(path):
                    places[row].append(f"{path.relative_to(tests.parent).as_posix()}::{name}")
    return places


def page(rows: dict[str, Row], places: dict[str, list[str]]) -> str:
    """All rows as Markdown, each with its tests: what `make reference` writes."""
    lines = []
    for row in rows.values():
        tests = "<br>".join(f"`{each}`" for each in places.get(row.id, ()))
        lines.append(f"| {row.id} | {row.must.replace('|', '&#124;')} | {tests} |")
    return "| row | what must hold | shown by |\n|---|---|---|\n" + "\n".join(lines) + "\n"


def main() -> None:
    """Prints each row with its tests, then the count per area."""
    rows = read_rows(ROOT / "docs" / "requirements.csv")
    places = shown(ROOT / "tests")
    for row in rows.values():
        print(f"{row.id:5} {row.area:14} {' '.join(places.get(row.id, ['-']))}")
    total = Counter(row.area for row in rows.values())
    done = Counter(rows[name].area for name in places if name in rows)
    print("\n" + "  ".join(f"{area} {done[area]}/{count}" for area, count in sorted(total.items())))
    print(f"{sum(done.values())} of {len(rows)} rows are shown by a test")


if __name__ == "__main__":
    main()
