"""The one source of the mug's numbers: section, handle, places on the atlas; centimetres unless a name says more."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE / "build"

ATLAS_CM = 36.0
ORIGINS: dict[str, tuple[float, float]] = {  # where a panel's (0, 0) lies on the atlas, y down
    "wrap": (16.4, 3.0),  # x from opposite the handle, y from the rim
    "inside": (12.8, 17.5),
    "handle": (1.0, 28.0),
    "floor": (31.6, 5.0),
    "foot": (31.6, 13.2),
}
PRINT_AREA = (-10.0, 0.6, 10.0, 9.1)  # 20 × 8.5 cm around the body


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
