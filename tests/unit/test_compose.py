"""The flat pictures: art lands on its centimetres, keeps its shape and light, and ends with the cloth."""

from __future__ import annotations

import math

import numpy as np
import pytest
import synthetic
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tirage.media.values import Colour
from tirage.mockup.catalogue import PRESETS, Preset
from tirage.mockup.compose import (
    BACKGROUND,
    MAX_PRINT_PIXELS,
    PIXELS_PER_CM,
    composited,
    layout,
    print_file,
)
from tirage.mockup.model import Template
from tirage.mockup.placement import PlacedArt, Placement, Print, resolve
from tirage.mockup.template import load

NAVY, WHITE, BLACK = Colour(31, 42, 68), Colour(255, 255, 255), Colour(0, 0, 0)
RED = (200, 30, 40)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return load(synthetic.write_package(tmp_path_factory.mktemp("packages") / "plain"))


def placed(template: Template, where: Preset | Placement, pixels: NDArray[np.uint8]) -> Print:
    design = synthetic.design(pixels)
    return Print(resolve(width=design.width, height=design.height, where=where, template=template), design)


def square(rgba: tuple[int, ...] = (*RED, 255), side: int = 1000) -> NDArray[np.uint8]:
    return np.full((side, side, 4), rgba, np.uint8)


def found(picture: NDArray[np.uint8], template: Template, prints: list[Print]) -> list[float]:
    """Left, top, right, bottom of what is red on the only panel, in its centimetres."""
    (place,) = layout(template, prints)
    window = picture[place.top : place.top + place.height, place.left : place.left + place.width]
    red = window[..., 0].astype(int) - window[..., 1]
    box = []
    for axis, origin in ((0, place.x - place.left), (1, place.y - place.top)):
        inside = np.flatnonzero(red.max(axis=axis) > (RED[0] - RED[1]) / 2)
        box.append(((inside[0] - origin) / PIXELS_PER_CM, (inside[-1] + 1 - origin) / PIXELS_PER_CM))
    (left, right), (top, bottom) = box
    return [left, top, right, bottom]


@pytest.mark.rows("R272")
@pytest.mark.parametrize("side", [120, 333, 1000, 2400])
@pytest.mark.parametrize(("x", "y"), [(0.0, 20.0), (-5.3, 31.47), (7.013, 12.5)])
def test_a_ten_centimetre_square_lies_within_half_a_millimetre(
    side: int, x: float, y: float, template: Template
) -> None:
    prints = [placed(template, Placement("front", x, y, 10), square(side=side))]
    box = found(composited(template=template, prints=prints, colour=NAVY), template, prints)
    assert box == pytest.approx([x - 5, y - 5, x + 5, y + 5], abs=0.05)


@pytest.mark.rows("R044", "R278")
@pytest.mark.parametrize("preset", Preset)
def test_every_preset_lies_where_the_table_says_on_its_panel(preset: Preset, template: Template) -> None:
    rule = PRESETS[preset]
    pixels = np.full((round(rule.max_height * 20), round(rule.width * 20), 4), (*RED, 255), np.uint8)
    prints = [placed(template, preset, pixels)]
    left, top, right, bottom = found(
        composited(template=template, prints=prints, colour=NAVY), template, prints
    )
    hem = {"front": 58.6, "back": 69.6}[rule.panel]
    assert (left + right) / 2 == pytest.approx(rule.x, abs=0.05)
    assert right - left == pytest.approx(rule.width, abs=0.05)
    assert bottom - top == pytest.approx(rule.max_height, abs=0.05)
    held = top if rule.anchor == "top" else hem - bottom
    assert held == pytest.approx(rule.distance, abs=0.05)


def test_rotation_turns_clockwise_about_the_centre(template: Template) -> None:
    pixels = square((0, 0, 0, 0), 400)
    pixels[:100, 150:250] = (*RED, 255)  # a mark at the middle of the top edge
    prints = [placed(template, Placement("front", 2, 30, 8, 90), pixels)]
    box = found(composited(template=template, prints=prints, colour=NAVY), template, prints)
    assert box == pytest.approx([4, 29, 6, 31], abs=0.05)  # now at the right edge


