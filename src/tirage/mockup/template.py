"""Finds, loads and checks template packages: template.json, mesh.npz and maps (see templates/README.md).
One reading path notes every fault with its place; `load` refuses what `check` would call an error.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from tirage.errors import BadInput, Finding, NotFound, Severity, TirageError
from tirage.media.fields import parse
from tirage.media.intake import read_design
from tirage.media.notes import Notes
from tirage.mockup.arrays import decode_grey, grey_map_size
from tirage.mockup.description import IDENTIFIER, Description, content_sha256, read_description
from tirage.mockup.mesh import Garment
from tirage.mockup.mesh_file import read_mesh
from tirage.mockup.model import RING, Fabric, LightMap, Relief, RingMap, Template, TemplateInfo, Trim

BUILT_IN = Path(__file__).resolve().parent.parent / "templates"
DESCRIPTION, MESH, DETAIL, THUMBNAIL = "template.json", "mesh.npz", "detail.png", "thumbnail.jpg"
SIDES = ("outside", "inside")
RING_MAPS = {
    (kind, side): tuple(f"ring_{side}_{kind}_{azimuth:03}.png" for azimuth in RING)
    for kind in ("direct", "bounce", "gloss")
    for side in SIDES
}
"""How each camera of the ring sees light (model.RingMap)."""
NEEDED = (
    MESH,
    DETAIL,
    *(name for names in RING_MAPS.values() for name in names),
    THUMBNAIL,
    "LICENSE",
    "README.md",
)
MAX_JSON_BYTES = 256 * 2**10
MAX_FILE_BYTES = 32 * 2**20
MAX_LIGHT_SIDE = 4096
MAX_DETAIL_SIDE = 8192
SMALLEST_TILE, MAX_TILE_SIDE = 64, 2048
THREADS = 4


def available(*, folder: Path | None = None) -> dict[str, Path]:
    """Every template by id, sorted: the built-in ones and those in `folder`, which win."""
    found: dict[str, Path] = {}
    for place in (BUILT_IN, folder):
        if place is not None and place.is_dir():
            found |= {path.name: path for path in place.iterdir() if (path / DESCRIPTION).is_file()}
    return dict(sorted(found.items()))


def find(name: str, *, folder: Path | None = None) -> Path:
    """The package of that id, built in or in `folder`; TEMPLATE_NOT_FOUND with the ids there are."""
    found = available(folder=folder)
    if name not in found:
        known = ", ".join(found) or "none"
        raise NotFound(
            "TEMPLATE_NOT_FOUND", f"There is no template {name[:60]!r}.", hint=f"Templates: {known}."
        )
    return found[name]


def load(package: str | Path, *, folder: Path | None = None) -> Template:
    """The template at a path, or of an id (as `find`); TEMPLATE_INVALID carries every finding."""
    path = _locate(package, folder)
    notes = Notes()
    template = _read(path, notes)
    if template is not None:
        return template
    raise _invalid(path, notes)


def _invalid(path: Path, notes: Notes) -> BadInput:
    errors = [finding for finding in notes.findings if finding.severity is Severity.ERROR]
    others = len(notes.findings) + notes.left_out - 1
    more = f" ({others} more findings.)" if others else ""
    message = f"The template {path.name} cannot be used: {errors[0].message}{more}"
    return BadInput("TEMPLATE_INVALID", message, findings=tuple(notes.findings))


def describe(path: Path) -> Description:
    """What a package's template.json says, without its files; TEMPLATE_INVALID carries every finding."""
    notes = Notes()
    raw = _read_file(path, DESCRIPTION, MAX_JSON_BYTES, notes)
    value = None if raw is None else parse(raw, where=DESCRIPTION, notes=notes)
    description = None if notes.failed else read_description(value, notes)
    if description is None:
        message = f"The description of the template {path.name} cannot be read."
        raise BadInput("TEMPLATE_INVALID", message, findings=tuple(notes.findings))
    return description


def check(package: str | Path, *, folder: Path | None = None) -> list[Finding]:
    """Everything that is wrong with a package, warnings included; [] for a sound one."""
    notes = Notes()
    _read(_locate(package, folder), notes)
    if notes.left_out:
        message = f"{notes.left_out} more findings are not listed."
        return [*notes.findings, Finding("MORE_FINDINGS", Severity.NOTE, message, where=DESCRIPTION)]
    return notes.findings


def read_package(path: Path) -> dict[str, bytes]:
    """Every file of the package in a folder by name, without those that its description does not list.

    TEMPLATE_INVALID: files are missing, too large, or not what was packed."""
    notes = Notes()
    opened = _open(path, notes)
    if opened is None or notes.failed:
        raise _invalid(path, notes)
    return {DESCRIPTION: (path / DESCRIPTION).read_bytes(), **opened[1]}


