"""Draw the cotton knits that templates bring: single jersey, and heather, a melange yarn in the same knit.

Grey tiles of 12.8 cm that repeat without a seam.  They are relative: their mean is the fabric's colour."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent
TILE_CM = 12.8
SIDE = 512  # 40 texels a centimetre: four across a stitch, as many as the largest pictures show
WALES, COURSES = 127, 167  # 9.9 columns and 13 rows of stitches a centimetre: a heavy jersey
FINER = 4  # the drawing's texels across one of the tile's
DRAWN = SIDE * FINER
MEAN_CODE = 160  # bright stitches reach 1.5 times the mean
TUFT_END_CM = 0.05  # over which fibres of another colour run out
SEED = 20

Floats = NDArray[np.float32]
Courses = NDArray[np.int64]


def noise(seed: int, across_cm: float, down_cm: float) -> Floats:
    """Even Gaussian noise over the drawing that repeats, smooth over these lengths; mean 0, deviation 1.

    Nothing in it is longer than a sixth of the tile, so that repeats do not show."""
    white = np.random.default_rng(seed).standard_normal((SIDE, SIDE))
    down, across = np.meshgrid(np.fft.fftfreq(SIDE), np.fft.fftfreq(SIDE), indexing="ij")
    texels = SIDE / TILE_CM
    shape = np.exp(-2 * np.pi**2 * ((across * across_cm * texels) ** 2 + (down * down_cm * texels) ** 2))
    shape *= np.hypot(across, down) * SIDE >= 6
    smooth = np.fft.ifft2(np.fft.fft2(white) * shape).real
    even = np.asarray(smooth / smooth.std(), np.float32)
    return np.asarray(cv2.resize(even, (DRAWN, DRAWN), interpolation=cv2.INTER_LINEAR))


def along(seed: int, threads: int, length_cm: float) -> Floats:
    """What varies along each of some threads, (threads, DRAWN), smooth over a length; mean 0, deviation 1."""
    white = np.random.default_rng(seed).standard_normal((threads, DRAWN))
    wave = np.fft.fftfreq(DRAWN) * DRAWN / TILE_CM
    shape = np.exp(-2 * (np.pi * wave * length_cm) ** 2) * (np.abs(wave) * TILE_CM >= 6)
    smooth = np.fft.ifft(np.fft.fft(white, axis=1) * shape, axis=1).real
    return np.asarray(smooth / smooth.std(), np.float32)


def tufts(seed: int, a_cm: float, length_cm: float, tones: tuple[float, ...]) -> Floats:
    """Stretches of yarn with fibres of another colour, (COURSES, DRAWN), added up: each of one of the tones.

    a_cm: how many there are in a centimetre of yarn; length_cm: their median, and half are within a factor
    of 1.5 of it."""
    random = np.random.default_rng(seed)
    yarn = np.zeros((COURSES, DRAWN), np.float32)
    places, soft = np.arange(DRAWN), TUFT_END_CM * DRAWN / TILE_CM
    for course in np.repeat(np.arange(COURSES), random.poisson(a_cm * TILE_CM, COURSES)):
        middle, tone = random.uniform(0, DRAWN), random.choice(tones) * random.uniform(0.6, 1.4)
        half = 0.5 * length_cm * np.exp(0.6 * random.standard_normal()) * DRAWN / TILE_CM
        away = np.abs((places - middle + DRAWN / 2) % DRAWN - DRAWN / 2)
        yarn[course] += tone * np.clip((half - away) / soft + 0.5, 0, 1)
    return yarn


def stitches(thickness: Floats) -> tuple[Floats, Courses]:
    """Height of the yarn, 0 to 1, and the course that lies on top, over the drawing.

    Each stitch is a V of two legs that run under the next course's.  thickness: of yarn, 1 = even."""
    y, x = np.mgrid[0:DRAWN, 0:DRAWN].astype(np.float32) / DRAWN
    sway = noise(SEED + 1, 0.10, 0.30) * 0.010 + noise(SEED + 12, 0.04, 0.06) * 0.006
    u = (x + sway / TILE_CM) * WALES
    v = (y + noise(SEED + 2, 0.25, 0.10) * 0.009 / TILE_CM) * COURSES
    out = np.abs(u - np.floor(u) - 0.5)  # from the middle of a wale
    height = np.zeros_like(x)
    course = np.zeros(x.shape, np.int64)
    for behind in (1, 0):  # the leg that ends here, under the one that begins
        up = 1 - (v - np.floor(v)) + behind  # from the V's point
        centre = 0.055 + 0.27 * up
        round_ = np.sqrt(np.clip(1 - ((out - centre) / (0.165 * thickness)) ** 2, 0, 1))
        here = round_ * np.clip((1.5 - up) / 0.7, 0, 1)
        above = here > height
        height = np.where(above, here, height)
        course = np.where(above, (np.floor(v).astype(np.int64) + behind) % COURSES, course)
    return height, course


def pick(yarn: Floats, course: Courses) -> Floats:
    """A yarn's property where its courses lie."""
    return np.asarray(yarn[course, np.arange(DRAWN)[None, :]], np.float32)


def needles(seed: int, length_cm: float) -> Floats:
    """What is each wale's own, over the drawing: no needle's stitches are quite like its neighbours'."""
    column = np.floor(np.arange(DRAWN) / DRAWN * WALES).astype(np.int64)
    return np.asarray(along(seed, WALES, length_cm)[column].T, np.float32)


def knit(melange: bool) -> NDArray[np.uint8]:
    """A tile's codes; melange: of yarn with dark and bright fibres, else of one colour."""
    course = np.floor(np.arange(DRAWN) / DRAWN * COURSES).astype(np.int64)
    slub = (0.6 * along(SEED + 3, COURSES, 0.35) + 0.8 * along(SEED + 4, COURSES, 0.05))[course]
    height, course = stitches(np.asarray(1 + 0.055 * slub + 0.015 * needles(SEED + 13, 0.4), np.float32))
    light = 0.5 + 0.5 * height**0.8
    light *= 1 + 0.030 * noise(SEED + 5, 0.012, 0.025)  # fibres
    light *= 1 + 0.006 * noise(SEED + 6, 0.13, 0.16)
    light *= 1 + 0.012 * needles(SEED + 7, 0.6) + 0.012 * needles(SEED + 14, 0.12)
    light *= 1 + 0.012 * pick(along(SEED + 8, COURSES, 0.5), course)
    if melange:
        light = light**0.8 * melange_of(course)
    light = cv2.resize(np.asarray(light, np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(np.rint(light * (MEAN_CODE / light.mean())).clip(1, 255), np.uint8)


def melange_of(course: Courses) -> Floats:
    """A melange yarn's tone over the drawing: few dark stretches, which stand out, and many faint ones."""
    dark = tufts(SEED + 9, 0.9, 0.30, (-0.45, -0.30, -0.20))
    faint = tufts(SEED + 10, 3.0, 0.22, (-0.12, -0.06, 0.06, 0.10))
    yarn = np.exp(0.68 * (np.clip(dark, -0.7, 0) + faint) + 0.08 * along(SEED + 11, COURSES, 0.03))
    return pick(np.asarray(yarn, np.float32), course)


FABRICS = {"jersey": False, "heather": True}


def main() -> None:
    """Write the tiles beside this file."""
    for name, melange in FABRICS.items():
        cv2.imwrite(str(HERE / f"{name}.png"), knit(melange), [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == "__main__":
    main()