def test_fabric_and_opaque_art_keep_their_exact_codes(template: Template) -> None:
    prints = [placed(template, Placement("front", 0, 20, 10), square())]
    picture = composited(template=template, prints=prints, colour=NAVY)
    (place,) = layout(template, prints)
    assert picture[place.y + 20 * 40, place.x].tolist() == list(RED)
    assert picture[place.y + 40 * 40, place.x].tolist() == [31, 42, 68]
    assert picture[2, 2].tolist() == [BACKGROUND.red, BACKGROUND.green, BACKGROUND.blue]


@pytest.mark.rows("R272", "R289")
def test_alpha_mixes_in_linear_light(template: Template) -> None:
    prints = [placed(template, Placement("front", 0, 20, 10), square((255, 255, 255, 128)))]
    picture = composited(template=template, prints=prints, colour=BLACK)
    (place,) = layout(template, prints)
    expected = 255 * (1.055 * (128 / 255) ** (1 / 2.4) - 0.055)
    assert picture[place.y + 20 * 40, place.x].tolist() == pytest.approx([expected] * 3, abs=1)


def test_fine_lines_keep_their_light_when_they_are_reduced(template: Template) -> None:
    pixels = square((0, 0, 0, 255), 1600)
    pixels[::2] = 255
    prints = [placed(template, Placement("front", 0, 20, 10), pixels)]
    picture = composited(template=template, prints=prints, colour=NAVY)
    (place,) = layout(template, prints)
    patch = picture[place.y + 18 * 40 : place.y + 22 * 40, place.x - 80 : place.x + 80]
    assert patch.min() >= 186
    assert patch.max() <= 190  # half the light is code 188, half the code would be 128


def test_colours_under_clear_pixels_do_not_bleed(template: Template) -> None:
    pixels = square((0, 255, 0, 0), 1000)
    pixels[250:750, 250:750] = (*RED, 255)
    prints = [placed(template, Placement("front", 0, 20, 10, 17), pixels)]
    picture = composited(template=template, prints=prints, colour=NAVY)
    (place,) = layout(template, prints)
    around = picture[place.y + 10 * 40 : place.y + 30 * 40, place.x - 10 * 40 : place.x + 10 * 40]
    assert around[..., 1].max() <= NAVY.green


def test_art_ends_where_the_cloth_ends(template: Template) -> None:
    prints = [placed(template, Placement("front", 27, 20, 10), square())]
    picture = composited(template=template, prints=prints, colour=NAVY)
    (place,) = layout(template, prints)
    assert picture[place.y + 20 * 40, place.x + 26 * 40].tolist() == list(RED)
    beyond = picture[:, place.left + place.width + 2 :]
    assert (beyond == [BACKGROUND.red, BACKGROUND.green, BACKGROUND.blue]).all()


def test_the_outline_is_the_meshes_not_its_bounds(template: Template) -> None:
    prints = [placed(template, Placement("front", -20, 0, 10), square())]
    picture = composited(template=template, prints=prints, colour=NAVY)
    (place,) = layout(template, prints)
    quarters = [picture[place.y + dy, place.x - 800 + dx].tolist() for dy in (-80, 80) for dx in (-80, 80)]
    assert quarters == [[BACKGROUND.red, BACKGROUND.green, BACKGROUND.blue], list(RED), list(RED), list(RED)]


def test_art_off_the_panel_changes_nothing(template: Template) -> None:
    inside = placed(template, Placement("front", 0, 20, 10), square())
    outside = placed(template, Placement("front", 150, 20, 10), square())
    assert np.array_equal(
        composited(template=template, prints=[inside, outside], colour=NAVY),
        composited(template=template, prints=[inside], colour=NAVY),
    )


def test_panels_with_art_stand_side_by_side_in_the_templates_order(template: Template) -> None:
    prints = [
        placed(template, Placement("sleeve-left", 0, 14, 5), square((0, 0, 255, 255))),
        placed(template, Placement("front", 0, 20, 10), square()),
    ]
    places = layout(template, prints)
    assert [place.panel.name for place in places] == ["front", "sleeve-left"]
    picture = composited(template=template, prints=prints, colour=NAVY)
    front, sleeve = places
    assert front.left + front.width < sleeve.left
    assert picture[front.y + 20 * 40, front.x].tolist() == list(RED)
    assert picture[sleeve.y + 14 * 40, sleeve.x].tolist() == [0, 0, 255]


