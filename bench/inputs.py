"""The designs that are timed: variants of the references' designs, different bytes but the same work.
Made by a child (`python -m bench.inputs COUNT FOLDER`), so that they leave no trace in a measured process.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from tirage.media.encode import ImageFormat, encode_image
from tirage.media.intake import read_design

DESIGNS = Path(__file__).resolve().parent / "designs"
STEP = 37
"""Columns that each variant is rolled on."""


def designs(count: int, folder: Path) -> list[Path]:
    """`count` different designs in a folder, made by another process."""
    argv = [sys.executable, "-m", "bench.inputs", str(count), str(folder)]
    subprocess.run(argv, cwd=DESIGNS.parents[1], check=True)
    return sorted(folder.glob("design-*"))


def write(count: int, folder: Path) -> None:
    """Writes `count` different designs, 2400 pixels wide: line art, photo, fine text in turn."""
    bases = [read_design(path) for path in sorted(DESIGNS.iterdir())]
    for number in range(count):
        base = bases[number % len(bases)]
        kind = ImageFormat(base.kind)
        rolled = np.roll(base.pixels, STEP * (1 + number // len(bases)), axis=1)
        pixels = rolled if kind.transparent else rolled[..., :3]
        path = folder / f"design-{number:02}{kind.extension}"
        path.write_bytes(encode_image(pixels=pixels, kind=kind))


if __name__ == "__main__":
    write(int(sys.argv[1]), Path(sys.argv[2]))
