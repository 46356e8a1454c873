"""Draws design.png, the example that README and `make demo` print: run `python examples/make_design.py`.
Everything is a distance to a shape, turned into coverage at its edge: no fonts, no files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tirage.media.encode import ImageFormat, encode_image

SCALE = 1.1
"""Pixels per unit of the drawing: 2640 pixels are 22 cm, the width of chest-medium, at 305 DPI."""
WIDTH, HEIGHT = round(2400 * SCALE), round(2800 * SCALE)
OCHRE, CORAL, BRICK, TEAL, PINE = "f2b33d", "e8673c", "b93a32", "2f8f8a", "14484f"
CENTRE_X, CENTRE_Y, RADIUS = 1200.0, 1150.0, 1120.0
WATER = 1520.0
Field = NDArray[np.float32]
Point = tuple[float, float]

y, x = ((axis + 0.5).astype(np.float32) / np.float32(SCALE) for axis in np.mgrid[:HEIGHT, :WIDTH])
image = np.zeros((HEIGHT, WIDTH, 4), np.float32)
"""Premultiplied."""


def paint(distance: Field, colour: str) -> None:
    """Covers everything inside (distance < 0) with one flat ink."""
    coverage = np.clip(0.5 - distance * np.float32(SCALE), 0, 1)[..., None]
    ink = np.array([*bytes.fromhex(colour), 255], np.float32)
    image[:] = image * (1 - coverage) + ink * coverage


def both(*distances: Field) -> Field:
    """Where all shapes overlap."""
    return np.maximum.reduce(distances)


def disc(cx: float, cy: float, radius: float) -> Field:
    """A filled circle."""
    return np.hypot(x - cx, y - cy) - radius


def strokes(lines: Iterable[Sequence[Point]], thickness: float) -> Field:
    """Lines through points, with round ends; only their neighbourhood is computed."""
    distance = np.full((HEIGHT, WIDTH), 1e4, np.float32)
    pad = thickness + 2
    for line in lines:
        for (ax, ay), (bx, by) in pairwise(line):
            box = pixels(min(ay, by) - pad, max(ay, by) + pad), pixels(min(ax, bx) - pad, max(ax, bx) + pad)
            dx, dy = bx - ax, by - ay
            along = np.clip(((x[box] - ax) * dx + (y[box] - ay) * dy) / (dx * dx + dy * dy), 0, 1)
            near = np.hypot(x[box] - ax - along * dx, y[box] - ay - along * dy) - thickness / 2
            distance[box] = np.minimum(distance[box], near)
    return distance


def pixels(start: float, end: float) -> slice:
    """The rows or columns between two places of the drawing."""
    return slice(int(start * SCALE), int(end * SCALE))


def ridge(skyline: Sequence[Point], jag: float) -> Field:
    """Land below a skyline with small teeth, as cut from paper."""
    across = x[0]
    line = np.interp(across, *zip(*skyline, strict=True))
    for length in (173, 61):
        line -= jag * (length / 100) * np.abs((across / length) % 1 - 0.5)
    return line.astype(np.float32)[None, :] - y


def halftone(pitch: float, radius: Callable[[Field], Field]) -> Field:
    """Dots on a lattice turned by 45°, as big as `radius` says at each height."""
    u, v = (x + y) / pitch, (x - y) / pitch
    return pitch / np.sqrt(2) * np.hypot(u - np.rint(u), v - np.rint(v)) - radius(y)


def pine(cx: float, foot: float, height: float) -> Field:
    """A tree of three stacked triangles."""
    tiers = []
    for start, end, half in ((0.0, 0.45, 0.15), (0.22, 0.72, 0.21), (0.48, 1.0, 0.27)):
        top, bottom = foot - height * (1 - start), foot - height * (1 - end)
        slope = half * height / (bottom - top)
        side = (np.abs(x - cx) - (y - top) * slope) / np.sqrt(1 + slope * slope)
        tiers.append(both(side, y - bottom))
    return np.minimum.reduce(tiers)


def arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float) -> list[Point]:
    """Points of an ellipse from `start` to `end` degrees, clockwise from the right."""
    turn = np.radians(np.linspace(start, end, 40))
    return [(float(cx + rx * np.cos(a)), float(cy + ry * np.sin(a))) for a in turn]


LETTERS: dict[str, tuple[float, list[list[Point]]]] = {
    " ": (0.2, []),
    "G": (0.78, [[*arc(0.4, 0.5, 0.4, 0.5, -45, -360), (0.48, 0.5)]]),
    "O": (0.84, [arc(0.42, 0.5, 0.42, 0.5, 0, 360)]),
    "L": (0.5, [[(0, 0), (0, 1), (0.5, 1)]]),
    "D": (0.74, [[(0.3, 0), (0, 0), (0, 1), (0.3, 1)], arc(0.3, 0.5, 0.44, 0.5, -90, 90)]),
    "E": (0.54, [[(0.54, 0), (0, 0), (0, 1), (0.54, 1)], [(0, 0.49), (0.46, 0.49)]]),
    "N": (0.68, [[(0, 1), (0, 0), (0.68, 1), (0.68, 0)]]),
    "H": (0.68, [[(0, 0), (0, 1)], [(0.68, 0), (0.68, 1)], [(0, 0.49), (0.68, 0.49)]]),
    "U": (0.66, [[(0, 0), *arc(0.33, 0.64, 0.33, 0.36, 180, 0), (0.66, 0)]]),
    "R": (0.6, [[(0, 1), (0, 0), *arc(0.3, 0.27, 0.29, 0.27, -90, 90), (0, 0.54)], [(0.26, 0.54), (0.6, 1)]]),
}
"""Own letterforms: advance and strokes on a square one letter high."""


def text(words: str, *, top: float, height: float, thickness: float, tracking: float) -> Field:
    """One centred line of letters."""
    advances = [LETTERS[letter][0] for letter in words]
    left = CENTRE_X - (sum(advances) + tracking * (len(words) - 1)) * height / 2
    lines = []
    for letter, advance in zip(words, advances, strict=True):
        lines += [[(left + px * height, top + py * height) for px, py in line] for line in LETTERS[letter][1]]
        left += (advance + tracking) * height
    return strokes(lines, thickness)


def bird(cx: float, cy: float, span: float) -> list[Point]:
    """Two wings in one line."""
    wings = arc(cx - span / 2, cy, span / 2, span / 3, 200, 350)
    return wings + arc(cx + span / 2, cy, span / 2, span / 3, 190, 340)


def draw_dusk() -> None:
    """The sun, its halftone, three ridges, trees, birds."""
    sky = both(disc(CENTRE_X, CENTRE_Y, RADIUS), y - WATER)
    paint(sky, OCHRE)
    paint(both(sky, halftone(54, lambda at: np.clip((at - 420) / 27, 0, 33))), CORAL)
    paint(both(sky, ridge(FAR, 34)), BRICK)
    paint(both(sky, ridge(MIDDLE, 22)), TEAL)
    trees = np.minimum.reduce([ridge(NEAR, 8), *(pine(*tree) for tree in TREES)])
    paint(both(sky, trees), PINE)
    paint(strokes([bird(880, 650, 110), bird(1070, 540, 78), bird(740, 520, 62)], 17), PINE)


def draw_lake() -> None:
    """Bars of light that follow the sun's lower edge."""
    sun = disc(CENTRE_X, CENTRE_Y, RADIUS)
    for number in range(11):
        middle = WATER + 62 + number * 66
        bar = both(np.abs(y - middle) - 21 + number * 1.1, sun + 24 * (number % 3))
        paint(bar, (OCHRE, CORAL, TEAL)[number % 3])


