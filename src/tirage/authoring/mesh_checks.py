"""What is wrong with somebody's mesh, each fault in the words of whoever can mend it in a 3-D program."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from tirage.authoring.surface import F64, I64, Part, Surface, edges_of, flat_areas, islands, stretches
from tirage.media.notes import Notes

EXTENT_M = (0.02, 5.0)
MAX_TRIANGLES = 300_000
TRUE_SIZE = 0.03
"""How far the median stretch may be from true size."""
STRETCH, STRETCHED_SHARE = 0.05, 0.10
"""A triangle is stretched when it is this far from true size; so much of a print area's may be."""
MIRRORED_SHARE = 0.01
PIXELS_PER_CM = 4
OVERLAP_SHARE = 0.005
GAP_CM = 1.0
"""Islands nearer than this share texels of coarse maps."""
MAX_ISLANDS = 64
OUTSIDE_CM = 0.01


def check_parts(parts: Sequence[Part], panels: Sequence[str], notes: Notes) -> None:
    """What has to be there before the parts can be joined."""
    named = {part.panel for part in parts if len(part.triangle)}
    known = ", ".join(panels)
    for name in sorted(named - set(panels)):
        called = f"the material {name!r}" if name else "no material"
        message = f"Some faces have {called}, which is none of the panels {known}."
        hint = "Give every face a material that is named like its panel."
        notes.error("UNKNOWN_PANEL", name or "mesh", message, hint=hint)
    for name in panels:
        if name not in named:
            message = f"No face has the material {name!r}, so the panel {name} has no cloth."
            notes.error("MISSING_PANEL", name, message, hint="Name a material so, or remove the panel.")
    for part in parts:
        if part.uv is None:
            notes.error("NO_UVS", part.panel, f"The faces of {part.panel!r} have no UVs: unwrap them.")
        if not all(np.isfinite(a).all() for a in (part.position, part.uv) if a is not None):
            notes.error("NOT_FINITE", part.panel, f"The mesh of {part.panel!r} holds infinite numbers.")
    count = sum(len(part.triangle) for part in parts)
    if count > MAX_TRIANGLES:
        message = f"The mesh has {count:,} triangles; the limit is {MAX_TRIANGLES:,}."
        notes.error("TOO_MANY_TRIANGLES", "mesh", message, hint="Remesh it: 100,000 are plenty.")


def check_surface(
    surface: Surface,
    panels: Sequence[str],
    printed: Sequence[str],
    *,
    atlas_cm: float,
    solid: bool,
    notes: Notes,
) -> None:
    """Everything else; `printed` are the panels with a print area."""
    _check_topology(surface, solid=solid, notes=notes)
    _check_sides(surface, panels, solid=solid, notes=notes)
    if _check_inside_atlas(surface, panels, atlas_cm, notes):
        _check_islands(surface, panels, atlas_cm, notes)
    if _check_extent(surface.position, notes):
        _check_scale(surface, panels, printed, atlas_cm, notes)


def _check_extent(position: F64, notes: Notes) -> bool:
    extent = np.ptp(position, axis=0)
    size = " × ".join(f"{length:.3g}" for length in extent)
    right = bool(EXTENT_M[0] <= extent.max() <= EXTENT_M[1])
    if not right:
        unit = "centimetres or millimetres" if extent.max() > EXTENT_M[1] else "kilometres"
        message = f"The mesh measures {size} m: is it in {unit}?"
        notes.error("WRONG_UNITS", "mesh", message, hint="Scale it to metres and apply the scale.")
    return right


def _check_topology(surface: Surface, *, solid: bool, notes: Notes) -> None:
    edges = edges_of(surface.faces)
    crowded = int((edges.count > 2).sum())
    if crowded:
        message = (
            f"{crowded} edges belong to more than two faces{_near(surface, edges.ends[edges.count > 2])}."
        )
        notes.error("NON_MANIFOLD", "mesh", message, hint="Remove inner faces and doubled ones.")
    forward = np.bincount(edges.of_half, edges.forward, len(edges.count))
    against = (edges.count == 2) & (forward != 1)
    if against.any():
        message = f"{int(against.sum())} edges lie between faces that look opposite ways."
        message = message[:-1] + f"{_near(surface, edges.ends[against])}."
        notes.error("MIXED_SIDES", "mesh", message, hint="Recalculate the normals to point outside.")
    lonely = edges.count == 1
    if solid and lonely.any():
        message = f"A solid has no open edges, and this one has {int(lonely.sum())}"
        message += f"{_near(surface, edges.ends[lonely])}."
        hint = 'Close it, merge its vertices by distance, or call it a sheet: kind = "sheet".'
        notes.error("OPEN_EDGES", "mesh", message, hint=hint)
    if not solid and not lonely.any():
        message = "The mesh is closed, so nobody sees how thick it is."
        notes.warning("CLOSED_SHEET", "mesh", message, hint='Call it a solid: kind = "solid".')


def _near(surface: Surface, ends: I64) -> str:
    x, y, z = surface.position[ends[0, 0]]
    return f", one near ({x:.2f}, {y:.2f}, {z:.2f}) m"


