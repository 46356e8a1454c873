"""Each kernel against a plain NumPy version of what it has to compute."""

from __future__ import annotations

import ctypes
import gc
import math
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import synthetic
from numpy.typing import NDArray

from tirage.errors import Failed
from tirage.media.values import Colour
from tirage.mockup import kernels
from tirage.mockup.camera import position, project
from tirage.mockup.cloth import cloth_tables, directional_albedo, oren_nayar, scatter_constants
from tirage.mockup.ink import texels
from tirage.mockup.kernels import TERMS, pointer
from tirage.mockup.light import Light, build_light, light_seen, light_texture
from tirage.mockup.mesh import expand
from tirage.mockup.model import Camera, Material, Template
from tirage.mockup.scene import Scene, build_scene
from tirage.mockup.shade import make_look
from tirage.mockup.template import load
from tirage.mockup.view import filter_taps

DIRECT, MULTIPLE, BOUNCE, GLOSS, SHEEN_ATT, SHEEN, COVERAGE = range(TERMS)
JERSEY = Material(0.7, 0.85, 0.25, 0.18, 0.45)
Floats = NDArray[np.float64]


@pytest.fixture(scope="module")
def scene(template: Template) -> Scene:
    return build_scene(template)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return load(synthetic.write_package(tmp_path_factory.mktemp("packages") / "plain"))


def neutral(c: Floats) -> Floats:
    """Khronos PBR Neutral, straight from its specification, for one colour."""
    start, desaturation = 0.8 - 0.04, 0.15
    x = c.min()
    c = c - (x - 6.25 * x * x if x < 0.08 else 0.04)
    peak = c.max()
    if peak < start:
        return c
    d = 1 - start
    new = 1 - d * d / (peak + d - start)
    g = 1 - 1 / (desaturation * (peak - new) + 1)
    return c * new / peak * (1 - g) + new * g


def srgb(x: Floats) -> Floats:
    x = np.clip(x, 0, 1)
    return np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)


def composed(terms: NDArray[np.float16], look: kernels.Look) -> NDArray[np.uint8]:
    out = np.empty((len(terms), look.channels), np.uint8)
    count = ctypes.c_int64(len(terms))
    kernels.call(
        "compose_plain", pointer(terms, np.float16), None, count, ctypes.byref(look), pointer(out, np.uint8)
    )
    return out


def test_colour_goes_through_the_published_transform(scene: Scene) -> None:
    rng = np.random.default_rng(1)
    terms = np.zeros((500, TERMS), np.float16)
    terms[:, DIRECT] = rng.uniform(0, 2.5, 500)
    terms[:, GLOSS] = rng.uniform(0, 0.1, 500)
    terms[:, COVERAGE] = 1
    look = make_look(scene, Colour(200, 60, 30), Colour(0, 0, 0))
    fabric = np.array(Colour(200, 60, 30).to_albedo())
    values = terms.astype(np.float64)
    radiance = values[:, [DIRECT]] * fabric + values[:, [GLOSS]]
    expected = np.stack([srgb(neutral(row)) for row in radiance]) * 255
    assert np.abs(composed(terms, look) - expected).max() < 0.56


def test_fabric_sums_its_terms_with_its_own_albedo(template: Template, scene: Scene) -> None:
    terms = np.zeros((1, TERMS), np.float16)
    terms[0, [DIRECT, MULTIPLE, BOUNCE, GLOSS, SHEEN, COVERAGE]] = (0.5, 0.3, 0.2, 0.02, 0.03, 1)
    colour = Colour(180, 120, 60)
    gain, slope = scatter_constants(template.material.diffuse_roughness)
    rho, t, ratio = np.array(colour.to_albedo()), terms[0].astype(np.float64), scene.light.bounce_ratio
    k = gain * rho**2 / (1 - slope * rho)
    bounced = rho * (1 + ratio * rho) / (1 + ratio * 0.8) * t[BOUNCE]
    light = (
        rho * t[DIRECT]
        + (rho + 0.025) * bounced
        + rho * k * t[MULTIPLE]
        + t[GLOSS]
        + rho / rho.max() * t[SHEEN]
    )
    expected = srgb(neutral(light)) * 255
    assert np.abs(composed(terms, make_look(scene, colour, Colour(0, 0, 0)))[0] - expected).max() < 0.56


def test_coverage_lays_over_the_background_in_display_values(scene: Scene) -> None:
    terms = np.zeros((3, TERMS), np.float16)
    terms[:, COVERAGE] = (0, 0.5, 1)
    terms[:, DIRECT] = terms[:, COVERAGE] * np.float16(0.6)
    white, back = Colour(255, 255, 255), Colour(17, 130, 242)
    none, half, full = composed(terms, make_look(scene, white, back)).astype(float)
    assert none.tolist() == [17, 130, 242]
    assert np.abs(half - (full + none) / 2).max() <= 1
    straight = composed(terms, make_look(scene, white, None))
    assert straight[:, 3].tolist() == [0, 128, 255]
    assert np.abs(straight[1, :3].astype(int) - straight[2, :3]).max() <= 1


