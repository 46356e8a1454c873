"""Many orders in few words: a matrix whose axes are multiplied, or a CSV file with a row for each."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

from tirage.batches.model import Order
from tirage.errors import Finding, Severity
from tirage.jobs.checks import invalid, rejected
from tirage.jobs.model import JsonValue
from tirage.mockup.submission import OPTIONS

MAX_ORDERS = 10_000
MAX_BYTES = 10 * 1024 * 1024
FIELDS = ("design_id", "product_id", "variant_id", "preset", "template_id")
COLUMNS = (*FIELDS, *OPTIONS, "metadata")
HINT = f"The columns are {', '.join(COLUMNS)}; design_id, product_id and preset have to be there."
NEEDED = ("design_id", "product_id", "preset")


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Each combination of one value of each axis is an order; an empty axis leaves its field out."""

    designs: Sequence[str]
    products: Sequence[str]
    presets: Sequence[str]
    colours: Sequence[str] = ()
    templates: Sequence[str] = ()
    options: dict[str, JsonValue] = field(default_factory=dict)
    """The same for all."""
    metadata: JsonValue = None
    priority: int


def orders_of(matrix: Matrix) -> list[Order]:
    """By product, then design, preset, template, colour: as a product's media will stand.

    BadInput INVALID_DATA: there are none, or too many.
    """
    axes = (
        matrix.products,
        matrix.designs,
        matrix.presets,
        matrix.templates or (None,),
        matrix.colours or (None,),
    )
    count = 1
    for axis in axes:
        count *= len(axis)
    check_count(count)
    return [
        Order(
            design_id=design,
            product_id=name,
            preset=preset,
            template_id=template,
            options={**matrix.options, **({"fabric_color": colour} if colour is not None else {})},
            metadata=matrix.metadata,
            priority=matrix.priority,
        )
        for name, design, preset, template, colour in product(*axes)
    ]


def check_count(count: int) -> None:
    """BadInput INVALID_DATA: none, or too many."""
    if not 1 <= count <= MAX_ORDERS:
        message = f"A batch has 1 to {MAX_ORDERS} orders, not {count}."
        raise invalid(
            message, where="orders", hint="Split it." if count else "Name designs, products and presets."
        )


def read_orders(data: bytes, *, priority: int) -> list[Order]:
    """The orders of a CSV file with a heading, in UTF-8, separated by commas, semicolons or tabs.

    BadInput INVALID_DATA with all findings about its form, each with its line; what a field may hold is
    checked with the orders.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise rejected([_fault(line, "the file is not in UTF-8.", "Save it as “CSV UTF-8”.")]) from None
    faults: list[Finding] = []
    orders: list[Order] = []
    try:
        for line, cells in _rows(text, faults):
            if len(orders) >= MAX_ORDERS:
                check_count(len(orders) + 1)
            orders.append(_order(line, cells, priority, faults))
    except csv.Error as error:
        faults.append(_fault(text.count("\n") + 1, f"the file cannot be read as CSV: {error}.", ""))
    if faults:
        raise rejected(faults)
    check_count(len(orders))
    return orders


def _rows(text: str, faults: list[Finding]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows that are not empty, with the line each begins on; empty cells are left out."""
    heading = text.partition("\n")[0]
    delimiter = max(",;\t", key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names = [name.strip().lower() for name in next(reader, [])]
    faults += _heading(names)
    if faults:
        return
    line = reader.line_num + 1
    for row in reader:
        cells = [cell.strip() for cell in row]
        if len(cells) > len(names):
            text_ = f"there are {len(cells)} cells under {len(names)} headings."
            faults.append(_fault(line, text_, ""))
        elif any(cells):
            yield line, {name: cell for name, cell in zip(names, cells, strict=False) if cell}
        line = reader.line_num + 1


def _heading(names: Sequence[str]) -> Iterator[Finding]:
    for name in dict.fromkeys(names):
        if name not in COLUMNS:
            yield _fault(1, f"there is no column {name[:40]!r}.", HINT)
        elif names.count(name) > 1:
            yield _fault(1, f"the column {name} is there twice.", "")
    for name in NEEDED:
        if name not in names:
            yield _fault(1, f"the column {name} is missing.", HINT)


def _order(line: int, cells: dict[str, str], priority: int, faults: list[Finding]) -> Order:
    options: dict[str, JsonValue] = {name: cells[name] for name in OPTIONS if name in cells}
    samples = cells.get("samples", "")
    if samples.isascii() and samples.isdigit() and len(samples) < 10:
        options["samples"] = int(samples)
    metadata: JsonValue = None
    if "metadata" in cells:
        try:
            metadata = json.loads(cells["metadata"])
        except (ValueError, RecursionError):
            faults.append(_fault(line, "metadata is no JSON object.", ""))
    return Order(
        design_id=cells.get("design_id"),
        product_id=cells.get("product_id"),
        variant_id=cells.get("variant_id"),
        preset=cells.get("preset"),
        template_id=cells.get("template_id"),
        options=options,
        metadata=metadata,
        priority=priority,
    )


def _fault(line: int, text: str, hint: str) -> Finding:
    return Finding("INVALID_DATA", Severity.ERROR, f"Line {line}: {text}", hint, f"line {line}")
