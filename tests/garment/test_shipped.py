"""The drape that ships, finished: its metric is the pattern's, its borders are sane, its shell is closed."""

from __future__ import annotations

import measure
import numpy as np
import params
import pytest

from tirage.mockup.mesh import Garment, expand


@pytest.mark.rows("G-3")
@pytest.mark.parametrize("name", [n for n, area in params.PRINT_AREAS.items() if area])
def test_prints_are_hardly_stretched(garment: Garment, name: str) -> None:
    position, uv = garment.position.astype(float), garment.uv.astype(float)
    stretch = measure.print_area_stretch(position, uv, garment.triangle, name)
    assert stretch.median == pytest.approx((1.0, 1.0), abs=0.015)
    assert stretch.within >= 0.98


def test_the_mesh_stays_small(garment: Garment) -> None:
    assert 50_000 <= len(garment.position) <= 60_000
    assert garment.triangle.max() < len(garment.position)


def test_the_hem_hangs_level(garment: Garment) -> None:
    ends = garment.rim.ravel()
    front, back = (garment.position[ends[garment.panel[ends] == k], 2].mean() for k in (0, 1))
    assert abs(front - back) < 0.02


def test_normals_are_one_long_and_the_same_on_both_sides_of_a_seam(garment: Garment) -> None:
    assert np.allclose(np.linalg.norm(garment.normal, axis=1), 1, atol=1e-5)
    _, place = np.unique(garment.position, axis=0, return_inverse=True)
    first = np.full(place.max() + 1, -1)
    first[place[::-1]] = np.arange(len(place))[::-1]
    assert np.allclose(garment.normal, garment.normal[first[place]], atol=1e-6)


def test_the_front_faces_the_viewer(garment: Garment) -> None:
    y = garment.normal[:, 1]
    assert y[garment.panel == params.FRONT].mean() < -0.5
    assert y[garment.panel == params.BACK].mean() > 0.5


def test_uvs_lie_where_the_panels_say(garment: Garment) -> None:
    for k, name in enumerate(params.PANELS):
        x = garment.uv[garment.panel == k, 0] - params.ORIGINS[name][0]
        assert abs(x.max() + x.min()) < 3.0  # front and back halves of a sleeve differ
    hem = garment.uv[garment.panel == params.FRONT, 1].max() - params.ORIGINS["front"][1]
    assert hem == pytest.approx(params.PATTERN.hem_y["front"], abs=1e-4)


def test_rims_are_the_open_borders_only(garment: Garment) -> None:
    borders = [("back", "front"), ("collar-back", "collar-front"), ("sleeve-left",), ("sleeve-right",)]
    assert sorted(_loops(garment)) == borders


def test_rim_uvs_lie_just_outside_their_islands(garment: Garment) -> None:
    step = garment.rim_uv - garment.uv[garment.rim]
    assert np.allclose(np.linalg.norm(step, axis=2), params.FINISH.rim_uv_cm, atol=1e-3)
    down = garment.panel[garment.rim] < params.COLLAR_FRONT
    assert np.all(np.sign(step[..., 1]) == np.where(down, 1, -1))


def test_the_shell_is_closed(garment: Garment) -> None:
    shell = expand(garment)
    _, place = np.unique(np.round(shell.position, 7), axis=0, return_inverse=True)
    faces = place[shell.triangle]
    half = np.stack([faces, np.roll(faces, -1, 1)], -1).reshape(-1, 2)
    forward = half[:, 0] * (place.max() + 1) + half[:, 1]
    backward = half[:, 1] * (place.max() + 1) + half[:, 0]
    assert np.array_equal(np.sort(forward), np.sort(backward))


def test_the_shell_keeps_its_parts_apart(garment: Garment) -> None:
    shell = expand(garment)
    n, m, e = len(garment.position), len(garment.triangle), len(garment.rim)
    assert shell.position.shape == shell.normal.shape == (2 * n + 4 * e, 3)
    assert shell.triangle.shape == (2 * m + 2 * e, 3)
    assert shell.inside.sum() == m
    assert np.allclose(shell.normal[n : 2 * n], -garment.normal)
    gap = np.linalg.norm(shell.position[:n] - shell.position[n : 2 * n], axis=1)
    assert np.allclose(gap, garment.thickness, atol=1e-6)


def _loops(garment: Garment) -> list[tuple[str, ...]]:
    """The panels each closed border runs through, joined where split vertices share a place."""
    _, place = np.unique(garment.position, axis=0, return_inverse=True)
    after = dict(place[garment.rim].tolist())
    names = {int(place[v]): params.PANELS[garment.panel[v]] for v in garment.rim[:, 0]}
    loops = []
    while after:
        start = vertex = next(iter(after))
        seen = set()
        while vertex in after:
            seen.add(names[vertex])
            vertex = after.pop(vertex)
        assert vertex == start
        loops.append(tuple(sorted(seen)))
    return loops
