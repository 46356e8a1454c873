"""Whether colours stay what they are: hue and chroma of flat patches on the front, fabric and print.
Judged in the patch's brightest quarter, where cloth looks most like its colour and tone mapping bites most.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.scores import Mask, Picture
from tirage.media.intake import Design
from tirage.media.values import Colour
from tirage.mockup.lab import lab
from tirage.mockup.placement import PlacedArt, Print
from tirage.mockup.relight import Renderer

BRANDS = {
    "brand red": "#e4002b",
    "brand orange": "#ff6a13",
    "brand yellow": "#ffcd00",
    "brand green": "#00843d",
    "brand blue": "#0057b8",
    "brand magenta": "#d6006d",
}
"""Six strong colours around the hue circle, as brands use them."""
PATCH_CM = 24.0
BRAND_FABRIC = "fabric, not judged"
GREY = 8.0
"""Below this chroma a colour has no hue to keep, and its chroma may grow by GREY_GAIN at most."""
GREY_GAIN = 3.0
SIZE = 512
BACKGROUND = Colour(242, 242, 242)


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of one colour: CIELAB lightness and chroma asked and seen, turn of the hue in degrees."""

    name: str
    material: str
    colour: Colour
    lightness: tuple[float, float]
    chroma: tuple[float, float]
    turned: float

    @property
    def judged(self) -> bool:
        """Named colours as fabric and brands as print; a brand's fabric is clamped to what cloth can be."""
        return self.material != BRAND_FABRIC

    @property
    def grey(self) -> bool:
        """Too near to grey for a hue."""
        return self.chroma[0] < GREY

    @property
    def share(self) -> float:
        """Chroma seen over chroma asked, at equal lightness."""
        return self.chroma[1] * self.lightness[0] / self.lightness[1] / self.chroma[0]

    @property
    def tinted(self) -> float:
        """For greys: how much chroma was added."""
        return self.chroma[1] - self.chroma[0]


def kept_colours(renderer: Renderer) -> Iterator[Kept]:
    """Every named garment colour as fabric, and the brands' colours as fabric, on white and on black."""
    white, black = Colour.parse("#ffffff"), Colour.parse("#000000")
    where = _patch(renderer)
    brands = {name: Colour.parse(code) for name, code in BRANDS.items()}
    for kind, colours in (("fabric", renderer.template.colours), (BRAND_FABRIC, brands)):
        for name, colour in colours.items():
            yield _kept(name, kind, colour, _still(renderer, fabric=colour), where)
    for name, colour in brands.items():
        for ground, fabric in (("white", white), ("black", black)):
            picture = _still(renderer, fabric=fabric, ink=colour)
            yield _kept(name, f"print on {ground}", colour, picture, where)


def flat_print(colour: Colour) -> Print:
    """A square of one colour, PATCH_CM wide, in the middle of the front."""
    pixels = np.empty((64, 64, 4), np.uint8)
    pixels[:] = (colour.red, colour.green, colour.blue, 255)
    design = Design(
        pixels=pixels,
        width=64,
        height=64,
        kind="png",
        sha256=hashlib.sha256(pixels.tobytes()).hexdigest(),
        bytes_size=pixels.nbytes,
        name="patch.png",
    )
    return Print(art=PlacedArt("front", 0, 26, PATCH_CM, PATCH_CM, 0.0), design=design)


def _still(renderer: Renderer, *, fabric: Colour, ink: Colour | None = None) -> Picture:
    prints = [flat_print(ink)] if ink else []
    return renderer.still(prints=prints, colour=fabric, azimuth=0, size=SIZE, background=BACKGROUND)


def _patch(renderer: Renderer) -> Mask:
    """The pixels where the patch lies, whole: those that differ between two inks by as much as any."""
    white = Colour.parse("#ffffff")
    dark = _still(renderer, fabric=white, ink=Colour.parse("#000000"))
    bare = _still(renderer, fabric=white)
    change = np.abs(dark.astype(int) - bare).min(axis=2)
    return np.asarray(change > 0.5 * np.median(change[change > 0]))


def _kept(name: str, material: str, colour: Colour, picture: Picture, where: Mask) -> Kept:
    seen = lab(_linear(picture[where]))
    bright = seen[seen[:, 0] >= np.quantile(seen[:, 0], 0.75)].mean(axis=0)
    asked = lab(np.array([colour.to_linear()], np.float32))[0]
    hues = [math.degrees(math.atan2(value[2], value[1])) for value in (asked, bright)]
    return Kept(
        name=name,
        material=material,
        colour=colour,
        lightness=(float(asked[0]), float(bright[0])),
        chroma=(math.hypot(*asked[1:]), math.hypot(*bright[1:])),
        turned=abs((hues[1] - hues[0] + 180) % 360 - 180),
    )


def _linear(codes: NDArray[np.uint8]) -> NDArray[np.float32]:
    value = codes.astype(np.float32) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)
