"""Where a design lies on a flat panel, in centimetres: presets, free placements, the map to its pixels.
x to the right as one looks at the outside, y down from the collar seam, rotation clockwise about the centre.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tirage.errors import BadInput
from tirage.media.intake import Design
from tirage.mockup.catalogue import Anchor, Preset
from tirage.mockup.model import Panel, Template
from tirage.mockup.resolution import CM_PER_INCH

FARTHEST_CM = 200.0
WIDTH_CM = (0.5, 100.0)
TALLEST_CM = 150.0
FULL_TURN = 360.0
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")


@dataclass(frozen=True, slots=True)
class Placement:
    """A free place: the art's centre (x, y) and its width before rotation in cm, degrees clockwise.

    INVALID_PLACEMENT when a number is not finite, or beyond any garment.
    """

    panel: str
    x: float
    y: float
    width: float
    rotation: float = 0.0

    def __post_init__(self) -> None:
        """Refuses numbers that no garment has."""
        limits = (
            ("x", self.x, -FARTHEST_CM, FARTHEST_CM, "cm"),
            ("y", self.y, -FARTHEST_CM, FARTHEST_CM, "cm"),
            ("width", self.width, *WIDTH_CM, "cm"),
            ("rotation", self.rotation, -FULL_TURN, FULL_TURN, "degrees"),
        )
        for name, value, low, high, unit in limits:
            if not low <= value <= high:  # also false for NaN
                message = (
                    f"The {name} of a placement must lie from {low:g} to {high:g} {unit}; it is {value:g}."
                )
                raise BadInput("INVALID_PLACEMENT", message)


@dataclass(frozen=True, slots=True)
class PlacedArt:
    """Art at its size on a panel: centre (x, y), width and height before rotation, cm; degrees clockwise."""

    panel: str
    x: float
    y: float
    width: float
    height: float
    rotation: float

    def corners(self) -> NDArray[np.float64]:
        """Panel cm (4, 2) of the art's top left, top right, bottom right and bottom left corner."""
        half = np.array([self.width, self.height]) / 2
        signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
        return signs * half @ turn(self.rotation).T + (self.x, self.y)


@dataclass(frozen=True, slots=True, eq=False)
class Print:
    """A design and where it lies."""

    art: PlacedArt
    design: Design

    @property
    def dpi(self) -> float:
        """Pixels of the design per printed inch."""
        return self.design.width / self.art.width * CM_PER_INCH


def template_trims(template: Template) -> tuple[Print, ...]:
    """The template's own pictures as prints, the lowest first."""
    return tuple(
        Print(
            PlacedArt(
                panel=trim.panel,
                x=trim.x,
                y=trim.y,
                width=trim.width,
                height=trim.width * trim.design.height / trim.design.width,
                rotation=trim.rotation,
            ),
            trim.design,
        )
        for trim in template.trims
    )


def to_design(print_: Print) -> NDArray[np.float64]:
    """The affine map (2, 3) from panel cm to design pixels: p = m[:, :2] · cm + m[:, 2].

    Pixel coordinates are continuous: (0, 0) is the top left corner of the first pixel, (.5, .5) its centre.
    """
    art, design = print_.art, print_.design
    linear = np.diag([design.width / art.width, design.height / art.height]) @ turn(-art.rotation)
    return np.column_stack((linear, np.array([design.width, design.height]) / 2 - linear @ (art.x, art.y)))


def to_panel(print_: Print) -> NDArray[np.float64]:
    """The inverse of `to_design` (2, 3): design pixels to panel cm."""
    art, design = print_.art, print_.design
    linear = turn(art.rotation) @ np.diag([art.width / design.width, art.height / design.height])
    return np.column_stack((linear, (art.x, art.y) - linear @ np.array([design.width, design.height]) / 2))


