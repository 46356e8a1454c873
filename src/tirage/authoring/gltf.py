"""Reads the triangles of a glTF 2.0 file (.gltf or .glb): positions, normals, UVs, by material.

Only what is needed, every index checked: such files come from anywhere. No extensions, no animation."""

from __future__ import annotations

import base64
import binascii
import json
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tirage.authoring.surface import F64, Part
from tirage.errors import BadInput

MAX_BYTES = 256 * 2**20
MAX_DEPTH = 64
MAX_VERTICES = 4_000_000
TYPES: dict[int, type[np.generic]] = {
    5120: np.int8,
    5121: np.uint8,
    5122: np.int16,
    5123: np.uint16,
    5125: np.uint32,
    5126: np.float32,
}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3}
TRIANGLES = 4
JSON, BIN = 0x4E4F534A, 0x004E4942
Z_UP = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
"""glTF has Y up and faces +Z; we have Z up and face −Y."""


def read_gltf(path: Path) -> list[Part]:
    """The triangles of the file's scene by material, in metres, Z up.

    TEMPLATE_INVALID: it is no glTF 2.0 file, or needs what is not read."""
    try:
        return list(_File(path).parts())
    except (
        KeyError,
        IndexError,
        TypeError,
        ValueError,
        AttributeError,
        OverflowError,
        RecursionError,
        struct.error,
    ) as error:
        reason = f"it is damaged ({type(error).__name__}: {str(error)[:80]})"
        raise _refused(path, reason) from error


def _refused(path: Path, reason: str) -> BadInput:
    hint = "Export it again as glTF 2.0, without compression and without instances."
    return BadInput("TEMPLATE_INVALID", f"{path.name} cannot be used: {reason}.", hint=hint)


