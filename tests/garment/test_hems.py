"""Hems and folds that are shaped after the drape: lines without corners, full edges, drag lines that last."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import params
import pytest
from facings import ROLL, crossings, hem_loops
from finish import load
from folds import FANS, MOST_CM, SIDES, folded
from hems import evened_hems, pillowed
from numpy.typing import NDArray
from params import DATA, DETAIL, FINISH, PANELS, PATTERN
from surface import Surface, normals

from tirage.mockup.mesh import Garment

EVEN_DEG = 7.0  # the pattern's own corner is 15


@pytest.fixture(scope="module")
def drape() -> Surface:
    return load(DATA / "drape.npz")


def turns_at_seams(s: Surface) -> list[float]:
    """Degrees by which every hem's line turns at most, within three vertices of a seam."""
    found = []
    for loop in hem_loops(s):
        line = s.position[s.joint[[a for a, _ in loop]]]
        for at in crossings(loop):
            near = line[np.arange(at - 3, at + 4) % len(line)]
            step = np.diff(near, axis=0)
            step /= np.linalg.norm(step, axis=1, keepdims=True)
            cosine = np.clip((step[1:] * step[:-1]).sum(1), -1, 1)
            found.append(float(np.degrees(np.arccos(cosine)).max()))
    return found


def test_a_hem_has_no_corner_where_a_seam_crosses_it(drape: Surface) -> None:
    """There a rolled edge would fold into itself and show as a dark notch."""
    assert max(turns_at_seams(drape)) > 2 * EVEN_DEG
    assert max(turns_at_seams(evened_hems(drape))) < EVEN_DEG


def test_evening_a_hem_leaves_the_rest_of_the_cloth(drape: Surface) -> None:
    moved = np.linalg.norm(evened_hems(drape).position - drape.position, axis=1)
    assert 0.001 < moved.max() < 0.005
    assert (moved > 1e-5).mean() < 0.05


def test_a_hem_stands_out_between_its_edge_and_its_needles(drape: Surface) -> None:
    lift = np.einsum("ij,ij->i", pillowed(drape).position - drape.position, normals(drape)) * 100
    for name, hem_y in PATTERN.hem_y.items():
        own = drape.panel == PANELS.index(name)
        above, height = hem_y - drape.uv[own, 1], lift[drape.joint[own]]
        full = np.abs(above - DETAIL.hem_rows[0] / 2) < 0.2
        sewn = np.abs(above - DETAIL.hem_rows[0]) < 0.02
        assert np.median(height[full]) > 0.6 * FINISH.pillow_cm
        assert np.median(height[sewn]) < 0
        assert np.abs(height[above > 4]).max() < 1e-6


def test_a_hems_edge_is_as_thick_as_its_roll(garment: Garment) -> None:
    """The turned part lies two rolls behind the hem's own line: 1.5 to 2.5 mm, so that an edge is seen."""
    facings = garment.panel == PANELS.index("facings")
    row = np.round(garment.uv[facings, 1] - params.ORIGINS["facings"][1], 3) % 5.0
    place = garment.position[facings]
    first, last = place[np.abs(row) < 0.01], place[np.abs(row - 1.2) < 0.01]
    thick = np.linalg.norm(first - last, axis=1)
    assert np.median(thick) == pytest.approx(0.02 * ROLL, rel=0.1)
    assert thick.min() > 0.0015
    assert np.percentile(thick, 99) < 0.0028


@pytest.fixture(scope="module")
def lift(drape: Surface) -> NDArray[np.float64]:
    """(joints,) cm that folds lift the cloth."""
    return np.asarray(np.einsum("ij,ij->i", folded(drape).position - drape.position, normals(drape)) * 100)


def test_folds_are_no_mirror_images_and_another_seed_makes_others(
    drape: Surface, lift: NDArray[np.float64]
) -> None:
    front = drape.panel == params.FRONT
    x, height = drape.uv[front, 0], np.abs(lift[drape.joint[front]])
    assert height[x > 8].mean() / height[x < -8].mean() != pytest.approx(1, abs=0.02)
    other = folded(drape, replace(FINISH, folds_seed=1))
    moved = np.linalg.norm(other.position - drape.position, axis=1)
    assert not np.allclose(moved * 100, np.abs(lift), atol=0.05)


def test_every_fan_lifts_its_own_panels(drape: Surface, lift: NDArray[np.float64]) -> None:
    for name in {panel for fan in FANS for panel in SIDES.get(fan.panel, (fan.panel,))}:
        own = drape.joint[drape.panel == PANELS.index(name)]
        assert 0.1 < np.percentile(np.abs(lift[own]), 99) < MOST_CM, name


def test_folds_go_on_over_seams(drape: Surface, lift: NDArray[np.float64]) -> None:
    """No step between neighbours: what is lifted is a field over joints, evened across seams."""
    edges = np.concatenate([drape.faces[:, :2], drape.faces[:, 1:]])
    assert np.abs(np.diff(lift[edges], axis=1)).max() < 0.3
