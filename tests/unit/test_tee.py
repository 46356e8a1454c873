"""The T-shirt that ships: its package is sound, and what is ordered on it lies where the order says."""

from __future__ import annotations

import gc
import time
import weakref

import numpy as np
import pytest
import synthetic

from tirage.media.values import Colour
from tirage.mockup.camera import position
from tirage.mockup.catalogue import PRESETS, VIEWS, Preset
from tirage.mockup.compose import PIXELS_PER_CM, composited, layout
from tirage.mockup.findings import check_prints
from tirage.mockup.ink import make_layer, texels
from tirage.mockup.kernels import TERMS
from tirage.mockup.light import edge_uv, light_seen, light_texture
from tirage.mockup.model import Template
from tirage.mockup.outline import outline
from tirage.mockup.placement import Placement, Print, resolve
from tirage.mockup.relight import Renderer
from tirage.mockup.scene import build_scene
from tirage.mockup.template import available, check, find, load

pytestmark = pytest.mark.skipif("tee" not in available(), reason="the tee has not been packed yet")

NAVY, RED = Colour(31, 42, 68), (200, 30, 40, 255)


@pytest.fixture(scope="module")
def tee() -> Template:
    return load("tee")


def red(template: Template, where: Preset | Placement, *, width: int = 600, height: int = 600) -> Print:
    design = synthetic.design(np.full((height, width, 4), RED, np.uint8))
    return Print(resolve(width=width, height=height, where=where, template=template), design)


def test_the_package_is_sound_and_at_most_eight_megabytes() -> None:
    assert check("tee") == []
    assert sum(path.stat().st_size for path in find("tee").iterdir()) <= 8_000_000


@pytest.mark.rows("R195")
def test_it_says_what_it_is(tee: Template) -> None:
    assert (tee.info.id, tee.info.licence) == ("tee", "Apache-2.0")
    assert tee.views == VIEWS
    assert dict(tee.presets) == dict(PRESETS)
    assert {"white", "black", "navy", "red"} <= tee.colours.keys()
    assert [panel.name for panel in tee.panels if panel.print_area] == [
        "front",
        "back",
        "sleeve-left",
        "sleeve-right",
    ]


def test_its_print_areas_are_the_decided_ones(tee: Template) -> None:
    front, back, sleeve = (tee.panel(name) for name in ("front", "back", "sleeve-left"))
    assert front is not None
    assert front.print_area == (-18, 5, 18, 52)
    assert back is not None
    assert back.print_area == (-18, 4, 18, 63)
    assert sleeve is not None
    assert sleeve.print_area is not None
    assert sleeve.hem_y is not None
    left, top, right, bottom = sleeve.print_area
    assert (left, right, bottom - top) == (-4.5, 4.5, 9)
    assert sleeve.hem_y - bottom == pytest.approx(4)


@pytest.mark.rows("R044", "R278")
@pytest.mark.parametrize("preset", Preset)
def test_every_preset_at_full_size_lies_on_cloth_inside_its_print_area(preset: Preset, tee: Template) -> None:
    rule = PRESETS[preset]
    print_ = red(tee, preset, width=round(rule.width * 20), height=round(rule.max_height * 20))
    assert (print_.art.width, print_.art.height) == pytest.approx((rule.width, rule.max_height))
    found = check_prints(prints=[print_], template=tee, colour=NAVY)
    assert {finding.code for finding in found} <= {"LOW_RESOLUTION"}


@pytest.mark.parametrize("panel", ["front", "back", "sleeve-left", "sleeve-right"])
def test_a_ten_centimetre_square_lies_within_half_a_millimetre_on_its_flat_panel(
    panel: str, tee: Template
) -> None:
    x, y, side = (-2.37, 30.0, 10.0) if "sleeve" not in panel else (0.4, 13.0, 5.0)
    prints = [red(tee, Placement(panel, x, y, side))]
    picture = composited(template=tee, prints=prints, colour=NAVY)
    (place,) = layout(tee, prints)
    rows, columns = np.nonzero(picture[..., 0].astype(int) - picture[..., 1] > 85)
    box = [
        columns.min() - place.x,
        rows.min() - place.y,
        columns.max() + 1 - place.x,
        rows.max() + 1 - place.y,
    ]
    expected = [x - side / 2, y - side / 2, x + side / 2, y + side / 2]
    assert np.array(box) / PIXELS_PER_CM == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("rotation", [0, 33])
