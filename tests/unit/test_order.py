"""An order is judged as a whole before anything is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import synthetic

from tirage.errors import BadInput, UsageError
from tirage.media.encode import ImageFormat
from tirage.media.values import Colour
from tirage.mockup.catalogue import VIEWS, Preset
from tirage.mockup.model import Template
from tirage.mockup.order import Art, MockupOrder, Mode, mode, resolve_look
from tirage.mockup.template import load


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return load(synthetic.write_package(tmp_path_factory.mktemp("packages") / "plain"))


def order(**changes: Any) -> MockupOrder:  # noqa: ANN401
    plain = {"arts": (Art(Path("a.png"), Preset.CHEST_MEDIUM),), "out": Path("out")}
    return MockupOrder(**{**plain, **changes})


@pytest.mark.rows("R217")
def test_the_three_modes() -> None:
    assert [mode(name) for name in ("all", "images-only", "animation-only")] == list(Mode)
    assert [(m.images, m.animation) for m in Mode] == [(True, True), (True, False), (False, True)]


@pytest.mark.rows("R217")
@pytest.mark.parametrize("name", ["", "ALL", "images", "video", "x" * 9000])
def test_other_modes_are_refused(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        mode(name)
    assert caught.value.code == "INVALID_MODE"
    assert len(caught.value.message) < 100


@pytest.mark.rows("R285", "R289")
@pytest.mark.parametrize(
    ("colour", "expected"),
    [("navy", "#1f2a44"), ("NAVY ", "#1f2a44"), ("#0af", "#00aaff"), ("teal", "#008080")],
)
def test_a_templates_colours_come_before_css(template: Template, colour: str, expected: str) -> None:
    look = resolve_look(order(colour=colour), template)
    assert look.colour.hex() == expected
    assert look.background == Colour(242, 242, 242)
    assert look.views == VIEWS
    assert look.findings == ()


@pytest.mark.rows("R215")
def test_transparent_is_for_the_background_only(template: Template) -> None:
    with pytest.raises(BadInput, match="Cloth cannot be transparent") as caught:
        resolve_look(order(colour="transparent"), template)
    assert caught.value.code == "INVALID_COLOR"
    look = resolve_look(order(background=" Transparent", mode=Mode.IMAGES_ONLY), template)
    assert look.background is None
    assert look.findings == ()


def test_a_turntable_of_a_transparent_order_says_what_it_shows(template: Template) -> None:
    look = resolve_look(order(background="transparent"), template)
    assert look.film_background == Colour(242, 242, 242)
    assert [(found.code, found.severity) for found in look.findings] == [("VIDEO_BACKGROUND", "note")]


def test_jpeg_cannot_be_transparent(template: Template) -> None:
    with pytest.raises(UsageError, match="JPEG") as caught:
        resolve_look(order(background="TRANSPARENT", format=ImageFormat.JPEG), template)
    assert caught.value.code == "INVALID_FORMAT"


def test_all_faults_are_told_at_once(template: Template) -> None:
    wrong = order(colour="blurple", background="transparent", format=ImageFormat.JPEG, size=511, arts=())
    with pytest.raises(BadInput) as caught:
        resolve_look(wrong, template)
    codes = [found.code for found in caught.value.findings]
    assert codes == ["INVALID_COLOR", "INVALID_SIZE", "INVALID_FORMAT", "INVALID_USAGE"]
    assert caught.value.code == codes[0]
    assert "'blurple'" in caught.value.message
    assert "511" in caught.value.message