def _locate(package: str | Path, folder: Path | None) -> Path:
    if isinstance(package, str) and re.fullmatch(IDENTIFIER, package):
        return find(package, folder=folder)
    return Path(package)


def _read(path: Path, notes: Notes) -> Template | None:
    opened = _open(path, notes)
    return None if opened is None else _assemble(path, *opened, notes)


def _open(path: Path, notes: Notes) -> tuple[Description, dict[str, bytes]] | None:
    """What the description says, and the files it lists; None when it says nothing that can be used."""
    if not path.is_dir():
        raise NotFound("TEMPLATE_NOT_FOUND", f"There is no template folder {path}.")
    raw = _read_file(path, DESCRIPTION, MAX_JSON_BYTES, notes)
    value = None if raw is None else parse(raw, where=DESCRIPTION, notes=notes)
    description = None if notes.failed else read_description(value, notes)
    if description is None or not isinstance(value, dict):
        return None
    if content_sha256(value) != description.content_sha256:
        message = "content_sha256 does not fit the rest of template.json: somebody edited it."
        hint = "Build the package again."
        notes.error("WRONG_HASH", f"{DESCRIPTION}.content_sha256", message, hint=hint)
    return description, _read_files(path, description, notes)


def _read_files(path: Path, description: Description, notes: Notes) -> dict[str, bytes]:
    light = [name for light in description.light.values() for name in (light.outside, light.inside)]
    others = [fabric.file for fabric in description.fabrics.values()]
    others += [trim.file for trim in description.trims]
    others += [golden.file for golden in description.goldens]
    others += [description.relief.file] if description.relief else []
    for name in sorted({*NEEDED, *light, *others} - description.files.keys()):
        notes.error("MISSING_KEY", f"{DESCRIPTION}.files", f"{DESCRIPTION}.files does not list {name}.")
    contents = {}
    for name, wanted in description.files.items():
        data = _read_file(path, name, MAX_FILE_BYTES, notes)
        if data is None:
            continue
        contents[name] = data
        found = hashlib.sha256(data).hexdigest()
        if found != wanted:
            message = f"{name} is not the file that was packed: SHA-256 {found[:12]}…, not {wanted[:12]}…."
            notes.error("WRONG_HASH", f"{DESCRIPTION}.files.{name}", message, hint="Fetch the package again.")
    strays = {entry.name for entry in path.iterdir()} - description.files.keys() - {DESCRIPTION}
    for name in sorted(strays):
        notes.warning("UNLISTED_FILE", name[:60], f"{name[:60]!r} is not listed in {DESCRIPTION}.files.")
    return contents


def _assemble(
    path: Path, description: Description, files: Mapping[str, bytes], notes: Notes
) -> Template | None:
    sizes = _map_sizes(description, files, notes)
    relief = _relief(description, files, notes)
    of_mesh = Notes()
    with ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1)) as pool:
        mesh = pool.submit(_mesh, description, files, of_mesh)
        maps = {} if notes.failed else _decode_maps(pool, files, sizes, notes)
        garment = mesh.result()
    notes.extend(of_mesh)
    trims = _trims(description, files, notes)
    if notes.failed or garment is None:
        return None
    return Template(
        info=TemplateInfo(
            id=description.id,
            name=description.name,
            version=description.version,
            licence=description.licence,
            content_sha256=description.content_sha256,
            thumbnail=THUMBNAIL,
            folder=path,
        ),
        atlas_cm=description.atlas_cm,
        panels=description.panels,
        camera=description.camera,
        lamps=description.lamps,
        world_strength=description.world_strength,
        material=description.material,
        exposure=description.exposure,
        views=description.views,
        colours=MappingProxyType(dict(description.colours)),
        fabrics=MappingProxyType(
            {
                name: Fabric(tile=maps[fabric.file], size_cm=fabric.size_cm)
                for name, fabric in description.fabrics.items()
            }
        ),
        woven=MappingProxyType(dict(description.woven)),
        trims=trims,
        trims_bounce=description.trims_bounce,
        presets=MappingProxyType(dict(description.presets)),
        garment=garment,
        light=MappingProxyType(
            {
                name: LightMap(
                    outside=maps[light.outside],
                    inside=maps[light.inside],
                    outside_scale=light.outside_scale,
                    inside_scale=light.inside_scale,
                )
                for name, light in description.light.items()
            }
        ),
        ring=MappingProxyType({kind: _ring(maps, kind) for kind in ("direct", "bounce", "gloss")}),
        detail=maps[DETAIL],
        goldens=description.goldens,
        relief=relief,
    )


def _trims(description: Description, files: Mapping[str, bytes], notes: Notes) -> tuple[Trim, ...]:
    """The template's own pictures, which come through the same door as designs."""
    trims = []
    for trim in description.trims:
        try:
            design = read_design(files.get(trim.file, b""), name=trim.file)
        except TirageError as error:
            notes.error("WRONG_TRIM", trim.file, f"{trim.file} cannot be used: {error.message}")
            continue
        trims.append(Trim(trim.panel, trim.x, trim.y, trim.width, trim.rotation, design))
    return tuple(trims)


