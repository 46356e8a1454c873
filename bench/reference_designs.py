"""Draw the designs of the references: fine text, a photo-like picture, line art with transparency.

All drawing is ours, down to the letters, so that the pictures can lie in the repository (bench/designs)."""

from pathlib import Path

import cv2
import numpy as np
import pyvips
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]
Colour = tuple[int, int, int]

DESIGNS = Path(__file__).resolve().parent / "designs"
WIDTH = 2400
SHIFT = 4  # OpenCV's sub-pixel bits
INK: Colour = (28, 29, 34)
PAPER: Colour = (244, 242, 236)
ORANGE: Colour = (232, 112, 32)
TEAL: Colour = (16, 128, 136)
RED: Colour = (206, 32, 44)

# Strokes on a grid of 4 × 6, y downward: "xy xy …"; ~ rounds an open stroke, @ a closed one; ; ends one.
LETTERS = {
    "A": "06 20 46;14 34", "B": "00 06;~00 30 41 42 33 03;~03 33 44 45 36 06",
    "C": "~41 30 10 02 04 16 36 45", "D": "00 06;~00 20 42 44 26 06", "E": "40 00 06 46;03 33",
    "F": "40 00 06;03 33", "G": "~41 30 10 02 04 16 36 45 43;43 23", "H": "00 06;40 46;03 43",
    "I": "20 26", "J": "~30 34 35 26 16 05", "K": "00 06;40 03 46", "L": "00 06 46",
    "M": "06 00 24 40 46", "N": "06 00 46 40", "O": "@10 30 42 44 36 16 04 02",
    "P": "06 00;~00 30 41 42 33 03", "Q": "@10 30 42 44 36 16 04 02;34 46",
    "R": "06 00;~00 30 41 42 33 03;23 46", "S": "~41 30 10 01 02 13 33 44 45 36 16 05",
    "T": "00 40;20 26", "U": "~00 04 05 16 36 45 44 40", "V": "00 26 40", "W": "00 16 22 36 40",
    "X": "00 46;40 06", "Y": "00 23 40;23 26", "Z": "00 40 06 46", "0": "@10 30 42 44 36 16 04 02;31 15",
    "1": "11 20 26", "2": "~01 10 30 41 42 06;06 46", "3": "~01 10 30 41 42 33 23;~23 33 44 45 36 16 05",
    "4": "36 30 04 44", "5": "40 00 03;~03 12 32 43 45 36 16 05",
    "6": "~41 30 10 02 04 16 36 45 44 33 13 04", "7": "00 40 16",
    "8": "@10 30 41 42 33 13 02 01;@13 33 44 45 36 16 05 04", "9": "~05 16 36 44 42 30 10 01 02 13 33 42",
    ".": "26 26", ",": "25 17", "-": "13 33", ":": "22 22;25 25", "/": "06 40", "!": "20 24;26 26",
}  # fmt: skip

NARROW = " .,:I!"


def rounded(points: Floats, *, closed: bool) -> Floats:
    """Three rounds of corner cutting (Chaikin); open strokes keep their ends."""
    for _ in range(3):
        after = np.roll(points, -1, axis=0)
        pairs = np.stack([0.75 * points + 0.25 * after, 0.25 * points + 0.75 * after], axis=1)
        inner = pairs.reshape(-1, 2) if closed else pairs[:-1].reshape(-1, 2)
        points = inner if closed else np.vstack([points[:1], inner[1:-1], points[-1:]])
    return points


def glyph(letter: str) -> list[Floats]:
    """The strokes of one letter on its 4 × 6 grid."""
    strokes = []
    for text in filter(None, LETTERS.get(letter, "").split(";")):
        points = np.array([(int(pair[0]), int(pair[1])) for pair in text.lstrip("~@").split()], float)
        if text[0] in "~@":
            points = rounded(points, closed=text[0] == "@")
        strokes.append(np.vstack([points, points[:1]]) if text[0] == "@" else points)
    return strokes


