"""The same order gives the same bytes: whatever was rendered before, in this process or in another."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from folders import contents
from tirage.media.encode import ImageFormat
from tirage.mockup.catalogue import Preset
from tirage.mockup.order import Art, MockupOrder, Mode
from tirage.mockup.pipeline import make_mockup
from tirage.mockup.placement import Placement
from tirage.mockup.relight import Renderer
from tirage.mockup.template import load

DESIGN = Path(__file__).resolve().parents[2] / "bench" / "designs" / "lines.png"
OTHER = DESIGN.with_name("photo.jpg")


def order(out: Path, *, design: Path = DESIGN, colour: str = "red", mode: Mode = Mode.ALL) -> MockupOrder:
    return MockupOrder(
        arts=(Art(design, Preset.CHEST_LARGE), Art(design, Placement("back", 0.0, 12.0, 12.0))),
        out=out,
        colour=colour,
        mode=mode,
        size=640,
        format=ImageFormat.JPEG,
    )


@pytest.mark.rows("R119")
def test_the_same_order_in_a_used_and_in_a_fresh_process(tmp_path: Path) -> None:
    renderer = Renderer(load("tee"))
    for design, colour in ((OTHER, "red"), (DESIGN, "navy")):
        make_mockup(
            order(tmp_path / colour, design=design, colour=colour, mode=Mode.IMAGES_ONLY), renderer=renderer
        )
    make_mockup(order(tmp_path / "used"), renderer=renderer)
    make_mockup(order(tmp_path / "again", mode=Mode.IMAGES_ONLY), renderer=renderer)
    command = [sys.executable, "-m", "tirage", "mockup", str(DESIGN), "--preset", "chest-large"]
    places = ["--place", "back:0,12,12"]
    look = ["--color", "red", "--size", "640", "--format", "jpeg", "--out", str(tmp_path / "fresh")]
    subprocess.run([*command, *places, *look], check=True)
    used, again, fresh = (contents(tmp_path / name) for name in ("used", "again", "fresh"))
    assert len(used) == 11
    assert differing(used, fresh) == []
    assert differing(used, again) == ["animation.mp4", "manifest.json"]


def differing(first: dict[str, str], second: dict[str, str]) -> list[str]:
    """The files that are not the same bytes in both."""
    return sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))
