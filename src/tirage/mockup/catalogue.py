"""What can be ordered: nine presets in centimetres, six views and the turntable, as data tables.
Whatever names one of them (command, order, template, pictures) reads it here, so a new one is one row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from tirage.errors import BadInput


class Preset(StrEnum):
    """The nine places a design can go to by name; there is no tenth (C-01)."""

    CHEST_SMALL = "chest-small"
    CHEST_MEDIUM = "chest-medium"
    CHEST_LARGE = "chest-large"
    BACK_SMALL = "back-small"
    BACK_MEDIUM = "back-medium"
    BACK_LARGE = "back-large"
    BACK_BOTTOM_SMALL = "back-bottom-small"
    BACK_BOTTOM_MEDIUM = "back-bottom-medium"
    BACK_BOTTOM_LARGE = "back-bottom-large"


class Anchor(StrEnum):
    """What of the art a preset holds: its top or middle below the collar seam, its bottom above the hem."""

    TOP = "top"
    MIDDLE = "middle"
    BOTTOM = "bottom"


@dataclass(frozen=True, slots=True)
class PresetRule:
    """One row of the table, cm on the flat panel; art keeps its aspect inside width × max_height."""

    panel: str
    width: float
    max_height: float
    x: float
    """Centre of the art from the panel's centre line, to the right as one looks at the outside."""
    anchor: Anchor
    distance: float
    """From the collar seam down to the art's top or middle, or from the hem up to its bottom."""


PRESETS: Mapping[Preset, PresetRule] = MappingProxyType(
    {
        Preset.CHEST_SMALL: PresetRule("front", 10, 12, 9, Anchor.TOP, 9),
        Preset.CHEST_MEDIUM: PresetRule("front", 22, 28, 0, Anchor.TOP, 7.5),
        Preset.CHEST_LARGE: PresetRule("front", 30, 40, 0, Anchor.TOP, 7),
        Preset.BACK_SMALL: PresetRule("back", 12, 14, 0, Anchor.TOP, 6),
        Preset.BACK_MEDIUM: PresetRule("back", 24, 30, 0, Anchor.TOP, 9),
        Preset.BACK_LARGE: PresetRule("back", 32, 42, 0, Anchor.TOP, 9),
        Preset.BACK_BOTTOM_SMALL: PresetRule("back", 12, 10, 0, Anchor.BOTTOM, 8),
        Preset.BACK_BOTTOM_MEDIUM: PresetRule("back", 22, 16, 0, Anchor.BOTTOM, 8),
        Preset.BACK_BOTTOM_LARGE: PresetRule("back", 32, 22, 0, Anchor.BOTTOM, 8),
    }
)
"""The nine presets of a T-shirt; a template may bring its own rows (its own panels and sizes)."""


@dataclass(frozen=True, slots=True)
class View:
    """One camera angle: degrees about the vertical axis from the front, towards the wearer's left."""

    name: str
    azimuth: float


VIEWS: tuple[View, ...] = (
    View("front_0deg", 0),
    View("left_90deg", 90),
    View("right_270deg", 270),
    View("back_180deg", 180),
    View("front_45deg_left", 45),
    View("front_45deg_right", 315),
)
"""The six pictures of every order, in the order of the media; left and right are the wearer's."""


@dataclass(frozen=True, slots=True)
class Turntable:
    """A full turn, equal steps, starting at the front."""

    frames: int
    frames_per_second: int

    def azimuth(self, *, frame: int) -> float:
        """Degrees of frame 0 … frames − 1."""
        return 360.0 * frame / self.frames


TURNTABLE = Turntable(frames=72, frames_per_second=24)


def preset(name: str) -> Preset:
    """The preset of that exact name; INVALID_PRESET with the nine names otherwise."""
    try:
        return Preset(name)
    except ValueError:
        raise BadInput(
            "INVALID_PRESET",
            f"There is no preset {name[:60]!r}.",
            hint="The presets are " + ", ".join(Preset) + ".",
        ) from None