def draw(mask: Bytes, points: Floats, thickness: int, value: int = 255) -> None:
    """A smooth-edged polyline (n, 2) in pixels into a coverage mask."""
    codes = np.rint(points * 2**SHIFT).astype(np.int32)
    cv2.polylines(mask, [codes], False, value, thickness, cv2.LINE_AA, SHIFT)


def write_line(
    mask: Bytes, text: str, *, left: float, top: float, height: float, weight: float = 0.13
) -> float:
    """One line of text, `height` pixels tall, into a mask; returns where it ends."""
    unit = height / 6
    for letter in text:
        narrow = letter in NARROW
        for stroke in glyph(letter):
            draw(
                mask,
                (stroke - [1.2 if narrow else 0, 0]) * unit + [left, top],
                max(1, round(height * weight)),
            )
        left += unit * (3.2 if narrow else 5.6)
    return left


def lay(picture: Floats, mask: Bytes, colour: Colour, opacity: float = 1.0) -> None:
    """Colour over a premultiplied picture (h, w, 4) of 0…1, where the mask covers."""
    steps = np.rint(mask / 31.875) / 8  # nine shades of an edge are plenty and pack three times smaller
    cover = (steps * opacity)[..., None]
    ink = np.array([*(channel / 255 for channel in colour), 1.0])
    picture *= 1 - cover
    picture += ink * cover


def straight(picture: Floats) -> Bytes:
    """Premultiplied 0…1 → straight 8-bit RGBA."""
    alpha = picture[..., 3:]
    colour = np.where(alpha > 0, picture[..., :3] / np.maximum(alpha, 1e-9), 0)
    codes = np.rint(np.concatenate([colour, alpha], axis=-1).clip(0, 1) * 255)
    return np.asarray(codes, np.uint8)


def fine_text() -> Bytes:
    """Lines of text from 26 mm down to 4 mm tall at 30 cm, in inks that show on light and on dark cloth.

    Smaller letters than 4 mm are under three pixels at 512²: there 256 samples are noise, not a reference."""
    picture = np.zeros((2900, WIDTH, 4))
    words = (
        "PACK MY BOX WITH FIVE DOZEN LIQUOR JUGS, 0123456789 - THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG. "
    )
    inks = (INK, PAPER, ORANGE, TEAL)
    top, number = 30.0, 0
    for height, rows in ((210, 1), (120, 1), (84, 2), (60, 3), (44, 6), (32, 12)):
        for _ in range(rows):
            mask = np.zeros(picture.shape[:2], np.uint8)
            letters = "SIX VIEWS" if number == 0 else (words * 5)[number * 7 :]
            fits = int((WIDTH - 60) / (height / 6 * 5.0))
            write_line(mask, letters[:fits], left=30, top=top, height=height)
            lay(picture, mask, inks[number % len(inks)])
            top, number = top + height * 1.62, number + 1
    return straight(picture[: int(top) + 20])