def turn(degrees: float) -> NDArray[np.float64]:
    """The rotation (2, 2) that turns clockwise on a panel, whose y points down; exact at quarter turns."""
    quarters, rest = divmod(degrees, 90.0)
    cos, sin = math.cos(math.radians(rest)), math.sin(math.radians(rest))
    for _ in range(int(quarters) % 4):
        cos, sin = -sin, cos
    return np.array([[cos, -sin], [sin, cos]])


def resolve(*, width: int, height: int, where: Preset | Placement, template: Template) -> PlacedArt:
    """Where a design of width × height pixels lies: its aspect ratio is kept, nothing is stretched.

    INVALID_PLACEMENT: no such panel, no print area on it, or art taller than 150 cm.
    INVALID_PRESET: the template does not offer the preset.
    """
    if isinstance(where, Preset):
        return _preset_art(width, height, where, template)
    _printable(where.panel, template)
    tall = where.width * height / width
    if tall > TALLEST_CM:
        message = (
            f"At {where.width:g} cm wide the art would be {tall:.0f} cm tall; the limit is {TALLEST_CM:g} cm."
        )
        raise BadInput("INVALID_PLACEMENT", message, hint="Make it narrower, or crop the design.")
    x, y, wide, turned = (float(v) for v in (where.x, where.y, where.width, where.rotation))
    return PlacedArt(where.panel, x, y, wide, tall, turned)


def parse_place(text: str) -> tuple[Placement, Path | None]:
    """Placement and file of `PANEL:X,Y,WIDTH[,ROTATION][=FILE]` (cm, degrees); INVALID_PLACEMENT otherwise.

    Which panels there are is judged by `resolve`, which knows the template.
    """
    place, equals, file = text.partition("=")
    panel, colon, numbers = place.partition(":")
    if not colon or not panel.strip():
        raise BadInput("INVALID_PLACEMENT", f"{text[:80]!r} does not name a panel before a colon.")
    parts = [part.strip() for part in numbers.split(",")]
    if not 3 <= len(parts) <= 4:
        message = f"{text[:80]!r} gives {len(parts)} of the numbers x, y, width and, if wanted, rotation."
        raise BadInput("INVALID_PLACEMENT", message)
    for name, part in zip(("x", "y", "width", "rotation"), parts, strict=False):
        if not NUMBER.fullmatch(part):
            message = f"The {name} {part[:40]!r} in {text[:80]!r} is not a number."
            raise BadInput("INVALID_PLACEMENT", message)
    if equals and not file.strip():
        raise BadInput("INVALID_PLACEMENT", f"{text[:80]!r} names no file after the equals sign.")
    return Placement(panel.strip(), *map(float, parts)), Path(file) if equals else None


def _preset_art(width: int, height: int, preset: Preset, template: Template) -> PlacedArt:
    rule = template.presets.get(preset)
    if rule is None:
        hint = "This template has " + ", ".join(template.presets) + "."
        raise BadInput("INVALID_PRESET", f"{template.info.name} has no preset {preset}.", hint=hint)
    wide = min(rule.width, rule.max_height * width / height)
    tall = wide * height / width
    if rule.anchor is Anchor.TOP:
        y = rule.distance + tall / 2
    elif rule.anchor is Anchor.MIDDLE:
        y = rule.distance
    else:
        hem_y = _printable(rule.panel, template).hem_y
        if hem_y is None:
            raise BadInput(
                "TEMPLATE_INVALID", f"{rule.panel!r} has no hem that {preset} could be measured from."
            )
        y = hem_y - rule.distance - tall / 2
    return PlacedArt(rule.panel, float(rule.x), float(y), float(wide), float(tall), 0.0)


def _printable(name: str, template: Template) -> Panel:
    panel = template.panel(name)
    if panel is None or panel.print_area is None:
        fault = "is no panel of" if panel is None else "takes no print on"
        names = ", ".join(panel.name for panel in template.panels if panel.print_area is not None)
        hint = f"The panels that take prints are {names}."
        raise BadInput("INVALID_PLACEMENT", f"{name[:60]!r} {fault} {template.info.name}.", hint=hint)
    return panel
