"""Template packages: a sound one loads into typed arrays, a broken one tells everything that is wrong."""

from __future__ import annotations

import io
import json
import math
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import synthetic
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tirage.errors import BadInput, NotFound, Severity
from tirage.media.notes import MAX_FINDINGS, Notes
from tirage.media.values import Colour
from tirage.mockup.catalogue import PRESETS, VIEWS
from tirage.mockup.mesh_file import read_mesh, write_mesh
from tirage.mockup.model import RING, Panel
from tirage.mockup.template import available, check, find, load

Content = dict[str, Any]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return synthetic.write_package(tmp_path / "plain")


def codes(package: Path) -> list[tuple[str, str]]:
    return [(finding.code, finding.where) for finding in check(package)]


def only(package: Path) -> str:
    """The message of the one finding."""
    findings = check(package)
    assert len(findings) == 1, findings
    return findings[0].message


@pytest.mark.rows("R195")
def test_a_sound_package_has_no_findings_and_loads(package: Path) -> None:
    assert check(package) == []
    template = load(package)
    assert (template.info.id, template.info.version, template.info.folder) == ("plain", "1.0.0", package)
    assert [panel.name for panel in template.panels] == list(synthetic.PANELS)
    assert template.panel("front") == Panel("front", (30, 16), (-27, -12, 27, 60), (-18, 5, 18, 52), 58.6)
    assert template.panel("pocket") is None
    assert template.colours["navy"] == Colour(0x1F, 0x2A, 0x44)
    assert dict(template.presets) == dict(PRESETS)
    assert template.views == VIEWS
    assert list(template.light) == ["key_front", "top", "world", "indirect_a", "indirect_b"]
    assert template.detail.shape == (synthetic.DETAIL_SIDE,) * 2


def test_light_stays_in_its_codes(package: Path) -> None:
    light = load(package).light["world"]
    assert (light.outside_scale, light.inside_scale) == (2.0, 0.5)
    for found, side in ((light.outside, synthetic.LIGHT_SIDE), (light.inside, synthetic.INSIDE_SIDE)):
        ramp = np.rint(np.linspace(0, 255, side * side)).reshape(side, side)
        assert found.dtype == np.uint8
        assert (found == ramp).all()


def test_the_ring_has_a_map_per_camera_side_and_kind(package: Path) -> None:
    ring = load(package).ring
    shape = (len(RING), synthetic.RING_SIDE, synthetic.RING_SIDE)
    assert {name: (maps.outside.shape, maps.inside.shape) for name, maps in ring.items()} == {
        "direct": (shape, shape),
        "bounce": (shape, shape),
        "gloss": (shape, shape),
    }


def test_the_mesh_survives_its_quantisation() -> None:
    garment = synthetic.garment()
    panels = load_panels()
    found = read_mesh(
        write_mesh(garment, atlas_cm=128.0), atlas_cm=128.0, panels=panels, where="mesh.npz", notes=Notes()
    )
    assert found is not None
    assert np.abs(found.position - garment.position).max() < 1e-5
    assert np.abs(found.uv - garment.uv).max() < 1.01e-3
    assert np.abs(found.rim_uv - garment.rim_uv).max() < 1.01e-3
    assert np.degrees(np.arccos(np.clip((found.normal * garment.normal).sum(axis=1), -1, 1))).max() < 0.05
    assert np.abs(found.thickness - garment.thickness).max() < 1e-6
    assert np.array_equal(found.triangle, garment.triangle)
    assert np.array_equal(found.rim, garment.rim)
    assert found.inner is not None
    assert np.array_equal(found.inner, np.arange(len(garment.triangle)))
    assert np.array_equal(found.panel, garment.panel)


def load_panels() -> tuple[Panel, ...]:
    return tuple(
        Panel(
            name,
            tuple(p["origin"]),
            tuple(p["bounds"]),
            p["print_area"] and tuple(p["print_area"]),
            p["hem_y"],
        )
        for name, p in synthetic.PANELS.items()
    )


