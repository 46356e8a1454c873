"""Meshes of others: what a glTF file holds, what is wrong with it, and the garment it becomes."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tirage.authoring.describe import check_description
from tirage.authoring.gltf import read_gltf
from tirage.authoring.importing import import_mesh
from tirage.authoring.mesh_checks import check_parts, check_surface
from tirage.authoring.source import MeshFile, Source
from tirage.authoring.starting import start
from tirage.authoring.steps import Job
from tirage.authoring.surface import Part, edges_of, flat_areas, join, stretches
from tirage.errors import BadInput, NotFound, UsageError
from tirage.media.blender import Program
from tirage.media.notes import Notes
from tirage.mockup.mesh import Garment, expand

ROOT = Path(__file__).resolve().parents[2]
ATLAS = 64.0
NONE = Program(Path("no-blender"))


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    """The how-to's banner, before its bake."""
    monkeypatch.syspath_prepend(ROOT / "examples")
    import make_banner

    folder = start(tmp_path / "banner")
    (folder / "garment.glb").write_bytes(make_banner.glb(make_banner.banner(), "front"))
    return Source.open(folder)


def test_the_banner_becomes_a_garment_of_true_size(source: Source) -> None:
    check_description(source)
    assert source.mesh is not None
    assert import_mesh(source, source.mesh, NONE) == []
    garment = source.garment()
    assert np.ptp(garment.position[:, 2]) == pytest.approx(0.56, abs=1e-6)
    assert garment.normal[:, 1].mean() < -0.8
    assert np.ptp(garment.uv, axis=0) == pytest.approx((40, 56), abs=1e-4)
    assert garment.thickness == pytest.approx(0.001)
    surface = join(read_gltf(source.folder / "garment.glb"), ["front"], ATLAS, creases=False)
    values = stretches(surface)
    assert np.median(values, axis=0) == pytest.approx((1, 1), abs=1e-3)
    assert np.abs(values - 1).max() < 0.02
    assert (source.build / "detail.png").is_file()
    closed_and_outside_out(garment)


def closed_and_outside_out(garment: Garment) -> None:
    """Every edge of the closed cloth has two sides that run against each other, and it holds a volume."""
    shell = expand(garment)
    _, joint = np.unique(np.rint(shell.position * 1e6), axis=0, return_inverse=True)
    faces = joint.ravel()[shell.triangle].astype(np.int64)
    edges = edges_of(faces)
    assert (edges.count == 2).all()
    assert (np.bincount(edges.of_half, edges.forward) == 1).all()
    a, b, c = (shell.position[shell.triangle[:, k]].astype(float) for k in range(3))
    volume = np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6
    assert volume == pytest.approx(0.40 * 0.56 * 0.001, rel=0.02)


def test_maps_beside_the_description_are_taken(source: Source) -> None:
    assert source.mesh is not None
    (source.folder / "detail.png").write_bytes(b"mine")
    import_mesh(source, source.mesh, NONE)
    assert (source.build / "detail.png").read_bytes() == b"mine"
    (source.folder / "detail.png").unlink()
    import_mesh(source, source.mesh, NONE)
    assert (source.build / "detail.png").read_bytes() != b"mine"


# --- what can be wrong with a mesh: a sheet, a box, and one fault at a time


def sheet(width: float = 0.2, height: float = 0.3, left: float = 10, top: float = 10) -> Part:
    """A flat sheet facing −Y of one-centimetre squares, at its true size in an atlas of 64 cm."""
    columns, rows = round(width * 100) + 1, round(height * 100) + 1
    x, y = (v.ravel() for v in np.meshgrid(np.linspace(0, width, columns), np.linspace(0, height, rows)))
    a = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    b, c, d = a + 1, a + columns, a + columns + 1
    return Part(
        panel="front",
        position=np.stack([x, 0 * x, -y], 1),
        normal=None,
        uv=np.stack([x * 100 + left, y * 100 + top], 1) / ATLAS,
        triangle=np.concatenate([np.stack([a, c, b], 1), np.stack([b, c, d], 1)]),
    )


