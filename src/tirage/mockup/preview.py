"""What a browser needs to draw a template as the renderer does: its mesh and light as a few small files.
`ui/src/preview` reads them; docs/preview.md describes both sides.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tirage.media.encode import ImageFormat, encode_image
from tirage.media.values import Colour
from tirage.mockup import kernels
from tirage.mockup.cloth import pattern_depth, sheen_hue
from tirage.mockup.kernels import ATLAS_STEPS, BOUNCE_GLOSS
from tirage.mockup.light import lamp_points, lit_texels
from tirage.mockup.model import Template
from tirage.mockup.placement import template_trims
from tirage.mockup.scene import Scene, build_scene
from tirage.mockup.shade import make_look

FORMAT = 1
"""Raised when files of the same name mean something else."""
DETAIL = 2048
"""Side of the detail map: 16 texels a centimetre are more than a preview shows."""
TABLES = ("sheen", "ltc_a", "ltc_b", "gloss", "albedo")
"""The cloth's tables over a cosine (cloth.py)."""
POSITION_STEPS = 65535
NORMAL_STEPS = 32767

Files = Mapping[str, bytes]


def build_preview(template: Template) -> Files:
    """The files by name; `scene.json` names the others.  About a second, the same bytes every time."""
    scene = build_scene(template)
    files: dict[str, bytes] = {}
    scales = []
    for inside in (False, True):
        side = "inside" if inside else "outside"
        light = lit_texels(template, scene.shell, inside=inside)
        scale = light.reshape(-1, light.shape[2]).max(axis=0).clip(1e-6)
        scales.append(scale.tolist())
        files[f"light_{side}.png"] = _stack(np.rint(np.sqrt(light / scale) * 255).transpose(2, 0, 1))
        rings = [template.ring[name] for name in ("direct", "bounce", "gloss")]
        files[f"ring_{side}.png"] = _stack(
            np.concatenate([ring.inside if inside else ring.outside for ring in rings])
        )
    files["detail.png"] = _grey(_halved(template.detail, DETAIL))
    for name, fabric in template.fabrics.items():
        files[f"fabric_{name}.png"] = _grey(fabric.tile)
    for index, trim in enumerate(template_trims(template)):
        files[f"trim_{index}.png"] = encode_image(pixels=trim.design.pixels, kind=ImageFormat.PNG)
    files["mesh.bin"], mesh = _mesh(scene)
    described = _described(template, scene) | {
        "mesh": mesh,
        "light_scales": {"outside": scales[0], "inside": scales[1]},
        "files": sorted(files),
    }
    files["scene.json"] = json.dumps(described, separators=(",", ":")).encode()
    return files


def _described(template: Template, scene: Scene) -> dict[str, Any]:
    """What is not in the pictures: where things are, the cloth's constants, the colours."""
    cloth, look = scene.light.cloth, make_look(scene, Colour(255, 255, 255), None)
    names = [name for name, *_ in kernels.Cloth._fields_]
    return {
        "format": FORMAT,
        "template": {"id": template.info.id, "version": template.info.version},
        "atlas_cm": template.atlas_cm,
        "camera": asdict(template.camera),
        "lamps": [lamp_points(lamp) for lamp in template.lamps],
        "cloth": {name: getattr(cloth, name) for name in names if isinstance(getattr(cloth, name), float)},
        "tables": {name: [round(float(x), 6) for x in getattr(cloth, name)] for name in TABLES},
        "exposure": template.exposure,
        "bounce_ratio": scene.light.bounce_ratio,
        "bounce_gloss": BOUNCE_GLOSS,
        "scatter": [look.k_gain, look.k_slope],
        "ink": [look.ink_bare, look.ink_grip, look.ink_keeps],
        "views": [asdict(view) for view in template.views],
        "panels": [asdict(panel) for panel in template.panels],
        "presets": {preset.value: asdict(rule) for preset, rule in template.presets.items()},
        "colours": {name: _colour(template, colour) for name, colour in template.colours.items()},
        "fabrics": {
            name: {
                "size_cm": fabric.size_cm,
                "mean": float(fabric.tile.mean()) / 255,
                "hidden": _hidden(fabric.tile),
            }
            for name, fabric in template.fabrics.items()
        },
        "trims": [asdict(trim.art) for trim in template_trims(template)],
        "trims_bounce": template.trims_bounce,
    }


def _colour(template: Template, colour: Colour) -> dict[str, Any]:
    albedo = colour.to_albedo()
    return {
        "code": colour.hex(),
        "albedo": albedo,
        "hue": sheen_hue(albedo),
        "deep": pattern_depth(albedo),
        "fabric": template.fabric_of(colour),
    }


def _hidden(tile: NDArray[np.uint8]) -> list[float]:
    """The variance of a tile's factor within a texel of each of its mipmap's levels, from the finest on."""
    left = tile / tile.mean()
    whole, hidden = left.var(), [0.0]
    while len(left) > 1:
        left = (left[::2, ::2] + left[1::2, ::2] + left[::2, 1::2] + left[1::2, 1::2]) / 4
        hidden.append(round(float(whole - left.var()), 6))
    return hidden


def _mesh(scene: Scene) -> tuple[bytes, dict[str, Any]]:
    """The triangles that a camera can see, gzipped planes of bytes, and how to read them.

    Per vertex: position as 16-bit steps of the box, normal as 16-bit x, y, z, atlas place as the kernels keep
    it, flags; then the triangles' vertices.  All but flags as differences from the one before.
    """
    used, index = np.unique(scene.triangle, return_inverse=True)
    shell = scene.shell
    position, normal = shell.position[used].astype(np.float64), shell.normal[used].astype(np.float64)
    low, high = position.min(axis=0), position.max(axis=0)
    flags = np.zeros(len(shell.position), np.uint8)
    flags[scene.triangle] = scene.flags[:, None]
    planes = [
        *np.rint((position - low) / (high - low) * POSITION_STEPS).T,
        *np.rint(normal * NORMAL_STEPS).T,
        *np.rint(scene.uv[used] * ATLAS_STEPS).T,
    ]
    parts = [part for plane in planes for part in _differences(plane.astype(np.int64), 2)]
    parts.append(flags[used].tobytes())
    parts += _differences(index.reshape(-1).astype(np.int64), 4)
    described = {
        "vertices": len(used),
        "triangles": len(scene.triangle),
        "low": low.tolist(),
        "high": high.tolist(),
        "inside": kernels.INSIDE,
        "rim": kernels.RIM,
    }
    return gzip.compress(b"".join(parts), 6, mtime=0), described


def _differences(values: NDArray[np.int64], size: int) -> list[bytes]:
    """The planes of bytes of each value's difference from the one before; small ones stay small.

    Differences wrap: adding them up in `size` bytes gives the values again.
    """
    bits = 8 * size
    wrapped = np.diff(values, prepend=0).astype(f"<i{size}").astype(np.int64)
    folded = (wrapped << 1) ^ (wrapped >> 63)
    return [(folded >> shift & 0xFF).astype(np.uint8).tobytes() for shift in range(0, bits, 8)]


def _stack(planes: NDArray[Any]) -> bytes:
    """Planes (n, h, w) one above the other as a grey picture."""
    return _grey(np.ascontiguousarray(planes, np.uint8).reshape(-1, planes.shape[2]))


def _grey(codes: NDArray[np.uint8]) -> bytes:
    return bytes(cv2.imencode(".png", codes, [cv2.IMWRITE_PNG_COMPRESSION, 5])[1])


def _halved(codes: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    if len(codes) <= side:
        return codes
    return np.asarray(cv2.resize(codes, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
