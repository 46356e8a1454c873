"""Makes docs/pictures/hero.jpg, the picture in README.md: the example design on the tee from three sides.
Run by `make pictures`; like every picture of Tirage it comes out the same on one machine.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyvips

from tirage import Art, Preset, Renderer, load_template
from tirage.media.intake import read_design
from tirage.media.values import Colour
from tirage.mockup.pipeline import place

ROOT = Path(__file__).resolve().parent.parent
DESIGN = ROOT / "examples" / "design.png"
HERO = ROOT / "docs" / "pictures" / "hero.jpg"
SIZE = 1280
"""Rendered at twice the size that is kept."""
CROP = 0.05
"""Cut away left and right of each picture, as a share of its width: a tee is taller than wide."""
BACKGROUND = Colour(242, 242, 242)
SHOTS: tuple[tuple[str, float, Preset], ...] = (
    ("white", 0, Preset.CHEST_MEDIUM),
    ("navy", 30, Preset.CHEST_MEDIUM),
    ("sand", 180, Preset.BACK_LARGE),
)
"""Fabric colour, azimuth, and where the design goes."""


def main() -> None:
    """Renders, joins, shrinks and writes."""
    renderer = Renderer(load_template("tee"))
    design = read_design(DESIGN)
    cut = round(SIZE * CROP)
    pictures = []
    for colour, azimuth, preset in SHOTS:
        prints = [place(Art(DESIGN, preset), design, renderer.template)]
        fabric = Colour.parse(colour, named=renderer.template.colours)
        frame = renderer.still(
            prints=prints, colour=fabric, azimuth=azimuth, size=SIZE, background=BACKGROUND
        )
        pictures.append(frame[:, cut : SIZE - cut])
    strip = pyvips.Image.new_from_array(np.hstack(pictures)).copy(interpretation="srgb")
    HERO.parent.mkdir(parents=True, exist_ok=True)
    strip.shrink(2, 2).jpegsave(str(HERO), Q=90, keep="none")
    print(f"{HERO.relative_to(ROOT)}: {HERO.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
