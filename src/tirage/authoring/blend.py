"""Reads the triangles of a .blend file: in Blender, as a watched child that trusts nothing of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from tirage.authoring.surface import Part
from tirage.errors import BadInput
from tirage.media.blender import INSIDE, Blender, Program
from tirage.media.notes import Notes
from tirage.mockup.arrays import ArraySpec, read_npz
from tirage.settings import BlenderDevice

LIMIT_S = 180.0
MAX_BYTES = 512 * 2**20
SPECS = {
    "position": ArraySpec(("float32",), ("c", 3)),
    "normal": ArraySpec(("float32",), ("c", 3)),
    "uv": ArraySpec(("float32",), ("c", 2)),
    "material": ArraySpec(("int32",), ("m",)),
}


def read_blend(path: Path, program: Program) -> list[Part]:
    """The triangles of the file's scene by material, in metres, Z up.

    BLEND_REFUSED: it would run something, or uses files outside. TEMPLATE_INVALID: it is none, or holds
    what no mesh does. Otherwise as `Blender.ask`."""
    if not path.is_file() or path.is_symlink() or path.stat().st_size > MAX_BYTES:
        limit = f"of at most {MAX_BYTES // 2**20} MiB"
        raise BadInput("TEMPLATE_INVALID", f"{path.name} cannot be used: it is no regular file {limit}.")
    with Blender(program, script=INSIDE / "read_mesh.py", device=BlenderDevice.CPU) as blender:
        folder = blender.start()
        copy, out = folder / "garment.blend", folder / "mesh.npz"
        shutil.copyfile(path, copy)
        answer = blender.ask(
            "read", file=str(copy), folder=str(folder), out=str(out), step_s=LIMIT_S, silence_s=LIMIT_S
        )
        return _parts(out.read_bytes(), [str(name) for name in answer["materials"]], path)


def _parts(data: bytes, names: list[str], path: Path) -> list[Part]:
    notes = Notes()
    arrays = read_npz(data, SPECS, where=path.name, notes=notes)
    if arrays is None or len(arrays["position"]) != 3 * len(arrays["material"]):
        raise BadInput("TEMPLATE_INVALID", f"{path.name} cannot be used.", findings=notes.findings)
    parts = []
    for number, name in enumerate(names):
        corners = np.repeat(arrays["material"] == number, 3)
        uv = arrays["uv"][corners].astype(np.float64)
        parts.append(
            Part(
                panel=name,
                position=arrays["position"][corners].astype(np.float64),
                normal=arrays["normal"][corners].astype(np.float64),
                uv=None if np.isnan(uv).all() else np.stack([uv[:, 0], 1 - uv[:, 1]], 1),
                triangle=np.arange(corners.sum()).reshape(-1, 3),
            )
        )
    return [part for part in parts if len(part.triangle)]
