"""`make contact-sheet`: everything that a garment has to stand up to, laid out to be looked at.

Per template in out/contact-sheet: overviews, 100 % crops of the places that betray a rendering, the same
crops as single files whose names say nothing (`blind`, with `key.json` beside the folder), and a page of all.
"""

from __future__ import annotations

import argparse
import html
import json
import random
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.regions import Regions, regions
from bench.scores import Mask, Picture
from tirage.media.encode import ImageFormat, encode_image
from tirage.media.intake import Design, read_design
from tirage.media.values import Colour
from tirage.mockup.camera import project
from tirage.mockup.catalogue import View
from tirage.mockup.model import Panel, Template
from tirage.mockup.placement import PlacedArt, Print, to_panel
from tirage.mockup.relight import Renderer
from tirage.mockup.template import available, load

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "out" / "contact-sheet"
DESIGNS = ROOT / "bench" / "designs"
COLOURS = ("white", "black", "heather", "navy", "red")
KINDS = {"none": None, "photo": "photo.jpg", "text": "text.png", "lines": "lines.png"}
"""What is printed, by name."""
SIZE, CROP, SMALL = 2048, 420, 512
BACKGROUND = Colour(242, 242, 242)
LOOKUP = 512
"""Size at which it is found out what a view shows where."""
NEAR_CM = 1.5
"""A place counts as visible where a view shows cloth this near to it."""
FILLED = 0.8
"""Of a print area's width or height that art takes."""
SEEN_ALPHA = 127
"""Ink counts as such above this."""
LINE, GREY = 6, 128
"""Between the pictures of a sheet: pixels, and their code."""
SQUARE_ON = 0.7
"""Cosine from which places face a camera well enough: of these the first in its row counts."""
FAR = 999.0
"""As a coordinate: the panel's last vertex that way."""


Pixel = tuple[int, int]
"""x, y in a picture of SIZE."""
Spots = dict[str, dict[str, Pixel]]
"""What shows, by view and place."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place on a panel, cm; the vertex nearest to it is meant."""

    panel: str
    x: float
    y: float


TEE = {
    "collar": (
        Place("collar-front", 0, -1),
        Place("collar-back", 0, -1),
        Place("collar-front", -FAR, -1),
        Place("collar-front", FAR, -1),
    ),
    "hem": (Place("front", 0, FAR), Place("back", 0, FAR), Place("front", 24, FAR), Place("front", -24, FAR)),
    "sleeve": (
        Place("sleeve-left", 0, FAR),
        Place("sleeve-right", 0, FAR),
        Place("sleeve-left", -9, FAR),
        Place("sleeve-right", 9, FAR),
    ),
    "side seam": (
        Place("front", FAR, 45),
        Place("front", -FAR, 45),
        Place("back", FAR, 50),
        Place("back", -FAR, 50),
    ),
}
PLACES: Mapping[str, Mapping[str, Sequence[Place]]] = {
    "tee": TEE,
    "longsleeve": TEE,
    "tote": {
        "top hem": (Place("front", 0, 0), Place("back", 0, 0)),
        "handle": (Place("handle-front", 0, 0), Place("handle-back", 0, 0)),
        "side seam": (Place("front", FAR, 20), Place("front", -FAR, 20), Place("back", FAR, 20)),
        "bottom": (Place("front", 0, FAR), Place("back", 0, FAR)),
    },
    "mug": {
        "lip": (Place("wrap", 0, 0), Place("wrap", FAR, 0), Place("wrap", -FAR, 0), Place("wrap", 6, 0)),
        "handle": (Place("handle", 0, 0), Place("handle", FAR, 0), Place("handle", -FAR, 0)),
        "foot": (Place("wrap", 0, FAR), Place("wrap", FAR, FAR), Place("wrap", -FAR, FAR)),
    },
    "poster": {
        "corner": (Place("frame", -FAR, -FAR), Place("frame", FAR, FAR), Place("frame", 0, 0)),
        "mat edge": (Place("mat", 0, 0), Place("mat", -FAR, -FAR)),
        "back": (Place("board", 0, 0), Place("hanger", 0, 0)),
    },
}
"""What to look at closely, by template; a view shows the place of each row that faces it most."""