@given(st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda v: math.hypot(*v) > 0.1))
def test_normals_keep_their_direction_all_around(vector: tuple[float, float, float]) -> None:
    garment = synthetic.garment()
    garment.normal[0] = np.array(vector) / math.hypot(*vector)
    found = read_mesh(
        write_mesh(garment, atlas_cm=128.0), atlas_cm=128.0, panels=load_panels(), where="m", notes=Notes()
    )
    assert found is not None
    assert found.normal[0] @ garment.normal[0] > math.cos(math.radians(0.06))


def test_the_same_mesh_gives_the_same_bytes() -> None:
    assert write_mesh(synthetic.garment(), atlas_cm=128.0) == write_mesh(synthetic.garment(), atlas_cm=128.0)


@pytest.mark.rows("R239", "R292")
def test_templates_are_found_by_id_wherever_the_folder_is(package: Path) -> None:
    folder = package.parent
    (folder / "notes").mkdir()
    assert available(folder=folder)["plain"] == package
    assert "notes" not in available(folder=folder)
    assert find("plain", folder=folder) == package
    assert load("plain", folder=folder).info.id == "plain"
    assert load(str(package)).info.id == "plain"


def test_an_unknown_template_is_refused_with_those_there_are(package: Path) -> None:
    with pytest.raises(NotFound) as caught:
        load("hoodie", folder=package.parent)
    assert caught.value.code == "TEMPLATE_NOT_FOUND"
    assert "plain" in caught.value.hint
    with pytest.raises(NotFound, match="no template folder"):
        load(package / "nothing")


def test_every_fault_is_told_at_once(package: Path) -> None:
    def change(content: Content) -> None:
        content["exposur"] = content.pop("exposure")
        content["camera"]["lens_mm"] = "85"
        content["panels"][1]["bounds"] = [-40, 0, 40, 70]
        content["lamps"][0]["power_w"] = -1
        del content["material"]["roughness"]

    synthetic.edit(package, change)
    assert sorted(codes(package)) == [
        ("MISSING_KEY", "template.json.exposure"),
        ("MISSING_KEY", "template.json.material.roughness"),
        ("OUT_OF_RANGE", "template.json.lamps[0].power_w"),
        ("PANEL_OUTSIDE_ATLAS", "template.json.panels[1]"),
        ("UNKNOWN_KEY", "template.json.exposur"),
        ("WRONG_TYPE", "template.json.camera.lens_mm"),
    ]
    with pytest.raises(BadInput) as caught:
        load(package)
    assert caught.value.code == "TEMPLATE_INVALID"
    assert len(caught.value.findings) == 6
    assert "5 more findings" in caught.value.message


def test_faults_of_several_files_are_told_at_once(package: Path) -> None:
    synthetic.replace(package, "detail.png", synthetic.png(16, 9)[:40])
    synthetic.replace(package, "light_inside_top.png", b"GIF89a")
    synthetic.edit_mesh(package, lambda arrays: arrays.pop("rim"))
    (package / "README.md").unlink()
    assert sorted(codes(package)) == [
        ("MISSING_ARRAY", "mesh.npz:rim"),
        ("MISSING_FILE", "template.json.files.README.md"),
        ("WRONG_MAP", "light_inside_top.png"),
    ]
    synthetic.replace(package, "light_inside_top.png", synthetic.png(32, 9))
    synthetic.edit_mesh(package, lambda arrays: arrays.update(rim=np.zeros((2, 2), np.int32)))
    (package / "README.md").write_text("# Plain\n")
    assert codes(package) == [("WRONG_MAP", "detail.png")]


def set_(*path: str | int, value: object) -> Callable[[Content], None]:
    def change(content: Content) -> None:
        place: Any = content
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    return change


