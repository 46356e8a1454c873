"""Print checks: what will disappoint about art at its place on this fabric, with numbers and the fix.
Resolution, reach, cloth, contrast, edges, overlaps; one function each, all over one survey of the pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from tirage.errors import Finding
from tirage.media.intake import Design
from tirage.media.notes import Notes
from tirage.media.values import Colour
from tirage.mockup.kept import Kept
from tirage.mockup.lab import difference, lab
from tirage.mockup.model import Panel, Template
from tirage.mockup.outline import panel_mask
from tirage.mockup.placement import Print, to_panel
from tirage.mockup.resolution import resolution_finding
from tirage.mockup.survey import FAINTEST, Survey, survey

REACH_TOLERANCE_CM = 0.05
CLOTH_PIXELS_PER_CM = 10
HALF = 128
CUT_SHARE = 0.002
HARDLY_SEEN = 10.0
"""CIEDE2000 below which art and fabric are told apart only by looking for it."""
FAINT_SHARE, LOST_SHARE = 0.1, 0.3
SOFT_WIDTH_PIXELS, SOFT_WIDTH_CM = 2.0, 0.03
BASE_LIGHTNESS = 90.0
"""Fabrics below this CIELAB lightness are printed with a white base, which shows through soft edges."""
HALO_SHARE, HALO_DIFFERENCE, FEWEST_EDGES = 0.25, 8.0, 50
OVERLAP_CM2 = 0.1
WHOLE = 0.999
_surveys: Kept[Survey] = Kept(8 << 20)


def check_prints(*, prints: Sequence[Print], template: Template, colour: Colour) -> list[Finding]:
    """Everything worth saying about these prints on this fabric; `where` is prints[0], prints[1] …

    Codes: EMPTY_ART (error), OFF_PANEL (warning; error when nothing is left), OUTSIDE_PRINT_AREA,
    LOW_RESOLUTION (warning below 150 DPI, note below 300), LOW_CONTRAST (warning or note), EDGE_HALO and
    SOFT_EDGES (warnings), OVERLAP (note).
    """
    notes = Notes()
    fabric = np.asarray(colour.to_linear(), np.float32)
    hulls: list[tuple[int, str, NDArray[np.float32]]] = []
    for index, print_ in enumerate(prints):
        where = f"prints[{index}]"
        panel = template.panel(print_.art.panel)
        facts = _facts(print_.design)
        if panel is None or _check_empty(facts, print_, where, notes):
            continue
        hull = _to_panel(print_, facts.hull)
        _check_area(hull, panel, print_, where, notes)
        _check_cloth(facts, template, panel, print_, where, notes)
        _check_resolution(print_, where, notes)
        _check_contrast(facts, fabric, colour, print_, where, notes)
        _check_halo(facts, fabric, print_, where, notes)
        _check_softness(facts, fabric, print_, where, notes)
        hulls.append((index, panel.name, hull))
    _check_overlaps(hulls, notes)
    return notes.findings


def _facts(design: Design) -> Survey:
    """The survey of a design, which every colour and place of it shares."""
    return _surveys.get((design.sha256, design.width, design.height), lambda: survey(design.pixels))


def _name(print_: Print) -> str:
    return f"{print_.design.name} on {print_.art.panel}"


def _to_panel(print_: Print, points: NDArray[np.float32]) -> NDArray[np.float32]:
    matrix = to_panel(print_)
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2], np.float32)


def _check_empty(facts: Survey, print_: Print, where: str, notes: Notes) -> bool:
    if facts.strongest >= FAINTEST:
        return False
    hint = "Export the design with its layers visible."
    message = (
        f"{_name(print_)} has nothing to print: its strongest pixel covers {facts.strongest / 2.55:.0f} %."
    )
    notes.error("EMPTY_ART", where, message, hint=hint)
    return True


def _check_resolution(print_: Print, where: str, notes: Notes) -> None:
    pixels, wide = print_.design.width, print_.art.width
    found = resolution_finding(_name(print_), pixels=pixels, width_cm=wide, where=where)
    if found is not None:
        notes.findings.append(found)


def _check_area(hull: NDArray[np.float32], panel: Panel, print_: Print, where: str, notes: Notes) -> None:
    if panel.print_area is None:
        return
    left, top, right, bottom = panel.print_area
    (x0, y0), (x1, y1) = hull.min(axis=0).tolist(), hull.max(axis=0).tolist()
    over = {"left": left - x0, "top": top - y0, "right": x1 - right, "bottom": y1 - bottom}
    sides = [f"{cm:.1f} cm on the {side}" for side, cm in over.items() if cm > REACH_TOLERANCE_CM]
    if not sides:
        return
    fit = min((right - left) / (x1 - x0), (bottom - top) / (y1 - y0))
    if fit < 1:
        hint = f"Make it at most {print_.art.width * fit:.1f} cm wide."
    else:
        across = max(over["left"], 0) - max(over["right"], 0)
        down = max(over["top"], 0) - max(over["bottom"], 0)
        hint = f"Move its centre to {print_.art.x + across:.1f}, {print_.art.y + down:.1f}."
    message = f"{_name(print_)} reaches over the print area: {', '.join(sides)}."
    notes.warning("OUTSIDE_PRINT_AREA", where, message, hint=hint)


def _check_cloth(
    facts: Survey, template: Template, panel: Panel, print_: Print, where: str, notes: Notes
) -> None:
    left, top, right, bottom = panel.bounds
    size = tuple(int(np.ceil(cm * CLOTH_PIXELS_PER_CM)) for cm in (right - left, bottom - top))
    offset = (-left * CLOTH_PIXELS_PER_CM, -top * CLOTH_PIXELS_PER_CM)
    cloth = panel_mask(
        template, panel, pixels_per_cm=CLOTH_PIXELS_PER_CM, offset=offset, size=(size[0], size[1])
    )
    at = np.floor(_to_panel(print_, facts.position) * CLOTH_PIXELS_PER_CM + offset).astype(int)
    inside = ((at >= 0) & (at < size)).all(axis=1)
    inside[inside] = cloth[at[inside, 1], at[inside, 0]] >= HALF
    lost = 1 - float(facts.cover @ inside) / max(float(facts.cover.sum()), 1e-9)
    if lost < CUT_SHARE:
        return
    hint = "Move it onto the panel, or make it smaller."
    if lost > WHOLE:
        notes.error("OFF_PANEL", where, f"{_name(print_)} lies wholly beyond the panel's edges.", hint=hint)
    else:
        message = f"{_name(print_)} loses {lost:.1%} beyond a seam or edge of the panel."
        notes.warning("OFF_PANEL", where, message, hint=hint)


def _check_contrast(
    facts: Survey, fabric: NDArray[np.float32], colour: Colour, print_: Print, where: str, notes: Notes
) -> None:
    cover = facts.cover[:, None]
    printed = facts.colour * cover + fabric * (1 - cover)
    near = difference(lab(printed), lab(fabric)) < HARDLY_SEEN
    share = float(facts.cover @ near) / max(float(facts.cover.sum()), 1e-9)
    if share < FAINT_SHARE:
        return
    message = (
        f"{share:.0%} of {_name(print_)} is hardly seen on {colour.hex()} (CIEDE2000 below {HARDLY_SEEN:g})."
    )
    hint = "Choose another fabric colour, or give the art an outline or another colour."
    (notes.warning if share >= LOST_SHARE else notes.note)("LOW_CONTRAST", where, message, hint=hint)


def _check_halo(facts: Survey, fabric: NDArray[np.float32], print_: Print, where: str, notes: Notes) -> None:
    """Edges cut from another background: mixed with this fabric they match neither the fabric nor the art."""
    if len(facts.edge_cover) < FEWEST_EDGES:
        return
    cover = facts.edge_cover[:, None]
    seen = lab(facts.edge_colour * cover + fabric * (1 - cover))
    ideal = lab(facts.core_colour * cover + fabric * (1 - cover))
    others = (ideal, lab(fabric), lab(facts.core_colour))
    apart = np.min([difference(seen, other) for other in others], axis=0)
    share = float(np.mean(apart > HALO_DIFFERENCE))
    if share < HALO_SHARE:
        return
    message = (
        f"{_name(print_)} has a fringe: {share:.0%} of its edge pixels keep the colour of another background."
    )
    hint = "Cut the art out again with colours decontaminated, or shrink its mask by a pixel."
    notes.warning("EDGE_HALO", where, message, hint=hint)


def _check_softness(
    facts: Survey, fabric: NDArray[np.float32], print_: Print, where: str, notes: Notes
) -> None:
    width = facts.soft_width * print_.art.width / print_.design.width
    base = float(lab(fabric)[0, 0]) < BASE_LIGHTNESS
    if not base or facts.soft_width < SOFT_WIDTH_PIXELS or width < SOFT_WIDTH_CM:
        return
    message = (
        f"{_name(print_)} fades over {width * 10:.1f} mm at its edges; {facts.soft_share:.0%} of it is half "
        "transparent, and a white base under it shows as a halo."
    )
    hint = "Make edges hard and shadows opaque, or choose a white fabric, which needs no base."
    notes.warning("SOFT_EDGES", where, message, hint=hint)


def _check_overlaps(hulls: list[tuple[int, str, NDArray[np.float32]]], notes: Notes) -> None:
    for place, (index, name, hull) in enumerate(hulls):
        for other_index, other_name, other in hulls[:place]:
            if name != other_name:
                continue
            area = float(cv2.intersectConvexConvex(hull, other)[0])
            if area > OVERLAP_CM2:
                message = (
                    f"Prints {other_index + 1} and {index + 1} overlap on {name} by up to {area:.1f} cm²."
                )
                hint = "The later one lies on top; move one of them if that is not meant."
                notes.note("OVERLAP", f"prints[{index}]", message, hint=hint)
