"""The open scene: what it was made from, and the handles that bake, references and preview turn.

All programs here run in Blender's own environment and import nothing of Tirage. They work on a scene
folder: scene.json and shell.npz, and where the garment has them detail.png and height.png."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
SIDES = ("outside", "inside", "hidden")


@dataclass(slots=True, kw_only=True)
class Studio:
    """The open Blender scene and its handles."""

    description: dict[str, Any]
    scene: bpy.types.Scene
    garment: bpy.types.Object
    camera: bpy.types.Object
    lamps: list[bpy.types.Object]
    background: bpy.types.Node
    materials: dict[str, bpy.types.Material]


def read_description(folder: Path) -> dict[str, Any]:
    """scene.json: atlas, panels, camera, lamps, world, material, exposure, height map's range."""
    description: dict[str, Any] = json.loads((folder / "scene.json").read_text())
    return description
