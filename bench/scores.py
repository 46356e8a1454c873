"""How alike two pictures are: PSNR and SSIM over some of their pixels.

One of them may be two takes of the same scene, alike but for their noise, which is independent: then noise
is no difference.  What both takes differ in from ours is, hence products of two differences, not squares."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Takes = tuple[Picture, Picture]

PEAK = 255.0
LUMA = (0.2126, 0.7152, 0.0722)
"""Rec. 709, applied to sRGB codes."""
WINDOW, SIGMA = 11, 1.5
C1, C2 = (0.01 * PEAK) ** 2, (0.03 * PEAK) ** 2


def over(picture: Picture, background: int) -> Picture:
    """Straight-alpha RGBA (h, w, 4) over an even grey of 0–255, in display values; (h, w, 3)."""
    alpha = picture[..., 3:].astype(np.float64) / PEAK
    return np.rint(picture[..., :3] * alpha + background * (1 - alpha)).astype(np.uint8)


def squares(theirs: Takes, ours: Picture) -> Floats:
    """Mean squared difference of each pixel's three codes, (h, w), without what is noise of the takes.

    Where there is hardly any a pixel's may be negative; means over many are not, but for chance.
    """
    first, second = (take.astype(np.float64) - ours for take in theirs)
    return np.asarray(np.mean(first * second, axis=2))


def noise(theirs: Takes) -> Floats:
    """The squared noise of one take, as `squares` would count it, (h, w)."""
    return np.asarray(np.mean((theirs[0].astype(np.float64) - theirs[1]) ** 2, axis=2) / 2)


def decibels(mean_square: float) -> float:
    """PSNR of 8-bit codes; infinite for equal pictures."""
    return math.inf if mean_square <= 0 else 10 * math.log10(PEAK**2 / mean_square)


def psnr(first: Picture, second: Picture, where: Mask) -> float:
    """Peak signal-to-noise ratio over the pixels of `where`, all three channels together, dB."""
    return decibels(float(squares((first, first), second)[where].mean()))


def ssim(theirs: Takes, ours: Picture, where: Mask) -> float:
    """Structural similarity of the luma, averaged over the pixels of `where`.

    Wang, Bovik, Sheikh, Simoncelli 2004: 11 × 11 Gaussian window of σ 1.5, K1 .01, K2 .03, no downsampling.
    Squares of theirs are products of the two takes.
    """
    first, second, b = (np.asarray(picture @ np.array(LUMA), np.float64) for picture in (*theirs, ours))
    mean_first, mean_second, mean_b = _blurred(first), _blurred(second), _blurred(b)
    mean_a, square_a = (mean_first + mean_second) / 2, mean_first * mean_second
    variance_a = _blurred(first * second) - square_a
    variance_b = _blurred(b * b) - mean_b**2
    covariance = _blurred((first + second) / 2 * b) - mean_a * mean_b
    map_ = ((2 * mean_a * mean_b + C1) * (2 * covariance + C2)) / (
        (square_a + mean_b**2 + C1) * (variance_a + variance_b + C2)
    )
    return float(map_[where].mean())


def _blurred(values: Floats) -> Floats:
    return np.asarray(cv2.GaussianBlur(values, (WINDOW, WINDOW), SIGMA, borderType=cv2.BORDER_REFLECT))
