"""Somebody's own mesh becomes the garment of a source: build/garment.npz, and its maps beside it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np

from tirage.authoring.blend import read_blend
from tirage.authoring.gltf import read_gltf
from tirage.authoring.mesh_checks import check_parts, check_surface
from tirage.authoring.source import MeshFile, Source
from tirage.authoring.surface import Part, Surface, join, normals, rim
from tirage.errors import BadInput, Finding
from tirage.media.blender import Program
from tirage.media.notes import Notes
from tirage.mockup.mesh import Garment

RIM_CM = 0.6
"""How wide the strip beside an island is that an open edge gets: five texels of light."""
SKIN_M = 0.0002
"""A solid's inner surface, which nobody sees, lies this deep."""
MAPS = ("detail.png", "height.png")
PLAIN_SIDE = 1024
READERS: Mapping[str, Callable[[Path, Program], list[Part]]] = {
    ".glb": lambda path, _: read_gltf(path),
    ".gltf": lambda path, _: read_gltf(path),
    ".blend": read_blend,
}


def import_mesh(source: Source, mesh: MeshFile, program: Program) -> list[Finding]:
    """Read, check and convert the mesh, a .blend in `program`; the warnings.

    TEMPLATE_INVALID with every finding; of a .blend as `read_blend`."""
    notes = Notes()
    parts = _read(source.folder / mesh.file, program)
    check_parts(parts, source.panels, notes)
    _refuse(notes)
    surface = join(parts, source.panels, source.atlas_cm, creases=mesh.solid)
    check_surface(
        surface,
        source.panels,
        source.printed,
        atlas_cm=source.atlas_cm,
        solid=mesh.solid,
        notes=notes,
    )
    _refuse(notes)
    source.build.mkdir(exist_ok=True)
    _garment(surface, mesh).save(source.build / "garment.npz")
    _copy_maps(source)
    return notes.findings


def _read(path: Path, program: Program) -> list[Part]:
    if path.suffix.lower() not in READERS:
        known = ", ".join(READERS)
        raise BadInput("TEMPLATE_INVALID", f"{path.name} cannot be read: a mesh is one of {known}.")
    return READERS[path.suffix.lower()](path, program)


def _refuse(notes: Notes) -> None:
    if notes.failed:
        count = len(notes.findings) + notes.left_out
        message = f"The mesh cannot be used: {count} finding{'s' if count > 1 else ''}."
        hint = "Mend the mesh in the program that made it, then run the same command again."
        raise BadInput("TEMPLATE_INVALID", message, hint=hint, findings=notes.findings)


def _garment(surface: Surface, mesh: MeshFile) -> Garment:
    """Sheets have even normals, so that their inside stays closed; solids have those of the file."""
    normal = normals(surface)[surface.joint] if surface.normal is None else surface.normal
    border, border_uv = rim(surface, RIM_CM)
    return Garment(
        position=surface.position[surface.joint].astype(np.float32),
        normal=normal.astype(np.float32),
        uv=surface.uv.astype(np.float32),
        triangle=surface.triangle.astype(np.int32),
        panel=surface.panel.astype(np.uint8),
        thickness=np.full(len(surface.uv), SKIN_M if mesh.solid else mesh.thickness_mm / 1000, np.float32),
        rim=border.astype(np.int32),
        rim_uv=border_uv.astype(np.float32),
    )


def _copy_maps(source: Source) -> None:
    """The source's own maps, or a detail map without detail."""
    for name in MAPS:
        (source.build / name).unlink(missing_ok=True)
        if (source.folder / name).is_file():
            shutil.copyfile(source.folder / name, source.build / name)
    if not (source.build / "detail.png").exists():
        cv2.imwrite(str(source.build / "detail.png"), np.full((PLAIN_SIDE, PLAIN_SIDE), 255, np.uint8))
