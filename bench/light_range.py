"""How far the light models a garment: spread of luminance per view on white and black cloth, without prints.
`python -m bench.light_range [--template ID] [--size PIXELS]` prints it beside what photographs have.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bench.scores import LUMA, Floats, Picture
from tirage.mockup.model import Template
from tirage.mockup.relight import Renderer
from tirage.mockup.template import available, load

WHITE_SPREAD, WHITE_PEAK, BLACK_SPREAD, UNLIKE = 45.0, 245.0, 6.0, 3.0
"""Codes: what white cloth spreads at least and reaches at most, what black spreads, how unlike halves are."""
WHOLE = 255


@dataclass(frozen=True, slots=True)
class LightRange:
    """One view's figures, in codes of luminance."""

    view: str
    white: float
    """From the 5th to the 95th percentile of white cloth."""
    median: float
    peak: float
    """The 99.9th percentile of white cloth."""
    black: float
    """From the 5th to the 50th percentile of black cloth."""

    @property
    def faults(self) -> list[str]:
        """What a photograph would not show."""
        found = []
        if self.white < WHITE_SPREAD:
            found.append(f"{self.view}: white spreads over {self.white:.1f} codes, not {WHITE_SPREAD:g}")
        if self.peak > WHITE_PEAK:
            found.append(f"{self.view}: white reaches {self.peak:.1f}, over {WHITE_PEAK:g}")
        if self.black < BLACK_SPREAD:
            found.append(f"{self.view}: black spreads over {self.black:.1f} codes, not {BLACK_SPREAD:g}")
        return found


def worn(template: Template) -> bool:
    """Whether it is a garment with folds, which this is about: bags, mugs and posters have no sleeves."""
    return template.panel("sleeve-left") is not None


def garments() -> list[str]:
    """The ids of the templates that ship and are worn."""
    return [name for name in available() if worn(load(name))]


def light_ranges(renderer: Renderer, *, size: int) -> Iterator[LightRange]:
    """The figures of every view."""
    views = renderer.template.views
    azimuths = [view.azimuth for view in views]
    for view, white, black in zip(
        views, *(_bare(renderer, name, azimuths, size) for name in ("white", "black")), strict=True
    ):
        low, median, high, peak = np.percentile(_cloth(white), [5, 50, 95, 99.9]).tolist()
        dark, middle = np.percentile(_cloth(black), [5, 50]).tolist()
        yield LightRange(view.name, high - low, median, peak, middle - dark)


def unlike_halves(renderer: Renderer, *, size: int) -> float:
    """How far the front differs from its mirror image where both show white cloth: the mean, in codes."""
    (picture,) = _bare(renderer, "white", [0.0], size)
    light, cloth = _luminance(picture), picture[..., 3] == WHOLE
    both = cloth & cloth[:, ::-1]
    return float(np.abs(light - light[:, ::-1])[both].mean())


def _bare(renderer: Renderer, name: str, azimuths: Sequence[float], size: int) -> Iterator[Picture]:
    return renderer.stills(
        prints=(), colour=renderer.template.colours[name], azimuths=azimuths, size=size, background=None
    )


def _luminance(picture: Picture) -> Floats:
    return np.asarray(picture[..., :3] @ np.array(LUMA), np.float64)


def _cloth(picture: Picture) -> Floats:
    """Luminance (n,) of the pixels that are nothing but cloth."""
    return np.asarray(_luminance(picture)[picture[..., 3] == WHOLE], np.float64)


def main() -> int:
    """Prints the table; 1 when something is beyond its bound."""
    parser = argparse.ArgumentParser(prog="bench.light_range", description=__doc__)
    parser.add_argument("--template", action="append", help="id, or the path of a package; all by default")
    parser.add_argument("--size", type=int, default=1024)
    options = parser.parse_args()
    faults: list[str] = []
    for name in options.template or garments():
        renderer = Renderer(load(name))
        print(f"{name}  white p5–p95 (≥ {WHITE_SPREAD:g})  median  p99.9 (≤ {WHITE_PEAK:g})", end="")
        print(f"  black p5–p50 (≥ {BLACK_SPREAD:g})")
        for found in light_ranges(renderer, size=options.size):
            print(f"  {found.view:18} {found.white:6.1f} {found.median:7.1f}", end="")
            print(f" {found.peak:7.1f} {found.black:6.1f}")
            faults += found.faults
        halves = unlike_halves(renderer, size=options.size)
        print(f"  front and its mirror image differ by {halves:.1f} codes (≥ {UNLIKE:g})")
        if halves < UNLIKE:
            faults.append(f"{name}: the front's halves differ by {halves:.1f} codes, not {UNLIKE:g}")
    for fault in faults:
        print(f"missed: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
