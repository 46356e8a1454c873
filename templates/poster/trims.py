"""Draws what is not wood: `python templates/poster/trims.py` writes paper, mat, board and hanger.

Plain colours; paper's and board's fibres are in the detail map, so that these stay tiny."""

from __future__ import annotations

import cv2
import numpy as np
from params import HERE

COLOURS = {"paper": "#f4f3ef", "mat": "#f1efe8", "board": "#a58660", "hanger": "#8f8f8c"}
SIDE = 16


def main() -> None:
    """Write the pictures."""
    for name, colour in COLOURS.items():
        blue_green_red = bytes.fromhex(colour.removeprefix("#"))[::-1]
        cv2.imwrite(str(HERE / f"{name}.png"), np.full((SIDE, SIDE, 3), list(blue_green_red), np.uint8))


if __name__ == "__main__":
    main()
