"""Makes what the browser opens: a GLB from an order, and where in space its prints' colours must be.

The places come from the template's mesh, not from the file that is tested.
Run as `python tests/ui/prepare.py FOLDER`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from tirage.media.encode import ImageFormat, encode_image
from tirage.media.intake import read_design
from tirage.mockup.model import Template
from tirage.mockup.order import Art, MockupOrder, Mode
from tirage.mockup.pipeline import make_mockup
from tirage.mockup.placement import Placement, Print, resolve, to_panel
from tirage.mockup.template import load
from tirage.testing import FakeRenderer

QUARTERS = {(0, 0): "#d01020", (0, 1): "#10a030", (1, 0): "#1030d0", (1, 1): "#e0c000"}
"""Colours by row and column: whatever is mirrored, turned or swapped shows."""
PLACES = {
    "front": Placement("front", 0, 22, 24),
    "back": Placement("back", 1, 30, 20, 15),
    "left": Placement("sleeve-left", 0, 14, 8),
}
SIDE = 1200


def main(folder: Path) -> None:
    """Writes design.png, model.glb and points.json."""
    folder.mkdir(parents=True, exist_ok=True)
    design = folder / "design.png"
    pixels = np.empty((SIDE, SIDE, 3), np.uint8)
    for (row, column), code in QUARTERS.items():
        half = SIDE // 2
        pixels[row * half : (row + 1) * half, column * half : (column + 1) * half] = list(
            bytes.fromhex(code[1:])
        )
    design.write_bytes(encode_image(pixels=pixels, kind=ImageFormat.PNG))
    template = load("tee")
    order = MockupOrder(
        arts=tuple(Art(design, place) for place in PLACES.values()),
        out=folder,
        mode=Mode.IMAGES_ONLY,
        size=512,
        glb=True,
    )
    make_mockup(order, renderer=FakeRenderer(template))
    points = [point for view in PLACES for point in _points(template, design, view)]
    (folder / "points.json").write_text(json.dumps({"points": points, "size": _size(template)}, indent=1))


def _points(template: Template, design: Path, view: str) -> list[dict[str, object]]:
    """The quarters' centres, and bare cloth beside the print."""
    place = PLACES[view]
    print_ = Print(
        resolve(width=SIDE, height=SIDE, where=place, template=template), design=read_design(design)
    )
    matrix = to_panel(print_)
    found = {
        ((0.25 + column / 2) * SIDE, (0.25 + row / 2) * SIDE): code
        for (row, column), code in QUARTERS.items()
    }
    found[SIDE / 2, SIDE * 1.1] = "#ffffff"
    return [
        {
            "view": view,
            "colour": code,
            "at": _in_space(template, place.panel, matrix[:, :2] @ pixel + matrix[:, 2]),
        }
        for pixel, code in found.items()
    ]


def _in_space(template: Template, name: str, at: np.ndarray) -> list[float]:
    """Where a place of a panel (cm) is in the model: metres, Y up, facing +Z, standing on the ground."""
    garment = template.garment
    panel = template.panel(name)
    assert panel is not None
    corner = garment.uv[garment.triangle].astype(np.float64)
    edges = np.stack([corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]], axis=2)
    rest = np.linalg.solve(edges, (at + panel.origin - corner[:, 0])[..., None])[..., 0]
    weights = np.column_stack([1 - rest.sum(axis=1), rest])
    number = int(np.argmax(weights.min(axis=1)))
    assert weights[number].min() > -1e-6
    x, y, z = weights[number] @ garment.position[garment.triangle[number]]
    return [float(x), float(z - garment.position[:, 2].min()), float(-y)]


def _size(template: Template) -> list[float]:
    x, y, z = np.ptp(template.garment.position, axis=0).tolist()
    return [x, z, y]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