@dataclass(frozen=True, slots=True, eq=False)
class Spot:
    """A place that can be looked at: where it is and faces (metres), and its atlas cm."""

    position: NDArray[np.float32]
    normal: NDArray[np.float32]
    atlas: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One picture: of which colour and kind of print, and where the prints lie."""

    colour: str
    kind: str
    view: View
    prints: Sequence[Print]
    picture: Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """What a crop shows; `file` is its picture among the blind ones."""

    template: str
    view: str
    colour: str
    design: str
    place: str
    left: int
    top: int
    file: str = ""


@dataclass(slots=True)
class Sheet:
    """Pictures of one size by row's and column's name."""

    cells: dict[str, dict[str, Picture]]

    def add(self, row: str, column: str, picture: Picture) -> None:
        """Puts a picture into its row."""
        self.cells.setdefault(row, {})[column] = picture

    def rows(self) -> dict[str, dict[str, Picture]]:
        """The first row, and those that show anything else."""
        first, *others = self.cells.items()
        changed = [(name, row) for name, row in others if not _same(row, first[1])]
        return dict([first, *changed])

    def picture(self) -> Picture:
        """Its rows with grey lines between; what a row lacks is grey, too."""
        rows = self.rows()
        empty = np.full_like(next(iter(next(iter(rows.values())).values())), GREY)
        lines = [
            np.hstack([_lined(row.get(column, empty)) for column in self.columns()]) for row in rows.values()
        ]
        return np.vstack(lines)

    def columns(self) -> list[str]:
        """Their names."""
        return list(dict.fromkeys(column for row in self.cells.values() for column in row))


def _same(one: Mapping[str, Picture], other: Mapping[str, Picture]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def _lined(picture: Picture) -> Picture:
    edges = ((0, LINE), (0, LINE), (0, 0))
    return np.pad(picture, edges, constant_values=GREY)


def places_of(template: Template) -> Mapping[str, Sequence[Place]]:
    """The table's row; for a template without one the four borders of every panel that takes prints."""
    if template.info.id in PLACES:
        return PLACES[template.info.id]
    found: dict[str, Sequence[Place]] = {}
    for panel in template.panels:
        if panel.print_area is not None:
            left, top, right, bottom = panel.bounds
            x, y = (left + right) / 2, (top + bottom) / 2
            borders = {"top": (x, top), "bottom": (x, bottom), "left": (left, y), "right": (right, y)}
            found |= {f"{panel.name} {name}": (Place(panel.name, *at),) for name, at in borders.items()}
    return found


def spot(template: Template, place: Place) -> Spot:
    """The vertex nearest to a place; KeyError when the template has no such panel."""
    names = [panel.name for panel in template.panels]
    if place.panel not in names:
        raise KeyError(place.panel)
    number, garment = names.index(place.panel), template.garment
    of = np.flatnonzero(garment.panel == number)
    cm = garment.uv[of] - np.asarray(template.panels[number].origin, np.float32)
    wanted = np.clip((place.x, place.y), cm.min(axis=0), cm.max(axis=0))
    vertex = of[np.argmin(((cm - wanted) ** 2).sum(axis=1))]
    return Spot(garment.position[vertex], garment.normal[vertex], garment.uv[vertex])


def art_on(panel: Panel, design: Design) -> Print:
    """A design in the middle of a panel's print area."""
    assert panel.print_area is not None
    left, top, right, bottom = panel.print_area
    width = FILLED * min(right - left, (bottom - top) * design.width / design.height)
    height = width * design.height / design.width
    art = PlacedArt(panel.name, (left + right) / 2, (top + bottom) / 2, width, height, 0.0)
    return Print(art, design)


def edges_of(print_: Print) -> tuple[Place, Place]:
    """Where ink ends on a print's left, half way down, and at its bottom, half way across."""
    alpha = print_.design.pixels[..., 3] > SEEN_ALPHA
    left, row = _first(alpha)
    up, column = _first(alpha[::-1].T)
    matrix = to_panel(print_)
    pixels = ((left, row + 0.5), (column + 0.5, len(alpha) - up))
    first, second = (matrix[:, :2] @ pixel + matrix[:, 2] for pixel in pixels)
    panel = print_.art.panel
    return Place(panel, float(first[0]), float(first[1])), Place(panel, float(second[0]), float(second[1]))


def _first(ink: Mask) -> tuple[int, int]:
    """The first column with ink, in the first row from the middle down that has any; that row."""
    middle = len(ink) // 2
    row = (middle + int(np.argmax(np.roll(ink, -middle, axis=0).any(axis=1)))) % len(ink)
    return int(np.argmax(ink[row])), row


def facing(spots: Sequence[Spot], template: Template, view: View, seen: Regions) -> Pixel | None:
    """The pixel of the visible spot that faces a view's camera best; None when none shows."""
    turn = np.radians(view.azimuth)
    towards = np.array([np.sin(turn), -np.cos(turn), 0])
    for found in sorted(spots, key=lambda one: -min(float(one.normal @ towards), SQUARE_ON)):
        x, y, _ = project(found.position[None], template.camera, view.azimuth, SIZE)[0].tolist()
        column, row = (int(value * LOOKUP / SIZE) for value in (x, y))
        around = seen.atlas[max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3].reshape(-1, 2)
        apart = np.linalg.norm(around - found.atlas, axis=1)
        if np.nanmin(np.append(apart, np.inf)) < NEAR_CM:
            return round(x), round(y)
    return None


def looked_at(template: Template, prints: Sequence[Print], seen: Mapping[str, Regions]) -> Spots:
    """The pixel of every place that shows."""
    rows = {name: [spot(template, place) for place in row] for name, row in places_of(template).items()}
    if prints:
        rows["print edge"] = [spot(template, edge) for print_ in prints for edge in edges_of(print_)]
    found: Spots = {}
    for view in template.views:
        pixels = {name: facing(spots, template, view, seen[view.name]) for name, spots in rows.items()}
        found[view.name] = {name: at for name, at in pixels.items() if at is not None}
    return found