def box(side: float = 0.1) -> Part:
    """A closed box, every face at its true size, side by side in the atlas."""
    corners, uv, triangle = [], [], []
    for number, (i, j) in enumerate(((0, 1), (1, 0), (1, 2), (2, 1), (2, 0), (0, 2))):
        u, v = np.eye(3)[[i, j]]
        out = np.cross(v, u)
        square = np.array([(0, 0), (1, 0), (0, 1), (1, 1)])
        corners.append(side * (square @ np.array([u, v]) - (u + v) / 2 + out / 2))
        row, column = divmod(number, 3)
        uv.append((square * side * 100 + (2 + 15 * column, 2 + 15 * row)) / ATLAS)
        triangle.append(np.array([(0, 2, 1), (1, 2, 3)]) + 4 * number)
    return Part("front", np.concatenate(corners), None, np.concatenate(uv), np.concatenate(triangle))


def codes(*parts: Part, solid: bool = False, panels: tuple[str, ...] = ("front",)) -> set[str]:
    notes = Notes()
    check_parts(parts, panels, notes)
    if not notes.failed:
        surface = join(parts, panels, ATLAS, creases=solid)
        check_surface(surface, panels, panels, atlas_cm=ATLAS, solid=solid, notes=notes)
    assert all(one.message and one.where for one in notes.findings)
    return {one.code for one in notes.findings}


def of(part: Part, **change: Callable[[Any], Any]) -> Part:
    return replace(part, **{name: edit(getattr(part, name)) for name, edit in change.items()})


def test_sound_meshes_have_no_findings() -> None:
    assert codes(sheet()) == set()
    assert codes(box(), solid=True) == set()
    assert codes(flat(box()), solid=True) == set()


def flat(part: Part) -> Part:
    """With the normals of its faces at their corners."""
    corner = part.position[part.triangle]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    assert part.uv is not None
    return Part(
        part.panel,
        corner.reshape(-1, 3),
        normal.repeat(3, axis=0),
        part.uv[part.triangle].reshape(-1, 2),
        np.arange(part.triangle.size).reshape(-1, 3),
    )


def test_a_solid_keeps_its_creases_and_a_sheet_has_none(source: Source) -> None:
    """glTF without normals is flat; a sheet's inside would have gaps where normals part."""
    import make_banner

    solid, path = box(), source.folder / "garment.glb"
    assert solid.uv is not None
    turned = solid.position[:, [0, 2, 1]] * (1, 1, -1)
    arrays = {"POSITION": turned.astype("<f4"), "TEXCOORD_0": solid.uv.astype("<f4")}
    path.write_bytes(make_banner.glb(arrays | {"indices": solid.triangle.astype("<u4")}, "front"))
    import_mesh(source, MeshFile("garment.glb", solid=True, thickness_mm=0), NONE)
    made = source.garment()
    assert np.sort(np.abs(made.normal), axis=1) == pytest.approx(np.tile((0, 0, 1), (24, 1)), abs=1e-6)
    import_mesh(source, MeshFile("garment.glb", solid=False, thickness_mm=1), NONE)
    assert np.abs(source.garment().normal).max() < 0.9


def moved(part: Part, x: float) -> Part:
    return of(part, position=lambda p: p + np.array([x, 0, 0]))


