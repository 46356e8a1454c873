"""Meshes, materials and pictures to binary glTF 2.0; the same input always gives the same bytes.
Plain on purpose, so that every viewer takes it: floats, 16-bit texture coordinates, JPEG, no compression.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
Json = dict[str, object]

MAGIC, VERSION = b"glTF", 2
ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER = 34962, 34963
UNSIGNED_SHORT, UNSIGNED_INT, FLOAT = 5123, 5125, 5126
LINEAR, LINEAR_MIPMAP_LINEAR, CLAMP_TO_EDGE = 9729, 9987, 33071
STEPS = 65535
"""Of a texture coordinate from 0 to 1, and the most vertices that 16-bit indices reach."""
SHEEN, SPECULAR = "KHR_materials_sheen", "KHR_materials_specular"


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A dielectric: its colour is a picture (an index) or an even one, linear.

    `occlusion` is a picture too, on the second set of texture coordinates; only its red channel counts.
    `specular` is relative to what glTF takes for plain: a reflectance of 4 % straight on.
    """

    name: str
    roughness: float
    specular: float
    sheen: float
    sheen_roughness: float
    colour: tuple[float, float, float] = (1.0, 1.0, 1.0)
    picture: int | None = None
    occlusion: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """Triangles of one material: position and normal (n, 3), triangle (m, 3) counter-clockwise.

    Texture coordinates (n, 2) from 0 to 1, y down: `uv` of the picture, `shared_uv` of the occlusion.
    """

    position: F32
    normal: F32
    uv: F32 | None
    shared_uv: F32
    triangle: NDArray[np.int32]
    material: int


@dataclass(slots=True)
class _Binary:
    """The binary chunk as it grows, and the JSON that says what lies where."""

    data: bytearray = field(default_factory=bytearray)
    views: list[Json] = field(default_factory=list)
    accessors: list[Json] = field(default_factory=list)

    def view(self, data: bytes, **properties: object) -> int:
        """Appends bytes, aligned to 4; the number of their buffer view."""
        self.data += b"\0" * (-len(self.data) % 4)
        place = {"buffer": 0, "byteOffset": len(self.data), "byteLength": len(data)}
        self.views.append({**place, **properties})
        self.data += data
        return len(self.views) - 1

    def accessor(self, values: NDArray[np.generic], target: int, component: int, **properties: object) -> int:
        """Appends an array (n,), (n, 2) or (n, 3); the number of its accessor."""
        kind = {1: "SCALAR", 2: "VEC2", 3: "VEC3"}[values.shape[1] if values.ndim == 2 else 1]
        little = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
        view = self.view(little.tobytes(), target=target)
        shape = {"bufferView": view, "componentType": component, "count": len(values), "type": kind}
        self.accessors.append({**shape, **properties})
        return len(self.accessors) - 1


def write_glb(
    *,
    name: str,
    generator: str,
    parts: Sequence[Part],
    materials: Sequence[Material],
    pictures: Sequence[bytes],
) -> bytes:
    """A GLB file with one node that stands on the ground; `pictures` are JPEG files."""
    binary = _Binary()
    primitives = [_primitive(part, binary) for part in parts]
    lowest = min(float(part.position[:, 1].min()) for part in parts)
    document: Json = {
        "asset": {"version": "2.0", "generator": generator},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": name, "translation": [0, -lowest, 0]}],
        "meshes": [{"name": name, "primitives": primitives}],
        "materials": [_material(material) for material in materials],
    }
    if pictures:
        images = [binary.view(picture) for picture in pictures]
        document |= {
            "images": [{"bufferView": view, "mimeType": "image/jpeg"} for view in images],
            "textures": [{"sampler": 0, "source": number} for number in range(len(images))],
            "samplers": [
                {
                    "magFilter": LINEAR,
                    "minFilter": LINEAR_MIPMAP_LINEAR,
                    "wrapS": CLAMP_TO_EDGE,
                    "wrapT": CLAMP_TO_EDGE,
                }
            ],
        }
    used = sorted({key for material in materials for key in _extensions(material)})
    if used:
        document["extensionsUsed"] = used
    document |= {
        "accessors": binary.accessors,
        "bufferViews": binary.views,
        "buffers": [{"byteLength": len(binary.data) + -len(binary.data) % 4}],
    }
    return _container(document, bytes(binary.data))


def _primitive(part: Part, binary: _Binary) -> Json:
    position = part.position.astype(np.float32)
    attributes = {
        "POSITION": binary.accessor(
            position,
            ARRAY_BUFFER,
            FLOAT,
            min=position.min(axis=0).tolist(),
            max=position.max(axis=0).tolist(),
        ),
        "NORMAL": binary.accessor(part.normal.astype(np.float32), ARRAY_BUFFER, FLOAT),
    }
    coordinates = [uv for uv in (part.uv, part.shared_uv) if uv is not None]
    for number, uv in enumerate(coordinates):
        steps = np.rint(np.clip(uv, 0, 1) * STEPS).astype(np.uint16)
        attributes[f"TEXCOORD_{number}"] = binary.accessor(
            steps, ARRAY_BUFFER, UNSIGNED_SHORT, normalized=True
        )
    index = part.triangle.ravel()
    small = len(position) <= STEPS  # 65535 itself would restart the primitive
    kind, component = (np.uint16, UNSIGNED_SHORT) if small else (np.uint32, UNSIGNED_INT)
    indices = binary.accessor(index.astype(kind), ELEMENT_ARRAY_BUFFER, component)
    return {"attributes": attributes, "indices": indices, "material": part.material}


def _material(material: Material) -> Json:
    surface: Json = {"metallicFactor": 0, "roughnessFactor": material.roughness}
    if material.picture is None:
        surface["baseColorFactor"] = [*material.colour, 1]
    else:
        surface["baseColorTexture"] = {"index": material.picture}
    entry: Json = {"name": material.name, "pbrMetallicRoughness": surface}
    if material.occlusion is not None:
        set_ = 0 if material.picture is None else 1
        entry["occlusionTexture"] = {"index": material.occlusion, "texCoord": set_}
    extensions = _extensions(material)
    return {**entry, "extensions": extensions} if extensions else entry


def _extensions(material: Material) -> Mapping[str, Json]:
    found: dict[str, Json] = {}
    if material.sheen:
        colour = [material.sheen] * 3
        found[SHEEN] = {"sheenColorFactor": colour, "sheenRoughnessFactor": material.sheen_roughness}
    if material.specular != 1:
        found[SPECULAR] = {"specularFactor": material.specular}
    return found


def _container(document: Json, binary: bytes) -> bytes:
    """Header, JSON chunk padded with blanks, binary chunk padded with zeros (glTF 2.0, 4.4)."""
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    chunks = b"".join(
        struct.pack("<I4s", len(chunk), kind) + chunk for kind, chunk in ((b"JSON", text), (b"BIN\0", binary))
    )
    return struct.pack("<4sII", MAGIC, VERSION, 12 + len(chunks)) + chunks