# fmt: off
FAR = (
    (0, 1330), (260, 1170), (420, 1250), (800, 930), (960, 1080), (1180, 760), (1420, 1090), (1560, 1010),
    (1880, 1290), (2140, 1150), (2400, 1350),
)
MIDDLE = (
    (0, 1240), (230, 1300), (520, 1420), (760, 1330), (980, 1430), (1340, 1210), (1600, 1420), (1800, 1360),
    (2050, 1440), (2400, 1200),
)
NEAR = ((0, 1440), (500, 1480), (1000, 1505), (1350, 1490), (1800, 1470), (2400, 1420))
TREES = (
    (230, 1525, 260), (330, 1525, 330), (460, 1525, 470), (610, 1525, 600), (740, 1525, 400),
    (850, 1525, 250), (1610, 1525, 220), (1720, 1525, 360), (1850, 1525, 560), (2000, 1525, 650),
    (2120, 1525, 420), (2210, 1525, 300),
)
# fmt: on


def main() -> None:
    """Writes design.png beside this script, straight alpha, 300 DPI."""
    draw_dusk()
    draw_lake()
    paint(text("GOLDEN HOUR", top=2534, height=206, thickness=47, tracking=0.37), CORAL)
    alpha = image[..., 3:]
    straight = np.where(alpha > 0, image[..., :3] * 255 / np.maximum(alpha, 1e-3), 0)
    pixels = np.rint(np.concatenate([straight, alpha], axis=2)).astype(np.uint8)
    data = encode_image(pixels=pixels, kind=ImageFormat.PNG, dpi=300)
    Path(__file__).with_name("design.png").write_bytes(data)


if __name__ == "__main__":
    main()
