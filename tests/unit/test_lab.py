"""CIELAB and CIEDE2000 against published numbers."""

from __future__ import annotations

import numpy as np
import pytest

from tirage.media.values import Colour
from tirage.mockup.lab import difference, lab


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [  # Sharma, Wu, Dalal (2005), table 1
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 3.1571, -77.2803), (50, 0, -82.7485), 2.8615),
        ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
        ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_differences_are_the_published_ones(
    first: tuple[float, ...], second: tuple[float, ...], expected: float
) -> None:
    pair = (np.array([colour], np.float32) for colour in (first, second))
    assert difference(*pair)[0] == pytest.approx(expected, abs=2e-3)


def test_one_colour_is_compared_with_many() -> None:
    many = lab(np.array([[0, 0, 0], [1, 1, 1]], np.float32))
    assert difference(many, many[1:2]).tolist() == pytest.approx([100, 0], abs=0.01)


@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        ("#ffffff", (100, 0, 0)),
        ("#000000", (0, 0, 0)),
        ("#ff0000", (53.24, 80.09, 67.20)),
        ("#00ff00", (87.73, -86.18, 83.18)),
        ("#0000ff", (32.30, 79.19, -107.86)),
        ("#777777", (50.03, 0, 0)),
    ],
)
def test_colours_have_their_known_coordinates(colour: str, expected: tuple[float, ...]) -> None:
    linear = np.array([Colour.parse(colour).to_linear()], np.float32)
    assert lab(linear)[0].tolist() == pytest.approx(expected, abs=0.15)
