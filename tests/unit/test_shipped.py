"""Every template that ships: sound, small, in its own words, and as it looked where it was made."""

from __future__ import annotations

import json
import struct
from itertools import combinations

import numpy as np
import pytest
import synthetic

from tirage.authoring.goldens import compare, findings
from tirage.media.values import Colour
from tirage.mockup.catalogue import VIEWS, Preset
from tirage.mockup.description import full_size
from tirage.mockup.model import Template
from tirage.mockup.model_file import model_file
from tirage.mockup.placement import Print, resolve
from tirage.mockup.template import available, check, load

SHIPPED = {"tee": "cotton", "tote": "canvas", "mug": "glaze", "poster": "wood and paper"}
MOST_BYTES = 8_000_000


@pytest.fixture(scope="module", params=SHIPPED)
def template(request: pytest.FixtureRequest) -> Template:
    return load(request.param)


def test_these_ship() -> None:
    assert set(SHIPPED) <= set(available())


def test_it_is_sound_small_and_free(template: Template) -> None:
    assert check(template.info.id) == []
    files = list(template.info.folder.iterdir())
    assert sum(path.stat().st_size for path in files) <= MOST_BYTES
    assert template.info.licence == "Apache-2.0"
    assert {"LICENSE", "README.md", template.info.thumbnail} <= {path.name for path in files}


def test_it_looks_as_it_did_where_it_was_made(template: Template) -> None:
    assert len(template.goldens) == 4
    assert findings(compare(template)) == []


def test_it_has_the_six_views_and_colours_to_choose_from(template: Template) -> None:
    assert template.views == VIEWS
    assert len(template.colours) >= 5
    assert {"white", "black"} <= template.colours.keys()
    for colour in template.colours.values():
        assert colour.to_albedo() == colour.to_linear()  # neither is clipped, which would turn its hue


@pytest.mark.rows("R044", "R278")
def test_its_presets_lie_in_their_print_areas_and_apart(template: Template) -> None:
    assert {Preset.CHEST_SMALL, Preset.CHEST_MEDIUM, Preset.CHEST_LARGE} <= set(template.presets)
    for rule in template.presets.values():
        panel = template.panel(rule.panel)
        assert panel is not None
        assert panel.print_area is not None
        left, top, right, bottom = full_size(rule, panel)
        area = panel.print_area
        assert area[0] - 1e-9 <= left < right <= area[2] + 1e-9
        assert area[1] - 1e-9 <= top < bottom <= area[3] + 1e-9
    for one, other in combinations(template.presets.values(), 2):
        assert one != other


def test_lengths_are_true_where_prints_go(template: Template) -> None:
    """A centimetre on the panel is one on the thing, in the mean of what lies in a print area within 1 %."""
    garment = template.garment
    corners = garment.position[garment.triangle].astype(float) * 100
    flat = garment.uv[garment.triangle].astype(float)
    for number, panel in enumerate(template.panels):
        if panel.print_area is None:
            continue
        middle = flat.mean(axis=1) - panel.origin
        left, top, right, bottom = panel.print_area
        there = (
            (garment.panel[garment.triangle[:, 0]] == number) & (middle[:, 0] > left) & (middle[:, 0] < right)
        )
        there &= (middle[:, 1] > top) & (middle[:, 1] < bottom)
        areas = [
            np.linalg.norm(np.cross(b, c), axis=1)
            for b, c in (sides(corners[there]), sides(pad(flat[there])))
        ]
        assert areas[0].sum() / areas[1].sum() == pytest.approx(1, abs=0.02)


def sides(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]


def pad(flat: np.ndarray) -> np.ndarray:
    return np.concatenate([flat, np.zeros((*flat.shape[:2], 1))], axis=2)


def test_its_model_can_be_shown_and_shines_as_it_does(template: Template) -> None:
    design = synthetic.design(np.full((60, 60, 4), (200, 30, 40, 255), np.uint8))
    art = resolve(width=60, height=60, where=Preset.CHEST_MEDIUM, template=template)
    data = model_file(template=template, prints=[Print(art, design)], colour=Colour.parse("#1f2a44"))
    (length,) = struct.unpack("<I", data[12:16])
    document = json.loads(data[20 : 20 + length])
    assert len(data) < 10_000_000
    assert all(accessor["count"] > 0 for accessor in document["accessors"])
    materials = {part["material"] for mesh in document["meshes"] for part in mesh["primitives"]}
    assert materials == set(range(len(document["materials"])))
    for material in document["materials"]:
        assert material["pbrMetallicRoughness"]["roughnessFactor"] == template.material.roughness
