"""Modelled surfaces: grids become solids, drapes become sheets; a solid is its outside alone."""

from __future__ import annotations

import numpy as np
import pytest

from tirage.authoring.forms import Patch, along, arc, rotate, solid
from tirage.authoring.plan import plan
from tirage.authoring.sheets import Sheet, garment, normals, offset, part, subdivide, together
from tirage.mockup.mesh import drawn, expand


def square(panel: str, *, surface: str | None = None) -> Patch:
    """A centimetre of wall that faces -y."""
    x, y = np.meshgrid(np.linspace(0, 1, 3), np.linspace(0, 1, 4))
    position = np.stack([x, np.zeros_like(x), -y], -1) * 0.01
    return Patch(panel=panel, position=position, uv=np.stack([x, y], -1), surface=surface)


def strip() -> Sheet:
    """Two panels of two triangles, joined at x = 1, that face -y."""
    uv = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 2, float)
    joint = np.array([0, 1, 2, 3, 2, 3, 4, 5])
    triangle = np.array([[0, 1, 2], [2, 1, 3], [4, 5, 6], [6, 5, 7]])
    position = np.array([[x, 0, z] for x in (0, 1, 2) for z in (0, -1)], float) * 0.01
    return Sheet(uv, np.repeat([0, 1], 4), joint, triangle, position)


def test_a_grid_is_counter_clockwise_from_its_outside() -> None:
    made = solid([square("wall")], {"floor": (5, 5), "wall": (2, 3)})
    a, b, c = made.position[made.triangle].transpose(1, 0, 2)
    assert np.cross(b - a, c - a)[:, 1].max() < 0
    assert made.normal == pytest.approx(np.tile([0, -1, 0], (12, 1)))
    assert set(made.panel.tolist()) == {1}
    assert made.uv.min(axis=0).tolist() == [2, 3]


def test_patches_of_one_surface_share_their_normals_and_others_end_in_a_crease() -> None:
    for surface, expected in (("box", np.sqrt(0.5)), (None, 1.0)):
        wall = square("wall", surface=surface)
        side = rotate(wall, (0, 0, 1), 90)  # faces +x, and leaves from the wall's left edge
        made = solid([wall, side], {"wall": (0, 0)})
        corner = np.abs(made.position[:12, 0]) < 1e-9
        assert np.abs(made.normal[:12][corner][:, 1]) == pytest.approx(expected)


def test_a_solid_is_drawn_and_baked_from_outside_alone() -> None:
    made = solid([square("wall")], {"wall": (0, 0)})
    assert made.solid
    shell = expand(made)
    assert len(shell.triangle) == len(made.triangle) == len(drawn(made))
    assert not shell.inside.any()
    bakes = plan(2, 1, solid=True)["bakes"]
    assert isinstance(bakes, list)
    assert {bake["side"] for bake in bakes} == {"outside"}


def test_glaze_is_baked_under_the_sky_alone() -> None:
    bakes = plan(2, 1, solid=True, glazed=True)["bakes"]
    assert isinstance(bakes, list)
    assert {bake["light"] for bake in bakes if bake["kind"] == "gloss"} == {-1}


def test_points_that_coincide_leave_no_empty_triangles() -> None:
    fan = square("wall")
    flat = fan.position.copy()
    flat[0] = flat[0, 0]
    made = solid([Patch(panel="wall", position=flat, uv=fan.uv)], {"wall": (0, 0)})
    assert len(made.triangle) == 12 - 2


def test_lines_have_their_lengths() -> None:
    assert along(arc((1, 1), 2, 0, 90, 200))[-1] == pytest.approx(np.pi, rel=1e-4)


def test_a_sheet_keeps_its_flat_pattern_through_subdivision() -> None:
    fine = subdivide(strip())
    assert len(fine.triangle) == 16
    a, b, c = fine.uv[fine.triangle].transpose(1, 0, 2)
    (px, py), (qx, qy) = (b - a).T, (c - a).T
    assert np.abs(px * qy - py * qx).sum() / 2 == pytest.approx(2)
    seam = fine.position[fine.joint][np.isclose(fine.uv[:, 0], 1) & (fine.panel == 0)]
    assert len(seam) == 3  # one new point of cloth, which both panels have


def test_a_sheet_has_borders_at_its_outline_and_none_at_its_seam() -> None:
    sheet = strip()
    made = garment(sheet, origins=[(1, 1), (4, 1)], thickness=np.full(8, 0.001), rim_cm=0.5)
    assert len(made.rim) == 6
    assert not made.solid
    outer = made.uv[made.rim]
    assert np.linalg.norm(made.rim_uv - outer, axis=2) == pytest.approx(0.5)
    low, high = made.rim_uv.reshape(-1, 2).min(axis=0), made.rim_uv.reshape(-1, 2).max(axis=0)
    assert (low < [1, 1]).all()  # the strip lies outside the islands
    assert (high > [5, 2]).all()
    shell = expand(made)
    a, b, c = shell.position[shell.triangle[-12:]].transpose(1, 0, 2)
    middle = made.position.mean(axis=0)
    assert (np.cross(b - a, c - a) * ((a + b + c) / 3 - middle)).sum(axis=1).min() > 0


def test_parts_come_apart_and_together() -> None:
    sheet = strip()
    apart = together([part(sheet, (0,)), part(sheet, (1,))])
    assert len(apart.position) == 8
    assert np.array_equal(apart.position[apart.joint], sheet.position[sheet.joint])
    assert normals(apart) == pytest.approx(np.tile([0, -1, 0], (8, 1)))
    assert offset(apart, 0.002).position[:, 1] == pytest.approx(-0.002)
