"""The one source of the long-sleeve tee's numbers: the tee's, but for the sleeves and what they change.
The tee's scripts read it in place of their own (make.py)."""

from __future__ import annotations

import importlib.util
import json
import sys
from dataclasses import replace
from pathlib import Path

from mannequin import Arm

HERE = Path(__file__).resolve().parent
_spec = importlib.util.spec_from_file_location("tee_params", HERE.parent / "tee" / "params.py")
assert _spec is not None
assert _spec.loader is not None
tee = importlib.util.module_from_spec(_spec)  # a copy of our own: its numbers are changed below
sys.modules[_spec.name] = tee
_spec.loader.exec_module(tee)

tee.HERE, tee.BUILD, tee.DATA = HERE, HERE / "build", HERE / "data"
tee.ID, tee.NAME = "longsleeve", "Long-sleeve T-shirt"
tee.PATTERN = replace(
    tee.PATTERN,
    sleeve_length=62.5,
    cap_height=14.0,  # narrower than the tee's sleeve: it is to follow the arm
    sleeve_taper=10.6,
    edge=1.08,  # as many vertices on more cloth: their numbers fit into sixteen bits
)
tee.DRAPE = replace(
    tee.DRAPE,
    seed=12,
    substeps=54,
    fine_substeps=80,
    arm=Arm(lengths=(30.0, 33.0), bends=(4.0, 12.0), radii=(4.8, 4.2, 2.3)),
    tube_cm=(7.2, 3.4),
    arm_start_deg=42.0,  # a high cap pulls the yoke of raised arms
    arm_end_deg=15.0,
    arm_twist_deg=-1.5,
    lift_gravity=-3.2,
    lift_for=0.16,
    bending=4.5e-7,
    cuffs_up_cm=1.4,
    relax_frames=30,
)
tee.FINISH = replace(
    tee.FINISH,
    tangle_rounds=10,  # beside the armholes, where high caps fold over
    stretch_passes=500,  # long sleeves pull at the shoulders
    most_stretch=0.02,
    side_m=0.035,  # farther in, evening would shorten print areas
)
tee.ATLAS_CM = 154.0
tee.ORIGINS = {
    "front": (30.0, 13.0),
    "back": (88.4, 6.0),
    "sleeve-left": (22.5, 78.4),
    "sleeve-right": (66.0, 78.4),
    "collar-front": (34.5, 147.6),
    "collar-back": (118.0, 92.0),
    "facings": (60.0, 149.5),
    "tape": (118.0, 95.5),
    "label": (118.0, 100.0),
}
tee.HEM_STRIPS = ((-56.0, 0.0, 115.0), (32.0, -40.0, 26.0), (32.0, -33.0, 26.0))
tee.PRINT_AREAS |= dict.fromkeys(("sleeve-left", "sleeve-right"), (-4.5, 34.0, 4.5, 58.0))
tee.DETAIL = replace(tee.DETAIL, seed=1)
globals().update({name: value for name, value in vars(tee).items() if not name.startswith("__")})


def main() -> None:
    """Write source.json beside this file."""
    (HERE / "source.json").write_text(json.dumps(tee.source(), indent=2) + "\n")
