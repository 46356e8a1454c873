"""What is laid out to be looked at: the places that are meant, nothing twice, names that say nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bench.contact_sheet import (
    CROP,
    DESIGNS,
    LOOKUP,
    NEAR_CM,
    PLACES,
    SIZE,
    Crop,
    Sheet,
    Shot,
    art_on,
    blind,
    cut,
    edges_of,
    looked_at,
    page,
    places_of,
    spot,
)
from bench.regions import Regions, regions
from tirage.media.intake import read_design
from tirage.mockup.model import Template
from tirage.mockup.template import available, load


@pytest.fixture(scope="module")
def tee() -> Template:
    return load("tee")


@pytest.fixture(scope="module")
def seen(tee: Template) -> dict[str, Regions]:
    return {view.name: regions(tee, azimuth=view.azimuth, size=LOOKUP) for view in tee.views}


@pytest.mark.parametrize("name", available())
def test_every_shipped_template_has_its_places(name: str) -> None:
    template = load(name)
    rows = places_of(template)
    assert name not in PLACES or rows == PLACES[name]
    for places in rows.values():
        for place in places:
            found = spot(template, place)
            assert np.isfinite(found.position).all()


def test_a_template_without_a_row_shows_its_panels_borders(
    tee: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.contact_sheet.PLACES", {})
    rows = places_of(tee)
    assert len(rows) == 4 * sum(panel.print_area is not None for panel in tee.panels)
    (bottom,) = rows["front bottom"]
    assert spot(tee, bottom).position[2] == pytest.approx(tee.garment.position[:, 2].min(), abs=0.05)


def test_views_show_the_places_that_face_them(tee: Template, seen: dict[str, Regions]) -> None:
    design = read_design(DESIGNS / "photo.jpg")
    prints = [art_on(panel, design) for panel in tee.panels if panel.print_area is not None]
    found = looked_at(tee, prints, seen)
    assert set(found["front_0deg"]) >= {"collar", "hem", "sleeve", "print edge"}
    assert set(found["left_90deg"]) >= {"hem", "sleeve", "side seam", "print edge"}
    for name, panel in (("front_0deg", "front"), ("back_180deg", "back")):
        (edges,) = [edges_of(one) for one in prints if one.art.panel == panel]
        x, y = (int(value * LOOKUP / SIZE) for value in found[name]["print edge"])
        apart = [np.abs(seen[name].atlas[y, x] - spot(tee, edge).atlas).max() for edge in edges]
        assert min(apart) < NEAR_CM


def test_ink_ends_where_the_print_edge_is_looked_for(tee: Template) -> None:
    front = tee.panel("front")
    assert front is not None
    photo = art_on(front, read_design(DESIGNS / "photo.jpg"))
    left, bottom = edges_of(photo)
    assert left.x == pytest.approx(photo.art.x - photo.art.width / 2, abs=0.1)
    assert bottom.y == pytest.approx(photo.art.y + photo.art.height / 2, abs=0.1)
    lines = art_on(front, read_design(DESIGNS / "lines.png"))
    alpha = lines.design.pixels[..., 3]
    scale = alpha.shape[1] / lines.art.width
    corner = (lines.art.x - lines.art.width / 2, lines.art.y - lines.art.height / 2)
    left, bottom = ((np.array([edge.x, edge.y]) - corner) * scale for edge in edges_of(lines))
    row, first = int(left[1]), round(left[0])
    assert alpha[row, first] > 127 >= alpha[row, :first].max(initial=0)
    last, column = round(bottom[1]), int(bottom[0])
    assert alpha[last - 1, column] > 127 >= alpha[last:, column].max(initial=0)


def test_crops_stay_in_the_picture(tee: Template) -> None:
    picture = np.arange(SIZE * SIZE * 3, dtype=np.uint64).astype(np.uint8).reshape(SIZE, SIZE, 3)
    shot = Shot("white", "none", tee.views[0], (), picture)
    for at in ((0, 0), (SIZE, SIZE), (700, 3)):
        crop, pixels = cut(shot, "hem", at, "tee")
        assert pixels.shape == (CROP, CROP, 3)
        assert np.array_equal(pixels, picture[crop.top : crop.top + CROP, crop.left : crop.left + CROP])


def test_a_sheet_leaves_out_rows_that_show_nothing_new(tee: Template) -> None:
    plain, other = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 9, np.uint8)
    sheet = Sheet({})
    for row, picture in (("none", plain), ("photo", plain), ("text", other)):
        sheet.add(row, "front", plain)
        sheet.add(row, "back", picture)
    assert list(sheet.rows()) == ["none", "text"]
    assert sheet.picture().shape == (2 * 14, 2 * 14, 3)
    assert "Down: none, text. Across: front, back." in page(tee, {"hem white": sheet})


def test_blind_names_say_nothing_and_the_key_says_all(tmp_path: Path) -> None:
    def crops() -> list[tuple[Crop, np.ndarray]]:
        return [
            (
                Crop(template="t", view="v", colour="c", design="d", place=f"p{number}", left=0, top=number),
                np.full((4, 4, 3), number, np.uint8),
            )
            for number in range(30)
        ]

    (tmp_path / "blind").mkdir()
    named = blind(crops(), tmp_path, 1)
    assert [crop.place for crop in named] != [f"p{number}" for number in range(30)]
    assert sorted(path.name for path in (tmp_path / "blind").iterdir()) == [crop.file for crop in named]
    assert named == blind(crops(), tmp_path, 1) != blind(crops(), tmp_path, 2)
    key = json.loads((tmp_path / "key.json").read_text())
    assert {crop["place"] for crop in key["crops"]} == {f"p{number}" for number in range(30)}
