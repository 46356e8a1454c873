"""The designs that are timed: variants of the references' designs, different bytes but the same work."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tirage.media.encode import ImageFormat, encode_image
from tirage.media.intake import read_design

DESIGNS = Path(__file__).resolve().parent / "designs"
STEP = 37
"""Columns that each variant is rolled on."""


def designs(count: int, folder: Path) -> list[Path]:
    """Writes `count` different designs, 2400 pixels wide: line art, photo, fine text in turn."""
    bases = [read_design(path) for path in sorted(DESIGNS.iterdir())]
    paths = []
    for number in range(count):
        base = bases[number % len(bases)]
        kind = ImageFormat(base.kind)
        rolled = np.roll(base.pixels, STEP * (1 + number // len(bases)), axis=1)
        pixels = rolled if kind.transparent else rolled[..., :3]
        path = folder / f"design-{number:02}{kind.extension}"
        path.write_bytes(encode_image(pixels=pixels, kind=kind))
        paths.append(path)
    return paths
