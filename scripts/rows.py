"""Which acceptance rows the tests show: reads docs/requirements.csv and the `rows` marks of tests/.
Run by `make rows`; tests/unit/test_project.py uses the same functions.
"""

from __future__ import annotations

import ast
import csv
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


def marks(path: Path) -> Iterator[tuple[str, int]]:
    """Every row id in a `rows(…)` mark of a test file, with its line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "rows":
            for argument in node.args:
                yield ast.literal_eval(argument), node.lineno


def shown(tests: Path) -> dict[str, list[str]]:
    """Row id → places (`file:line`) of the tests that show it."""
    places: dict[str, list[str]] = defaultdict(list)
    for path in sorted(tests.rglob("test_*.py")):
        for row, line in marks(path):
            places[row].append(f"{path.relative_to(tests.parent).as_posix()}:{line}")
    return places


def main() -> None:
    """Prints each shown row with its tests, then the count per area."""
    rows = read_rows(ROOT / "docs" / "requirements.csv")
    places = shown(ROOT / "tests")
    for row in rows.values():
        if row.id in places:
            print(f"{row.id:5} {row.area:14} {' '.join(places[row.id])}")
    total = Counter(row.area for row in rows.values())
    done = Counter(rows[name].area for name in places if name in rows)
    print("\n" + "  ".join(f"{area} {done[area]}/{count}" for area, count in sorted(total.items())))
    print(f"{sum(done.values())} of {len(rows)} rows are shown by a test")


if __name__ == "__main__":
    main()
