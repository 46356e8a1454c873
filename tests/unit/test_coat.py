"""Glaze: its albedo, and the lamps in its mirror, against sums over many directions."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tirage.mockup.coat import build_coat, coat_seen, directional_albedo, fresnel, glazed, refraction
from tirage.mockup.model import Lamp, Material

GLAZE = Material(diffuse_roughness=0, roughness=0.2, specular=0.5, sheen_weight=0, sheen_roughness=0.4)
JERSEY = Material(
    diffuse_roughness=0.7, roughness=0.85, specular=0.25, sheen_weight=0.18, sheen_roughness=0.45
)
LAMP = Lamp("key", (0.0, 0.0, 1.0), (0.0, 0.0, 0.0), 0.4, 10.0)
SIZE = 32
EVERYWHERE = np.ones((SIZE, SIZE), np.bool_)


def flat(width: float) -> NDArray[np.float32]:
    """Places of a square on the ground that looks up, width metres."""
    places = np.zeros((SIZE, SIZE, 6), np.float32)
    at = (np.arange(SIZE) + 0.5) / SIZE * width - width / 2
    places[..., 0], places[..., 1], places[..., 5] = at[None], at[:, None], 1
    return places


def seen(
    places: NDArray[np.float32], camera: tuple[float, float, float], world: float = 0.0
) -> NDArray[np.float16]:
    coat = build_coat(GLAZE, (LAMP,), world, places, EVERYWHERE)
    out = np.zeros((SIZE, SIZE), np.float16)
    coat_seen(coat, np.array(camera, np.float32), out)
    return out


def summed(place: NDArray[np.float64], camera: NDArray[np.float64], glaze: Material = GLAZE) -> float:
    """The light of the lamp that GGX returns from the ground to the camera, over 160 × 160 points of it."""
    grid = (np.arange(160) + 0.5) / 160 * LAMP.size_m - LAMP.size_m / 2
    points = np.stack([*np.meshgrid(grid, grid), np.full((160, 160), LAMP.position[2])], -1) - place
    away = np.linalg.norm(points, axis=-1)
    light = points / away[..., None]
    view = (camera - place) / np.linalg.norm(camera - place)
    half = light + view
    half /= np.linalg.norm(half, axis=-1, keepdims=True)
    alpha2, up = glaze.roughness**4, np.array([0.0, 0.0, 1.0])
    nh, nl, nv, vh = half @ up, light @ up, view @ up, half @ view
    density = alpha2 / (math.pi * (nh**2 * (alpha2 - 1) + 1) ** 2)
    dull = [
        (math.sqrt(1 + alpha2 * (1 / nv**2 - 1)) - 1) / 2,
        (np.sqrt(1 + alpha2 * (1 / nl**2 - 1)) - 1) / 2,
    ]
    brdf = density * fresnel(vh, refraction(glaze.specular)) / (4 * nl * nv * (1 + dull[0] + dull[1]))
    solid_angle = light[..., 2] / away**2 * (LAMP.size_m / 160) ** 2
    radiance = LAMP.power_w / (math.pi * LAMP.size_m**2)
    return float((brdf * nl * solid_angle).sum() * radiance)


def test_only_smooth_materials_are_glazed() -> None:
    assert glazed(GLAZE)
    assert not glazed(JERSEY)


def test_the_albedo_of_a_dull_gloss_is_what_was_measured_in_cycles() -> None:
    """Cycles adds what GGX scatters twice, up to 3 %."""
    found = directional_albedo(JERSEY, np.array([0.124, 0.424, 0.985]))
    assert found == pytest.approx([0.0498, 0.0227, 0.0106], rel=0.04)


def test_the_albedo_of_a_mirror_is_fresnels() -> None:
    cos = np.array([0.3, 0.6, 1.0])
    mirror = Material(diffuse_roughness=0, roughness=0.02, specular=0.5, sheen_weight=0, sheen_roughness=0.4)
    assert directional_albedo(mirror, cos) == pytest.approx(fresnel(cos, 1.5), rel=0.01)


@pytest.mark.parametrize("camera", [(0.0, -0.6, 1.0), (0.5, 0.8, 1.2), (-1.2, 0.2, 0.9)])
def test_a_lamp_in_the_mirror_is_what_a_sum_over_it_gives(camera: tuple[float, float, float]) -> None:
    places = flat(1.6)
    found = seen(places, camera).astype(float)
    eye = np.array(camera)
    expected = np.array([[summed(place[:3].astype(float), eye) for place in row] for row in places[::4, ::4]])
    assert expected.max() > 0.4  # the highlight is in sight
    assert np.abs(found[::4, ::4] - expected).max() < 0.06 * expected.max()
    assert found[::4, ::4].sum() == pytest.approx(expected.sum(), rel=0.06)


def test_the_sky_is_mirrored_by_the_albedo() -> None:
    above = seen(flat(0.01), (0.0, 0.0, 2.0), world=0.5) - seen(flat(0.01), (0.0, 0.0, 2.0))
    assert above == pytest.approx(0.5 * 0.04, rel=0.03)


def test_nothing_is_mirrored_where_nothing_is_or_what_looks_away() -> None:
    places = flat(0.2)
    places[:, :16] = 0
    out = seen(places, (0.0, 0.0, 2.0), world=1.0)
    assert not out[:, :15].any()
    assert out[:, 17:].all()
    assert not seen(flat(0.2), (0.0, 0.0, -2.0), world=1.0).any()


def test_a_lamp_far_from_every_mirror_is_left_out_and_nothing_else() -> None:
    """Sharper than GLAZE, so that most of the ground lies in the lamp's tails."""
    sharp = replace(GLAZE, roughness=0.1)
    places, camera = flat(6.0), (0.0, -0.6, 1.0)
    coat = build_coat(sharp, (LAMP,), 0.0, places, EVERYWHERE)
    out = np.zeros((SIZE, SIZE), np.float16)
    coat_seen(coat, np.array(camera, np.float32), out)
    assert 0 < (out == 0).mean() < 1
    brightest = float(out.max())
    for row, column in np.argwhere(out == 0)[::37]:
        assert summed(places[row, column, :3].astype(float), np.array(camera), sharp) < 1e-3 * brightest
