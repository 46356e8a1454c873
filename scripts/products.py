"""Makes docs/pictures/products.jpg: the example design on everything that ships. Run by `make pictures`."""

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
PICTURE = ROOT / "docs" / "pictures" / "products.jpg"
SIZE = 1000
"""Rendered at twice the size that is kept."""
BACKGROUND = Colour(242, 242, 242)
SHOTS: tuple[tuple[str, str, float, Preset], ...] = (
    ("tee", "navy", 0, Preset.CHEST_MEDIUM),
    ("tote", "natural", 0, Preset.CHEST_LARGE),
    ("mug", "white", 0, Preset.CHEST_MEDIUM),
    ("poster", "oak", 45, Preset.CHEST_LARGE),
)
"""Template, colour, azimuth, and where the design goes."""


def main() -> None:
    """Renders, joins, shrinks and writes."""
    design = read_design(DESIGN)
    pictures = []
    for name, colour, azimuth, preset in SHOTS:
        template = load_template(name)
        prints = [place(Art(DESIGN, preset), design, template)]
        pictures.append(
            Renderer(template).still(
                prints=prints,
                colour=template.colours[colour],
                azimuth=azimuth,
                size=SIZE,
                background=BACKGROUND,
            )
        )
    strip = pyvips.Image.new_from_array(np.hstack(pictures)).copy(interpretation="srgb")
    strip.shrink(2, 2).jpegsave(str(PICTURE), Q=90, keep="none")
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
