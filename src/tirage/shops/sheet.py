"""Products from a CSV file, as spreadsheets write it: everything that is wrong with it is found at once."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tirage.errors import BadInput, Finding, Severity
from tirage.jobs.checks import rejected
from tirage.jobs.model import JsonObject
from tirage.shops import checks
from tirage.shops.model import NewProduct, NewVariant

COLUMNS = ("id", "title", "variant_id", "variant_title", "metadata")
HINT = f"The columns are {', '.join(COLUMNS)}; only title has to be there."
MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 20_000
PLACE = re.compile(r"\[(\d+)\]\.?(.*)")
Cells = Mapping[str, str]


@dataclass(slots=True)
class _Sheet:
    """What was read so far; `lines` are where the products begin."""

    products: list[NewProduct]
    lines: list[int]
    findings: list[Finding]

    def add(self, line: int, cells: Cells) -> None:
        """A row is a product, or one more variant of the product above, whose id and title it may repeat."""
        name, title = cells["id"] or None, cells["title"]
        variant = self._variant(cells)
        last = self.products[-1] if self.products else None
        more = (
            last and variant and name in {None, last.id} and title in {"", last.title} and (name or not title)
        )
        if last and variant and more:
            self.products[-1] = replace(last, variants=(*last.variants, variant))
            return
        metadata = self._metadata(line, cells["metadata"])
        self.products.append(
            NewProduct(id=name, title=title, metadata=metadata, variants=(variant,) if variant else ())
        )
        self.lines.append(line)

    def fault(self, line: int, text: str, *, hint: str = "") -> None:
        """One more finding."""
        self.findings.append(
            Finding("INVALID_DATA", Severity.ERROR, f"Line {line}: {text}", hint, f"line {line}")
        )

    def _variant(self, cells: Cells) -> NewVariant | None:
        if not cells["variant_id"] and not cells["variant_title"]:
            return None
        return NewVariant(id=cells["variant_id"] or None, title=cells["variant_title"])

    def _metadata(self, line: int, text: str) -> JsonObject:
        if not text:
            return {}
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            return found
        self.fault(line, "metadata is no JSON object.")
        return {}


def read_products(data: bytes) -> Sequence[NewProduct]:
    """The products of a CSV file with a heading, in UTF-8, separated by commas, semicolons or tabs.

    BadInput INVALID_DATA with all findings, each with its line.
    """
    text = _text(data)
    sheet = _Sheet([], [], [])
    try:
        for line, cells in _rows(text, sheet):
            if len(sheet.products) >= MAX_ROWS:
                raise BadInput("INVALID_DATA", f"The file has more than {MAX_ROWS} products: split it.")
            sheet.add(line, cells)
    except csv.Error as error:
        sheet.fault(text.count("\n") + 1, f"the file cannot be read as CSV: {error}.")
    found = [_at_line(each, sheet.lines) for each in checks.products(sheet.products)]
    if not sheet.products and not sheet.findings:
        sheet.fault(1, "there are no products.", hint=HINT)
    if sheet.findings or found:
        raise rejected([*sheet.findings, *found])
    return sheet.products


def _text(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise BadInput("INVALID_DATA", "The file is larger than 10 MiB.", hint="Split it.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise rejected([_finding(line, "the file is not in UTF-8.", "Save it as “CSV UTF-8”.")]) from None


def _rows(text: str, sheet: _Sheet) -> Iterator[tuple[int, Cells]]:
    """The rows that are not empty, each with the line it begins on and a cell for every column."""
    heading = text.partition("\n")[0]
    delimiter = max(",;\t", key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names = [name.strip().lower() for name in next(reader, [])]
    _check_heading(names, sheet)
    if sheet.findings:
        return
    line = reader.line_num + 1
    for row in reader:
        cells = [cell.strip() for cell in row]
        if len(cells) > len(names):
            sheet.fault(line, f"there are {len(cells)} cells under {len(names)} headings.")
        elif any(cells):
            yield line, {**dict.fromkeys(COLUMNS, ""), **dict(zip(names, cells, strict=False))}
        line = reader.line_num + 1


def _check_heading(names: Sequence[str], sheet: _Sheet) -> None:
    for name in dict.fromkeys(names):
        if name not in COLUMNS:
            sheet.fault(1, f"there is no column {name[:40]!r}.", hint=HINT)
        elif names.count(name) > 1:
            sheet.fault(1, f"the column {name} is there twice.")
    if "title" not in names:
        sheet.fault(1, "the column title is missing.", hint=HINT)


def _at_line(found: Finding, lines: Sequence[int]) -> Finding:
    """A finding of many products, told by line."""
    place = PLACE.fullmatch(found.where)
    if place is None:
        number = lines[0] if len(lines) == 1 else None
        name = found.where
    else:
        number, name = lines[int(place[1])], place[2]
    if number is None:
        return found
    return replace(found, message=f"Line {number}: {found.message}", where=f"line {number}: {name}")


def _continues(last: NewProduct, name: str | None, title: str) -> bool:
    """Whether a row with a variant speaks of the product above: it repeats its id, or names none at all."""
    return title in {"", last.title} and (name == last.id if name else not title)


def _finding(line: int, text: str, hint: str) -> Finding:
    return Finding("INVALID_DATA", Severity.ERROR, f"Line {line}: {text}", hint, f"line {line}")