class _File:
    """One file, and those that it names beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        data = self._bytes(path)
        self.binary: bytes | None = None
        if data[:4] == b"glTF":
            data, self.binary = _chunks(data)
        self.root: dict[str, Any] = json.loads(data)
        if str(self.root["asset"]["version"]).split(".")[0] != "2":
            raise _refused(path, "it is not glTF 2")
        needs = self.root.get("extensionsRequired")
        if needs:
            raise _refused(path, f"it needs {', '.join(map(str, needs))[:100]}")
        self.buffers = [self._buffer(item) for item in self.root.get("buffers", [])]

    def parts(self) -> Iterator[Part]:
        """Every triangle list of the scene's nodes."""
        scene = self.root["scenes"][self.root.get("scene", 0)]
        vertices = 0
        for mesh, matrix in self._meshes(scene.get("nodes", []), np.eye(4), 0):
            for primitive in mesh["primitives"]:
                if primitive.get("mode", TRIANGLES) == TRIANGLES:
                    part = self._part(primitive, matrix)
                    vertices += len(part.position)
                    if vertices > MAX_VERTICES:
                        raise _refused(self.path, f"it has more than {MAX_VERTICES:,} vertices")
                    yield part

    def _meshes(self, nodes: Sequence[int], parent: F64, depth: int) -> Iterator[tuple[dict[str, Any], F64]]:
        if depth > MAX_DEPTH:
            raise _refused(self.path, "its nodes are nested too deeply")
        for index in nodes:
            node = self.root["nodes"][_index(index)]
            matrix = parent @ _matrix(node)
            if "mesh" in node:
                yield self.root["meshes"][_index(node["mesh"])], matrix
            yield from self._meshes(node.get("children", []), matrix, depth + 1)

    def _part(self, primitive: dict[str, Any], matrix: F64) -> Part:
        attributes = primitive["attributes"]
        position = self._accessor(attributes["POSITION"], 3)
        indices = (
            self._accessor(primitive["indices"], 1).astype(np.int64).ravel()
            if "indices" in primitive
            else np.arange(len(position))
        )
        if len(indices) % 3 or (len(indices) and indices.max() >= len(position)):
            raise _refused(self.path, "its triangles name vertices that are not there")
        turned = Z_UP @ matrix[:3, :3]
        triangle = indices.reshape(-1, 3)
        if np.linalg.det(turned) < 0:
            triangle = triangle[:, ::-1]
        normal = None
        if "NORMAL" in attributes:
            normal = self._accessor(attributes["NORMAL"], 3) @ np.linalg.inv(turned)
            normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
        return Part(
            panel=self._material(primitive),
            position=position @ turned.T + Z_UP @ matrix[:3, 3],
            normal=normal,
            uv=self._accessor(attributes["TEXCOORD_0"], 2) if "TEXCOORD_0" in attributes else None,
            triangle=triangle,
        )

    def _material(self, primitive: dict[str, Any]) -> str:
        if "material" not in primitive:
            return ""
        return str(self.root["materials"][_index(primitive["material"])].get("name", ""))[:100]

    def _accessor(self, index: int, width: int) -> F64:
        """An accessor's values (n, width)."""
        accessor = self.root["accessors"][_index(index)]
        kind = np.dtype(TYPES[accessor["componentType"]])
        count = _index(accessor["count"])
        if WIDTHS.get(accessor["type"]) != width or "sparse" in accessor or "bufferView" not in accessor:
            raise _refused(self.path, "it stores numbers in a way that is not read")
        view = self.root["bufferViews"][_index(accessor["bufferView"])]
        data = self.buffers[_index(view["buffer"])]
        start = _index(view.get("byteOffset", 0)) + _index(accessor.get("byteOffset", 0))
        stride = _index(view.get("byteStride", 0)) or width * kind.itemsize
        end = start + max(count - 1, 0) * stride + width * kind.itemsize * bool(count)
        if end > len(data) or end > start + _index(view["byteLength"]) or stride < width * kind.itemsize:
            raise _refused(self.path, "it is cut off")
        values: NDArray[Any] = np.ndarray((count, width), kind, data, start, (stride, kind.itemsize))
        scale = float(np.iinfo(kind).max) if accessor.get("normalized") else 1.0
        return np.asarray(values, np.float64) / scale

    def _buffer(self, item: dict[str, Any]) -> bytes:
        uri = item.get("uri")
        if uri is None:
            if self.binary is None:
                raise _refused(self.path, "it lacks its numbers")
            return self.binary
        if uri.startswith("data:"):
            try:
                return base64.b64decode(uri.partition(",")[2], validate=True)
            except binascii.Error:
                raise _refused(self.path, "it is damaged") from None
        if uri != Path(uri).name or uri.startswith("."):
            raise _refused(self.path, f"it names the file {uri[:60]!r} outside its folder")
        return self._bytes(self.path.with_name(uri))

    def _bytes(self, path: Path) -> bytes:
        try:
            if not path.is_file() or path.is_symlink():
                raise _refused(self.path, f"{path.name} is no regular file")
            if path.stat().st_size > MAX_BYTES:
                raise _refused(self.path, f"{path.name} is larger than {MAX_BYTES // 2**20} MiB")
            return path.read_bytes()
        except OSError as error:
            raise _refused(self.path, f"{path.name} cannot be read: {error.strerror}") from error


def _chunks(data: bytes) -> tuple[bytes, bytes | None]:
    """JSON and numbers of a .glb."""
    chunks: dict[int, bytes] = {}
    at = 12
    while at + 8 <= len(data):
        length, kind = struct.unpack_from("<II", data, at)
        chunks.setdefault(kind, data[at + 8 : at + 8 + length])
        at += 8 + length
    return chunks[JSON], chunks.get(BIN)


def _index(value: object) -> int:
    """A whole number from 0 on; ValueError otherwise."""
    if not isinstance(value, int) or value < 0:
        raise ValueError(f"{str(value)[:20]} is no index")
    return value


def _matrix(node: dict[str, Any]) -> F64:
    """A node's own transform, (4, 4)."""
    if "matrix" in node:
        return np.array(node["matrix"], float).reshape(4, 4).T
    x, y, z, w = node.get("rotation", (0, 0, 0, 1))
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    result = np.eye(4)
    result[:3, :3] = turn * np.array(node.get("scale", (1, 1, 1)), float)
    result[:3, 3] = node.get("translation", (0, 0, 0))
    return result