@pytest.mark.parametrize("k", [3, 4])
def test_the_filter_is_blackman_harris_over_three_pixels(k: int) -> None:
    taps = filter_taps(k).astype(np.float64)
    offset = (np.arange(3 * k) + 0.5) / k - 1.5
    v = 2 * np.pi * (offset / 3 + 0.5)
    window = 0.35875 - 0.48829 * np.cos(v) + 0.14128 * np.cos(2 * v) - 0.01168 * np.cos(3 * v)
    assert np.allclose(taps, window / window.sum(), atol=1e-7)
    assert taps.sum() == pytest.approx(1)


def test_texels_are_linear_premultiplied_means_with_a_border() -> None:
    rng = np.random.default_rng(2)
    rgba = rng.integers(0, 256, (6, 8, 4), np.uint8)
    straight = rgba[..., :3] / 255
    linear = np.where(straight <= 0.04045, straight / 12.92, ((straight + 0.055) / 1.055) ** 2.4)
    premultiplied = np.concatenate([linear, np.ones((6, 8, 1))], axis=2) * (rgba[..., 3:] / 255)
    full = texels(rgba, 1) / 65535
    assert full.shape == (8, 10, 4)
    assert np.abs(full[1:-1, 1:-1] - premultiplied).max() < 2e-5
    halved = texels(rgba, 2) / 65535
    assert np.abs(halved[1:-1, 1:-1] - premultiplied.reshape(3, 2, 4, 2, 4).mean(axis=(1, 3))).max() < 2e-5
    border = halved.copy()
    border[1:-1, 1:-1] = 0
    assert not border.any()


def test_a_box_that_sticks_out_counts_the_rest_as_transparent() -> None:
    rgba = np.full((3, 3, 4), 255, np.uint8)
    assert texels(rgba, 2)[2, 2].tolist() == [16384] * 4  # one pixel of four


def test_projection_puts_the_target_in_the_middle() -> None:
    camera = Camera(lens_mm=85, sensor_mm=36, distance_m=2, target_z_m=-0.3, height_m=0)
    points = np.array([[0, 0, -0.3], [0.1, 0, -0.3], [0, 0, -0.2]], np.float32)
    middle, right, up = project(points, camera, 0, 1000)
    assert middle == pytest.approx([500, 500, 0.5], abs=1e-3)
    assert right[0] - 500 == pytest.approx(0.1 * 85 / 36 * 1000 / 2, rel=1e-5)
    assert up[1] - 500 == pytest.approx(-(right[0] - 500), rel=1e-4)
    from_left = project(points, camera, 90, 1000)[1]  # +X comes towards the camera
    assert from_left[2] == pytest.approx(1 / 1.9, rel=1e-5)


def lit_by_hand(template: Template, light: Light, texel: int, eye: Floats) -> float:
    """Oren-Nayar's first scattering from every lamp's middle at one texel of the outside, plus the world."""
    place = patch_of(light, texel)
    p, n = place[:3].astype(float), place[3:].astype(float)
    a, b, _ = oren_nayar(JERSEY.diffuse_roughness)
    v = (eye - p) / np.linalg.norm(eye - p)
    total = 0.0
    for lamp in template.lamps:
        to = np.array(lamp.position) - p
        to /= np.linalg.norm(to)
        nl, nv, lv = n @ to, n @ v, to @ v
        t = lv - nl * nv
        s = a + b * (t / max(nl, nv) if t > 0 else t)
        total += math.pi * s * lambert(template, lamp.name, texel)
    world = lambert(template, "world", texel)
    return total + float(world * directional_albedo(JERSEY.diffuse_roughness, np.array([n @ v]))[0])


