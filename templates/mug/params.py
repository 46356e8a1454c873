"""The one source of the mug's measures: section and handle, centimetres; where panels lie stands in
source.toml."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE / "build"


@dataclass(frozen=True, slots=True)
class Mug:
    """An 11 oz mug; its axis is vertical, the handle points to +x."""

    radius: float = 4.1
    height: float = 9.6
    wall: float = 0.4
    lip: float = 0.28  # from the rim down to where the wall is straight
    corner: float = 0.45  # radius of the outer bottom edge
    foot_radius: float = 3.25
    foot_width: float = 0.4
    foot_height: float = 0.18
    floor: float = 0.6  # upper side of the floor
    fillet: float = 1.1  # inside, from wall to floor
    seam: float = 10.75  # where the unrolled body is cut, between print and handle
    columns: int = 128
    lip_widened: float = 2.5  # on the atlas, so that its light has texels enough
    handle_top: float = 7.75  # heights of the handle's ends
    handle_bottom: float = 2.15
    handle_reach: float = 3.3  # from the body to the middle of the handle's back
    handle_wide: float = 0.66  # half axes of its section: across …
    handle_thick: float = 0.40  # … and away from the body
    blend: float = 0.62  # radius of the fillet between handle and body
    handle_rows: int = 64
    handle_widened: float = 1.9  # on the atlas

    @property
    def centre(self) -> float:
        """Where the axis lies, so that mug and handle turn about their common middle."""
        return -(self.handle_reach + self.handle_thick) / 2


MUG = Mug()
