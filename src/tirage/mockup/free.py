"""Places that an order names by itself instead of a preset: how a job's options hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tirage.errors import BadInput, Finding, Severity
from tirage.mockup.placement import Placement

PLACEMENTS = "placements"
MOST = 8
NUMBERS = ("x", "y", "width", "rotation")
DESIGN = "design_file_url"


@dataclass(frozen=True, slots=True)
class FreePlace:
    """Where a design lies, and which: the key of its file, or None for the job's own."""

    place: Placement
    design: str | None


def free_places(options: Mapping[str, object]) -> tuple[FreePlace, ...]:
    """The order's own places, the lowest first; none when it has a preset.  BadInput: INVALID_PLACEMENT."""
    given = options.get(PLACEMENTS, ())
    if not isinstance(given, (list, tuple)) or (PLACEMENTS in options and not 1 <= len(given) <= MOST):
        raise BadInput("INVALID_PLACEMENT", f"placements must be a list of one to {MOST} places.")
    return tuple(_free_place(number, value) for number, value in enumerate(given))


def placement_findings(options: Mapping[str, object]) -> tuple[Finding, ...]:
    """What is wrong with them."""
    try:
        free_places(options)
    except BadInput as fault:
        return (Finding(fault.code, Severity.ERROR, fault.message, fault.hint, f"options.{PLACEMENTS}"),)
    return ()


def _free_place(number: int, value: object) -> FreePlace:
    known = {"panel", DESIGN, *NUMBERS}
    if not isinstance(value, Mapping) or not value.keys() <= known:
        hint = f"A place has panel, {', '.join(NUMBERS)}."
        raise BadInput("INVALID_PLACEMENT", f"placements[{number}] is no place.", hint=hint)
    numbers = [value.get(name, 0.0 if name == "rotation" else None) for name in NUMBERS]
    panel, design = value.get("panel"), value.get(DESIGN)
    if not isinstance(panel, str) or not all(_is_number(each) for each in numbers):
        hint = "Give panel, x, y and width, the last three in cm."
        raise BadInput("INVALID_PLACEMENT", f"placements[{number}] is not whole.", hint=hint)
    if design is not None and not isinstance(design, str):
        raise BadInput("INVALID_PLACEMENT", f"placements[{number}] names no design.")
    return FreePlace(Placement(panel, *(float(each) for each in numbers)), design)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
