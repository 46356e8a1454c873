"""A smooth thing in its own mirror: rays against its mesh, against sums over all triangles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tirage.mockup import kernels
from tirage.mockup.coat import build_coat, coat_seen, fresnel, refraction
from tirage.mockup.mirror import FINE, Mesh, block_means, build_mirror
from tirage.mockup.model import Lamp, Material

GLAZE = Material(diffuse_roughness=0, roughness=0.1, specular=0.5, sheen_weight=0, sheen_roughness=0.4)
DARK = Lamp("off", (0.0, 0.0, 9.0), (0.0, 0.0, 0.0), 0.1, 0.0)
SIZE = 32
F32 = NDArray[np.float32]


def ground(width: float) -> F32:
    """Places of a square on the ground that looks up, width metres."""
    places = np.zeros((SIZE, SIZE, 6), np.float32)
    at = (np.arange(SIZE) + 0.5) / SIZE * width - width / 2
    places[..., 0], places[..., 1], places[..., 5] = at[None], at[:, None], 1
    return places


def screen(y: float, z: float, width: float, high: float) -> Mesh:
    """An upright rectangle behind the ground, that looks to the front (-y)."""
    position = [(-width / 2, y, z), (width / 2, y, z), (width / 2, y, z + high), (-width / 2, y, z + high)]
    return Mesh(
        np.array(position, np.float32),
        np.tile(np.array([0, -1, 0], np.float32), (4, 1)),
        np.array([[0, 1, 2], [0, 2, 3]], np.int32),
    )


def clutter(count: int, seed: int) -> Mesh:
    """Triangles in no order."""
    rng = np.random.default_rng(seed)
    middle = rng.uniform(-1, 1, (count, 1, 3))
    position = (middle + rng.normal(0, 0.08, (count, 3, 3))).reshape(-1, 3).astype(np.float32)
    return Mesh(position, np.zeros_like(position), np.arange(3 * count, dtype=np.int32).reshape(-1, 3))


def met(mesh: Mesh, at: F32, to: F32) -> bool:
    """Whether a ray meets any triangle, one after another."""
    a, b, c = (mesh.position[mesh.triangle[:, k]].astype(np.float64) for k in range(3))
    normal = np.cross(b - a, c - a)
    along = ((a - at) * normal).sum(1) / (normal @ to)
    point = at + along[:, None] * to
    sides = [(np.cross(q - p, point - p) * normal).sum(1) for p, q in ((a, b), (b, c), (c, a))]
    return bool(((np.min(sides, axis=0) >= 0) & (along > 0)).any())


def seen(mesh: Mesh | None, camera: tuple[float, float, float], *, coarse: bool = False) -> F32:
    """What the ground reflects of an even sky of strength 1 beside a thing."""
    coat = build_coat(GLAZE, (DARK,), 1.0, ground(1.0), np.ones((SIZE, SIZE), np.bool_), mesh)
    out = np.zeros((SIZE, SIZE), np.float16)
    coat_seen(coat, np.array(camera, np.float32), out, coarse=coarse)
    return out.astype(np.float32)


def test_every_ray_meets_what_a_look_at_all_triangles_finds() -> None:
    mesh, rng = clutter(400, 3), np.random.default_rng(5)
    places = np.concatenate([rng.uniform(-1, 1, (SIZE, SIZE, 3)), rng.normal(size=(SIZE, SIZE, 3))], 2)
    places[..., 3:] /= np.linalg.norm(places[..., 3:], axis=2, keepdims=True)
    step = 1 / 32767
    blocks = places.repeat(FINE, axis=0).repeat(FINE, axis=1)  # of which each has one ray
    codes = np.rint(np.moveaxis(blocks, 2, 0) / step).astype(np.int16)
    mirror = build_mirror(mesh, kernels.Outlook(index=1.5), codes, origin=(0.0, 0.0, 0.0), step=step)
    camera = np.array([0.3, -3.0, 0.4], np.float32)
    clear, _ = mirror.seen(camera, coarse=False)
    kept = np.moveaxis(codes[:, ::FINE, ::FINE].astype(np.float64), 0, 2)
    apart = 0
    for row, column in np.ndindex(SIZE, SIZE):
        at, normal = kept[row, column, :3] * step, kept[row, column, 3:]
        normal = normal / np.linalg.norm(normal)
        view = (camera - at) / np.linalg.norm(camera - at)
        facing = float(normal @ view)
        if facing > 0.01:
            to = 2 * facing * normal - view
            apart += (
                met(mesh, (at + 5e-5 * normal).astype(np.float32), to.astype(np.float32))
                == clear[row, column]
            )
        elif facing < -0.11:
            assert clear[row, column] == 1
    assert 0.05 < (clear == 0).mean() < 0.8
    assert apart <= 2  # through an edge, which rounding decides


def test_a_screen_hides_the_sky_that_it_stands_before_and_mirrors_what_lies_behind_the_camera() -> None:
    camera = (0.0, -2.0, 1.0)
    bare, hidden = seen(None, camera), seen(screen(0.6, 0.0, 9.0, 9.0), camera)
    # the ray goes up and back, meets the screen under the same angle, and returns to the sky
    at = ground(1.0)[..., :3].astype(np.float64)
    view = np.array(camera) - at
    level = np.abs(view[..., 1]) / np.linalg.norm(view, axis=2)
    expected = fresnel(level, refraction(GLAZE.specular))
    assert hidden / bare == pytest.approx(expected, rel=0.02, abs=1e-3)


def test_what_ends_below_the_mirrored_ray_hides_nothing() -> None:
    assert (seen(screen(0.6, 0.0, 9.0, 0.02), (0.0, -2.0, 4.0)) == seen(None, (0.0, -2.0, 4.0))).all()


def test_a_coarse_image_is_that_of_the_blocks() -> None:
    mesh, camera = screen(0.6, 0.2, 0.3, 9.0), (0.0, -2.0, 1.0)
    fine, coarse = seen(mesh, camera), seen(mesh, camera, coarse=True)
    assert fine.mean() == pytest.approx(coarse.mean(), rel=0.03)
    assert (fine != coarse).any()


def test_means_of_blocks_leave_out_what_is_not_there() -> None:
    codes = np.zeros((6, 4, 4), np.int16)
    codes[:, 0, 0], codes[:, 0, 1], codes[:, 3, 3] = 10, 20, 7
    means = block_means(codes, 2)
    assert means[:, 0, 0].tolist() == [15] * 6
    assert means[:, 1, 1].tolist() == [7] * 6
    assert not means[:, 0, 1].any()


def test_the_lamp_is_seen_in_the_image_of_the_screen() -> None:
    """It hangs behind the camera, where only the screen's mirror shows it."""
    lamp = replace(DARK, position=(0.0, -4.0, 3.2), target=(0.0, 0.6, 0.0), size_m=1.5, power_w=40.0)
    mesh, camera = screen(0.6, 0.0, 9.0, 9.0), np.array((0.0, -2.0, 1.0), np.float32)
    out = np.zeros((2, SIZE, SIZE), np.float16)
    for number, lamps in enumerate(((DARK,), (lamp,))):
        coat = build_coat(GLAZE, lamps, 1.0, ground(1.0), np.ones((SIZE, SIZE), np.bool_), mesh)
        coat_seen(coat, camera, out[number])
    assert (out[1] > 1.5 * out[0]).any()
