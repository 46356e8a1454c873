"""A template as the programs inside Blender take it: a folder with shell.npz, scene.json and its maps."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path

import cv2
import numpy as np

from tirage.mockup.mesh import expand
from tirage.mockup.model import Template


def write_scene_folder(template: Template, folder: Path) -> None:
    """Writes the files into a folder that is there.  OSError: the disk refuses."""
    shell = expand(template.garment)
    np.savez(folder / "shell.npz", **{field.name: getattr(shell, field.name) for field in fields(shell)})
    detail = cv2.imencode(".png", template.detail, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1]
    (folder / "detail.png").write_bytes(detail.tobytes())
    for name, fabric in template.fabrics.items():
        tile = cv2.imencode(".png", fabric.tile, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1]
        (folder / _tile_file(name)).write_bytes(tile.tobytes())
    if template.relief is not None:
        (folder / "height.png").write_bytes(template.relief.png)
    (folder / "scene.json").write_text(json.dumps(scene(template)))


def scene(template: Template) -> dict[str, object]:
    """scene.json: metres, watts, degrees; panels in centimetres, their order is the mesh's panel index."""
    return {
        "atlas_cm": template.atlas_cm,
        "panels": [
            {"name": panel.name, "origin": panel.origin, "fabric": panel.fabric} for panel in template.panels
        ],
        "fabrics": {
            name: {"file": _tile_file(name), "size_cm": fabric.size_cm}
            for name, fabric in template.fabrics.items()
        },
        "camera": asdict(template.camera),
        "lamps": [asdict(lamp) for lamp in template.lamps],
        "world": {"strength": template.world_strength},
        "material": asdict(template.material),
        "exposure": template.exposure,
        "height_range_mm": template.relief.range_mm if template.relief else 0.0,
    }


def _tile_file(fabric: str) -> str:
    return f"fabric_{fabric}.png"
