"""The triangles of a .blend of others, as it would render: every modifier applied, one material a panel."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import bpy  # noqa: E402
import numpy as np  # noqa: E402
from lines import Line, Refused  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from open_untrusted import open_untrusted  # noqa: E402

Floats = NDArray[np.float32]


def read_mesh(*, file: str, folder: str, out: str) -> dict[str, Any]:
    """Write `out`: position, normal (3m, 3), uv (3m, 2) of corners, v up, NaN without UVs; material (m,).

    Answers the materials' names. Refused: the file cannot be trusted, or has no faces."""
    open_untrusted(Path(file), folder=Path(folder))
    names: list[str] = []
    pieces = [piece for item in rendered() for piece in triangles(item, names)]
    if not pieces:
        raise Refused("it has no faces that would render")
    joined = {key: np.concatenate([piece[key] for piece in pieces]) for key in pieces[0]}
    np.savez(out, **joined)  # type: ignore[arg-type]
    return {"materials": names}


def rendered() -> Iterator[bpy.types.Object]:
    """The scene's objects that would show in a picture."""
    for item in bpy.context.scene.objects:
        if item.type in {"MESH", "CURVE", "SURFACE", "META", "FONT"} and not item.hide_render:
            yield item


def triangles(item: bpy.types.Object, names: list[str]) -> Iterator[dict[str, NDArray[Any]]]:
    """One object's corners in the world; its materials are added to `names`."""
    evaluated = item.evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = evaluated.to_mesh()
    if mesh is None or not mesh.polygons:
        return
    mesh.calc_loop_triangles()
    world = np.array(evaluated.matrix_world)
    corner = fetch(mesh.loop_triangles, "loops", 3, np.int32)
    slots = [slot.material.name if slot.material else "" for slot in evaluated.material_slots] or [""]
    names += [name for name in dict.fromkeys(slots) if name not in names]
    index = fetch(mesh.loop_triangles, "material_index", 1, np.int32).ravel()
    if np.linalg.det(world[:3, :3]) < 0:
        corner = corner[:, ::-1]
    corner = corner.ravel()
    vertex = fetch(mesh.loops, "vertex_index", 1, np.int32).ravel()[corner]
    position = fetch(mesh.vertices, "co", 3, np.float32)[vertex] @ world[:3, :3].T + world[:3, 3]
    normal = fetch(mesh.corner_normals, "vector", 3, np.float32)[corner] @ np.linalg.pinv(world[:3, :3])
    layer = mesh.uv_layers.active
    uv = fetch(layer.uv, "vector", 2, np.float32)[corner] if layer else np.full((len(corner), 2), np.nan)
    yield {
        "position": position.astype(np.float32),
        "normal": normal.astype(np.float32),
        "uv": uv.astype(np.float32),
        "material": np.array([names.index(slots[min(i, len(slots) - 1)]) for i in index], np.int32),
    }
    evaluated.to_mesh_clear()


def fetch(collection: Any, name: str, width: int, kind: type[np.generic]) -> NDArray[Any]:  # noqa: ANN401
    """A collection's values, (n, width)."""
    values = np.empty((len(collection), width), kind)
    collection.foreach_get(name, values.ravel())
    return values


if __name__ == "__main__":
    Line().serve({"read": read_mesh}, blender=list(bpy.app.version), name=bpy.app.version_string)
