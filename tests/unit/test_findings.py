"""Print checks: each finding appears with its numbers when it should, and not for art that is fine."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest
import synthetic
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tirage.errors import Finding, Severity
from tirage.media.values import Colour
from tirage.mockup.catalogue import Preset
from tirage.mockup.findings import check_prints
from tirage.mockup.model import Template
from tirage.mockup.placement import Placement, Print, resolve
from tirage.mockup.survey import survey
from tirage.mockup.template import load

WHITE, BLACK, NAVY = Colour(255, 255, 255), Colour(0, 0, 0), Colour(31, 42, 68)
RED = (200, 30, 40)
Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return load(synthetic.write_package(tmp_path_factory.mktemp("packages") / "plain"))


def placed(template: Template, pixels: Pixels, where: Preset | Placement) -> Print:
    design = synthetic.design(pixels)
    return Print(resolve(width=design.width, height=design.height, where=where, template=template), design)


def findings(
    template: Template,
    pixels: Pixels,
    where: Preset | Placement = Preset.CHEST_MEDIUM,
    colour: Colour = NAVY,
) -> list[Finding]:
    return check_prints(prints=[placed(template, pixels, where)], template=template, colour=colour)


def only(found: list[Finding], code: str, severity: Severity) -> str:
    """Message and hint of the one finding."""
    assert [(finding.code, finding.severity) for finding in found] == [(code, severity)], found
    assert found[0].where == "prints[0]"
    return f"{found[0].message} {found[0].hint}"


def solid(width: int, height: int, rgba: tuple[int, ...] = (*RED, 255)) -> Pixels:
    return np.full((height, width, 4), rgba, np.uint8)


@cache
def disc(
    side: int, *, ink: tuple[int, ...] = RED, under: tuple[int, ...] | None = None, blur: float = 0
) -> Pixels:
    """An anti-aliased disc; `under` is the colour its edge was mixed with when it was cut out."""
    alpha = np.zeros((side, side), np.uint8)
    cv2.circle(alpha, (side // 2, side // 2), side * 3 // 8, (255,), -1, cv2.LINE_AA)
    if blur:
        alpha = cv2.GaussianBlur(alpha, (0, 0), blur)
    mix = (alpha / 255)[..., None] if under is not None else 1.0
    colour = np.array(ink, np.float32) * mix + np.array(under or ink, np.float32) * (1 - mix)
    return np.dstack([np.rint(np.broadcast_to(colour, (side, side, 3))), alpha]).astype(np.uint8)


@pytest.mark.parametrize("colour", [WHITE, BLACK, NAVY])
def test_good_art_has_no_findings(colour: Colour, template: Template) -> None:
    assert findings(template, disc(2700), colour=colour) == []


@pytest.mark.parametrize("preset", Preset)
def test_no_preset_leaves_its_print_area_or_panel(preset: Preset, template: Template) -> None:
    for width, height in ((400, 400), (800, 100), (400, 600)):
        pixels = np.broadcast_to(np.array([*RED, 255], np.uint8), (height, width, 4))
        codes = {finding.code for finding in findings(template, pixels, preset)}
        assert codes <= {"LOW_RESOLUTION"}


def test_resolution_below_300_is_a_note_and_below_150_a_warning(template: Template) -> None:
    note = only(findings(template, disc(1300)), "LOW_RESOLUTION", Severity.NOTE)
    assert "150 DPI: 1300 pixels over 22.0 cm" in note
    assert "2598 pixels of width" in note
    assert "11.0 cm wide" in note
    warning = only(findings(template, disc(1299)), "LOW_RESOLUTION", Severity.WARNING)
    assert "1299 pixels" in warning
    assert "for 150 DPI" in warning
    assert findings(template, disc(2599)) == []


def test_art_over_the_print_area_tells_side_and_centimetres(template: Template) -> None:
    text = only(
        findings(template, solid(2000, 2000), Placement("front", 14.5, 10, 12)),
        "OUTSIDE_PRINT_AREA",
        Severity.WARNING,
    )
    assert "2.5 cm on the right, 1.0 cm" not in text
    assert "1.0 cm on the top, 2.5 cm on the right" in text
    assert "Move its centre to 12.0, 11.0." in text


def test_art_larger_than_the_print_area_gets_a_size_that_fits(template: Template) -> None:
    text = only(
        findings(template, solid(6000, 3000), Placement("front", 0, 28, 40)),
        "OUTSIDE_PRINT_AREA",
        Severity.WARNING,
    )
    assert "2.0 cm on the left, 2.0 cm on the right" in text
    assert "at most 36.0 cm wide" in text


def test_reach_is_measured_after_rotation(template: Template) -> None:
    straight, turned = (Placement("front", 0, 28, 30, rotation) for rotation in (0, 45))
    assert findings(template, solid(4000, 4000), straight) == []
    text = only(findings(template, solid(4000, 4000), turned), "OUTSIDE_PRINT_AREA", Severity.WARNING)
    assert "3.2 cm on the left, 3.2 cm on the right" in text  # 30·√2/2 − 18


def test_transparent_margins_do_not_count_as_art(template: Template) -> None:
    pixels = solid(4000, 4000, (*RED, 0))
    pixels[1000:3000, 1000:3000, 3] = 255
    assert findings(template, pixels, Placement("front", 0, 28, 50)) == [
        finding
        for finding in findings(template, pixels, Placement("front", 0, 28, 50))
        if finding.code == "LOW_RESOLUTION"
    ]
    text = findings(template, pixels, Placement("front", 10, 28, 34))[0].message
    assert "0.5 cm on the right" in text


def test_art_beyond_the_cloth_tells_how_much_is_lost(template: Template) -> None:
    found = findings(template, solid(2000, 2000), Placement("front", 27, 28, 10))
    assert [finding.code for finding in found] == ["OUTSIDE_PRINT_AREA", "OFF_PANEL"]
    assert "loses 50.0%" in found[1].message
    assert found[1].severity is Severity.WARNING
    found = findings(template, solid(2000, 2000), Placement("front", 60, 28, 10))
    assert (found[1].code, found[1].severity) == ("OFF_PANEL", Severity.ERROR)


def test_a_cut_corner_of_the_cloth_counts_as_lost(template: Template) -> None:
    found = findings(template, solid(2000, 2000), Placement("front", -20, 0, 10))
    lost = float(found[-1].message.split(" loses ")[1].split("%")[0])
    assert lost == pytest.approx(25, abs=1)


@pytest.mark.parametrize("alpha", [0, 15])
def test_empty_art_is_an_error_and_ends_the_checks(alpha: int, template: Template) -> None:
    text = only(findings(template, solid(50, 50, (*RED, alpha))), "EMPTY_ART", Severity.ERROR)
    assert f"covers {alpha / 2.55:.0f} %" in text


def test_one_visible_pixel_is_not_empty(template: Template) -> None:
    pixels = solid(3000, 3000, (*RED, 0))
    pixels[1234, 2345, 3] = 255
    assert findings(template, pixels, Preset.CHEST_SMALL) == []


@pytest.mark.parametrize(
    ("ink", "colour", "code"),
    [
        (RED, NAVY, None),
        (RED, Colour(190, 32, 45), "LOW_CONTRAST"),
        ((20, 22, 25), BLACK, "LOW_CONTRAST"),
        ((255, 255, 255), BLACK, None),
        ((255, 255, 255), WHITE, "LOW_CONTRAST"),
        ((250, 250, 240), WHITE, "LOW_CONTRAST"),
        ((190, 190, 190), WHITE, None),
    ],
)
def test_art_in_the_fabrics_colour_is_told(
    ink: tuple[int, int, int], colour: Colour, code: str | None, template: Template
) -> None:
    found = findings(template, disc(2700, ink=ink), colour=colour)
    assert [finding.code for finding in found] == ([code] if code else [])


def test_low_contrast_tells_its_share(template: Template) -> None:
    pixels = solid(2700, 2700)
    pixels[:540, :, :3] = (31, 42, 68)
    note = only(findings(template, pixels), "LOW_CONTRAST", Severity.NOTE)
    assert "20% of art.png on front is hardly seen on #1f2a44" in note
    pixels[:1350, :, :3] = (31, 42, 68)
    warning = only(findings(template, pixels), "LOW_CONTRAST", Severity.WARNING)
    assert warning.startswith("50%")


def test_a_white_fringe_is_told_on_dark_fabric_only(template: Template) -> None:
    fringed = disc(2700, ink=(20, 120, 40), under=(255, 255, 255), blur=1)
    text = only(findings(template, fringed, colour=BLACK), "EDGE_HALO", Severity.WARNING)
    assert "colour of another background" in text
    assert findings(template, fringed, colour=WHITE) == []
    clean = disc(2700, ink=(20, 120, 40), blur=1)
    assert findings(template, clean, colour=BLACK) == []


def test_a_fringe_of_the_fabrics_own_colour_is_no_halo(template: Template) -> None:
    pixels = disc(2700, ink=(20, 120, 40), blur=1).copy()
    pixels[pixels[..., 3] < 240, :3] = 255
    assert findings(template, pixels, colour=WHITE) == []
    only(findings(template, pixels, colour=NAVY), "EDGE_HALO", Severity.WARNING)


def test_soft_edges_are_told_where_a_white_base_lies_under_them(template: Template) -> None:
    soft = disc(2700, blur=40)
    text = only(findings(template, soft, colour=BLACK), "SOFT_EDGES", Severity.WARNING)
    millimetres = float(text.split(" fades over ")[1].split(" mm")[0])
    assert 3 < millimetres < 15  # a blur of 40 pixels at 12.3 pixels a millimetre
    assert findings(template, soft, colour=WHITE) == []


def test_prints_that_lie_on_each_other_are_told(template: Template) -> None:
    first = placed(template, disc(2700), Placement("front", 0, 20, 10))
    near = placed(template, solid(2000, 2000), Placement("front", 10, 20, 14))
    apart = placed(template, disc(2700), Placement("front", 0, 40, 10))
    elsewhere = placed(template, disc(2700), Placement("back", 0, 20, 10))
    found = check_prints(prints=[first, apart, elsewhere, near], template=template, colour=NAVY)
    assert [(finding.code, finding.where) for finding in found] == [("OVERLAP", "prints[3]")]
    assert found[0].message.startswith("Prints 1 and 4 overlap on front by up to ")
    assert check_prints(prints=[first, apart, elsewhere], template=template, colour=NAVY) == []


def test_every_print_is_checked(template: Template) -> None:
    prints = [
        placed(template, solid(50, 50, (*RED, 0)), Preset.CHEST_SMALL),
        placed(template, solid(500, 500), Preset.BACK_SMALL),
    ]
    found = check_prints(prints=prints, template=template, colour=NAVY)
    assert [(finding.code, finding.where) for finding in found] == [
        ("EMPTY_ART", "prints[0]"),
        ("LOW_RESOLUTION", "prints[1]"),
    ]


@settings(max_examples=40)
@given(
    width=st.integers(1, 60),
    height=st.integers(1, 60),
    seed=st.integers(0, 2**32 - 1),
    rotation=st.floats(-360, 360),
    x=st.floats(-100, 100),
)
def test_any_art_anywhere_is_judged(
    width: int, height: int, seed: int, rotation: float, x: float, template: Template
) -> None:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (height, width, 4), np.uint8)
    pixels[rng.random((height, width)) < rng.random()] = 0
    where = Placement("front", x, 30, 2.0, rotation)
    for finding in findings(template, pixels, where):
        assert finding.message
        assert finding.hint
        assert "nan" not in finding.message


def test_the_hull_holds_every_visible_pixel() -> None:
    rng = np.random.default_rng(3)
    pixels = np.zeros((80, 120, 4), np.uint8)
    points = [(int(y), int(x)) for y, x in zip(rng.integers(0, 80, 9), rng.integers(0, 120, 9), strict=True)]
    for y, x in points:
        pixels[y, x] = 255
    hull = survey(pixels).hull
    for y, x in points:
        for corner in ((x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)):
            assert cv2.pointPolygonTest(hull, corner, measureDist=True) >= -1e-3
    low, high = np.array(points)[:, ::-1].min(axis=0), np.array(points)[:, ::-1].max(axis=0) + 1
    assert (hull.min(axis=0) == low).all()
    assert (hull.max(axis=0) == high).all()


def test_an_anti_aliased_edge_is_about_a_pixel_wide_and_a_blurred_one_wider() -> None:
    assert survey(disc(800)).soft_width < 1.2
    assert survey(disc(800, blur=8)).soft_width > 8
    assert survey(solid(50, 50)).soft_width == 0
