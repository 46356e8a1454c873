"""The sewing pattern fits together, and every print lies on its panel."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import params
import pattern
import pytest
from numpy.typing import NDArray

from tirage.mockup.mesh import Garment

# panel and x0, y0, x1, y1 of the nine presets at full size in centimetres; negative y are above the hem
PRESETS = {
    "chest-small": ("front", 4.0, 9.0, 14.0, 21.0),
    "chest-medium": ("front", -11.0, 7.5, 11.0, 35.5),
    "chest-large": ("front", -15.0, 7.0, 15.0, 47.0),
    "back-small": ("back", -6.0, 6.0, 6.0, 20.0),
    "back-medium": ("back", -12.0, 9.0, 12.0, 39.0),
    "back-large": ("back", -16.0, 9.0, 16.0, 51.0),
    "back-bottom-small": ("back", -6.0, -18.0, 6.0, -8.0),
    "back-bottom-medium": ("back", -11.0, -24.0, 11.0, -8.0),
    "back-bottom-large": ("back", -16.0, -30.0, 16.0, -8.0),
}
TEE = pattern.build()
PANELS = {panel.name: panel for panel in TEE.panels}


def on_panel(name: str, points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(n,) whether points lie in one of the panel's triangles."""
    panel = PANELS[name]
    a, b, c = (panel.points[panel.triangles[:, k]] for k in range(3))
    p = points[:, None]
    sides = [_cross(b - a, p - a), _cross(c - b, p - b), _cross(a - c, p - c)]
    return np.asarray(np.any(np.max(sides, axis=0) <= 1e-9, axis=1))


def _cross(u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0])


def border_of(box: tuple[float, float, float, float]) -> NDArray[np.float64]:
    """Points every centimetre or so along a rectangle."""
    x0, y0, x1, y1 = box
    corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)])
    return np.concatenate([np.linspace(a, b, 40) for a, b in pairwise(corners)])


def preset_box(name: str) -> tuple[str, tuple[float, float, float, float]]:
    panel, x0, y0, x1, y1 = PRESETS[name]
    hem = params.PATTERN.hem_y[panel]
    return panel, (x0, y0 + hem * (y0 < 0), x1, y1 + hem * (y1 < 0))


@pytest.mark.rows("G-3")
@pytest.mark.parametrize("seam", TEE.seams, ids=lambda s: f"{s.a} to {s.b}")
def test_sewn_edges_are_equally_long(seam: pattern.Seam) -> None:
    a = pattern.arc_length(PANELS[seam.a].points[seam.a_ids])
    b = pattern.arc_length(PANELS[seam.b].points[seam.b_ids])
    assert len(seam.a_ids) == len(seam.b_ids)
    assert a == pytest.approx(b, rel=0.006)  # the sleeve cap has half a per cent of ease


@pytest.mark.parametrize("name", [n for n, area in params.PRINT_AREAS.items() if area])
def test_print_areas_lie_on_their_panels(name: str) -> None:
    area = params.PRINT_AREAS[name]
    assert area is not None
    assert on_panel(name, border_of(area)).all()


def test_sleeve_prints_end_four_centimetres_above_the_hem() -> None:
    area = params.PRINT_AREAS["sleeve-left"]
    assert area is not None
    assert params.PATTERN.hem_y["sleeve-left"] - area[3] == pytest.approx(4.0)


@pytest.mark.rows("G-2")
@pytest.mark.parametrize("name", PRESETS)
def test_presets_lie_in_the_print_areas(name: str) -> None:
    panel, (x0, y0, x1, y1) = preset_box(name)
    area = params.PRINT_AREAS[panel]
    assert area is not None
    assert area[0] <= x0 < x1 <= area[2]
    assert area[1] <= y0 < y1 <= area[3]
    assert on_panel(panel, border_of((x0, y0, x1, y1))).all()


def test_panels_keep_a_centimetre_apart_in_the_atlas(garment: Garment) -> None:
    bounds = [
        (q.min(0), q.max(0)) for q in (garment.uv[garment.panel == k] for k in range(len(params.PANELS)))
    ]
    low, high = (np.array(b) for b in zip(*bounds, strict=True))
    assert low.min() >= 1
    assert high.max() <= params.ATLAS_CM - 1
    for i, j in combinations(range(len(low)), 2):
        assert np.max([low[i] - high[j], low[j] - high[i]]) >= 1


def test_triangulation_covers_the_outline_and_faces_outwards() -> None:
    for panel in TEE.panels:
        a, b, c = (panel.points[panel.triangles[:, k]] for k in range(3))
        u, v = b - a, c - a
        signed = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
        assert np.all(signed < 0)  # clockwise with y down is counter-clockwise seen from outside


def test_the_pattern_is_deterministic() -> None:
    again = pattern.build()
    assert all(np.array_equal(p.points, q.points) for p, q in zip(TEE.panels, again.panels, strict=True))