def _check_sides(surface: Surface, panels: Sequence[str], *, solid: bool, notes: Notes) -> None:
    a, b, c = (surface.position[surface.faces[:, k]] for k in range(3))
    inwards = solid and float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum()) < 0
    if inwards:
        notes.error("NORMALS_INWARDS", "mesh", "The faces look inwards.", hint="Flip the normals.")
    area = flat_areas(surface) * (-1 if inwards else 1)
    panel = surface.panel[surface.triangle[:, 0]]
    for index, name in enumerate(panels):
        own = area[panel == index]
        if own.size and -own[own < 0].sum() > MIRRORED_SHARE * np.abs(own).sum():
            message = (
                f"The UVs of {name!r} are mirrored, or its faces look inwards: prints would be mirrored."
            )
            notes.error("MIRRORED_UVS", name, message, hint="Flip the normals, or mirror the island.")


def _check_inside_atlas(surface: Surface, panels: Sequence[str], atlas_cm: float, notes: Notes) -> bool:
    inside = True
    for index, name in enumerate(panels):
        uv = surface.uv[surface.panel == index] / atlas_cm
        if uv.size and (uv.min() < -OUTSIDE_CM / atlas_cm or uv.max() > 1 + OUTSIDE_CM / atlas_cm):
            low, high = uv.min(axis=0), uv.max(axis=0)
            message = f"The UVs of {name!r} reach over the unit square: "
            message += f"u {low[0]:.3g} … {high[0]:.3g}, v {1 - high[1]:.3g} … {1 - low[1]:.3g}."
            hint = "Scale and move all islands into it; atlas_cm says how many centimetres it is wide."
            notes.error("UVS_OUTSIDE_ATLAS", name, message, hint=hint)
            inside = False
    return inside


def _check_islands(surface: Surface, panels: Sequence[str], atlas_cm: float, notes: Notes) -> None:
    """Islands drawn one by one: none may cover another, nor come too near."""
    number = islands(surface)
    count = int(number.max(initial=-1)) + 1
    if count > MAX_ISLANDS:
        message = f"The UVs are in {count} pieces; the limit is {MAX_ISLANDS}."
        hint = "Unwrap each panel in one piece, with seams where a sewer has them."
        notes.error("TOO_MANY_ISLANDS", "mesh", message, hint=hint)
        return
    side = round(atlas_cm * PIXELS_PER_CM)
    corners = np.rint(surface.uv[surface.triangle] * (PIXELS_PER_CM * 16)).astype(np.int32)
    owner = np.full((side, side), -1)
    near = np.full((side, side), -1)
    reach = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (round(GAP_CM * PIXELS_PER_CM) + 1,) * 2)
    area = np.abs(flat_areas(surface))
    for island in range(count):
        drawn = np.zeros((side, side), np.uint8)
        cv2.fillPoly(drawn, list(corners[number == island]), (1,), shift=4)
        name = panels[int(surface.panel[surface.triangle[number == island][0, 0]])]
        inner = cv2.erode(drawn, np.ones((3, 3), np.uint8)) > 0
        doubled = area[number == island].sum() * PIXELS_PER_CM**2 > (1 + 0.05) * max(drawn.sum(), 1)
        if doubled or (inner & (owner >= 0)).sum() > OVERLAP_SHARE * max(inner.sum(), 1):
            message = f"Two parts of the UVs lie on each other: an island of {name!r} and what is below it."
            notes.error("OVERLAPPING_UVS", name, message, hint="Give every part a place of its own.")
        elif (cv2.dilate(drawn, reach) > 0)[near >= 0].any():
            message = f"An island of {name!r} comes nearer than {GAP_CM:g} cm to another: light would mix."
            notes.warning("ISLANDS_TOO_CLOSE", name, message, hint="Pack the islands with a wider margin.")
        owner[drawn > 0] = island
        near[cv2.dilate(drawn, reach) > 0] = island


def _check_scale(
    surface: Surface, panels: Sequence[str], printed: Sequence[str], atlas_cm: float, notes: Notes
) -> None:
    """True lengths against the lengths on the atlas."""
    values, area = stretches(surface), np.abs(flat_areas(surface))
    panel = surface.panel[surface.triangle[:, 0]]
    sized = np.isfinite(values).all(axis=1) & (area > 0)
    counts = sized & np.isin(panel, [panels.index(name) for name in printed or panels])
    if not counts.any():
        notes.error("NO_UVS", "mesh", "The UVs have no area: unwrap the mesh.")
        return
    middle = weighted_median(np.sqrt(values[counts].prod(axis=1)), area[counts])
    if abs(middle - 1) > TRUE_SIZE:
        message = f"One centimetre on the flat panels is {middle:.3f} cm on the garment, in the median."
        hint = f"Set atlas_cm = {atlas_cm * middle:.4g}, or scale the UVs by {middle:.4g}."
        notes.error("UV_SCALE", "mesh", message, hint=hint)
        return
    for name in printed:
        own = sized & (panel == panels.index(name))
        off = own & (np.abs(values - 1).max(axis=1) > STRETCH)
        share = area[off].sum() / max(area[own].sum(), 1e-12)
        if share > STRETCHED_SHARE:
            message = f"{share:.0%} of {name!r} is stretched by more than {STRETCH:.0%}: prints will be too."
            notes.warning("STRETCHED_UVS", name, message, hint="Unwrap it with less distortion.")


def weighted_median(values: F64, weights: F64) -> float:
    """The value that half of the weight lies below."""
    order = np.argsort(values)
    cumulative = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(cumulative, cumulative[-1] / 2)])