def patch_of(light: Light, texel: int) -> NDArray[np.float32]:
    """Position and normal of the patch that a texel of the outside is in."""
    size = light.outside.size
    row, column = np.divmod(texel, size)
    size_cm = 128 / size
    front = light.outside.place[light.outside.place[:, 4] < 0]
    x = ((column // 2 + 0.5) * 2 * size_cm - 30) / 18
    z = -((row // 2 + 0.5) * 2 * size_cm - 16) / 100
    wanted = np.array([math.sin(x) * 0.18, -math.cos(x) * 0.18, z])
    found: NDArray[np.float32] = front[np.linalg.norm(front[:, :3] - wanted, axis=1).argmin()]
    assert np.linalg.norm(found[:3] - wanted) < 0.003
    return found


def lambert(template: Template, name: str, texel: int) -> float:
    """A light map's value on the outside."""
    light = template.light[name]
    return (int(light.outside.ravel()[texel]) / 255) ** 2 * light.outside_scale


def front_light(template: Template, light: Light, azimuth: float) -> tuple[Floats, int]:
    """What the camera at an azimuth sees near the front's centre line, and which texel that is."""
    out = light_texture(light.outside)
    light_seen(light, light.outside, position(template.camera, azimuth), azimuth, out)
    size = light.outside.size
    row, column = int(40 / 128 * size), int(31 / 128 * size)
    return out[row, column].astype(float), row * size + column


def test_direct_light_is_oren_nayar_over_the_lamps(template: Template) -> None:
    light = build_light(template, expand(template.garment))
    seen, texel = front_light(template, light, 0)
    cloth = cloth_tables(template.material)
    facing = 0.98
    layers = (1 - np.interp(facing, np.linspace(0, 1, 257), list(cloth.gloss))) * seen[SHEEN_ATT]
    expected = lit_by_hand(template, light, texel, position(template.camera, 0).astype(float)) * layers
    assert seen[DIRECT] == pytest.approx(expected, rel=0.02)
    assert 0.9 < seen[SHEEN_ATT] < 1
    assert 0 < seen[GLOSS] < 0.1 * seen[DIRECT]
    assert seen[MULTIPLE] > 0


@pytest.mark.parametrize(("azimuth", "part"), [(0, 0), (11.25, 0.25), (22.5, 0.5), (45, 1), (337.5, 0.5)])
def test_the_ring_is_read_between_its_cameras(template: Template, azimuth: float, part: float) -> None:
    """Beside a camera that sees direct light half as bright, bounces twice and gloss 1.5 times as bright."""
    even = template.ring["direct"].outside
    codes = {name: even.copy() for name in template.ring}
    camera = 7 if azimuth > 180 else 1
    codes["direct"][camera], codes["bounce"][camera], codes["gloss"][camera] = 64, 192, 165
    ring = {name: replace(template.ring[name], outside=codes[name]) for name in codes}
    shell = expand(template.garment)
    plain, _ = front_light(template, build_light(template, shell), azimuth)
    seen, _ = front_light(template, build_light(replace(template, ring=ring), shell), azimuth)
    assert seen[[DIRECT, MULTIPLE]] == pytest.approx(plain[[DIRECT, MULTIPLE]] * (1 - part / 2), rel=0.01)
    assert seen[BOUNCE] == pytest.approx(plain[BOUNCE] * (1 + part), rel=0.01)
    gloss = [GLOSS, SHEEN]
    assert seen[gloss] == pytest.approx(plain[gloss] * (1 + part * 0.493), rel=0.01)
    assert seen[SHEEN_ATT] == plain[SHEEN_ATT]


def test_rough_cloth_never_returns_more_than_it_gets() -> None:
    cos = np.linspace(0.01, 1, 200)
    for sigma in (0.1, 0.7, 1.0):
        albedo = directional_albedo(sigma, cos)
        gain, slope = scatter_constants(sigma)
        whole = albedo + gain / (1 - slope) * math.pi * (1 - albedo) * slope
        assert (albedo < 1.0001).all()
        assert whole == pytest.approx(np.ones(200), abs=0.02)  # at albedo 1 nothing is lost


def test_a_library_of_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    kernels.library.cache_clear()
    monkeypatch.setattr(kernels, "VERSION", -1)
    with pytest.raises(Failed, match="kernels"):
        kernels.library()
    kernels.library.cache_clear()


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kernels.library.cache_clear()
    monkeypatch.setattr(kernels, "__file__", str(tmp_path / "kernels.py"))
    with pytest.raises(Failed) as caught:
        kernels.library()
    assert caught.value.code == "KERNELS_MISSING"
    kernels.library.cache_clear()


def test_wrong_arrays_never_reach_a_kernel() -> None:
    with pytest.raises(TypeError):
        pointer(np.zeros(3, np.float64), np.float32)
    with pytest.raises(TypeError):
        pointer(np.zeros((4, 4), np.float32)[:, ::2], np.float32)


@pytest.mark.parametrize("way", ["built", "assigned"])
def test_structures_keep_the_arrays_they_point_to(way: str) -> None:
    table = np.zeros(9, np.float32)
    kept = weakref.ref(table)
    if way == "built":
        struct = kernels.View(corner=pointer(table, np.float32))
    else:
        struct = kernels.View()
        struct.corner = pointer(table, np.float32)
    del table
    gc.collect()
    assert kept() is not None
    del struct
    gc.collect()
    assert kept() is None


def test_a_kernel_without_memory_says_so() -> None:
    with pytest.raises(MemoryError):  # whatever is not 0 means that there was none
        kernels.call_with_memory("tirage_kernels_version")


def test_both_builds_draw_the_same(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(kernels.__file__).parent / "native"
    generic = folder / "_kernels_generic.so"
    if not generic.is_file():
        pytest.skip("this platform has one build")
    terms = np.random.default_rng(3).uniform(0, 1, (1000, TERMS)).astype(np.float16)
    look = make_look(scene, Colour(200, 60, 30), Colour(9, 9, 9))
    fast = composed(terms, look)
    monkeypatch.setattr(kernels, "library", lambda: ctypes.CDLL(str(generic)))
    assert np.abs(composed(terms, look).astype(int) - fast).max() <= 1
