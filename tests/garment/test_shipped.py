"""The drape that ships, finished: its metric is the pattern's, its borders are sane, its shell is closed."""

from __future__ import annotations

import measure
import numpy as np
import params
import pytest
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from tirage.mockup.mesh import Garment, expand

ARMPITS_Z = (-0.30, -0.20)


@pytest.mark.rows("G-3")
@pytest.mark.parametrize("name", [n for n, area in params.PRINT_AREAS.items() if area])
def test_prints_are_hardly_stretched(garment: Garment, name: str) -> None:
    position, uv = garment.position.astype(float), garment.uv.astype(float)
    stretch = measure.print_area_stretch(position, uv, garment.triangle, name)
    assert stretch.median == pytest.approx((1.0, 1.0), abs=0.015)
    assert stretch.within >= 0.98


def test_the_mesh_stays_small(garment: Garment) -> None:
    assert 50_000 <= len(garment.position) <= 65_536  # its indices fit into sixteen bits
    assert garment.triangle.max() < len(garment.position)


def test_the_hem_hangs_level(garment: Garment) -> None:
    uv = garment.uv.astype(float)
    hems = (measure.hem_vertices(uv, garment.panel, k) for k in (params.FRONT, params.BACK))
    front, back = (garment.position[hem, 2].mean() for hem in hems)
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
        if name != "facings":  # three strips as they fit
            assert abs(x.max() + x.min()) < 3.0  # front and back halves of a sleeve differ
    hem = garment.uv[garment.panel == params.FRONT, 1].max() - params.ORIGINS["front"][1]
    assert hem == pytest.approx(params.PATTERN.hem_y["front"], abs=1e-4)


def test_rims_are_the_open_borders_only(garment: Garment) -> None:
    raw_edges = [
        ("collar-back", "collar-front"),
        ("facings",),
        ("facings",),
        ("facings",),
        ("label",),
        ("tape",),
    ]
    assert sorted(_loops(garment)) == raw_edges


def test_rim_uvs_lie_just_outside_their_islands(garment: Garment) -> None:
    step = garment.rim_uv - garment.uv[garment.rim]
    assert np.allclose(np.linalg.norm(step, axis=2), params.FINISH.rim_uv_cm, atol=1e-3)
    for k in np.unique(garment.panel[garment.rim]):
        own = garment.rim[garment.panel[garment.rim[:, 0]] == k]
        outer = garment.rim_uv[garment.panel[garment.rim[:, 0]] == k].reshape(-1, 2)
        inside = garment.uv[garment.panel == k]
        assert (cKDTree(inside).query(outer)[0] > 0.4).all(), params.PANELS[k]
        assert len(own)


def test_hems_are_turned_in(garment: Garment) -> None:
    """The second layer lies behind the first: a cloth's thickness and more, and nowhere as far as a fold."""
    turned = garment.panel == params.PANELS.index("facings")
    cloth = cKDTree(garment.position[garment.panel <= params.SLEEVE_RIGHT])
    gap = cloth.query(garment.position[turned])[0]
    assert np.percentile(gap, 90) < 0.004
    assert np.median(gap) > 0.0012


def test_the_collar_closes_without_corners(garment: Garment) -> None:
    """Its top edge turns evenly: nowhere a bend as at two strips that meet."""
    top = _ring_at(garment, params.PATTERN.collar_width)
    step = np.roll(top, -1, 0) - top
    step /= np.linalg.norm(step, axis=1, keepdims=True)
    turn = np.degrees(np.arccos(np.clip(np.einsum("ij,ij->i", step, np.roll(step, -1, 0)), -1, 1)))
    assert turn.max() < 15


def test_the_front_is_no_mirror_image(garment: Garment) -> None:
    """A third of a centimetre and more between one half and the other turned round, on average."""
    front = garment.position[garment.panel == params.FRONT]
    gap, _ = cKDTree(front).query(front * [-1, 1, 1])
    assert gap.mean() > 0.0033


def test_armpits_do_not_pierce_themselves(garment: Garment) -> None:
    """Light leaks where cloth passes through cloth, as specks beside black slits."""
    assert measure.piercing_edges(garment.position.astype(float), garment.triangle, ARMPITS_Z) == 0


def test_outlines_have_no_corners_below_the_sleeves(garment: Garment) -> None:
    """The side seams turn evenly, so that neither does what is seen edge-on."""
    place = garment.position.astype(float)
    for x in (-1, 1):
        line = measure.side_seam(place, garment.panel, x)
        line = line[(line[:, 2] > -0.66) & (line[:, 2] < -0.34)]
        step = np.diff(line[::6], axis=0)  # 2.5 cm
        step /= np.linalg.norm(step, axis=1, keepdims=True)
        turn = np.degrees(np.arccos(np.clip((step[1:] * step[:-1]).sum(1), -1, 1)))
        assert turn.max() < 14, (x, turn.round(1).tolist())


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


def _ring_at(garment: Garment, height: float) -> NDArray[np.float64]:
    """The collar's places `height` cm above its seam, in order round it."""
    rows = []
    for k in (params.COLLAR_FRONT, params.COLLAR_BACK):
        y = params.ORIGINS[params.PANELS[k]][1] - garment.uv[:, 1]
        own = np.flatnonzero(garment.panel == k)
        row = y[own][np.argmin(np.abs(y[own] - height))]
        line = own[np.abs(y[own] - row) < 1e-4]
        rows.append(garment.position[line[np.argsort(garment.uv[line, 0])]][:-1])
    return np.concatenate(rows).astype(np.float64)
