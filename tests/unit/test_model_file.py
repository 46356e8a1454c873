"""The GLB that orders bring: sound glTF 2.0, the garment in metres, prints in place, small enough."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import pytest
import synthetic
from numpy.typing import NDArray

from tirage.errors import BadInput
from tirage.media.values import Colour
from tirage.mockup.mesh import expand
from tirage.mockup.model import Fabric, Template, Trim
from tirage.mockup.model_file import REDUCTIONS, _coarser, _filled, make_patches, model_file
from tirage.mockup.placement import Placement, Print, resolve
from tirage.mockup.template import load

SIZES = {5121: 1, 5123: 2, 5125: 4, 5126: 4}
TYPES = {5123: np.uint16, 5125: np.uint32, 5126: np.float32}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3}
DPI_100 = 100 / 2.54
NAVY, INK = Colour.parse("#1f2a44"), (200, 30, 40)


@dataclass(frozen=True)
class Model:
    """A GLB, taken apart."""

    document: dict[str, Any]
    binary: bytes

    def view(self, number: int) -> bytes:
        view = self.document["bufferViews"][number]
        return self.binary[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]

    def array(self, number: int) -> NDArray[Any]:
        accessor = self.document["accessors"][number]
        values = np.frombuffer(self.view(accessor["bufferView"]), TYPES[accessor["componentType"]])
        values = values / 65535 if accessor.get("normalized") else values
        return values.reshape(accessor["count"], -1)

    def part(self, name: str) -> Mapping[str, NDArray[Any]]:
        """The attributes of the part with the material of that name, and its `indices`."""
        (found,) = [one for one in self.primitives() if self.material(one)["name"] == name]
        return {
            **{key: self.array(number) for key, number in found["attributes"].items()},
            "indices": self.array(found["indices"]),
        }

    def primitives(self) -> list[dict[str, Any]]:
        return self.document["meshes"][0]["primitives"]

    def material(self, primitive: Mapping[str, Any]) -> dict[str, Any]:
        return self.document["materials"][primitive["material"]]

    def picture(self, name: str) -> NDArray[np.uint8]:
        (material,) = [one for one in self.document["materials"] if one["name"] == name]
        texture = self.document["textures"][material["pbrMetallicRoughness"]["baseColorTexture"]["index"]]
        data = self.view(self.document["images"][texture["source"]]["bufferView"])
        return cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def opened(data: bytes) -> Model:
    """Reads a GLB as strictly as the specification says (glTF 2.0, 4.4)."""
    magic, version, length = struct.unpack("<4sII", data[:12])
    assert (magic, version, length) == (b"glTF", 2, len(data))
    size, kind = struct.unpack("<I4s", data[12:20])
    assert (kind, size % 4) == (b"JSON", 0)
    rest = 20 + size
    binary_size, kind = struct.unpack("<I4s", data[rest : rest + 8])
    assert (kind, binary_size % 4, rest + 8 + binary_size) == (b"BIN\0", 0, len(data))
    model = Model(json.loads(data[20:rest]), data[rest + 8 :])
    assert model.document["buffers"] == [{"byteLength": binary_size}]
    return model


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    package = load(synthetic.write_package(tmp_path_factory.mktemp("packages") / "plain"))
    return replace(package, detail=np.full((128, 128), 255, np.uint8), fabrics={}, trims=())


def placed(template: Template, place: Placement, **changes: Any) -> Print:  # noqa: ANN401
    design = synthetic.solid(**{"width": 1800, "height": 900, **changes})
    art = resolve(width=design.width, height=design.height, where=place, template=template)
    return Print(art, design)


def made(template: Template, prints: Sequence[Print], **changes: int) -> Model:
    return opened(model_file(template=template, prints=prints, colour=NAVY, **changes))


@pytest.fixture(scope="module")
def decorated(template: Template) -> Model:
    return made(template, [placed(template, Placement("front", 2, 22, 24, 30))])


def test_every_accessor_lies_in_its_view_and_says_the_truth(decorated: Model) -> None:
    document = decorated.document
    for accessor in document["accessors"]:
        view = document["bufferViews"][accessor["bufferView"]]
        width = WIDTHS[accessor["type"]] * SIZES[accessor["componentType"]]
        assert view["byteOffset"] % 4 == 0
        assert view["byteLength"] == accessor["count"] * width
        assert view["byteOffset"] + view["byteLength"] <= len(decorated.binary)
    for primitive in decorated.primitives():
        attributes = {name: decorated.array(at) for name, at in primitive["attributes"].items()}
        index = decorated.array(primitive["indices"])
        assert {len(values) for values in attributes.values()} == {index.max() + 1}
        bounds = document["accessors"][primitive["attributes"]["POSITION"]]
        assert np.array_equal(bounds["min"], attributes["POSITION"].min(axis=0))
        assert np.array_equal(bounds["max"], attributes["POSITION"].max(axis=0))
        assert np.abs(np.linalg.norm(attributes["NORMAL"], axis=1) - 1).max() < 1e-4
        sets = [
            texture["texCoord"] for key, texture in decorated.material(primitive).items() if key[:3] == "occ"
        ]
        assert all(f"TEXCOORD_{number}" in attributes for number in sets)


def test_metres_with_y_up_facing_z_on_the_ground(decorated: Model, template: Template) -> None:
    points = np.concatenate(
        [decorated.array(one["attributes"]["POSITION"]) for one in decorated.primitives()]
    )
    x, y, z = template.garment.position.T
    outside = np.stack([x, z, -y], axis=1)
    assert np.abs(points.max(axis=0) - outside.max(axis=0)).max() < 0.0011  # the cloth's thickness
    assert np.abs(points.min(axis=0) - outside.min(axis=0)).max() < 0.0011
    (node,) = decorated.document["nodes"]
    assert node["translation"][1] == pytest.approx(-points[:, 1].min())
    front = decorated.part("front")
    middle = np.abs(front["POSITION"][:, 0]) < 0.02
    assert front["NORMAL"][middle][:, 2].min() > 0.99


def test_triangles_run_counter_clockwise_around_their_normals(decorated: Model) -> None:
    for primitive in decorated.primitives():
        part = decorated.part(decorated.material(primitive)["name"])
        a, b, c = (part["POSITION"][part["indices"].reshape(-1, 3)[:, corner]] for corner in range(3))
        across = np.cross(b - a, c - a)
        normal = part["NORMAL"][part["indices"].reshape(-1, 3)].mean(axis=1)
        large = np.linalg.norm(across, axis=1) > 1e-8
        along = np.einsum("ij,ij->i", across, normal)[large]
        assert np.mean(along > 0) > 0.995


def test_ink_lies_where_it_was_placed_and_nowhere_else(decorated: Model, template: Template) -> None:
    panel = template.panel("front")
    assert panel is not None
    turn = np.radians(30)
    part, picture = decorated.part("front print 1"), decorated.picture("front print 1")
    height, width = picture.shape[:2]
    column, row = (part["TEXCOORD_0"] * (width, height) - 0.5).round().astype(int).T
    seen = picture[row.clip(0, height - 1), column.clip(0, width - 1)].astype(int)
    place = part["TEXCOORD_1"] * template.atlas_cm - panel.origin - (2, 22)
    along, down = place @ [np.cos(turn), np.sin(turn)], place @ [-np.sin(turn), np.cos(turn)]
    beyond = np.maximum(np.abs(along) - 12, np.abs(down) - 6)
    assert (beyond < -0.1).sum() > 100
    assert (beyond > 0.1).sum() > 100
    assert np.abs(seen[beyond < -0.1] - INK).max() <= 6
    assert np.abs(seen[beyond > 0.1] - (31, 42, 68)).max() <= 12  # JPEG, beside an edge


def test_prints_keep_their_resolution(decorated: Model, template: Template) -> None:
    part, picture = decorated.part("front print 1"), decorated.picture("front print 1")
    per_unit = np.ptp(part["TEXCOORD_0"], axis=0) / np.ptp(part["TEXCOORD_1"], axis=0)
    density = per_unit * picture.shape[1::-1] / template.atlas_cm
    assert density == pytest.approx(60, rel=0.01)
    assert density.min() > DPI_100


def test_detail_darkens_cloth_and_ink(template: Template) -> None:
    half = replace(template, detail=np.full((128, 128), 128, np.uint8))
    art = placed(template, Placement("front", 0, 22, 20))
    dark = made(half, [art]).picture("front print 1")
    middle = dark[dark.shape[0] // 2, dark.shape[1] // 2].astype(int)
    linear = ((np.array(INK) / 255 + 0.055) / 1.055) ** 2.4 * 128 / 255
    assert np.abs(middle - (1.055 * linear ** (1 / 2.4) - 0.055) * 255).max() <= 3


def test_cloth_shows_its_fabric_but_where_a_panel_has_none(template: Template) -> None:
    wave = np.sin(np.arange(128) * 2 * np.pi / 16)  # 8 waves in 6.4 cm
    tile = np.rint(128 + 40 * np.repeat(wave[None], 128, axis=0)).astype(np.uint8)
    collar = replace(template.panels[3], fabric=False)
    knitted = replace(
        template,
        fabrics={"knit": Fabric(tile, 6.4)},
        woven={},
        panels=(*template.panels[:3], collar),
    )
    model = made(knitted, [])
    linear = ((model.picture("front").astype(float) / 255 + 0.055) / 1.055) ** 2.4
    row = linear[len(linear) // 2, :, 2]
    assert row.mean() == pytest.approx(NAVY.to_albedo()[2], rel=0.03)
    spectrum = np.abs(np.fft.rfft(row - row.mean()))
    per_cm = np.fft.rfftfreq(len(row), 54 / len(row))[int(np.argmax(spectrum))]
    assert per_cm == pytest.approx(8 / 6.4, rel=0.03)
    art = placed(knitted, Placement("front", 0, 22, 20), rgba=(200, 200, 200, 255))
    print_ = made(knitted, [art]).picture("front print 1").astype(float)
    inked = print_[len(print_) // 2, 200:-200, 2]
    assert 0.005 < inked.std() / inked.mean() < 0.5 * row.std() / row.mean()
    names = [one["name"] for one in model.document["materials"] if "baseColorTexture" in str(one)]
    assert names == ["front", "back", "sleeve-left"]


def test_trims_lie_below_all_prints(template: Template) -> None:
    label = Trim("front", 0, 22, 10, 0, synthetic.solid(200, 100, (20, 220, 60, 255)))
    trimmed = replace(template, trims=(label,))
    alone = made(trimmed, []).picture("front print 1")
    assert np.abs(alone[alone.shape[0] // 2, alone.shape[1] // 2].astype(int) - (20, 220, 60)).max() <= 6
    covered = made(trimmed, [placed(trimmed, Placement("front", 0, 22, 4))]).picture("front print 1")
    assert np.abs(covered[covered.shape[0] // 2, covered.shape[1] // 2].astype(int) - INK).max() <= 6


def test_later_prints_lie_on_top(template: Template) -> None:
    low = placed(template, Placement("front", 0, 22, 20))
    high = placed(template, Placement("front", 0, 22, 4), rgba=(20, 220, 60, 255))
    picture = made(template, [low, high]).picture("front print 1")
    middle = picture[picture.shape[0] // 2, picture.shape[1] // 2].astype(int)
    assert np.abs(middle - (20, 220, 60)).max() <= 6


def test_prints_that_overlap_share_a_picture_and_others_do_not(template: Template) -> None:
    shell = expand(template.garment)
    places = [
        Placement("front", -10, 10, 6),
        Placement("front", 10, 40, 6),
        Placement("front", -8, 11, 6),
        Placement("back", 0, 30, 30),
    ]
    patches = list(make_patches(template, shell, [placed(template, place) for place in places]))
    names = [patch.name for patch in patches]
    assert names == [
        "front print 1", "front print 2", "front", "back print 1", "back", "sleeve-left", "collar-front",
    ]  # fmt: skip
    triangles = np.concatenate([patch.triangle for patch in patches])
    assert len(np.unique(triangles, axis=0)) == len(triangles) == (~shell.inside).sum()


def test_even_cloth_needs_no_picture(template: Template) -> None:
    plain = made(template, [])
    assert len(plain.document["images"]) == 2  # how much sky the two sides see
    colours = [one["pbrMetallicRoughness"]["baseColorFactor"] for one in plain.document["materials"]]
    assert np.allclose(colours, [*NAVY.to_albedo(), 1])


def test_black_surroundings_say_nothing_of_occlusion(template: Template) -> None:
    dark = made(replace(template, world_strength=0.0), [])
    assert "images" not in dark.document
    assert not any("occlusionTexture" in one for one in dark.document["materials"])


def test_the_material_is_the_cloths(decorated: Model) -> None:
    for material in decorated.document["materials"]:
        surface = material["pbrMetallicRoughness"]
        assert (surface["metallicFactor"], surface["roughnessFactor"]) == (0, 0.85)
        sheen = material["extensions"]["KHR_materials_sheen"]
        assert sheen == {"sheenColorFactor": [0.18] * 3, "sheenRoughnessFactor": 0.45}
        assert material["extensions"]["KHR_materials_specular"] == {"specularFactor": 0.5}
    used = decorated.document["extensionsUsed"]
    assert used == ["KHR_materials_sheen", "KHR_materials_specular"]


def test_pictures_shrink_until_the_file_fits(template: Template) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (900, 1800, 4), np.uint8)
    noise[..., 3] = 255
    place = Placement("front", 0, 22, 30)
    art = placed(template, place)
    prints = [Print(art.art, synthetic.design(noise))]
    whole = model_file(template=template, prints=prints, colour=NAVY)
    limit = len(whole) * 2 // 3
    smaller = model_file(template=template, prints=prints, colour=NAVY, max_bytes=limit)
    assert len(smaller) <= limit
    before, after = (opened(data).picture("front print 1") for data in (whole, smaller))
    assert after.shape[0] == pytest.approx(before.shape[0] * REDUCTIONS[1], abs=2)
    with pytest.raises(BadInput) as caught:
        model_file(template=template, prints=prints, colour=NAVY, max_bytes=100_000)
    assert caught.value.code == "MODEL_TOO_LARGE"


def test_the_same_order_gives_the_same_bytes(template: Template) -> None:
    prints = [placed(template, Placement("front", 2, 22, 24, 30))]
    first = model_file(template=template, prints=prints, colour=NAVY)
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        assert model_file(template=template, prints=prints, colour=NAVY) == first
    finally:
        cv2.setNumThreads(threads)


def test_hidden_inner_cloth_is_coarser_and_the_rest_as_it_was(template: Template) -> None:
    inner = np.arange(0, 200, dtype=np.int32)
    garment = replace(
        template.garment, inner=inner, uv=template.garment.uv / 3 + 20
    )  # several vertices a square
    seen = replace(template, garment=garment)
    shell = expand(garment)
    whole = shell.triangle[shell.inside]
    coarse = _coarser(seen, shell)
    assert len(coarse) < len(whole) / 3
    kept = set(map(tuple, coarse.tolist()))
    assert all(tuple(triangle) in kept for triangle in whole[inner].tolist())


def test_the_shipped_tee_fits_with_art_on_every_side() -> None:
    tee = load("tee")
    pixels = np.random.default_rng(2).integers(0, 255, (300, 240, 4), np.uint8)
    pixels[..., 3] = 255
    design = synthetic.design(cv2.resize(pixels, (2400, 3000), interpolation=cv2.INTER_CUBIC))
    places = [Placement("front", 0, 26, 32), Placement("back", 0, 26, 32), Placement("sleeve-left", 0, 14, 7)]
    prints = [Print(resolve(width=2400, height=3000, where=place, template=tee), design) for place in places]
    model = opened(model_file(template=tee, prints=prints, colour=Colour.parse("#272728")))
    assert model.document["buffers"][0]["byteLength"] < 10_000_000
    assert model.picture("front print 1").shape[1] / 33.5 > DPI_100


def test_unknown_places_get_what_is_around_them() -> None:
    values = np.zeros((64, 64), np.uint8)
    values[20:30, 20:30], values[40:50, 40:50] = 200, 100
    filled = _filled(values, values > 0)
    assert np.array_equal(filled[values > 0], values[values > 0])
    assert filled.min() >= 100
    assert filled[:20, :20].mean() > 150 > filled[-10:, -10:].mean()