def test_later_prints_lie_on_top(template: Template) -> None:
    below = placed(template, Placement("front", 0, 20, 10), square())
    above = placed(template, Placement("front", 3, 20, 10), square((255, 255, 255, 255)))
    picture = composited(template=template, prints=[below, above], colour=NAVY)
    (place,) = layout(template, [below, above])
    assert picture[place.y + 20 * 40, place.x].tolist() == [255, 255, 255]
    assert picture[place.y + 20 * 40, place.x - 3 * 40].tolist() == list(RED)


def test_a_flat_picture_needs_a_print(template: Template) -> None:
    with pytest.raises(ValueError, match="no print"):
        composited(template=template, prints=[], colour=NAVY)


def on_front(width: float, height: float, pixels: NDArray[np.uint8], rotation: float = 0) -> Print:
    return Print(PlacedArt("front", 0, 20, width, height, rotation), synthetic.design(pixels))


@pytest.mark.parametrize(("wide", "tall"), [(500, 250), (2400, 1200), (6000, 3000)])
def test_the_print_file_has_print_size_at_300_dpi(wide: int, tall: int) -> None:
    file = print_file(on_front(25.4, 12.7, np.full((tall, wide, 4), (*RED, 255), np.uint8)))
    assert (file.pixels.shape, file.dpi) == ((1500, 3000, 4), 300)
    assert (file.pixels == (*RED, 255)).all()


def test_the_print_file_is_upright_whatever_the_rotation() -> None:
    pixels = square(side=300)
    pixels[:150] = (0, 0, 255, 255)
    files = [print_file(on_front(12.7, 12.7, pixels, rotation)).pixels for rotation in (0, 37)]
    assert np.array_equal(*files)
    assert files[0][100, 700].tolist() == [0, 0, 255, 255]


def test_a_design_of_print_size_stays_as_it_is() -> None:
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (600, 300, 4), np.uint8)
    assert np.array_equal(print_file(on_front(2.54, 5.08, pixels)).pixels, pixels)


def test_reducing_keeps_light_colour_and_alpha() -> None:
    pixels = square((255, 255, 255, 255), 1200)
    pixels[::2] = (0, 0, 0, 255)
    assert np.unique(print_file(on_front(5.08, 5.08, pixels)).pixels).tolist() == [188, 255]
    pixels[::2] = (0, 255, 0, 0)  # clear, with a colour that must not show
    small = print_file(on_front(5.08, 5.08, pixels)).pixels
    assert np.unique(small[..., :3]).tolist() == [255]
    assert np.unique(small[..., 3]).tolist() == [128]


def test_enlarging_does_not_bleed_clear_colours_and_keeps_faint_ones() -> None:
    pixels = square((0, 255, 0, 0), 100)
    pixels[30:70, 30:70] = (200, 30, 40, 7)
    large = print_file(on_front(2.54, 2.54, pixels)).pixels
    visible = large[..., 3] > 0
    assert np.unique(large[visible][:, 1]).tolist() == [30]
    assert large[150, 150].tolist() == [200, 30, 40, 7]
    assert large[~visible].max() == 0


def test_huge_art_gets_fewer_dots_rather_than_more_memory() -> None:
    file = print_file(on_front(100, 120, square(side=64)))
    height, width = file.pixels.shape[:2]
    assert width * height <= MAX_PRINT_PIXELS * 1.001
    assert file.dpi == math.floor(2.54 * math.sqrt(MAX_PRINT_PIXELS / 12000))
    assert width == round(100 / 2.54 * file.dpi)


@settings(max_examples=25)
@given(width=st.integers(1, 400), height=st.integers(1, 400), cm=st.floats(0.5, 6))
def test_any_design_gets_its_print_size(width: int, height: int, cm: float) -> None:
    tall = cm * height / width
    assume(tall < 20)
    file = print_file(on_front(cm, tall, np.full((height, width, 4), (*RED, 200), np.uint8)))
    expected = [max(1, round(side / 2.54 * file.dpi)) for side in (tall, cm)]
    assert list(file.pixels.shape) == [*expected, 4]
    assert (file.pixels[..., 3] == 200).all()
    assert np.abs(file.pixels[..., :3].astype(int) - RED).max() <= 1
