"""The one source of the long-sleeve tee's numbers: the tee's, but for the sleeves and what they change.
The tee's scripts read it in place of their own (make.py)."""

from __future__ import annotations

import importlib.util
import json
import sys
from dataclasses import replace
from pathlib import Path

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
    sleeve_length=61.5,
    sleeve_taper=11.0,
    edge=1.02,  # as many vertices on more cloth: their numbers fit into sixteen bits
)
tee.DRAPE = replace(
    tee.DRAPE,
    seed=12,
    substeps=60,
    fine_substeps=80,
    arm_cm=80.0,
    arm_end_cm=2.5,  # cuffs hang around it
    arm_end_deg=13.0,
    arm_twist_deg=-1.5,
    lift_gravity=-4.2,  # sleeves slide up and stay where friction holds them: they buckle above the cuffs
)
tee.ATLAS_CM = 160.0
tee.ORIGINS = {
    "front": (30.0, 16.0),
    "back": (90.5, 6.0),
    "sleeve-left": (24.5, 83.0),
    "sleeve-right": (71.5, 83.0),
    "collar-front": (34.0, 152.0),
    "collar-back": (92.0, 152.0),
    "facings": (60.0, 155.0),
    "tape": (118.0, 95.0),
    "label": (118.0, 105.0),
}
tee.HEM_STRIPS = ((-56.0, 0.0, 115.0), (42.0, -40.0, 26.0), (42.0, -33.0, 26.0))
tee.PRINT_AREAS |= dict.fromkeys(("sleeve-left", "sleeve-right"), (-4.5, 36.0, 4.5, 57.5))
tee.DETAIL = replace(tee.DETAIL, seed=1)
globals().update({name: value for name, value in vars(tee).items() if not name.startswith("__")})


def main() -> None:
    """Write source.json beside this file."""
    (HERE / "source.json").write_text(json.dumps(tee.source(), indent=2) + "\n")
