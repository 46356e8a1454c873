"""Colours and sizes: every accepted spelling, every refused one."""

from __future__ import annotations

import pytest

from tirage.errors import BadInput
from tirage.media.values import CSS_COLOURS, Colour, checked_size, parse_background


@pytest.mark.rows("R215", "G-6")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#f80", "#ff8800"),
        ("#FF8800", "#ff8800"),
        (" #012345 ", "#012345"),
        ("navy", "#000080"),
        ("RebeccaPurple", "#663399"),
        ("lightgoldenrodyellow", "#fafad2"),
        ("slategrey", "#708090"),
    ],
)
def test_spellings_of_a_colour(text: str, expected: str) -> None:
    assert Colour.parse(text).hex() == expected


@pytest.mark.rows("R215", "R266")
@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "#",
        "#12",
        "#1234",
        "#12345",
        "#12345678",
        "#ggg",
        "123456",
        "rgb(1,2,3)",
        "nawy",
        "#１２３",
        "#fff;rm",
        "#fff\0",
    ],
)
def test_what_is_no_colour(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        Colour.parse(text)
    assert caught.value.code == "INVALID_COLOR"


def test_css_has_148_names() -> None:
    assert len(CSS_COLOURS) == 148
    assert all(
        colour.hex() == f"#{colour.red:02x}{colour.green:02x}{colour.blue:02x}"
        for colour in CSS_COLOURS.values()
    )


def test_named_garment_colours_win_over_css() -> None:
    named = {"navy": Colour(27, 36, 64), "heather": Colour(150, 150, 155)}
    assert Colour.parse("Navy", named=named) == named["navy"]
    assert Colour.parse("heather", named=named) == named["heather"]
    with pytest.raises(BadInput, match="not a colour") as caught:
        Colour.parse("forest", named=named)
    assert "heather, navy" in caught.value.hint


@pytest.mark.rows("R215")
def test_transparent_is_for_the_background_only() -> None:
    assert parse_background("Transparent ") is None
    assert parse_background("#f2f2f2") == Colour(242, 242, 242)
    with pytest.raises(BadInput, match="transparent") as caught:
        Colour.parse("transparent")
    assert caught.value.code == "INVALID_COLOR"


def test_linear_values_follow_the_standard() -> None:
    assert Colour(0, 255, 128).to_linear() == pytest.approx((0.0, 1.0, 0.2158605))
    assert Colour(10, 11, 12).to_linear() == pytest.approx((0.0030353, 0.0033465, 0.0036765), abs=1e-7)


def test_albedo_stays_within_what_cloth_can_be() -> None:
    assert Colour(0, 255, 128).to_albedo() == pytest.approx((0.02, 0.90, 0.2158605))


@pytest.mark.rows("G-4")
@pytest.mark.parametrize(
    ("pixels", "good"), [(511, False), (512, True), (2048, True), (4096, True), (4097, False), (-1, False)]
)
def test_sizes(pixels: int, good: bool) -> None:
    if good:
        assert checked_size(pixels) == pixels
    else:
        with pytest.raises(BadInput) as caught:
            checked_size(pixels)
        assert caught.value.code == "INVALID_SIZE"
