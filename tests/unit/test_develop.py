"""Linear renders become pictures as the kernels' own do."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from numpy.typing import NDArray

from tirage.media.values import Colour
from tirage.mockup import kernels
from tirage.mockup.develop import develop
from tirage.mockup.kernels import TERMS, pointer
from tirage.mockup.view import EVEN

BACK = Colour(242, 17, 130)
EXPOSURE = 1.05


def by_kernels(render: NDArray[np.float32], background: Colour | None) -> NDArray[np.uint8]:
    """The same through native/shade.c: radiance as direct light on cloth of its colour, pixel by pixel."""
    flat = render.reshape(-1, 4)
    out = np.empty((len(flat), 3 if background else 4), np.uint8)
    look = kernels.Look(exposure=EXPOSURE, k_gain=0, k_slope=0)
    look.channels = out.shape[1]
    if background:
        look.background[:] = [c / 255 for c in (background.red, background.green, background.blue)]
    for row, pixel in enumerate(flat):
        strongest = max(float(pixel[:3].max()), 1e-6)
        look.fabric[:] = (pixel[:3] / strongest).tolist()
        look.bounce[:] = [0, 0, 0]
        terms = np.zeros((1, TERMS), np.float16)
        terms[0, 0], terms[0, 4], terms[0, 6] = strongest, pixel[3], pixel[3]
        kernels.call(
            "compose_plain",
            pointer(terms, np.float16),
            EVEN.for_kernels(),
            ctypes.c_int64(1),
            ctypes.byref(look),
            pointer(out[row : row + 1], np.uint8),
        )
    return out.reshape(*render.shape[:2], -1)


@pytest.mark.parametrize("background", [BACK, None])
def test_it_is_the_kernels_own_finish(background: Colour | None) -> None:
    rng = np.random.default_rng(5)
    alpha = rng.choice([0.0, 0.25, 0.5, 1.0], size=(40, 50, 1))
    colour = rng.random((40, 50, 3)) ** 2 * rng.choice([0.1, 1.0, 6.0], size=(40, 50, 1))
    render = np.concatenate([colour * alpha, alpha], axis=2).astype(np.float16).astype(np.float32)
    ours, theirs = (
        develop(render, exposure=EXPOSURE, background=background),
        by_kernels(render, background),
    )
    assert ours.shape == theirs.shape
    assert np.abs(ours.astype(int) - theirs).max() <= 1
    assert (ours == theirs).mean() > 0.95


def test_the_background_is_exact_whatever_lies_in_clear_pixels() -> None:
    for code in range(256):
        background = Colour(code, 255 - code, code)
        picture = develop(np.zeros((2, 2, 4), np.float32), exposure=1, background=background)
        assert (picture == (code, 255 - code, code)).all()
    broken = np.full((1, 1, 4), np.nan, np.float32)
    assert (develop(broken, exposure=1, background=BACK) == (242, 17, 130)).all()
    assert (develop(broken, exposure=1, background=None) == 0).all()


def test_middle_grey_and_highlights() -> None:
    """PBR Neutral keeps colours below .8 as they are, but for the Fresnel offset of .04, and never clips."""
    render = np.array([[[0.5, 0.5, 0.5, 1.0], [50, 50, 50, 1.0]]], np.float32)
    grey, bright = develop(render, exposure=1, background=BACK)[0]
    assert (grey == round((1.055 * 0.46 ** (1 / 2.4) - 0.055) * 255)).all()
    assert (bright >= 253).all()