def _ring(maps: Mapping[str, NDArray[np.uint8]], kind: str) -> RingMap:
    outside, inside = (np.stack([maps[name] for name in RING_MAPS[kind, side]]) for side in SIDES)
    return RingMap(outside=outside, inside=inside)


def _mesh(description: Description, files: Mapping[str, bytes], notes: Notes) -> Garment | None:
    if MESH not in files:
        return None
    panels, atlas_cm = description.panels, description.atlas_cm
    return read_mesh(files[MESH], atlas_cm=atlas_cm, panels=panels, where=MESH, notes=notes)


def _relief(description: Description, files: Mapping[str, bytes], notes: Notes) -> Relief | None:
    """The relief as a file whose header was checked: only path tracers ever look into it."""
    found = description.relief
    if found is None or found.file not in files:
        return None
    png = files[found.file]
    grey_map_size(png, largest=MAX_DETAIL_SIDE, where=found.file, notes=notes)
    return Relief(png=png, range_mm=found.range_mm)


def _map_sizes(description: Description, files: Mapping[str, bytes], notes: Notes) -> dict[str, int]:
    """The sides of all maps in pixels, from their headers: outside maps must be alike, inside ones too."""
    kinds = {
        "outside": ({light.outside for light in description.light.values()}, MAX_LIGHT_SIDE),
        "inside": ({light.inside for light in description.light.values()}, MAX_LIGHT_SIDE),
        **{
            f"{side} ring": (
                {name for (_, where), names in RING_MAPS.items() if where == side for name in names},
                MAX_LIGHT_SIDE,
            )
            for side in SIDES
        },
        "detail": ({DETAIL}, MAX_DETAIL_SIDE),
        **{f"fabric {name}": ({fabric.file}, MAX_TILE_SIDE) for name, fabric in description.fabrics.items()},
    }
    sizes: dict[str, int] = {}
    for kind, (names, largest) in kinds.items():
        found = {
            name: size
            for name in sorted(names & files.keys())
            if (size := grey_map_size(files[name], largest=largest, where=name, notes=notes)) is not None
        }
        if len(set(found.values())) > 1:
            given = ", ".join(str(size) for size in sorted(set(found.values())))
            message = f"The {kind} light maps have different sizes: {given} pixels."
            notes.error("WRONG_MAP", f"{DESCRIPTION}.light", message)
        sizes |= found
    for fabric in description.fabrics.values():
        side = sizes.get(fabric.file, SMALLEST_TILE)
        if side < SMALLEST_TILE or side & (side - 1):
            message = f"The tile {fabric.file} is {side} pixels wide; it must be {SMALLEST_TILE}, 128, 256 …"
            notes.error("WRONG_MAP", f"{DESCRIPTION}.fabrics", message)
    return sizes


def _decode_maps(
    pool: ThreadPoolExecutor, files: Mapping[str, bytes], sizes: Mapping[str, int], notes: Notes
) -> dict[str, NDArray[np.uint8]]:
    """Every map's codes; damaged ones are noted and left out."""
    ordered = sorted(sizes, key=lambda name: -sizes[name])  # the long one first, so that none waits for it
    pixels = pool.map(lambda name: decode_grey(files[name], size=sizes[name]), ordered)
    decoded = dict(zip(ordered, pixels, strict=True))
    for name in [name for name, codes in decoded.items() if codes is None]:
        notes.error("WRONG_MAP", name, f"{name} is damaged: its pixels cannot be decoded.")
    return {name: codes for name, codes in decoded.items() if codes is not None}


def _read_file(folder: Path, name: str, largest: int, notes: Notes) -> bytes | None:
    """The bytes of a regular file right inside the folder: no links, no devices, no more than `largest`."""
    where = name if name == DESCRIPTION else f"{DESCRIPTION}.files.{name[:100]}"
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
        hint = "A package is one folder: letters, digits, points, - and _ only."
        notes.error("UNSAFE_NAME", where, f"{name[:100]!r} is not a plain file name.", hint=hint)
        return None
    path, hint = folder / name, "Put the file itself there; links are not followed."
    try:
        facts = path.lstat()
        if not stat.S_ISREG(facts.st_mode):
            notes.error("UNSAFE_FILE", where, f"{name} is not a regular file.", hint=hint)
        elif facts.st_size > largest:
            notes.error("TOO_LARGE", where, f"{name} has {facts.st_size} bytes; the limit is {largest}.")
        else:
            return path.read_bytes()
    except FileNotFoundError:
        notes.error("MISSING_FILE", where, f"{name} is missing.")
    except OSError as error:
        notes.error("UNSAFE_FILE", where, f"{name} cannot be read: {error.strerror}.", hint=hint)
    return None
