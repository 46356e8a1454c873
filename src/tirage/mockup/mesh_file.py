"""mesh.npz, both ways: the garment's arrays, quantised to half their size and checked before use.
Positions keep 1/65535 of the extent (≈ 15 µm), UVs 1/65535 of the atlas (≈ 0.02 mm), normals about 0.005°.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tirage.media.notes import Notes
from tirage.mockup.arrays import Arrays, ArraySpec, read_npz
from tirage.mockup.mesh import Garment
from tirage.mockup.model import Panel

INDEX = ("uint16", "int32", "uint32")
SPECS = {
    "position": ArraySpec(("uint16",), ("n", 3)),
    "position_min": ArraySpec(("float32",), (3,)),
    "position_step": ArraySpec(("float32",), (3,)),
    "normal": ArraySpec(("int16",), ("n", 2)),
    "uv": ArraySpec(("uint16",), ("n", 2)),
    "triangle": ArraySpec(INDEX, ("m", 3)),
    "panel": ArraySpec(("uint8",), ("n",)),
    "thickness": ArraySpec(("uint16",), ("n",)),
    "rim": ArraySpec(INDEX, ("e", 2)),
    "rim_uv": ArraySpec(("uint16",), ("e", 2, 2)),
    "inner": ArraySpec(INDEX, ("i",)),
}
FARTHEST_M = 10.0
UV_TOLERANCE_CM = 0.05


def read_mesh(
    data: bytes, *, atlas_cm: float, panels: Sequence[Panel], where: str, notes: Notes
) -> Garment | None:
    """The garment of a mesh.npz; None after noting everything that is wrong with the file or its mesh."""
    count = len(notes.findings)
    arrays = read_npz(data, SPECS, where=where, notes=notes)
    if arrays is None:
        return None
    _check_extent(arrays, where, notes)
    _check_indices(arrays, len(panels), where, notes)
    if len(notes.findings) > count:
        return None
    garment = _dequantise(arrays, atlas_cm)
    _check_panels(garment, panels, where, notes)
    return garment if len(notes.findings) == count else None


def write_mesh(garment: Garment, *, atlas_cm: float) -> bytes:
    """The bytes of mesh.npz for this garment; the same garment gives the same bytes."""
    low = garment.position.min(axis=0)
    step = np.maximum((garment.position.max(axis=0) - low) / np.float32(65535), np.float32(1e-9))
    index = np.uint16 if len(garment.position) <= 65536 else np.uint32
    inner = np.arange(len(garment.triangle)) if garment.inner is None else garment.inner
    stream = io.BytesIO()
    np.savez_compressed(
        stream,
        position=np.rint((garment.position - low) / step).clip(0, 65535).astype(np.uint16),
        position_min=low.astype(np.float32),
        position_step=step.astype(np.float32),
        normal=_to_octahedron(garment.normal),
        uv=_to_codes(garment.uv, atlas_cm),
        triangle=garment.triangle.astype(index),
        panel=garment.panel.astype(np.uint8),
        thickness=np.rint(garment.thickness * 1e6).clip(0, 65535).astype(np.uint16),
        rim=garment.rim.astype(index),
        rim_uv=_to_codes(garment.rim_uv, atlas_cm),
        inner=inner.astype(np.uint32),
    )
    return stream.getvalue()


def _dequantise(arrays: Arrays, atlas_cm: float) -> Garment:
    cm = np.float32(atlas_cm / 65535)
    return Garment(
        position=arrays["position"] * arrays["position_step"] + arrays["position_min"],
        normal=_from_octahedron(arrays["normal"]),
        uv=arrays["uv"] * cm,
        triangle=arrays["triangle"].astype(np.int32),
        panel=arrays["panel"].astype(np.uint8),
        thickness=arrays["thickness"] * np.float32(1e-6),
        rim=arrays["rim"].astype(np.int32),
        rim_uv=arrays["rim_uv"] * cm,
        inner=arrays["inner"].astype(np.int32),
    )


def _to_codes(centimetres: NDArray[np.float32], atlas_cm: float) -> NDArray[np.uint16]:
    return np.asarray(np.rint(centimetres * (65535 / atlas_cm)).clip(0, 65535), np.uint16)


def _to_octahedron(normal: NDArray[np.float32]) -> NDArray[np.int16]:
    """Unit vectors (n, 3) folded onto a square (Meyer et al., On Floating-Point Normal Vectors, 2010)."""
    flat = normal[:, :2] / np.abs(normal).sum(axis=1, keepdims=True)
    folded = (1 - np.abs(flat[:, ::-1])) * np.where(flat < 0, -1, 1)
    return np.asarray(np.rint(np.where(normal[:, 2:] < 0, folded, flat) * 32767), np.int16)


def _from_octahedron(codes: NDArray[np.generic]) -> NDArray[np.float32]:
    flat = codes.astype(np.float32) / np.float32(32767)
    z = 1 - np.abs(flat).sum(axis=1)
    below = np.minimum(z, 0)[:, None]
    flat += np.where(flat < 0, -below, below)
    normal = np.column_stack((flat, z))
    return np.asarray(normal / np.linalg.norm(normal, axis=1, keepdims=True), np.float32)


def _check_extent(arrays: Arrays, where: str, notes: Notes) -> None:
    for name in ("position_min", "position_step"):
        values = arrays[name]
        if not np.all(np.abs(values) <= FARTHEST_M):  # false for NaN too
            message = (
                f"{where}:{name} is {values.tolist()}; positions must be finite and within {FARTHEST_M:g} m."
            )
            notes.error("OUT_OF_RANGE", f"{where}:{name}", message)


def _check_indices(arrays: Arrays, panel_count: int, where: str, notes: Notes) -> None:
    vertices, triangles = len(arrays["position"]), len(arrays["triangle"])
    limits = (("triangle", vertices), ("rim", vertices), ("panel", panel_count), ("inner", triangles))
    for name, limit in limits:
        indices = arrays[name].astype(np.int64)
        wrong = int(np.count_nonzero((indices < 0) | (indices >= limit)))
        if wrong:
            message = f"{where}:{name} has {wrong} indices outside 0 … {limit - 1}."
            notes.error("OUT_OF_RANGE", f"{where}:{name}", message)


def _check_panels(garment: Garment, panels: Sequence[Panel], where: str, notes: Notes) -> None:
    of = garment.panel[garment.triangle.T]
    mixed = int(np.count_nonzero((of[0] != of[1]) | (of[0] != of[2])))
    if mixed:
        message = f"{where} has {mixed} triangles with corners on different panels."
        notes.error("WRONG_MESH", f"{where}:triangle", message, hint="Split the vertices along the seams.")
    for index, panel in enumerate(panels):
        if not np.any(of[0] == index):
            notes.error(
                "WRONG_MESH", f"{where}:panel", f"{where} has no triangle on the panel {panel.name!r}."
            )
            continue
        points = garment.uv[garment.panel == index] - np.asarray(panel.origin, np.float32)
        low, high = points.min(axis=0), points.max(axis=0)
        left, top, right, bottom = panel.bounds
        over = max(left - low[0], top - low[1], high[0] - right, high[1] - bottom)
        if over > UV_TOLERANCE_CM:
            message = f"{where} reaches {over:.2f} cm over the bounds of the panel {panel.name!r}."
            notes.error("WRONG_MESH", f"{where}:uv", message)
