"""Fabrics: tiles at the pixels' fineness, ink that lies in them, and the same constants in Cycles."""

from __future__ import annotations

import ast
import ctypes
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np
import pytest
import synthetic
from numpy.typing import NDArray

from tirage.media.values import Colour
from tirage.mockup import cloth, kernels, relight, shade
from tirage.mockup import fabric as fabrics
from tirage.mockup.fabric import FAINT, FINEST, STITCHES, STOPPED, Pattern, make_pattern, make_yarn
from tirage.mockup.kernels import ATLAS_STEPS, FABRIC_ONE, MARKS, NOWHERE, TERMS, pointer
from tirage.mockup.model import Fabric, Template
from tirage.mockup.placement import Placement, Print, resolve
from tirage.mockup.relight import Renderer
from tirage.mockup.scene import build_scene
from tirage.mockup.template import load

ROOT = Path(__file__).resolve().parents[2]
TILES = ROOT / "templates" / "fabrics"
GREY, WHITE, MELANGE = Colour(242, 242, 242), Colour(230, 230, 227), Colour(160, 160, 160)
NO_FABRIC, EVEN, STEPS = 0, 128, 256
SIDE, SIZE_CM, SIDE_TEXELS = 64, 12.8, 512


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The synthetic shirt in even light, of a coarse fabric that small pictures show."""
    folder = synthetic.write_package(tmp_path_factory.mktemp("packages") / "plain")
    levels = {"detail.png": 255, "light_outside_indirect_a.png": 0, "light_outside_indirect_b.png": 0}
    for name, level in (levels | {f"light_outside_{lamp}.png": 120 for lamp in synthetic.LAMPS}).items():
        synthetic.replace(folder, name, png(np.full((64, 64), level, np.uint8)))
    plain = load(folder)
    waves = cv2.GaussianBlur(np.random.default_rng(5).normal(0, 1, (3 * SIDE, 3 * SIDE)), (0, 0), 4)
    tile = waves[SIDE : 2 * SIDE, SIDE : 2 * SIDE]
    codes = np.rint(150 + 25 * tile / tile.std()).clip(1, 255).astype(np.uint8)
    coarse = Fabric(tile=codes, size_cm=20)
    return replace(plain, fabrics=MappingProxyType({"coarse": coarse}))


def png(pixels: NDArray[np.uint8]) -> bytes:
    return bytes(cv2.imencode(".png", pixels)[1].tobytes())


def knit(name: str) -> NDArray[np.uint8]:
    tile = cv2.imread(str(TILES / f"{name}.png"), cv2.IMREAD_UNCHANGED)
    assert tile is not None
    return np.asarray(tile, np.uint8)


def in_knit(template: Template, name: str = "jersey") -> Template:
    return replace(template, fabrics=MappingProxyType({name: Fabric(knit(name), SIZE_CM)}))


def pattern_of(template: Template, pixels_per_cm: float) -> Pattern:
    return make_pattern(template, next(iter(template.fabrics)), pixels_per_cm)


def level_of(pattern: Pattern, index: int) -> NDArray[np.float64]:
    """A level's factors (side, side), without the border and the next level's."""
    return np.asarray(pattern.texels[index][1:-1, 1:-1, 0] / FABRIC_ONE)


def test_small_films_pay_nothing_for_jersey_and_show_a_melange(template: Template) -> None:
    assert pattern_of(in_knit(template), 12.5).deviation < FAINT
    assert pattern_of(in_knit(template), 25).deviation >= FAINT
    assert pattern_of(in_knit(template, "heather"), 12.5).deviation >= FAINT


@pytest.mark.parametrize(
    ("pixels_per_cm", "low", "high"), [(12, 0.015, FAINT), (24, 0.035, 0.055), (50, 0.08, 0.12)]
)
def test_jersey_is_calm_at_12_pixels_a_centimetre_and_has_columns_of_stitches_at_24(
    template: Template, pixels_per_cm: float, low: float, high: float
) -> None:
    level = level_of(pattern_of(in_knit(template), pixels_per_cm), 0)
    assert level.mean() == pytest.approx(1, abs=1e-3)
    assert low < level.std() < high
    wales = np.abs(np.fft.fft(level, axis=1))[:, 125:130].mean() / len(
        level
    )  # 127 a tile, not quite straight
    assert (wales > 0.003) == (pixels_per_cm > 12)


def test_a_melange_lies_along_the_courses_in_stretches_of_many_lengths() -> None:
    tile = knit("heather") / knit("heather").mean(dtype=np.float64)
    even = cv2.blur(np.tile(tile, (3, 3)), (1, 3))[
        SIDE_TEXELS : 2 * SIDE_TEXELS, SIDE_TEXELS : 2 * SIDE_TEXELS
    ]
    dark = (cv2.blur(even, (5, 1)) < 0.8).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(dark)
    found = stats[1:count][stats[1:count, cv2.CC_STAT_AREA] >= 8]
    across, down = (found[:, at] / 40 for at in (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT))  # 40 texels a cm
    assert len(found) > 200
    assert np.percentile(across, 90) > 2.5 * np.percentile(across, 10)
    assert np.percentile(across, 95) < 1.2
    assert np.median(across / down) > 1.8


@pytest.mark.parametrize("pixels_per_cm", [20.0, 25.0, 40.0])
def test_no_stitches_finer_than_two_pixels_are_left(template: Template, pixels_per_cm: float) -> None:
    pattern = pattern_of(in_knit(template, "heather"), pixels_per_cm)
    for index in range(len(pattern.texels)):
        level = level_of(pattern, index)
        spectrum = np.abs(np.fft.fft2(level)) / level.size
        waves = np.fft.fftfreq(len(level)) * len(level) / SIZE_CM
        per_cm = np.hypot(waves[:, None], waves[None])
        a_pixel = per_cm / pixels_per_cm * 2 ** (index / 2)
        assert spectrum[(a_pixel > 1.001 * STOPPED) & (per_cm >= STITCHES)].max(initial=0) < 1e-4
        assert spectrum[a_pixel > 1.001 * FINEST].max(initial=0) < 1e-4


def seen(pattern: Pattern, shown: NDArray[np.uint8], atlas: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """fabric_seen over a whole square frame."""
    size = len(shown)
    edges = np.zeros((size, -(-size // MARKS)), np.uint64)
    frame = kernels.Frame(
        shown=pointer(shown, np.uint8), atlas=pointer(atlas, np.uint16), edges=pointer(edges, np.uint64)
    )
    x0, x1 = np.zeros(size, np.int32), np.full(size, size, np.int32)
    offset = np.arange(size, dtype=np.int64) * size
    out = np.zeros((size, size), np.uint8)
    kernels.call(
        "fabric_seen",
        ctypes.byref(frame),
        size,
        ctypes.byref(pattern.levels),
        pointer(x0, np.int32),
        pointer(x1, np.int32),
        pointer(offset, np.int64),
        pointer(out, np.uint8),
    )
    return out


def test_a_pixel_shows_the_tile_at_its_place(template: Template) -> None:
    shirt = in_knit(template, "heather")
    pattern, size = pattern_of(shirt, 25), 96
    step = round(ATLAS_STEPS / shirt.atlas_cm / 25)
    at = (9000 + step * np.arange(size)).astype(np.uint16)
    atlas = np.ascontiguousarray(np.stack(np.meshgrid(at, at), axis=-1))
    shown = np.zeros((size, size), np.uint8)
    shown[:8], shown[8:16] = 0xFF, 3  # nothing; the collar, which is no knit
    pattern.levels.covered[3] = 0
    codes = seen(pattern, shown, atlas)
    assert (codes[:16] == NO_FABRIC).all()
    level = level_of(pattern, 0).astype(np.float32)
    place = ((at / ATLAS_STEPS * shirt.atlas_cm / SIZE_CM) % 1 * len(level)).astype(np.float32)
    wrapped = cv2.copyMakeBorder(level, 1, 1, 1, 1, cv2.BORDER_WRAP)
    x, y = np.meshgrid(place + 0.5, place + 0.5)
    wanted = cv2.remap(wrapped, x, y, cv2.INTER_LINEAR)
    factor = 1 + (codes.astype(float) - EVEN) / STEPS
    assert (
        np.abs(factor - wanted)[17:].max() < 0.012
    )  # half a code, cv2's 1/32 of a texel, the level's rounding


def test_cloth_that_turns_away_fades_to_even(template: Template) -> None:
    pattern, size = pattern_of(in_knit(template), 25), 64
    step = round(ATLAS_STEPS / template.atlas_cm / 25) * 40
    at = (step * np.arange(size) % 60000).astype(np.uint16)
    atlas = np.ascontiguousarray(np.stack(np.meshgrid(at, at), axis=-1))
    codes = seen(pattern, np.zeros((size, size), np.uint8), atlas)
    assert (codes[:20, :20] == EVEN).all()


def test_ink_follows_the_yarn_within_a_pixel_and_nowhere_stays(template: Template) -> None:
    yarn = make_yarn(in_knit(template), 40)
    assert yarn is not None
    places = np.random.default_rng(2).integers(5000, 60000, (4000, 2)).astype(np.uint16)
    places[::10] = NOWHERE
    moved = places.copy()
    kernels.call(
        "follow_yarn",
        pointer(moved, np.uint16),
        ctypes.c_int64(len(moved)),
        pointer(yarn.field, np.int8),
        len(yarn.field),
        ctypes.c_float(yarn.tiles),
    )
    assert (moved[::10] == NOWHERE).all()
    there = places[:, 0] != NOWHERE
    way = (moved[there].astype(float) - places[there]) / ATLAS_STEPS * template.atlas_cm
    assert way.std() == pytest.approx(fabrics.INK_REACH_CM, rel=0.15)
    assert np.abs(way).max() < 0.05
    assert abs(np.corrcoef(way.T)[0, 1]) < 0.1


def test_smaller_pictures_lead_ink_less_far_and_small_ones_not_at_all(template: Template) -> None:
    shirt = in_knit(template)
    large, small = make_yarn(shirt, 24), make_yarn(shirt, 10)
    assert large is not None
    assert small is not None
    assert 0 < small.field.std() < 0.8 * large.field.std()
    assert make_yarn(shirt, 4) is None
    assert make_yarn(replace(shirt, fabrics=MappingProxyType({})), 24) is None


def test_the_pattern_is_on_all_light_from_the_cloth(template: Template) -> None:
    look = shade.make_look(build_scene(template), WHITE, None)
    terms = np.zeros((1, TERMS), np.float16)
    terms[0] = (0.4, 0.05, 0.1, 0.02, 1, 0.02, 1)
    look.deep[:] = [1, 1, 1]
    brighter = (terms.astype(np.float32) * [1.25, 1.25, 1.25, 1.25, 1, 1.25, 1]).astype(np.float16)
    assert (composed(terms, look, EVEN + STEPS // 4) == composed(brighter, look, EVEN)).all()
    assert (composed(terms, look, NO_FABRIC) == composed(terms, look, EVEN)).all()


def test_the_pattern_shows_deeper_in_dark_channels(template: Template) -> None:
    terms = np.zeros((1, TERMS), np.float16)
    terms[0] = (0.4, 0.05, 0.1, 0, 1, 0, 1)
    look = shade.make_look(build_scene(template), Colour(60, 60, 230), None)
    shown, even = (composed(terms, look, code).astype(float) for code in (EVEN - 25, EVEN))
    loss = ((shown / even)[0, :3]).tolist()
    assert loss[0] == pytest.approx(loss[1], abs=0.02)
    assert loss[0] < loss[2] - 0.02


def composed(terms: NDArray[np.float16], look: kernels.Look, code: int) -> NDArray[np.uint8]:
    out, codes = np.empty((len(terms), 4), np.uint8), np.full(len(terms), code, np.uint8)
    kernels.call(
        "compose_plain",
        pointer(terms, np.float16),
        pointer(codes, np.uint8),
        ctypes.c_int64(len(terms)),
        ctypes.byref(look),
        pointer(out, np.uint8),
    )
    return out


def unevenness(picture: NDArray[np.uint8]) -> float:
    """Of a patch in the middle, relative to its mean; slow shading taken out."""
    patch = picture[230:290, 226:286].astype(np.float64).mean(axis=2)
    return float((patch - cv2.GaussianBlur(patch, (0, 0), 12)).std() / patch.mean())


def test_the_pattern_shows_on_cloth_and_evened_out_in_ink(template: Template) -> None:
    design = synthetic.solid(300, 300, (230, 230, 227, 255))
    art = resolve(width=300, height=300, where=Placement("front", 0, 25, 30), template=template)
    even = Renderer(replace(template, fabrics=MappingProxyType({})), threads=1)
    woven = Renderer(template, threads=1)
    bare, plain, inked = (
        unevenness(renderer.still(prints=prints, colour=WHITE, azimuth=0, size=512, background=GREY))
        for renderer, prints in ((even, []), (woven, []), (woven, [Print(art, design)]))
    )
    assert plain > bare + 0.02
    assert 2 * bare < inked < 0.9 * plain


def test_a_colour_that_names_a_fabric_is_made_of_it(template: Template) -> None:
    coarse, other = template.fabrics["coarse"], Fabric(np.full((64, 64), 100, np.uint8), 10)
    shirt = replace(
        template,
        fabrics=MappingProxyType({"coarse": coarse, "even": other}),
        woven=MappingProxyType({MELANGE: "even"}),
    )
    assert (shirt.fabric_of(MELANGE), shirt.fabric_of(WHITE)) == ("even", "coarse")
    renderer = Renderer(shirt, threads=1)
    rough, smooth = (
        unevenness(renderer.still(prints=[], colour=colour, azimuth=0, size=512, background=GREY))
        for colour in (WHITE, MELANGE)
    )
    assert rough > 4 * smooth


def constants(path: Path) -> dict[str, object]:
    """Names that a module gives literal values."""
    found: dict[str, object] = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                names = target.elts if isinstance(target, ast.Tuple) else [target]
                try:
                    value = ast.literal_eval(node.value)
                except ValueError:
                    continue
                values = value if isinstance(target, ast.Tuple) else [value]
                found |= {n.id: v for n, v in zip(names, values, strict=True) if isinstance(n, ast.Name)}
    return found


def test_cycles_lays_ink_by_the_same_constants() -> None:
    theirs = constants(ROOT / "src" / "tirage" / "blender" / "fabric.py")
    ours = {name: getattr(shade, name) for name in ("INK_BARE", "INK_GRIP", "INK_KEEPS")}
    ours |= {name: getattr(fabrics, name) for name in ("YARN_WAVES", "INK_REACH_CM")}
    ours |= {name: getattr(cloth, name) for name in ("PATTERN_DARK", "PATTERN_BRIGHT")}
    assert {name: theirs[name] for name in ours} == ours


@pytest.mark.parametrize("name", ["jersey", "heather"])
def test_the_tiles_are_what_their_script_draws(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(TILES)
    script = import_module("knit")
    drawn = script.knit(script.FABRICS[name]).astype(int)
    assert np.abs(drawn - knit(name)).max() <= 1  # the last bit of a Fourier transform
    assert (knit(name) == cv2.imread(str(ROOT / f"src/tirage/templates/tee/fabric_{name}.png"), 0)).all()


def test_ink_is_led_as_far_by_samples_as_by_pixels(
    template: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the same way everywhere, to the right and not down."""
    lines = np.full((600, 600, 4), (0, 0, 0, 255), np.uint8)
    lines[:, np.arange(600) // 30 % 2 == 0] = 0
    where = Placement("front", 0, 22, 25)
    print_ = Print(resolve(width=600, height=600, where=where, template=template), synthetic.design(lines))

    def still(steps: int, largest: int) -> NDArray[np.float32]:
        field = np.full((16, 16, 2), (steps, 0), np.int8)
        monkeypatch.setattr(relight, "LED_BY_SAMPLE", largest)
        monkeypatch.setattr(relight, "make_yarn", lambda *_: fabrics.Yarn(field, 10.0))
        renderer = Renderer(in_knit(template), threads=1)
        return np.float32(
            renderer.still(prints=[print_], colour=WHITE, azimuth=0, size=384, background=WHITE)
        )

    by_pixel, by_sample, unled = still(60, 0), still(60, 768), still(0, 768)
    assert np.abs(unled - by_pixel).max() > 30
    assert np.abs(by_sample - by_pixel).max() <= 2
