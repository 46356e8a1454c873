"""Writes FOLDER/garment.glb: a hanging banner of 40 × 56 cm, as a 3-D program would export it.

Run `python examples/make_banner.py FOLDER`. Folds run straight down, so that the cloth keeps its lengths."""

import json
import struct
import sys
from pathlib import Path

import numpy as np

WIDTH, HEIGHT = 0.40, 0.56  # m of flat cloth
STEP = 0.005
ATLAS_CM = 64.0
LEFT_CM, TOP_CM = 12.0, 4.0  # where its corner lies in the atlas
FOLDS = ((0.012, 2.5, 0.3), (0.006, 5.5, 1.9), (0.003, 9.0, 4.0))  # depth in m, waves, phase


def cross_section(count: int) -> np.ndarray:
    """Points (count, 2) of the banner seen from above, x and depth, at even distances along the cloth."""
    t = np.linspace(0, 1, 20 * count)
    depth = sum(a * np.sin(2 * np.pi * n * t + phase) for a, n, phase in FOLDS)
    low, high = 0.5, 1.0  # how wide it hangs, as a share of its width
    while high - low > 1e-12:
        middle = (low + high) / 2
        length = np.hypot(np.diff(t * WIDTH * middle), np.diff(depth)).sum()
        low, high = (middle, high) if length < WIDTH else (low, middle)
    x = (t - 0.5) * WIDTH * low
    along = np.concatenate([[0], np.cumsum(np.hypot(np.diff(x), np.diff(depth)))])
    places = np.linspace(0, along[-1], count)
    return np.stack([np.interp(places, along, x), np.interp(places, along, depth)], axis=1)


def banner() -> dict[str, np.ndarray]:
    """Position (Y up, facing +Z), UVs (v down) and triangles, as glTF has them."""
    columns, rows = round(WIDTH / STEP) + 1, round(HEIGHT / STEP) + 1
    section = np.tile(cross_section(columns), (rows, 1))
    down = np.repeat(np.linspace(0, HEIGHT, rows), columns)
    across = np.tile(np.linspace(0, WIDTH, columns), rows)
    a = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    b, c, d = a + 1, a + columns, a + columns + 1
    return {
        "POSITION": np.stack([section[:, 0], -down, section[:, 1]], axis=1).astype("<f4"),
        "TEXCOORD_0": (np.stack([across * 100 + LEFT_CM, down * 100 + TOP_CM], 1) / ATLAS_CM).astype("<f4"),
        "indices": np.concatenate([np.stack([a, c, b], 1), np.stack([b, c, d], 1)]).astype("<u4"),
    }


def glb(arrays: dict[str, np.ndarray], material: str) -> bytes:
    """The arrays as a binary glTF with one mesh of one material."""
    blob, views, accessors = b"", [], []
    for name, values in arrays.items():
        data = values.tobytes()
        views.append({"buffer": 0, "byteOffset": len(blob), "byteLength": len(data)})
        kind = (5125, "SCALAR") if name == "indices" else (5126, f"VEC{values.shape[1]}")
        count = values.size if name == "indices" else len(values)
        accessor = {"bufferView": len(views) - 1, "componentType": kind[0], "type": kind[1], "count": count}
        if name == "POSITION":
            accessor |= {"min": values.min(0).tolist(), "max": values.max(0).tolist()}
        accessors.append(accessor)
        blob += data
    numbers = {name: index for index, name in enumerate(arrays)}
    primitive = {"indices": numbers.pop("indices"), "attributes": numbers, "material": 0}
    root = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [primitive]}],
        "materials": [{"name": material, "doubleSided": True}],
        "buffers": [{"byteLength": len(blob)}],
        "bufferViews": views,
        "accessors": accessors,
    }
    text = json.dumps(root).encode()
    text += b" " * (-len(text) % 4)
    chunks = b"".join(
        struct.pack("<I4s", len(data), kind) + data for kind, data in ((b"JSON", text), (b"BIN\0", blob))
    )
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "garment.glb").write_bytes(glb(banner(), "front"))
    print(f"{folder / 'garment.glb'}: look at it in any 3-D program")
