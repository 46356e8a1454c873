"""A small template package made of numbers: right in every detail, with rectangles for panels.

The front lacks its upper left corner (x < −20, y < 0), so that its outline is not its bounds.
Tests break one thing of it at a time.
"""

from __future__ import annotations

import hashlib
import io
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tirage.media.intake import Design
from tirage.mockup.description import content_sha256
from tirage.mockup.mesh import Garment
from tirage.mockup.mesh_file import write_mesh
from tirage.mockup.template import RING_MAPS

ATLAS_CM = 128.0
PANELS: dict[str, dict[str, Any]] = {
    "front": {
        "origin": [30, 16],
        "bounds": [-27, -12, 27, 60],
        "print_area": [-18, 5, 18, 52],
        "hem_y": 58.6,
    },
    "back": {"origin": [96, 6], "bounds": [-27, -3, 27, 71], "print_area": [-18, 4, 18, 63], "hem_y": 69.6},
    "sleeve-left": {
        "origin": [30, 82],
        "bounds": [-20, 0, 20, 24],
        "print_area": [-4.5, 9.5, 4.5, 18.5],
        "hem_y": 22.5,
    },
    "collar-front": {"origin": [30, 114], "bounds": [-15, -1, 15, 3], "print_area": None, "hem_y": None},
}
CUT = (-20, 0)
LIGHT_SIDE, INSIDE_SIDE, DETAIL_SIDE, RING_SIDE = 64, 32, 128, 16
LAMPS = ("key_front", "top")


def garment() -> Garment:
    """One grid of about 1 cm per panel, bent around a cylinder."""
    parts = [_sheet(index, panel) for index, panel in enumerate(PANELS.values())]
    starts = np.cumsum([0] + [len(part["uv"]) for part in parts])
    joined = {
        name: np.concatenate([part[name] for part in parts]) for name in ("position", "normal", "uv", "panel")
    }
    triangle = np.concatenate([part["triangle"] + start for part, start in zip(parts, starts, strict=False)])
    rim = np.array([[0, 1], [1, 2]], np.int32)
    return Garment(
        **joined,
        triangle=triangle.astype(np.int32),
        thickness=np.full(len(joined["uv"]), 0.001, np.float32),
        rim=rim,
        rim_uv=joined["uv"][rim] - np.float32(0.25),
    )


def _sheet(index: int, panel: dict[str, Any]) -> dict[str, NDArray[Any]]:
    left, top, right, bottom = panel["bounds"]
    columns, rows = int(right - left) + 1, int(bottom - top) + 1
    x, y = np.meshgrid(np.linspace(left, right, columns), np.linspace(top, bottom, rows))
    angle = x / 18
    normal = np.stack([np.sin(angle), -np.cos(angle), 0 * x], axis=-1).reshape(-1, 3)
    position = normal * 0.18 + np.stack([0 * x, 0 * x, -y / 100], axis=-1).reshape(-1, 3)
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    a, b, c, d = corner, corner + 1, corner + columns, corner + columns + 1
    triangle = np.concatenate([np.stack([a, c, b], axis=1), np.stack([b, c, d], axis=1)])
    if index == 0:
        centre_x, centre_y = (values.ravel()[triangle].mean(axis=1) for values in (x, y))
        triangle = triangle[(centre_x > CUT[0]) | (centre_y > CUT[1])]
    return {
        "position": position.astype(np.float32),
        "normal": normal.astype(np.float32),
        "uv": (np.stack([x, y], axis=-1).reshape(-1, 2) + panel["origin"]).astype(np.float32),
        "panel": np.full(x.size, index, np.uint8),
        "triangle": triangle,
    }


