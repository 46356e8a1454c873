"""The one source of the tote bag's numbers: cut, cloth, hanging, finish, places on the atlas.

Centimetres and SI units as the names say; panels' x from their middle, y from the bag's upper edge."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE / "build"
DATA = HERE / "data"
sys.path.append(str(HERE.parent / "common"))  # what all garments share: the solver

PANELS = ("front", "back", "handle-front", "handle-back")
FRONT, BACK, HANDLE_FRONT, HANDLE_BACK = range(4)


@dataclass(frozen=True, slots=True)
class Cut:
    """A flat bag of 38 × 42 cm with two handles, cm."""

    width: float = 38.0
    height: float = 42.0
    cell: float = 0.75  # of the simulated mesh
    handle_length: float = 65.25
    handle_width: float = 2.5
    handle_from: float = 5.25  # from the bag's middle to the handle's nearer edge
    sewn: float = 3.75  # of each end of a handle
    hem: float = 2.5


@dataclass(frozen=True, slots=True)
class Hanging:
    """The XPBD run; frames are 1/60 s."""

    seed: int = 4
    substeps: int = 90
    frames: int = 220
    density: float = 0.38  # kg/m²: canvas of 11 oz/yd²
    stretch_stiffness: float = 1500.0  # N/m
    bending: float = 3.5e-5  # N·m
    hem_bending: float = 2e-4
    handle_bending: float = 1.5e-3
    uneven: float = 0.007  # deviation of the weave's length
    apart_m: float = 0.007  # front and back at least, away from the seams
    seam_shrink: float = 0.976  # thread tension along side seams, bottom and hem
    rod_m: float = 0.03  # radius of what it hangs on
    friction: float = 0.7
    waviness_m: float = 0.010  # of the cloth before it hangs
    shake: float = 1.5  # m/s², decaying


@dataclass(frozen=True, slots=True)
class Finish:
    """From the simulated cloth to the surface that is rendered."""

    canvas_m: float = 0.0008
    hem_m: float = 0.0019
    handle_m: float = 0.0019
    rim_cm: float = 0.6  # how far the rim's inner edge lies outside its island


@dataclass(frozen=True, slots=True)
class Detail:
    """Stitches in the albedo, relief in the height map; cm unless a name says more."""

    albedo_px: int = 4096
    height_px: int = 2048
    seed: int = 3
    pitch: float = 0.33  # of the stitches
    hem_rows: tuple[float, ...] = (2.15,)
    handle_edge: float = 1.03  # from the handle's middle to its rows
    box: tuple[float, float] = (0.35, 2.0)  # from the handle's end, and its height
    thread_dark: float = 0.05
    hole_dark: float = 0.30
    groove_mm: float = 0.28
    pucker_mm: float = 0.10
    hem_mm: float = 0.35
    crumple_mm: float = 0.42
    crease_mm: float = 0.34
    crease_wander: float = 0.22


@dataclass(frozen=True, slots=True)
class Weave:
    """The canvas tile."""

    tile_cm: float = 6.0
    px_per_cm: float = 512 / 6
    yarns_per_cm: float = 11.0
    seed: int = 5
    deep: float = 0.34  # how dark it is between yarns
    hair: float = 0.02
    uneven: float = 0.10
    slub: float = 0.35


CUT = Cut()
HANGING = Hanging()
FINISH = Finish()
DETAIL = Detail()
WEAVE = Weave()