def remove(*path: str | int) -> Callable[[Content], None]:
    def change(content: Content) -> None:
        place: Any = content
        for key in path[:-1]:
            place = place[key]
        del place[path[-1]]

    return change


KNIT = {"file": "knit.png", "size_cm": 6}
TRIM = {"file": "detail.png", "panel": "collar-front", "x": 0, "y": 1, "width": 4}
PRESET = {"panel": "front", "width": 10, "max_height": 10, "x": 0, "anchor": "top", "distance": 6}


@pytest.mark.parametrize(
    ("change", "code", "where"),
    [
        (set_("format", value=2), "NEWER_FORMAT", "format"),
        (set_("format", value="1"), "WRONG_TYPE", "format"),
        (set_("id", value="../tee"), "WRONG_TYPE", "id"),
        (set_("version", value="new"), "WRONG_TYPE", "version"),
        (set_("name", value="two\nlines"), "WRONG_TYPE", "name"),
        (set_("name", value=""), "WRONG_TYPE", "name"),
        (set_("exposure", value=math.nan), "OUT_OF_RANGE", "exposure"),
        (set_("exposure", value=math.inf), "OUT_OF_RANGE", "exposure"),
        (set_("exposure", value=10**400), "OUT_OF_RANGE", "exposure"),
        (set_("exposure", value=True), "WRONG_TYPE", "exposure"),
        (set_("exposure", value=None), "WRONG_TYPE", "exposure"),
        (set_("world", value=[]), "WRONG_TYPE", "world"),
        (set_("panels", value=[]), "WRONG_TYPE", "panels"),
        (set_("panels", 0, value=7), "WRONG_TYPE", "panels[0]"),
        (set_("panels", 0, "bounds", value=[0, 0, 1]), "WRONG_TYPE", "panels[0].bounds"),
        (set_("panels", 3, "bounds", value=[3, 0, -3, 3]), "OUT_OF_RANGE", "panels[3].bounds"),
        (set_("panels", 3, "bounds", value=[0, 0, 0, 0]), "OUT_OF_RANGE", "panels[3].bounds"),
        (set_("panels", 0, "origin", 0, value=10), "PANEL_OUTSIDE_ATLAS", "panels[0]"),
        (set_("panels", 2, "hem_y", value=99), "OUT_OF_RANGE", "panels[2].hem_y"),
        (
            set_("panels", 2, "print_area", value=[-21, 9, 4, 18]),
            "PRINT_AREA_OUTSIDE_PANEL",
            "panels[2].print_area",
        ),
        (set_("panels", 3, "name", value="front"), "DUPLICATE_NAME", "panels"),
        (set_("panels", 3, "light", value=1), "UNKNOWN_KEY", "panels[3].light"),
        (set_("lamps", 0, "target", value=[0, -2, 1]), "OUT_OF_RANGE", "lamps[0].target"),
        (set_("lamps", 0, "position", 2, value="up"), "WRONG_TYPE", "lamps[0].position[2]"),
        (set_("material", "sheen_weight", value=1.5), "OUT_OF_RANGE", "material.sheen_weight"),
        (set_("colours", "sea", value="teal"), "WRONG_TYPE", "colours.sea"),
        (set_("colours", "sea", value={"hex": "#112233"}), "MISSING_KEY", "colours.sea.fabric"),
        (set_("colours", "sea", value={"hex": "#112233", "fabric": "silk"}), "UNKNOWN_FABRIC", "colours"),
        (set_("panels", 3, "fabric", value="no"), "WRONG_TYPE", "panels[3].fabric"),
        (set_("fabrics", value={"knit": KNIT}), "MISSING_KEY", "files"),
        (set_("fabrics", value={"knit": KNIT | {"file": "../a.png"}}), "WRONG_TYPE", "fabrics.knit.file"),
        (set_("fabrics", value={"knit": KNIT | {"size_cm": 0}}), "OUT_OF_RANGE", "fabrics.knit.size_cm"),
        (set_("trims", value=[TRIM | {"panel": "hood"}]), "UNKNOWN_PANEL", "trims[0]"),
        (set_("trims", value=[TRIM | {"width": 0}]), "OUT_OF_RANGE", "trims[0].width"),
        (set_("trims", value=[TRIM | {"file": "gone.png"}]), "MISSING_KEY", "files"),
        (set_("views", value=[{"name": "front_0deg", "azimuth": 0}]), "MISSING_VIEW", "views"),
        (
            set_("presets", value={"dead-center-medium": PRESET}),
            "UNKNOWN_PRESET",
            "presets.dead-center-medium",
        ),
        (
            set_("presets", value={"chest-small": PRESET | {"x": 14}}),
            "PRESET_OUTSIDE_PRINT_AREA",
            "presets.chest-small",
        ),
        (
            set_("presets", value={"chest-small": PRESET | {"distance": 4.9}}),
            "PRESET_OUTSIDE_PRINT_AREA",
            "presets.chest-small",
        ),
        (
            set_("presets", value={"chest-small": PRESET | {"panel": "collar-front"}}),
            "PRESET_WITHOUT_PANEL",
            "presets.chest-small",
        ),
        (
            set_("presets", value={"chest-small": PRESET | {"anchor": "left"}}),
            "WRONG_TYPE",
            "presets.chest-small.anchor",
        ),
        (remove("light", "world"), "MISSING_KEY", "light.world"),
        (set_("light", "lamp9", value={}), "UNKNOWN_KEY", "light.lamp9"),
        (set_("light", "world", "outside_scale", value=-1), "OUT_OF_RANGE", "light.world.outside_scale"),
        (set_("light", "world", "inside", value="../../etc/passwd"), "WRONG_TYPE", "light.world.inside"),
        (set_("light_sets", value=[{}]), "WRONG_TYPE", "light_sets"),
        (remove("files", "detail.png"), "MISSING_KEY", "files"),
        (set_("files", "detail.png", value="abc"), "WRONG_TYPE", "files.detail.png"),
        (set_("files", "../evil", value="0" * 64), "UNSAFE_NAME", "files.../evil"),
        (set_("files", "/etc/passwd", value="0" * 64), "UNSAFE_NAME", "files./etc/passwd"),
        (set_("files", "a/b", value="0" * 64), "UNSAFE_NAME", "files.a/b"),
        (set_("files", "..", value="0" * 64), "UNSAFE_NAME", "files..."),
        (set_("files", "gone.png", value="0" * 64), "MISSING_FILE", "files.gone.png"),
    ],
)
def test_wrong_descriptions_are_found(
    change: Callable[[Content], None], code: str, where: str, package: Path
) -> None:
    synthetic.edit(package, change)
    found = codes(package)
    if where == "files.detail.png":  # the helper hashes files that are there, so write the fault afterwards
        text = (package / "template.json").read_text()
        content = json.loads(text)
        content["files"]["detail.png"] = "abc"
        (package / "template.json").write_text(json.dumps(content))
        found = codes(package)
    assert (code, f"template.json.{where}") in found
    with pytest.raises(BadInput):
        load(package)


