"""`make goldens`: makes the golden pictures again, and sheets of them all in out/goldens to be looked at."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from tests.golden.goldens import FOLDER, SHAPES, SIZE, goldens, make, read
from tirage.mockup.relight import Renderer
from tirage.mockup.template import load

SHEETS = FOLDER.parents[1] / "out" / "goldens"
ACROSS = 5


def write_sheets(renderer: Renderer) -> list[Path]:
    """Contact sheets, one for each kind, in the order of the list."""
    SHEETS.mkdir(parents=True, exist_ok=True)
    kinds: dict[str, list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]] = {}
    for golden in goldens(renderer.template):
        kinds.setdefault(golden.name.partition("-")[0], []).append(read(golden))
    paths = []
    for kind, pictures in kinds.items():
        rows = -(-len(pictures) // ACROSS)
        sheet = np.full((rows * SIZE, ACROSS * SIZE, 3), 255, np.uint8)
        for number, picture in enumerate(pictures):
            y, x = number // ACROSS * SIZE, number % ACROSS * SIZE
            sheet[y : y + SIZE, x : x + SIZE] = picture
        paths.append(SHEETS / f"{renderer.template.info.id}-{kind}.png")
        cv2.imwrite(str(paths[-1]), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    return paths


def main() -> None:
    """Makes those of the templates that are named, or all, and says where to look."""
    for name in sys.argv[1:] or ("tee", *SHAPES):
        renderer = Renderer(load(name))
        made = make(renderer)
        total = sum(path.stat().st_size for path in made)
        print(f"{len(made)} goldens of {name}, {total / 1e6:.2f} MB")
        for path in write_sheets(renderer):
            print(f"look at {path.relative_to(FOLDER.parents[1])}")


if __name__ == "__main__":
    main()