def test_the_renderer_finds_the_square_through_the_meshs_uvs(rotation: float, tee: Template) -> None:
    """Vertices of the mesh lie on the art exactly when their UV, in panel centimetres, lies in the square."""
    print_ = red(tee, Placement("front", 3, 25, 10, rotation))
    layer = make_layer(tee, print_, 1, texels(print_.design.pixels, 1))
    front = next(i for i, panel in enumerate(tee.panels) if panel.name == "front")
    uv = tee.garment.uv[tee.garment.panel == front].astype(np.float64)
    texel = (uv / tee.atlas_cm) @ layer.affine[:, :2].T + layer.affine[:, 2] - 1
    cm = uv - tee.panels[front].origin - (3, 25)
    angle = np.radians(rotation)
    turned = cm @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert texel == pytest.approx((turned / 10 + 0.5) * 600, abs=1e-3)
    inside = (np.abs(turned) < 5).all(axis=1)
    assert inside.sum() > 200
    assert np.array_equal(inside, ((texel > 0) & (texel < 600)).all(axis=1))


def test_the_cut_edge_is_lit_wherever_it_is_looked_up(tee: Template) -> None:
    scene, edges = build_scene(tee), len(tee.garment.rim)
    side = scene.light.outside
    seen = light_texture(side)
    light_seen(scene.light, side, position(tee.camera, 45), 45, seen)
    outer, inner = edge_uv(scene.shell, edges)[-4 * edges :].reshape(2, edges, 2, 2)
    along = np.linspace(0, 1, 9)[:, None, None, None]
    quads = outer + along * (inner - outer)
    middles = quads.mean(axis=2).reshape(-1, 2) * (side.size / tee.atlas_cm) - 0.5
    column, row = np.floor(middles).astype(int).T
    for down, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
        assert (seen[row + down, column + right, TERMS - 1] == 1).all()


def test_cloth_that_is_turned_away_lets_no_background_through(tee: Template) -> None:
    light, coverage = build_scene(tee).light, 6
    for side in (light.outside, light.inside):
        seen = []
        for azimuth in (0, 180):
            texture = light_texture(side)
            light_seen(light, side, position(tee.camera, azimuth), azimuth, texture)
            seen.append(texture[..., coverage])
        assert np.array_equal(*seen)
        assert set(np.unique(seen)) == {0, 1}


def test_panels_outlines_reach_their_bounds(tee: Template) -> None:
    for panel in tee.panels:
        loops = outline(tee, panel.name)
        assert len(loops) == 1 or panel.name == "facings"  # one for each turned hem
        points = np.concatenate(loops)
        assert points.min(axis=0) == pytest.approx(panel.bounds[:2], abs=0.01)
        assert points.max(axis=0) == pytest.approx(panel.bounds[2:], abs=0.01)


def test_an_outline_does_not_keep_its_template_in_memory() -> None:
    template = load("tee")
    assert outline(template, "front") is outline(template, "front")
    gone = weakref.ref(template)
    del template
    gc.collect()
    assert gone() is None


def test_loading_is_quick() -> None:
    times = []
    for _ in range(5):
        start = time.process_time()
        load("tee")
        times.append(time.process_time() - start)
    assert min(times) < 0.25  # of both processors together; on two idle ones this is well under 150 ms


GARMENT = 250
"""Pixels whose alpha is above this count."""


@pytest.fixture(scope="module")
def luminance(tee: Template) -> dict[tuple[str, str], np.ndarray]:
    """Codes over the garment's pixels without print, by colour and view."""
    renderer, found = Renderer(tee, threads=1), {}
    for colour in ("white", "black"):
        for view in VIEWS:
            seen = renderer.still(
                prints=[], colour=tee.colours[colour], azimuth=view.azimuth, size=512, background=None
            )
            codes = seen[..., :3] @ np.array([0.2126, 0.7152, 0.0722])
            found[colour, view.name] = codes[seen[..., 3] > GARMENT]
    return found


@pytest.mark.parametrize("view", [view.name for view in VIEWS])
def test_white_has_folds_and_no_burnt_spots(view: str, luminance: dict[tuple[str, str], np.ndarray]) -> None:
    low, middle, high, highest = np.percentile(luminance["white", view], [5, 50, 95, 99.9])
    assert high - low >= 45
    assert highest <= 245
    assert 185 <= middle <= 228


@pytest.mark.parametrize("view", [view.name for view in VIEWS])
def test_black_shows_its_folds(view: str, luminance: dict[tuple[str, str], np.ndarray]) -> None:
    low, middle = np.percentile(luminance["black", view], [5, 50])
    assert middle - low >= 6
