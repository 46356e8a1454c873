"""What browsers get of a template: the same mesh and light as the renderer has, in a few small files."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest

from tirage.errors import NotFound
from tirage.mockup.kernels import ATLAS_STEPS
from tirage.mockup.light import lit_texels
from tirage.mockup.model import Template
from tirage.mockup.preview import POSITION_STEPS, build_preview
from tirage.mockup.preview_shelf import PreviewShelf
from tirage.mockup.scene import build_scene
from tirage.mockup.template import load

MOST_BYTES = 6_000_000


@pytest.fixture(scope="module")
def template() -> Template:
    return load("tee")


@pytest.fixture(scope="module")
def files(template: Template) -> Mapping[str, bytes]:
    return build_preview(template)


def decoded(data: bytes, at: int, count: int, size: int) -> tuple[np.ndarray, int]:
    """As bundle.ts unfolds it."""
    planes = np.frombuffer(data, np.uint8, count * size, at).reshape(size, count).astype(np.int64)
    folded = sum(plane << (8 * byte) for byte, plane in enumerate(planes))
    values = np.cumsum((folded >> 1) ^ -(folded & 1))
    return values & (1 << 8 * size) - 1, at + count * size


def test_it_is_small_and_says_what_there_is(files: Mapping[str, bytes]) -> None:
    described = json.loads(files["scene.json"])
    assert set(described["files"]) | {"scene.json"} == set(files)
    assert sum(map(len, files.values())) <= MOST_BYTES


def test_the_mesh_is_the_renderers(template: Template, files: Mapping[str, bytes]) -> None:
    scene, told = build_scene(template), json.loads(files["scene.json"])["mesh"]
    data, count, at = gzip.decompress(files["mesh.bin"]), told["vertices"], 0
    planes = []
    for _ in range(8):
        plane, at = decoded(data, at, count, 2)
        planes.append(plane)
    flags = np.frombuffer(data, np.uint8, count, at)
    corners, at = decoded(data, at + count, 3 * told["triangles"], 4)
    assert at == len(data)
    low, high = np.array(told["low"]), np.array(told["high"])
    used = np.unique(scene.triangle)
    position = low + np.stack(planes[:3], 1) / POSITION_STEPS * (high - low)
    assert np.abs(position - scene.shell.position[used]).max() < 2e-5
    assert np.abs(np.stack(planes[6:], 1) / ATLAS_STEPS - scene.uv[used]).max() < 1e-5
    normal = np.stack(planes[3:6], 1).astype(np.uint16).astype(np.int16) / 32767
    assert np.abs(normal - scene.shell.normal[used]).max() < 1e-4
    triangles = corners.reshape(-1, 3)
    assert (used[triangles] == scene.triangle).all()
    assert (flags[triangles[:, 0]] == scene.flags).all()


@pytest.mark.parametrize("side", ["outside", "inside"])
def test_the_light_is_the_renderers(template: Template, files: Mapping[str, bytes], side: str) -> None:
    scene = build_scene(template)
    light = lit_texels(template, scene.shell, inside=side == "inside")
    codes = cv2.imdecode(np.frombuffer(files[f"light_{side}.png"], np.uint8), cv2.IMREAD_UNCHANGED)
    scales = json.loads(files["scene.json"])["light_scales"][side]
    planes = codes.reshape(len(scales), -1, codes.shape[1]).astype(np.float64) / 255
    for number, scale in enumerate(scales):
        step = scale * 2 / 255  # of the root's codes, where light is brightest
        assert np.abs(planes[number] ** 2 * scale - light[..., number]).max() < step


def test_the_shelf_makes_it_once(template: Template, files: Mapping[str, bytes], tmp_path: Path) -> None:
    asked: list[str] = []

    def loaded(name: str) -> Template:
        asked.append(name)
        return template

    shelf = PreviewShelf(tmp_path / "previews", loaded)
    content = template.info.content_sha256
    for name, data in files.items():
        assert shelf.file("tee", content, name).read_bytes() == data  # the same every time
    assert asked == ["tee"]
    for name in ("nothing.png", "../scene.json", "", "."):
        with pytest.raises(NotFound):
            shelf.file("tee", content, name)