def test_a_preset_from_the_hem_needs_a_hem(package: Path) -> None:
    synthetic.edit(package, set_("panels", 1, "hem_y", value=None))
    assert {code for code, _ in codes(package)} == {"PRESET_WITHOUT_HEM"}


def test_a_newer_format_is_one_clear_sentence(package: Path) -> None:
    synthetic.edit(package, lambda content: content.update(format=3, lamps="none", surprise=1))
    assert only(package) == "This template has format 3; this version of Tirage reads format 1."


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '"tee"', "null", "\ufeff{}", "[" * 100_000, '{"format": 1, "format": 1}']
)
def test_what_is_no_description_is_refused(text: str, package: Path) -> None:
    (package / "template.json").write_text(text)
    assert check(package)
    with pytest.raises(BadInput) as caught:
        load(package)
    assert caught.value.code == "TEMPLATE_INVALID"


def test_a_flood_of_faults_is_counted_not_listed(package: Path) -> None:
    synthetic.edit(package, lambda content: content.update({f"key{i}": i for i in range(1000)}))
    found = check(package)
    assert len(found) == MAX_FINDINGS + 1
    assert found[-1].code == "MORE_FINDINGS"
    assert "800 more" in found[-1].message


def test_changed_bytes_are_found_by_their_hash(package: Path) -> None:
    (package / "LICENSE").write_text("mine\n")
    assert codes(package) == [("WRONG_HASH", "template.json.files.LICENSE")]
    with pytest.raises(BadInput):
        load(package)