def photographed(renderer: Renderer, colours: Sequence[str]) -> Iterator[Shot]:
    """Every view of every colour and kind of print."""
    template = renderer.template
    designs = {kind: read_design(DESIGNS / file) if file else None for kind, file in KINDS.items()}
    printable = [panel for panel in template.panels if panel.print_area is not None]
    for colour in colours:
        for kind, design in designs.items():
            prints = [art_on(panel, design) for panel in printable] if design else []
            pictures = renderer.stills(
                prints=prints,
                colour=template.colours[colour],
                azimuths=[view.azimuth for view in template.views],
                size=SIZE,
                background=BACKGROUND,
            )
            for view, picture in zip(template.views, pictures, strict=True):
                yield Shot(colour, kind, view, prints, picture)


def cut(shot: Shot, place: str, at: Pixel, template: str) -> tuple[Crop, Picture]:
    """The crop around a pixel, moved into the picture where it would reach over its edge."""
    left, top = (min(max(value - CROP // 2, 0), SIZE - CROP) for value in at)
    crop = Crop(
        template=template,
        view=shot.view.name,
        colour=shot.colour,
        design=shot.kind,
        place=place,
        left=left,
        top=top,
    )
    return crop, shot.picture[top : top + CROP, left : left + CROP].copy()


def make(template: Template, folder: Path, *, seed: int) -> list[Crop]:
    """All files of a template; the crops in the order of their blind names."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "blind").mkdir(parents=True)
    colours = [name for name in COLOURS if name in template.colours] or list(template.colours)
    seen = {view.name: regions(template, azimuth=view.azimuth, size=LOOKUP) for view in template.views}
    sheets: dict[str, Sheet] = {}
    unlike: dict[bytes, tuple[Crop, Picture]] = {}
    where: dict[str, Spots] = {}
    for shot in photographed(Renderer(template), colours):
        if shot.kind not in where:
            where[shot.kind] = looked_at(template, shot.prints, seen)
        small = cv2.resize(shot.picture, (SMALL, SMALL), interpolation=cv2.INTER_AREA)
        overview = sheets.setdefault(f"overview {shot.colour}", Sheet({}))
        overview.add(shot.kind, shot.view.name, np.asarray(small, np.uint8))
        for place, at in where[shot.kind].get(shot.view.name, {}).items():
            crop, pixels = cut(shot, place, at, template.info.id)
            sheets.setdefault(f"{place} {shot.colour}", Sheet({})).add(shot.kind, shot.view.name, pixels)
            unlike.setdefault(pixels.tobytes(), (crop, pixels))
    for name, sheet in sheets.items():
        data = encode_image(pixels=sheet.picture(), kind=ImageFormat.PNG)
        (folder / f"{name.replace(' ', '-')}.png").write_bytes(data)
    crops = blind(list(unlike.values()), folder, seed)
    (folder / "index.html").write_text(page(template, sheets), encoding="utf-8")
    return crops


def blind(found: list[tuple[Crop, Picture]], folder: Path, seed: int) -> list[Crop]:
    """The crops as numbered files in random order, and the key that says what each shows."""
    random.Random(seed).shuffle(found)  # noqa: S311 - an order, not a secret
    crops = []
    for number, (crop, pixels) in enumerate(found, start=1):
        file = f"{number:03}.png"
        (folder / "blind" / file).write_bytes(encode_image(pixels=pixels, kind=ImageFormat.PNG))
        crops.append(Crop(**{**asdict(crop), "file": file}))
    key = {"seed": seed, "crops": [asdict(crop) for crop in crops]}
    (folder / "key.json").write_text(json.dumps(key, indent=1) + "\n")
    return crops


def page(template: Template, sheets: Mapping[str, Sheet]) -> str:
    """A page of all sheets, each with what its rows and columns are."""
    parts = []
    for name, sheet in sheets.items():
        file = f"{name.replace(' ', '-')}.png"
        parts.append(
            f"<h2>{html.escape(name)}</h2>"
            f"<p>Down: {', '.join(sheet.rows())}. Across: {', '.join(sheet.columns())}.</p>"
            f'<a href="{file}"><img src="{file}" loading="lazy" alt=""></a>'
        )
    title = html.escape(f"{template.info.name} {template.info.version}")
    style = "body{font:15px sans-serif;margin:2em}img{max-width:100%}"
    return (
        f'<!doctype html><meta charset="utf-8"><title>{title}</title><style>{style}</style>'
        f"<h1>{title}</h1>{''.join(parts)}\n"
    )


def main() -> None:
    """Makes the sheets and says where they are."""
    parser = argparse.ArgumentParser(prog="bench.contact_sheet", description=__doc__)
    parser.add_argument("--template", action="append", help="id, or the path of a package; all by default")
    parser.add_argument("--seed", type=int, default=1, help="of the blind crops' order")
    options = parser.parse_args()
    for name in options.template or available():
        template = load(Path(name) if "/" in name else name)
        folder = OUT / template.info.id
        crops = make(template, folder, seed=options.seed)
        print(f"{folder.relative_to(ROOT)}/index.html, and {len(crops)} blind crops beside it")


if __name__ == "__main__":
    main()
