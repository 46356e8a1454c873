"""Draw the cotton knits that templates bring: single jersey, and heather, a melange yarn in the same knit.

Grey tiles of 6.4 cm that repeat without a seam.  They are relative: their mean is the fabric's colour."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent
TILE_CM = 6.4
SIDE = 512  # 80 texels a centimetre: six across a stitch
WALES, COURSES = 83, 109  # 13 columns and 17 rows of stitches a centimetre
FINER = 4  # the drawing's texels across one of the tile's
MEAN_CODE = 160  # bright stitches reach 1.5 times the mean
SEED = 20

Floats = NDArray[np.float32]


def noise(seed: int, across_cm: float, down_cm: float, side: int = SIDE) -> Floats:
    """Even Gaussian noise (side, side) that repeats, smooth over these lengths; mean 0, deviation 1.

    Nothing in it is longer than a sixth of the tile, so that repeats do not show."""
    white = np.random.default_rng(seed).standard_normal((side, side))
    down, across = np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side), indexing="ij")
    texels = side / TILE_CM
    shape = np.exp(-2 * np.pi**2 * ((across * across_cm * texels) ** 2 + (down * down_cm * texels) ** 2))
    shape *= np.hypot(across, down) * side >= 6
    smooth = np.fft.ifft2(np.fft.fft2(white) * shape).real
    return np.asarray(smooth / smooth.std(), np.float32)


def along_yarn(seed: int, length_cm: float) -> Floats:
    """What varies along the yarn, (COURSES, side of the drawing): each course is another piece of it."""
    side = SIDE * FINER
    white = np.random.default_rng(seed).standard_normal((COURSES, side))
    wave = np.fft.fftfreq(side) * side / TILE_CM
    shape = np.exp(-2 * (np.pi * wave * length_cm) ** 2) * (np.abs(wave) * TILE_CM >= 7)
    smooth = np.fft.ifft(np.fft.fft(white, axis=1) * shape, axis=1).real
    return np.asarray(smooth / smooth.std(), np.float32)


def large(values: Floats) -> Floats:
    """Noise of the tile's size at the drawing's."""
    return np.asarray(cv2.resize(values, None, fx=FINER, fy=FINER, interpolation=cv2.INTER_LINEAR))


def stitches(thickness: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Height of the yarn, 0 to 1, and the course that lies on top, over the drawing.

    Each stitch is a V of two legs that run under the next course's.  thickness: of yarn, 1 = even."""
    side = SIDE * FINER
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side
    sway = TILE_CM * 0.9
    u = (x + large(noise(SEED + 1, 0.10, 0.25)) * 0.0055 / sway) * WALES
    v = (y + large(noise(SEED + 2, 0.25, 0.10)) * 0.0050 / sway) * COURSES
    out = np.abs(u - np.floor(u) - 0.5)  # from the middle of a wale
    height = np.zeros_like(x)
    course = np.zeros(x.shape, np.int64)
    for behind in (1, 0):  # the leg that ends here, under the one that begins
        along = 1 - (v - np.floor(v)) + behind  # from the V's point, upwards
        centre = 0.055 + 0.27 * along
        radius = 0.165 * thickness
        round_ = np.sqrt(np.clip(1 - ((out - centre) / radius) ** 2, 0, 1))
        ends = np.clip((1.5 - along) / 0.7, 0, 1)
        here = round_ * ends
        above = here > height
        height = np.where(above, here, height)
        course = np.where(above, (np.floor(v).astype(np.int64) + behind) % COURSES, course)
    return height, course


def pick(yarn: Floats, course: NDArray[np.int64]) -> Floats:
    """A yarn's property where its courses lie."""
    columns = np.arange(course.shape[1])[None, :]
    return np.asarray(yarn[course, columns], np.float32)


def knit(melange: float) -> NDArray[np.uint8]:
    """A tile's codes; melange: how much dark and bright fibres differ, 0 for yarn of one colour."""
    side = SIDE * FINER
    rows = np.floor(np.arange(side) / side * COURSES).astype(np.int64)[:, None] * np.ones((1, side), np.int64)
    slub = pick(along_yarn(SEED + 3, 0.35), rows) + 0.6 * pick(along_yarn(SEED + 4, 0.09), rows)
    height, course = stitches(np.asarray(1 + 0.055 * slub, np.float32))
    light = 0.6 + 0.4 * height**0.8
    light *= 1 + 0.026 * large(noise(SEED + 5, 0.012, 0.025))  # fibres
    light *= 1 + 0.008 * large(noise(SEED + 6, 0.13, 0.16)) + 0.006 * large(noise(SEED + 7, 0.03, 1.2))
    light *= 1 + 0.010 * pick(along_yarn(SEED + 8, 0.5), course)
    if melange:
        fibres = (
            0.9 * pick(along_yarn(SEED + 9, 0.03), course)
            + 0.5 * pick(along_yarn(SEED + 10, 0.10), course)
            + 0.6 * large(noise(SEED + 11, 0.018, 0.03))
        )
        fibres = np.tanh(fibres / 1.6) * 1.6
        dark = np.minimum(fibres, 0.0)  # dark fibres are few and stand out
        light = light**0.7 * np.exp(melange * (0.75 * fibres + 0.55 * dark))
    light = cv2.resize(np.asarray(light, np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(np.rint(light * (MEAN_CODE / light.mean())).clip(1, 255), np.uint8)


FABRICS = {"jersey": 0.0, "heather": 0.17}


def main() -> None:
    """Write the tiles beside this file."""
    for name, melange in FABRICS.items():
        cv2.imwrite(str(HERE / f"{name}.png"), knit(melange), [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == "__main__":
    main()