def test_an_edited_description_is_found_by_the_content_hash(package: Path) -> None:
    text = (package / "template.json").read_text().replace("Plain test shirt", "Other shirt")
    (package / "template.json").write_text(text)
    assert codes(package) == [("WRONG_HASH", "template.json.content_sha256")]
    with pytest.raises(BadInput):
        load(package)


def test_a_stray_file_is_a_warning(package: Path) -> None:
    (package / "notes.txt").write_text("mine")
    findings = check(package)
    assert [(finding.code, finding.severity) for finding in findings] == [("UNLISTED_FILE", Severity.WARNING)]
    load(package)


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_only_regular_files_are_read(kind: str, package: Path) -> None:
    path = package / "detail.png"
    data = path.read_bytes()
    path.unlink()
    if kind == "link":
        (package.parent / "elsewhere.png").write_bytes(data)
        path.symlink_to(package.parent / "elsewhere.png")
    elif kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    assert codes(package) == [("UNSAFE_FILE", "template.json.files.detail.png")]


def test_an_oversized_file_is_not_read(package: Path) -> None:
    with (package / "detail.png").open("r+b") as file:
        file.truncate(40 * 2**20)
    assert codes(package) == [("TOO_LARGE", "template.json.files.detail.png")]
    with (package / "template.json").open("r+b") as file:
        file.truncate(2**20)
    assert codes(package) == [("TOO_LARGE", "template.json")]


def test_fabrics_and_trims_come_with_the_package(package: Path) -> None:
    (package / "knit.png").write_bytes(synthetic.png(64, 200))
    picture = synthetic.cv2.imencode(".png", np.full((20, 40, 4), 255, np.uint8))[1].tobytes()
    (package / "label.png").write_bytes(picture)

    def add(content: Content) -> None:
        content["files"] |= {"knit.png": "", "label.png": ""}
        content["fabrics"] = {"knit": {"file": "knit.png", "size_cm": 6.4}}
        content["colours"]["ash"] = {"hex": "#c0c0c0", "fabric": "knit"}
        content["trims"] = [TRIM | {"file": "label.png", "rotation": 5}]
        content["panels"][3]["fabric"] = False

    synthetic.edit(package, add)
    assert codes(package) == []
    template = load(package)
    assert template.fabrics["knit"].tile.shape == (64, 64)
    assert template.colours["ash"] == Colour.parse("#c0c0c0")
    assert template.fabric_of(template.colours["ash"]) == "knit"
    assert [panel.fabric for panel in template.panels] == [True, True, True, False]
    (trim,) = template.trims
    assert (trim.panel, trim.width, trim.rotation, trim.design.width) == ("collar-front", 4, 5, 40)
    (package / "knit.png").write_bytes(synthetic.png(96, 200))
    (package / "label.png").write_bytes(picture[:60])
    synthetic.edit(package, dict.copy)
    assert sorted(code for code, _ in codes(package)) == ["WRONG_MAP", "WRONG_TRIM"]