def description() -> dict[str, Any]:
    """template.json without files and hashes."""
    light = {
        name: {
            "outside": f"light_outside_{name}.png",
            "outside_scale": 2.0,
            "inside": f"light_inside_{name}.png",
            "inside_scale": 0.5,
        }
        for name in (*LAMPS, "world", "indirect_a", "indirect_b")
    }
    return {
        "format": 1,
        "id": "plain",
        "name": "Plain test shirt",
        "version": "1.0.0",
        "licence": "Apache-2.0",
        "atlas_cm": ATLAS_CM,
        "panels": [{"name": name, **panel} for name, panel in PANELS.items()],
        "camera": {"lens_mm": 85, "sensor_mm": 36, "distance_m": 2, "target_z_m": -0.3, "height_m": 0.1},
        "lamps": [
            {"name": name, "position": [0, -2, 1], "target": [0, 0, -0.3], "size_m": 1, "power_w": 60}
            for name in LAMPS
        ],
        "world": {"strength": 0.3},
        "material": {
            "diffuse_roughness": 0.7,
            "roughness": 0.85,
            "specular": 0.25,
            "sheen_weight": 0.18,
            "sheen_roughness": 0.45,
        },
        "exposure": 1.0,
        "colours": {"white": "#e6e6e3", "navy": "#1f2a44"},
        "light": light,
        "relief": {"file": "relief.png", "range_mm": 1.5},
    }


def png(side: int, value: int) -> bytes:
    """A square grey map: a ramp up to `value`."""
    ramp = np.linspace(0, value, side * side).reshape(side, side)
    return cv2.imencode(".png", np.rint(ramp).astype(np.uint8))[1].tobytes()


def contents() -> dict[str, bytes]:
    """Every file but template.json."""
    files = {"mesh.npz": write_mesh(garment(), atlas_cm=ATLAS_CM), "detail.png": png(DETAIL_SIDE, 255)}
    files |= {"relief.png": png(DETAIL_SIDE, 200)}
    files |= {"LICENSE": b"Apache-2.0\n", "README.md": b"# Plain\n", "thumbnail.jpg": b"\xff\xd8\xff\xd9"}
    even = cv2.imencode(".png", np.full((RING_SIDE, RING_SIDE), 128, np.uint8))[1].tobytes()
    files |= {name: even for names in RING_MAPS.values() for name in names}
    for light in description()["light"].values():
        files |= {light["outside"]: png(LIGHT_SIDE, 255), light["inside"]: png(INSIDE_SIDE, 255)}
    return files


def write_package(folder: Path) -> Path:
    """The whole package, sound."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in contents().items():
        (folder / name).write_bytes(data)
    content = description()
    content["files"] = {path.name: "" for path in sorted(folder.iterdir())}
    write_description(folder, content)
    return folder


def write_description(folder: Path, content: dict[str, Any]) -> None:
    """template.json with the hashes of the files that are there."""
    files = content.get("files")
    if isinstance(files, dict):
        for name in files:
            path = folder / name
            if path.is_file():
                files[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    content["content_sha256"] = content_sha256(json.loads(json.dumps(content)))
    (folder / "template.json").write_text(json.dumps(content, indent=1))


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Changes template.json and makes its hashes right again, so that only the change is wrong."""
    content = json.loads((folder / "template.json").read_text())
    change(content)
    write_description(folder, content)


def replace(folder: Path, name: str, data: bytes) -> None:
    """Changes a file and makes the hashes right again."""
    (folder / name).write_bytes(data)
    edit(folder, dict.copy)


def edit_mesh(folder: Path, change: Callable[[dict[str, NDArray[Any]]], object]) -> None:
    """Changes arrays of mesh.npz and makes the hashes right again."""
    with np.load(folder / "mesh.npz") as file:
        arrays = dict(file)
    change(arrays)
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    replace(folder, "mesh.npz", stream.getvalue())


def design(pixels: NDArray[np.uint8], *, name: str = "art.png") -> Design:
    """A design of these RGBA pixels (h, w, 4)."""
    pixels = np.ascontiguousarray(pixels)
    digest = f"{zlib.crc32(pixels):064x}"  # as unique as tests need, and fast
    height, width = pixels.shape[:2]
    return Design(pixels, width, height, "png", digest, pixels.nbytes, name)


def solid(width: int, height: int, rgba: tuple[int, int, int, int] = (200, 30, 40, 255)) -> Design:
    """A design of one colour."""
    return design(np.full((height, width, 4), rgba, np.uint8))


def sized(width: int, height: int) -> Design:
    """A design of that size for geometry alone: its pixels take no memory."""
    pixels = np.broadcast_to(np.array([0, 0, 0, 255], np.uint8), (height, width, 4))
    return Design(pixels, width, height, "png", "0" * 64, 0, "art.png")
