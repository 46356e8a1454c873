"""The long-sleeve tee's drape, finished by the tee's scripts with its own numbers, in a process of its own:
both garments' numbers are called `params`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "templates" / "longsleeve"
LOOK = """
import json, sys
sys.path[:0] = sys.argv[1:3]
import measure, params
from finish import finish, load

arrays = finish(load(params.DATA / "drape.npz"))
place, uv, triangle = arrays["position"].astype(float), arrays["uv"].astype(float), arrays["triangle"]
areas = [name for name, area in params.PRINT_AREAS.items() if area]
stretch = {name: measure.print_area_stretch(place, uv, triangle, name) for name in areas}
hems = {params.PANELS[k]: place[measure.hem_vertices(uv, arrays["panel"], k)] for k in range(4)}
print(json.dumps({
    "median": {name: s.median for name, s in stretch.items()},
    "within": {name: s.within for name, s in stretch.items()},
    "vertices": len(place),
    "atlas": [float(uv.min()), float(uv.max()), params.ATLAS_CM],
    "hem": {name: line.mean(0).tolist() for name, line in hems.items()},
    "wide": {name: (line.max(0) - line.min(0)).tolist() for name, line in hems.items()},
    "source": json.dumps(params.source()),
}))
"""


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    argv = [sys.executable, "-c", LOOK, str(SOURCE), str(SOURCE.parent / "tee")]
    said = subprocess.run(argv, capture_output=True, check=True, text=True, timeout=240)
    return dict(json.loads(said.stdout))


@pytest.mark.parametrize("panel", ["front", "back", "sleeve-left", "sleeve-right"])
def test_prints_are_hardly_stretched(found: dict[str, Any], panel: str) -> None:
    assert found["median"][panel] == pytest.approx([1.0, 1.0], abs=0.015)
    assert found["within"][panel] >= 0.98


def test_its_mesh_and_its_atlas_hold_it(found: dict[str, Any]) -> None:
    assert 40_000 <= found["vertices"] <= 65_536
    low, high, size = found["atlas"]
    assert 1 < low < high < size - 1


@pytest.mark.parametrize(("panel", "side"), [("sleeve-left", 1), ("sleeve-right", -1)])
def test_sleeves_are_filled_to_the_wrist(found: dict[str, Any], panel: str, side: int) -> None:
    """Cuffs hang open beside the body's hem, not flat and not as a strip."""
    x, y, z = found["hem"][panel]
    assert 0.26 < side * x < 0.40
    assert y < 0  # the elbow is bent
    assert -0.68 < z < -0.58
    wide = found["wide"][panel]
    assert min(wide[:2]) > 0.045  # metres; the cuff is 19 cm around


def test_its_description_is_that_of_its_numbers(found: dict[str, Any]) -> None:
    assert json.loads((SOURCE / "source.json").read_text()) == json.loads(found["source"])