def turned(part: Part, degrees: float) -> Part:
    """About its left edge."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    return of(part, position=lambda p: p @ turn.T)


def half_again_as_long(position: np.ndarray) -> np.ndarray:
    """From 20 cm down."""
    x, y, z = position.T
    return np.stack([x, y, np.minimum(z, z * 1.5 + 0.1)], 1)


def crumbs() -> list[Part]:
    return [moved(sheet(0.02, 0.02, 1 + 6 * (n % 10), 1 + 6 * (n // 10)), n / 30) for n in range(70)]


FAULTS: dict[str, Callable[[], set[str]]] = {
    "UNKNOWN_PANEL": lambda: codes(sheet(), of(sheet(left=40), panel=lambda _: "sleeve")),
    "MISSING_PANEL": lambda: codes(sheet(), panels=("front", "back")),
    "NO_UVS": lambda: codes(of(sheet(), uv=lambda _: None)),
    "NOT_FINITE": lambda: codes(of(sheet(), position=lambda p: p * np.nan)),
    "TOO_MANY_TRIANGLES": lambda: codes(of(sheet(), triangle=lambda t: np.tile(t, (300, 1)))),
    "WRONG_UNITS": lambda: codes(of(sheet(), position=lambda p: p * 100)),
    "NON_MANIFOLD": lambda: codes(*(turned(sheet(0.1, left=5 + 15 * n), 60 * n) for n in range(3))),
    "MIXED_SIDES": lambda: codes(of(sheet(), triangle=lambda t: np.concatenate([t[:9, ::-1], t[9:]]))),
    "OPEN_EDGES": lambda: codes(of(box(), triangle=lambda t: t[1:]), solid=True),
    "CLOSED_SHEET": lambda: codes(box()),
    "NORMALS_INWARDS": lambda: codes(of(box(), triangle=lambda t: t[:, ::-1]), solid=True),
    "MIRRORED_UVS": lambda: codes(of(sheet(), uv=lambda uv: np.array([0.5, 0]) + uv * (-1, 1))),
    "UVS_OUTSIDE_ATLAS": lambda: codes(of(sheet(), uv=lambda uv: uv + 0.7)),
    "UV_SCALE": lambda: codes(of(sheet(), uv=lambda uv: uv * 0.5)),
    "STRETCHED_UVS": lambda: codes(of(sheet(), position=half_again_as_long)),
    "OVERLAPPING_UVS": lambda: codes(sheet(), moved(sheet(left=25), 0.5)),
    "ISLANDS_TOO_CLOSE": lambda: codes(sheet(), moved(sheet(left=30.5), 0.5)),
    "TOO_MANY_ISLANDS": lambda: codes(*crumbs()),
}


@pytest.mark.parametrize("code", FAULTS)
def test_a_fault_is_told(code: str) -> None:
    assert FAULTS[code]() == {code}


def test_a_wrong_scale_is_told_with_the_atlas_that_fits(source: Source) -> None:
    text = (source.folder / "source.toml").read_text()
    (source.folder / "source.toml").write_text(text.replace("atlas_cm = 64.0", "atlas_cm = 80.0"))
    wrong = Source.open(source.folder)
    assert wrong.mesh is not None
    with pytest.raises(BadInput) as caught:
        import_mesh(wrong, wrong.mesh, NONE)
    assert [one.code for one in caught.value.findings] == ["UV_SCALE"]
    assert "atlas_cm = 63.9" in caught.value.findings[0].hint


# --- glTF files


def test_nodes_turn_scale_and_mirror(source: Source) -> None:
    path = source.folder / "garment.glb"
    (plain,) = read_gltf(path)
    edit_gltf(path, lambda root: root["nodes"][0].update(translation=[1, 2, 3], scale=[-1, 1, 1]))
    (moved,) = read_gltf(path)
    mirrored = plain.position.reshape(-1, 3, 3)[:, ::-1].reshape(-1, 3) * (-1, 1, 1)
    assert moved.position == pytest.approx(np.add(mirrored, (1, -3, 2)))
    edit_gltf(path, lambda root: root.update(nodes=[{"mesh": 0, "rotation": [0, 1, 0, 0]}]))
    (rotated,) = read_gltf(path)
    assert rotated.position == pytest.approx(plain.position * (-1, -1, 1))
    assert flat_areas(join([rotated], ["front"], ATLAS, creases=False)).min() > 0


def test_normals_stay_upright_when_a_node_is_squeezed_and_mirrored(source: Source) -> None:
    import make_banner

    tilted = np.array([(0, 0, 0), (1, 1, 0), (0, 0, 1)], "<f4")
    upright = np.tile(np.array([(-1, 1, 0)]) / np.sqrt(2), (3, 1)).astype("<f4")
    arrays = {"POSITION": tilted, "NORMAL": upright, "indices": np.array([(0, 2, 1)], "<u4")}
    path = source.folder / "garment.glb"
    path.write_bytes(make_banner.glb(arrays, "front"))
    edit_gltf(path, lambda root: root["nodes"][0].update(scale=[-3, 1, 1]))
    (part,) = read_gltf(path)
    corner = part.position[part.triangle[0]]
    facing = np.cross(corner[1] - corner[0], corner[2] - corner[0])
    assert part.normal is not None
    assert part.normal == pytest.approx(np.tile(facing / np.linalg.norm(facing), (3, 1)), abs=1e-6)


def edit_gltf(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    data = path.read_bytes()
    length = struct.unpack_from("<I", data, 12)[0]
    root = json.loads(data[20 : 20 + length])
    change(root)
    text = json.dumps(root).encode()
    path.write_bytes(data[:12] + struct.pack("<I", len(text)) + b"JSON" + text + data[20 + length :])


HOSTILE: dict[str, Callable[[dict[str, Any]], object]] = {
    "loop": lambda root: root["nodes"][0].update(children=[0]),
    "outside": lambda root: root["buffers"][0].update(uri="../../etc/passwd"),
    "absolute": lambda root: root["buffers"][0].update(uri="/etc/passwd"),
    "web": lambda root: root["buffers"][0].update(uri="https://example.org/a.bin"),
    "not there": lambda root: root["buffers"][0].update(uri="none.bin"),
    "data": lambda root: root["buffers"][0].update(uri="data:;base64,@@@"),
    "indices": lambda root: root["accessors"][2].update(count=10**9),
    "negative": lambda root: root["bufferViews"][0].update(byteOffset=-4),
    "far": lambda root: root["bufferViews"][0].update(byteOffset=10**12),
    "stride": lambda root: root["bufferViews"][0].update(byteStride=1),
    "type": lambda root: root["accessors"][0].update(componentType=1),
    "names": lambda root: root["meshes"][0]["primitives"][0]["attributes"].pop("POSITION"),
    "beyond": lambda root: root["meshes"][0]["primitives"][0].update(indices=0),
    "flat": lambda root: root["nodes"][0].update(scale=[0, 0, 0]),
    "compressed": lambda root: root.update(extensionsRequired=["KHR_draco_mesh_compression"]),
    "version": lambda root: root["asset"].update(version="1.0"),
    "text": lambda root: root.update(scenes="x"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_gltf_is_refused(name: str, source: Source) -> None:
    path = source.folder / "garment.glb"
    edit_gltf(path, HOSTILE[name])
    assert source.mesh is not None
    with pytest.raises(BadInput) as caught:
        import_mesh(source, source.mesh, NONE)
    assert caught.value.code == "TEMPLATE_INVALID"


def test_any_damage_to_a_gltf_is_an_error_of_ours(source: Source) -> None:
    path = source.folder / "garment.glb"
    data = path.read_bytes()
    for place in [*range(0, 1400, 7), len(data) // 2]:
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x15]) + data[place + 1 :])
        with suppress(BadInput):
            read_gltf(path)
    for length in range(0, 1400, 50):
        path.write_bytes(data[:length])
        with pytest.raises(BadInput):
            read_gltf(path)


def test_a_link_is_not_followed(source: Source) -> None:
    path = source.folder / "garment.glb"
    path.rename(source.folder.parent / "other.glb")
    path.symlink_to(source.folder.parent / "other.glb")
    with pytest.raises(BadInput, match="no regular file"):
        read_gltf(path)


# --- descriptions


def test_a_new_source_is_whole_and_its_own(tmp_path: Path, source: Source) -> None:
    assert source.description["id"] == "banner"
    assert source.description["name"] == "Banner"
    assert {path.name for path in source.folder.iterdir()} == {
        "garment.glb", "source.toml", "README.md", "LICENSE",
    }  # fmt: skip
    with pytest.raises(UsageError, match="there already"):
        start(tmp_path / "banner")
    with pytest.raises(UsageError, match="no id"):
        start(tmp_path / "My Banner")


WRONG: dict[str, tuple[str, str, set[str]]] = {
    "typing error": ("exposure = 1.0", "exposur = 1.0", {"UNKNOWN_KEY", "MISSING_KEY"}),
    "print area": ("[-18.0, 4.0, 18.0, 52.0]", "[-48.0, 4.0, 18.0, 52.0]", {"PRINT_AREA_OUTSIDE_PANEL"}),
    "preset": ("width = 30.0", "width = 60.0", {"PRESET_OUTSIDE_PRINT_AREA"}),
    "made": ("exposure = 1.0", 'exposure = 1.0\ncontent_sha256 = ""', {"UNKNOWN_KEY"}),
    "kind": ('kind = "sheet"', 'kind = "shirt"', {"WRONG_TYPE"}),
    "mesh": ('file = "garment.glb"', 'file = "../garment.glb"', {"WRONG_TYPE"}),
    "thickness": ("thickness_mm = 1.0", "", {"MISSING_KEY"}),
    "lamp": ("power_w = 58", "power_w = -1", {"OUT_OF_RANGE"}),
    "panel": ('panel = "front"', 'panel = "back"', {"PRESET_WITHOUT_PANEL"}),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_description_is_told_before_anything_is_made(name: str, source: Source) -> None:
    before, after, expected = WRONG[name]
    path = source.folder / "source.toml"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    with pytest.raises(BadInput) as caught:
        check_description(Source.open(source.folder))
    assert {one.code for one in caught.value.findings} == expected
    assert all(one.where.startswith("source.toml") for one in caught.value.findings)


def test_a_print_area_beyond_the_cloth_is_told_before_the_bake(source: Source) -> None:
    said: list[str] = []
    path = source.folder / "source.toml"
    text = path.read_text()
    assert "hem_y = 56.0" in text
    path.write_text(text.replace("18.0, 52.0]", "18.0, 56.5]"))
    wrong = Source.open(source.folder)
    check_description(wrong)
    with pytest.raises(BadInput) as caught:
        Job(source=wrong, program=NONE, target=path, say=said.append).mesh()
    assert [one.code for one in caught.value.findings] == ["PRINT_AREA_OUTSIDE_PANEL"]
    path.write_text(text)
    Job(source=Source.open(source.folder), program=NONE, target=path, say=said.append).mesh()
    assert said == []


def test_a_source_without_a_garment_or_with_a_panel_of_nothing(source: Source) -> None:
    with pytest.raises(NotFound, match="no garment"):
        source.garment()
    assert source.mesh is not None
    import_mesh(source, source.mesh, NONE)
    source.description["panels"].append({"name": "pocket", "origin": [1.0, 1.0]})
    with pytest.raises(BadInput, match="'pocket'"):
        check_description(source, source.garment())


def test_a_solid_needs_no_thickness(source: Source) -> None:
    path = source.folder / "source.toml"
    path.write_text(path.read_text().replace('"sheet"', '"solid"').replace("thickness_mm", "# thickness"))
    check_description(Source.open(source.folder))


@pytest.mark.parametrize("text", ["id = ", "\x00", "a = 1\na = 2"])
def test_broken_syntax_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "source.toml").write_text(text)
    with pytest.raises(BadInput, match="cannot be read"):
        Source.open(tmp_path)


def test_a_json_description_that_is_no_object(tmp_path: Path) -> None:
    (tmp_path / "source.json").write_text("[]")
    with pytest.raises(BadInput, match="no object"):
        Source.open(tmp_path)
