"""What a matrix of designs, presets and colours comes to: its cells, and the folder of each.
OUT/<design>/<preset>/<colour>/, with names that do not depend on what else is in the matrix.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tirage.errors import NotFound, UsageError
from tirage.media.encode import ImageFormat
from tirage.media.intake import SUFFIXES
from tirage.mockup.catalogue import Preset
from tirage.mockup.order import (
    DEFAULT_BACKGROUND,
    DEFAULT_COLOUR,
    DEFAULT_SIZE,
    DEFAULT_TEMPLATE,
    Art,
    MockupOrder,
    Mode,
)
from tirage.mockup.placement import Placement

PLACED = "placed"
"""The folder that stands for free placements, where a preset's name would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixOrder:
    """Every design with every preset in every colour; `places`, where given, stand instead of the presets."""

    designs: Sequence[Path]
    """Files; see `designs_in` for folders."""
    out: Path
    colours: Sequence[str] = (DEFAULT_COLOUR,)
    presets: Sequence[Preset] = (Preset.CHEST_MEDIUM,)
    places: Sequence[Placement] = ()
    template: str = DEFAULT_TEMPLATE
    background: str = DEFAULT_BACKGROUND
    mode: Mode = Mode.ALL
    size: int = DEFAULT_SIZE
    format: ImageFormat = ImageFormat.PNG
    glb: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """One combination: the names of its three folders, and its order."""

    design: str
    preset: str
    colour: str
    order: MockupOrder

    @property
    def path(self) -> Path:
        """The one design file of the cell."""
        return self.order.arts[0].design


def designs_in(paths: Sequence[Path]) -> list[Path]:
    """The files given, and those named like a PNG or JPEG right inside the folders given, sorted by name.

    Hidden ones are left out.  NotFound: MISSING_FILE for a folder without any.
    """
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = [p for p in path.iterdir() if p.suffix.lower() in SUFFIXES and not p.name.startswith(".")]
        if not inside:
            raise NotFound("MISSING_FILE", f"There is no PNG or JPEG in {path}.")
        found += sorted(inside)
    return found


def cells_of(order: MatrixOrder) -> list[Cell]:
    """The cells, each once: per design all presets, per preset all colours, so that caches stay warm."""
    if not order.designs or not order.colours or not (order.presets or order.places):
        raise UsageError("INVALID_USAGE", "A matrix needs a design, a preset or placement, and a colour.")
    wheres: dict[str, tuple[Preset | Placement, ...]] = {preset.value: (preset,) for preset in order.presets}
    if order.places:
        wheres = {PLACED: tuple(order.places)}
    colours = {colour.strip().lower().lstrip("#"): colour.strip() for colour in order.colours}
    return [
        Cell(design, preset, segment, _cell_order(order, path, where, colour, (design, preset, segment)))
        for design, path in folder_names(order.designs).items()
        for preset, where in wheres.items()
        for segment, colour in colours.items()
    ]


def _cell_order(
    order: MatrixOrder,
    path: Path,
    wheres: Sequence[Preset | Placement],
    colour: str,
    folders: tuple[str, str, str],
) -> MockupOrder:
    return MockupOrder(
        arts=tuple(Art(path, where) for where in wheres),
        out=order.out.joinpath(*folders),
        template=order.template,
        colour=colour,
        background=order.background,
        mode=order.mode,
        size=order.size,
        format=order.format,
        glb=order.glb,
    )


def folder_names(paths: Sequence[Path]) -> dict[str, Path]:
    """A folder name for every design: its stem, with the start of its hash where two would be the same.

    The hash makes the name independent of what else is in the matrix; a file given twice, or the same bytes
    under the same stem, is made once.
    """
    unique = list(dict.fromkeys(path.resolve() for path in paths))
    shown = {path.resolve(): path for path in paths}
    stems = {path: _safe(path.stem) for path in unique}
    often = Counter(stem.casefold() for stem in stems.values())
    names: dict[str, Path] = {}
    for path, stem in stems.items():
        name = stem if often[stem.casefold()] == 1 else f"{stem}-{_hash(path)}"
        names.setdefault(name, shown[path])
    return names


def _safe(stem: str) -> str:
    """A stem as a folder's name: nothing hidden, no signs that steer a terminal, no `..`."""
    printable = "".join(
        sign if sign.isprintable() and sign not in "/\\" else "_"
        for sign in unicodedata.normalize("NFC", stem)
    )
    return printable.strip(" .") or "design"


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:8]
    except OSError:  # its cells will say so; the path is as good as a name
        return hashlib.sha256(str(path).encode()).hexdigest()[:8]
