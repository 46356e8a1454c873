"""From a source's description to a package's template.json, and what is wrong before anything is made.

Whatever the format knows may stand in a source too; the format's own reader is what checks it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np

from tirage.authoring.source import Source
from tirage.errors import BadInput
from tirage.media.fields import Fields
from tirage.media.notes import Notes
from tirage.mockup.catalogue import PRESETS, VIEWS
from tirage.mockup.description import FORMAT, read_description
from tirage.mockup.mesh import Garment
from tirage.mockup.model import Box

OF_SOURCES = ("height_range_mm", "mesh")
"""Keys that only a source has."""
MADE = ("light", "relief", "goldens", "files", "content_sha256", "light_sets", "view_maps", "format")
"""Keys that only a package has."""
BOUNCES = ("indirect_a", "indirect_b")
KINDS = "sheet|solid"


def describe(
    given: Mapping[str, Any], bounds: Callable[[int, Mapping[str, Any]], Box], light: Mapping[str, Any]
) -> dict[str, Any]:
    """template.json without files and hashes; `bounds` of a panel, by its number, in its own centimetres."""
    content = {"format": FORMAT} | {key: given[key] for key in given if key not in OF_SOURCES}
    panels = given.get("panels")
    if isinstance(panels, Sequence):
        content["panels"] = [
            panel | {"bounds": list(bounds(number, panel))} if isinstance(panel, dict) else panel
            for number, panel in enumerate(panels)
        ]
    content.setdefault("views", [{"name": view.name, "azimuth": view.azimuth} for view in VIEWS])
    content.setdefault("presets", {str(name): asdict(rule) for name, rule in PRESETS.items()})
    return content | {"light": dict(light)}


def bounds(garment: Garment, number: int, panel: Mapping[str, Any]) -> Box:
    """How far a panel of the mesh reaches, in its own centimetres. TEMPLATE_INVALID: it has no cloth."""
    if not (garment.panel == number).any():
        raise BadInput("TEMPLATE_INVALID", f"No part of the garment belongs to the panel {panel['name']!r}.")
    uv = garment.uv[garment.panel == number] - np.array(panel["origin"], np.float32)
    low, high = np.floor(uv.min(axis=0) * 1000) / 1000, np.ceil(uv.max(axis=0) * 1000) / 1000
    left, top, right, bottom = (round(float(value), 3) for value in (*low, *high))
    return left, top, right, bottom


def check_description(source: Source, garment: Garment | None = None) -> None:
    """TEMPLATE_INVALID with every finding when a package could not be described so.

    While there is no garment, panels may be as large as the atlas."""
    notes, given = Notes(), source.packaged
    for key in MADE:
        if key in given:
            notes.error("UNKNOWN_KEY", f"{source.file}.{key}", f"{key} is made by baking: leave it out.")
    _check_own(Fields({key: given[key] for key in OF_SOURCES if key in given}, source.file, notes))
    lamps = given.get("lamps")
    names = [lamp["name"] for lamp in lamps if isinstance(lamp, dict) and "name" in lamp] if lamps else []
    nothing = {"outside": "x.png", "outside_scale": 0, "inside": "x.png", "inside_scale": 0}
    light = dict.fromkeys((*filter(lambda n: isinstance(n, str), names), "world", *BOUNCES), nothing)
    extent = _anywhere(given) if garment is None else partial(bounds, garment)
    content = describe({key: given[key] for key in given if key not in MADE}, extent, light)
    read_description(content | {"files": {}, "content_sha256": "0" * 64}, notes, name=source.file)
    if notes.failed:
        count = len(notes.findings) + notes.left_out
        message = f"{source.folder / source.file} has {count} finding{'s' if count > 1 else ''}."
        raise BadInput("TEMPLATE_INVALID", message, hint="Correct them.", findings=notes.findings)


def _check_own(fields: Fields) -> None:
    fields.number("height_range_mm", 0, 100)
    if fields.has("mesh"):
        mesh = fields.fields("mesh")
        mesh.text("file", r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}", "the name of a file in this folder")
        if mesh.text("kind", KINDS, "sheet or solid") != "solid" or mesh.has("thickness_mm"):
            mesh.number("thickness_mm", 0.05, 50)
        mesh.close()


def _anywhere(given: Mapping[str, Any]) -> Callable[[int, Mapping[str, Any]], Box]:
    """The whole atlas as the bounds of every panel, while the mesh is not known."""

    def bounds(_: int, panel: Mapping[str, Any]) -> Box:
        try:
            x, y = (float(value) for value in panel["origin"])
            side = float(given["atlas_cm"])
        except (KeyError, TypeError, ValueError):
            return (0, 0, 1, 1)
        return (-x, -y, side - x, side - y)

    return bounds