def noise(rng: np.random.Generator, shape: tuple[int, int], cells: int, octaves: int) -> Floats:
    """Smooth random hills of 0…1: octaves of enlarged random grids."""
    total, amplitude = np.zeros(shape), 1.0
    for octave in range(octaves):
        count = cells * 2**octave
        grid = rng.random((max(2, count * shape[0] // shape[1]), count)).astype(np.float32)
        total += amplitude * cv2.resize(grid, shape[::-1], interpolation=cv2.INTER_CUBIC)
        amplitude *= 0.55
    total -= total.min()
    return np.asarray(total / total.max())


def mix(below: Floats, above: Floats, cover: Floats) -> Floats:
    """`above` over `below` where `cover` (h, w) is 1."""
    return np.asarray(below + (above - below) * cover[..., None])


def ridge(
    rng: np.random.Generator, shape: tuple[int, int], level: float, height: float, cells: int
) -> Floats:
    """The height of a mountain line per column, as a fraction of the picture's height from its top."""
    line = noise(rng, (8, shape[1]), cells, 6)[4]
    return np.asarray(level - height * (line - 0.5))


def photo() -> Bytes:
    """A landscape: smooth sky, soft clouds, haze, dark rock, water, saturated flowers, grain."""
    rng = np.random.default_rng(11)
    shape = (1900, WIDTH)
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]] / np.array(shape, float).reshape(2, 1, 1)
    sky = mix(
        np.full((*shape, 3), (0.98, 0.80, 0.58)),
        np.full((*shape, 3), (0.20, 0.42, 0.74)),
        np.clip(1 - y * 1.9, 0, 1),
    )
    clouds = np.clip(noise(rng, shape, 4, 7) * 2.6 - 1.25 - y, 0, 1)
    picture = mix(sky, np.full((*shape, 3), (1.0, 0.95, 0.90)), clouds)
    glow = np.exp(-(((x - 0.72) * 1.26) ** 2 + (y - 0.36) ** 2) / 0.006)
    picture = mix(picture, np.full((*shape, 3), (1.0, 0.97, 0.85)), np.clip(glow * 1.3, 0, 1))
    for step, (level, height, tone) in enumerate(
        ((0.47, 0.22, (0.56, 0.60, 0.68)), (0.54, 0.16, (0.33, 0.40, 0.45)), (0.60, 0.10, (0.12, 0.20, 0.17)))
    ):
        line = ridge(rng, shape, level, height, 5 + 3 * step)
        rock = np.array(tone) * (0.62 + 0.76 * noise(rng, shape, 24 + 30 * step, 6))[..., None]
        picture = mix(picture, rock, np.clip((y - line) * shape[0] / 1.6, 0, 1))
    shore = int(shape[0] * 0.66)
    waves = (
        (noise(rng, (shape[0] - shore, WIDTH), 6, 7) - 0.5)
        * 46
        * np.linspace(0.1, 1, shape[0] - shore)[:, None]
    )
    rows = np.clip(shore - np.arange(1, shape[0] - shore + 1)[:, None] * 1.4 + waves, 0, shore - 1).astype(
        int
    )
    picture[shore:] = picture[rows, np.arange(WIDTH)] * (0.62, 0.72, 0.78) + (0.01, 0.03, 0.05)
    meadow(rng, picture)
    picture += rng.normal(0, 0.008, shape)[..., None]
    codes = np.rint(picture.clip(0, 1) * 255).astype(np.uint8)
    return np.dstack([codes, np.full(shape, 255, np.uint8)])


def meadow(rng: np.random.Generator, picture: Floats) -> None:
    """Blades of grass and flowers along the bottom: the sharp, colourful part of the picture."""
    height, width = picture.shape[:2]
    for _ in range(2600):
        x, base = rng.random() * width, height * (0.86 + 0.16 * rng.random())
        tip = np.array([x + rng.normal(0, 50), base - rng.uniform(60, 300)])
        green = rng.uniform(0.3, 1.0) * np.array([0.30, 0.46, 0.14]) * 255
        points = np.rint(
            np.array([[x, base], (tip + np.array([x, base])) / 2 + [rng.normal(0, 10), 0], tip]) * 16
        ).astype(np.int32)
        layer(picture, [points], int(rng.integers(2, 7)), green / 255)
    for _ in range(240):
        centre = np.array([rng.random() * width, height * rng.uniform(0.74, 0.98)])
        petal = np.array(
            [(0.85, 0.10, 0.16), (0.96, 0.76, 0.12), (0.42, 0.20, 0.62), (0.97, 0.96, 0.92)][rng.integers(4)]
        )
        size = rng.uniform(6, 26)
        for turn in range(6):
            around = np.array([np.cos(turn * np.pi / 3), np.sin(turn * np.pi / 3) * 0.7]) * size * 0.8
            spot = np.rint((centre + around) * 16).astype(np.int32) + np.array([[0, 0], [8, 0]], np.int32)
            layer(picture, [spot], int(size), petal * rng.uniform(0.75, 1.0))


def layer(picture: Floats, lines: list[NDArray[np.int32]], thickness: int, colour: Floats) -> None:
    """One opaque, smooth-edged stroke into an opaque picture, touching only its surroundings."""
    points = np.vstack([line.reshape(-1, 2) for line in lines]) / 16
    low = np.maximum(np.floor(points.min(axis=0)) - thickness - 2, 0).astype(int)
    high = np.minimum(np.ceil(points.max(axis=0)) + thickness + 3, picture.shape[1::-1]).astype(int)
    if (high <= low).any():
        return
    mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
    moved = [line.reshape(-1, 2) - (low * 16).astype(np.int32) for line in lines]
    cv2.polylines(mask, moved, False, 255, thickness, cv2.LINE_AA, SHIFT)
    box = picture[low[1] : high[1], low[0] : high[0]]
    box += (colour - box) * (mask.astype(float) / 255)[..., None]


def line_art() -> Bytes:
    """Rosettes, hatching, veils of half-covering ink and soft fades, nothing behind them."""
    size = WIDTH
    picture = np.zeros((size, size, 4))
    y, x = np.mgrid[0:size, 0:size] / size - 0.5
    radius = np.hypot(x, y)
    disc = np.rint(np.clip((0.46 - radius) * size + 0.5, 0, 1) * 110).astype(np.uint8)
    lay(picture, disc, TEAL)
    lay(picture, np.rint(15 * np.exp(-(((radius - 0.30) / 0.05) ** 2))).astype(np.uint8) * 17, ORANGE, 0.55)
    for turns, (inner, outer), colour, thickness in (
        (24, (0.10, 0.47), INK, 3), (36, (0.30, 0.44), PAPER, 4), (12, (0.05, 0.27), RED, 7)
    ):  # fmt: skip
        lay(picture, rosette(size, turns, inner, outer, thickness), colour)
    hatch = np.zeros((size, size), np.uint8)
    for offset in np.arange(0, size, 21):
        draw(hatch, np.array([[offset, 0.0], [offset - size * 0.3, size]]), 2)
    hatch = np.rint(hatch * (radius < 0.09)).astype(np.uint8)
    lay(picture, hatch, INK)
    ring = np.zeros((size, size), np.uint8)
    cv2.circle(ring, (size // 2 * 16, size // 2 * 16), int(size * 0.492) * 16, 255, 11, cv2.LINE_AA, SHIFT)
    lay(picture, ring, INK)
    return straight(picture)


def rosette(size: int, petals: int, inner: float, outer: float, thickness: int) -> Bytes:
    """A closed wavy curve drawn several times, each turned a little: the pattern of a bank note."""
    mask = np.zeros((size, size), np.uint8)
    angle = np.linspace(0, 2 * np.pi, 2400)
    for phase in np.linspace(0, 2 * np.pi, 5)[:-1]:
        radius = (inner + outer) / 2 + (outer - inner) / 2 * np.sin(angle * petals / 2 + phase)
        if petals % 4:
            radius = (inner + outer) / 2 + (outer - inner) / 2 * np.sin(angle * (petals // 2 + 1) + phase)
        points = np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius[:, None] * size + size / 2
        draw(mask, points, thickness)
    return mask


def main() -> None:
    """Write text.png, photo.jpg and lines.png."""
    DESIGNS.mkdir(exist_ok=True)
    for name, picture in (("text.png", fine_text()), ("lines.png", line_art())):
        image = pyvips.Image.new_from_array(picture).copy(interpretation="srgb")
        image.pngsave(str(DESIGNS / name), compression=9, filter="none")
    options = [
        cv2.IMWRITE_JPEG_QUALITY,
        88,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    ]
    cv2.imwrite(str(DESIGNS / "photo.jpg"), cv2.cvtColor(photo(), cv2.COLOR_RGBA2BGR), options)
    for path in sorted(DESIGNS.iterdir()):
        print(f"{path.stat().st_size:>9,} {path.name}")


if __name__ == "__main__":
    main()