def grey(width: int, height: int, **changes: int) -> bytes:
    """A PNG that claims what it is told to."""
    facts = {"depth": 8, "colour": 0, "interlace": 0} | changes
    head = struct.pack(">IIBBBBB", width, height, facts["depth"], facts["colour"], 0, 0, facts["interlace"])
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    chunks = [struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("detail.png", b"", "not a PNG"),
        ("detail.png", grey(128, 128, depth=16), "8-bit grey"),
        ("detail.png", grey(128, 128, colour=2), "8-bit grey"),
        ("detail.png", grey(128, 128, interlace=1), "8-bit grey"),
        ("detail.png", grey(128, 64), "128 × 64"),
        ("detail.png", grey(100_000, 100_000), "at most 8192"),
        ("detail.png", grey(0, 0), "0 × 0"),
        ("light_outside_top.png", grey(8192, 8192), "at most 4096"),
        ("light_outside_top.png", synthetic.png(32, 255), "different sizes: 32, 64"),
        ("light_inside_top.png", grey(32, 32), "cannot be decoded"),
        ("light_inside_top.png", synthetic.png(32, 255)[:-20], "cannot be decoded"),
        (
            "light_inside_top.png",
            synthetic.png(32, 255)[:60] + b"x" + synthetic.png(32, 255)[61:],
            "cannot be",
        ),
    ],
)
def test_wrong_maps_are_found(
    name: str, data: bytes, words: str, package: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    synthetic.replace(package, name, data)
    assert words in only(package)
    assert capfd.readouterr().err == "" or data == grey(32, 32)  # the one damage that only decoding shows


@pytest.mark.parametrize(
    ("change", "code", "where"),
    [
        (lambda a: a.update(triangle=a["triangle"].astype(np.uint32) + 10**6), "OUT_OF_RANGE", "triangle"),
        (lambda a: a.update(triangle=a["triangle"].astype(np.int32) - 10**6), "OUT_OF_RANGE", "triangle"),
        (lambda a: a.update(rim=np.full((2, 2), 65535, np.uint16)), "OUT_OF_RANGE", "rim"),
        (lambda a: a.update(panel=a["panel"] + np.uint8(1)), "OUT_OF_RANGE", "panel"),
        (lambda a: a.update(position_min=np.full(3, np.nan, np.float32)), "OUT_OF_RANGE", "position_min"),
        (lambda a: a.update(position_step=np.full(3, np.inf, np.float32)), "OUT_OF_RANGE", "position_step"),
        (lambda a: a.update(position=a["position"].astype(np.float32)), "WRONG_ARRAY", "position"),
        (lambda a: a.update(position=a["position"].astype(">u2")), "WRONG_ARRAY", "position"),
        (lambda a: a.update(position=np.asfortranarray(a["position"])), "WRONG_ARRAY", "position"),
        (lambda a: a.update(normal=a["normal"][:-1]), "WRONG_ARRAY", "normal"),
        (lambda a: a.update(uv=a["uv"].reshape(-1)), "WRONG_ARRAY", "uv"),
        (lambda a: a.update(uv=a["uv"][:, ::-1]), "WRONG_MESH", "uv"),
        (lambda a: a.update(panel=np.zeros_like(a["panel"])), "WRONG_MESH", "panel"),
        (lambda a: a.update(panel=a["panel"][::-1]), "WRONG_MESH", "uv"),
        (
            lambda a: a.update(triangle=np.roll(a["triangle"].ravel(), 1).reshape(-1, 3)),
            "WRONG_MESH",
            "triangle",
        ),
        (lambda a: a.update(triangle=a["triangle"][:0], inner=a["inner"][:0]), "WRONG_MESH", "panel"),
        (lambda a: a.update(inner=a["inner"] + 1), "OUT_OF_RANGE", "inner"),
        (lambda a: a.update(notes=np.zeros(3)), "UNKNOWN_ARRAY", "notes"),
        (lambda a: a.pop("uv"), "MISSING_ARRAY", "uv"),
    ],
)
def test_wrong_meshes_are_found(
    change: Callable[[dict[str, np.ndarray[Any, Any]]], object], code: str, where: str, package: Path
) -> None:
    synthetic.edit_mesh(package, change)
    found = codes(package)
    assert (code, f"mesh.npz:{where}") in found


def test_pickles_are_never_opened(package: Path, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
            return os.mkdir, (str(tmp_path / "sprung"),)

    synthetic.edit_mesh(package, lambda arrays: arrays.update(uv=np.array([Trap()], dtype=object)))
    assert ("WRONG_ARRAY", "mesh.npz:uv") in codes(package)
    assert not (tmp_path / "sprung").exists()


def bomb(header: str, data: bytes) -> bytes:
    """An .npz whose array uv has this header and this content."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        text = header.encode().ljust(118) + b"\n"
        archive.writestr("uv.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (
            bomb("{'descr': '<u2', 'fortran_order': False, 'shape': (500000000, 2), }", b"\0" * 100),
            "TOO_LARGE",
        ),
        (bomb("{'descr': '<u2', 'fortran_order': False, 'shape': (-4, 2), }", b"\0" * 100), "WRONG_ARRAY"),
        (
            bomb("{'descr': '<u2', 'fortran_order': False, 'shape': (4, 2), }", b"\0" * 50_000_000),
            "WRONG_ARRAY",
        ),
        (bomb("{'descr': '<u2', 'fortran_order': False, 'shape': (4, 2), }", b"\0"), "WRONG_ARRAY"),
        (bomb("{'descr': '<u2', 'shape': __import__('os')}", b""), "WRONG_ARRAY"),
        (bomb("{'descr': '<f1', 'fortran_order': False, 'shape': (4, 2), }", b""), "WRONG_ARRAY"),
        (bomb("{'descr': '<u2', 'fortran_order': False, 'shape': (4 2), }", b""), "WRONG_ARRAY"),
        (bomb("{'descr': '<u2', 'fortran_order': False, 'shape': (), }", b"\0\0"), "WRONG_ARRAY"),
        (bomb("x" * 60_000, b""), "WRONG_ARRAY"),
    ],
)
def test_bombs_are_refused_by_their_headers(data: bytes, code: str, package: Path) -> None:
    synthetic.replace(package, "mesh.npz", data)
    assert (code, "mesh.npz:uv") in codes(package)


@pytest.mark.parametrize("data", [b"", b"PK\x05\x06", b"PK\x05\x06" + b"\0" * 18, b"not a zip"])
def test_what_is_no_archive_is_refused(data: bytes, package: Path) -> None:
    synthetic.replace(package, "mesh.npz", data)
    assert all(where.startswith("mesh.npz") for _, where in codes(package))
    with pytest.raises(BadInput):
        load(package)


def meaning(data: bytes) -> object:
    """Two descriptions that differ in white space alone say the same."""
    return json.loads(data) if data.startswith(b"{") else data


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(["template.json", "mesh.npz", "light_inside_top.png"]), data=st.data())
def test_flipped_bytes_never_raise_anything_else(name: str, data: st.DataObject, package: Path) -> None:
    original = (package / name).read_bytes()
    flipped = bytearray(original)
    for place in data.draw(st.lists(st.integers(0, len(original) - 1), min_size=1, max_size=3)):
        flipped[place] = data.draw(st.integers(0, 255))
    (package / name).write_bytes(flipped[: data.draw(st.sampled_from([None, len(flipped) // 2]))])
    try:
        assert check(package) != [] or meaning((package / name).read_bytes()) == meaning(original)
    finally:
        (package / name).write_bytes(original)


def test_maps_are_decoded_as_they_were_written(package: Path) -> None:
    expected = cv2.imdecode(np.fromfile(package / "detail.png", np.uint8), cv2.IMREAD_GRAYSCALE)
    assert np.array_equal(load(package).detail, expected)
