"""Reads template.json: who the template is, its panels, light, colours and files, every number within limits.
One function per object of the file; what they ask for is the format, and the rest is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from tirage.media.fields import Fields
from tirage.media.notes import Notes
from tirage.media.values import Colour
from tirage.mockup.catalogue import PRESETS, VIEWS, Anchor, Preset, PresetRule, View
from tirage.mockup.model import Box, Camera, Golden, Lamp, Material, Panel

FORMAT = 1
IDENTIFIER = r"[a-z0-9][a-z0-9-]{0,39}"
IDENTIFIER_MEANING = "1 to 40 of a-z, 0-9 and -, not starting with -"
LAMP_NAME = r"[a-z0-9][a-z0-9_-]{0,39}"
FILE_NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}(\.[a-z0-9]{1,8})?"
FILE_MEANING = "a plain file name without folders"
HEX, HEX_MEANING = r"#[0-9a-fA-F]{6}", "a colour like #1f2937"
SHA256 = r"[0-9a-f]{64}"
TOLERANCE_CM = 1e-6


@dataclass(frozen=True, slots=True)
class LightFiles:
    """The two maps of one light and their scales: L = (code / 255)² · scale."""

    outside: str
    outside_scale: float
    inside: str
    inside_scale: float


@dataclass(frozen=True, slots=True)
class FabricFile:
    """A fabric's tile and its side."""

    file: str
    size_cm: float


@dataclass(frozen=True, slots=True)
class TrimFile:
    """A picture of the template's own and its place (model.Trim)."""

    file: str
    panel: str
    x: float
    y: float
    width: float
    rotation: float


@dataclass(frozen=True, slots=True)
class ReliefFile:
    """The map of the cloth's fine heights: mm = code / 255 · range_mm."""

    file: str
    range_mm: float


@dataclass(frozen=True, slots=True)
class Description:
    """Everything that template.json says."""

    id: str
    name: str
    version: str
    licence: str
    atlas_cm: float
    panels: tuple[Panel, ...]
    camera: Camera
    lamps: tuple[Lamp, ...]
    world_strength: float
    material: Material
    exposure: float
    views: tuple[View, ...]
    colours: Mapping[str, Colour]
    fabrics: Mapping[str, FabricFile]
    woven: Mapping[Colour, str]
    """The fabrics of colours that name one."""
    trims: tuple[TrimFile, ...]
    trims_bounce: bool
    presets: Mapping[Preset, PresetRule]
    light: Mapping[str, LightFiles]
    goldens: tuple[Golden, ...]
    relief: ReliefFile | None
    files: Mapping[str, str]
    content_sha256: str


def read_description(value: object, notes: Notes, *, name: str = "template.json") -> Description | None:
    """The description in a parsed template.json; None after noting everything that is wrong with it.

    A file of a newer format gets that one finding, since nothing else in it can be judged.
    """
    count = len(notes.findings)
    root = Fields(value, name, notes)
    if len(notes.findings) == count and root.number("format", 1, 10**6) > FORMAT:
        found = root.number("format", 1, 10**6)
        message = f"This template has format {found:g}; this version of Tirage reads format {FORMAT}."
        notes.error(
            "NEWER_FORMAT", root.at("format"), message, hint="Update Tirage, or use an older template."
        )
    if len(notes.findings) > count:
        return None
    atlas_cm = root.number("atlas_cm", 10, 1000)
    panels = tuple(_panel(item, atlas_cm) for item in root.items("panels", 1, 64))
    lamps = tuple(_lamp(item) for item in root.items("lamps", 1, 6))
    colours, woven = _colours(root.fields("colours"))
    description = Description(
        id=root.text("id", IDENTIFIER, IDENTIFIER_MEANING),
        name=root.text("name"),
        version=root.text("version", r"[0-9]{1,5}(\.[0-9]{1,5}){0,3}", "numbers with points"),
        licence=root.text("licence"),
        atlas_cm=atlas_cm,
        panels=panels,
        camera=_camera(root.fields("camera")),
        lamps=lamps,
        world_strength=_world(root.fields("world")),
        material=_material(root.fields("material")),
        exposure=root.number("exposure", 1e-6, 1e6),
        views=_views(root),
        colours=colours,
        fabrics=_fabrics(root),
        woven=woven,
        trims=tuple(_trim(item) for item in root.items("trims", 0, 16)) if root.has("trims") else (),
        trims_bounce=root.flag("trims_bounce") if root.has("trims_bounce") else False,
        presets=_presets(root),
        light=_light(root.fields("light"), [lamp.name for lamp in lamps]),
        goldens=tuple(_golden(item) for item in root.items("goldens", 0, 16)) if root.has("goldens") else (),
        relief=_relief(root.fields("relief")) if root.has("relief") else None,
        files=dict(
            root.fields("files").each(
                lambda table, key: table.text(key, SHA256, "a SHA-256 in hex"), at_most=256
            )
        ),
        content_sha256=root.text("content_sha256", SHA256, "a SHA-256 in hex"),
    )
    for slot in ("light_sets", "view_maps"):
        if root.has(slot):
            root.items(slot, 0, 0)
    root.close()
    _check_names(description, root, notes)
    _check_presets(description, root, notes)
    _check_references(description, root, notes)
    _check_goldens(description, root, notes)
    return description if len(notes.findings) == count else None


def content_sha256(value: Mapping[str, object]) -> str:
    """The content hash of a template.json: SHA-256 over everything in it but the hash, as canonical JSON.

    The hashes of the files are part of it, so it stands for the whole package.
    """
    content = {key: item for key, item in value.items() if key != "content_sha256"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _panel(fields: Fields, atlas_cm: float) -> Panel:
    bounds = _box(fields, "bounds")
    panel = Panel(
        name=fields.text("name", IDENTIFIER, IDENTIFIER_MEANING),
        origin=_pair(fields.numbers("origin", 2, -500, 1500)),
        bounds=bounds,
        print_area=_box(fields, "print_area") if fields.has("print_area") else None,
        hem_y=fields.number("hem_y", bounds[1], bounds[3]) if fields.has("hem_y") else None,
        fabric=fields.flag("fabric") if fields.has("fabric") else True,
    )
    fields.close()
    (x, y), (left, top, right, bottom) = panel.origin, bounds
    in_atlas = (left + x, top + y, right + x, bottom + y)
    if not _inside(in_atlas, (0, 0, atlas_cm, atlas_cm)):
        message = f"The panel {panel.name!r} reaches over the atlas: {_text(in_atlas)} of {atlas_cm:g} cm."
        fields.notes.error("PANEL_OUTSIDE_ATLAS", fields.path, message, hint="Correct origin or bounds.")
    if panel.print_area and not _inside(panel.print_area, bounds):
        message = f"The print area {_text(panel.print_area)} of {panel.name!r} is not inside {_text(bounds)}."
        fields.notes.error("PRINT_AREA_OUTSIDE_PANEL", fields.at("print_area"), message)
    return panel


def _camera(fields: Fields) -> Camera:
    camera = Camera(
        lens_mm=fields.number("lens_mm", 10, 1000),
        sensor_mm=fields.number("sensor_mm", 5, 100),
        distance_m=fields.number("distance_m", 0.1, 100),
        target_z_m=fields.number("target_z_m", -10, 10),
        height_m=fields.number("height_m", -50, 50),
    )
    fields.close()
    return camera


def _lamp(fields: Fields) -> Lamp:
    lamp = Lamp(
        name=fields.text("name", LAMP_NAME, "1 to 40 of a-z, 0-9, _ and -"),
        position=_triple(fields.numbers("position", 3, -100, 100)),
        target=_triple(fields.numbers("target", 3, -100, 100)),
        size_m=fields.number("size_m", 0.001, 50),
        power_w=fields.number("power_w", 0, 1e5),
    )
    fields.close()
    if lamp.position == lamp.target:
        fields.notes.error("OUT_OF_RANGE", fields.at("target"), f"{fields.path} aims at its own position.")
    return lamp


def _world(fields: Fields) -> float:
    strength = fields.number("strength", 0, 100)
    fields.close()
    return strength


def _material(fields: Fields) -> Material:
    material = Material(
        diffuse_roughness=fields.number("diffuse_roughness", 0, 1),
        roughness=fields.number("roughness", 0.01, 1),
        specular=fields.number("specular", 0, 1),
        sheen_weight=fields.number("sheen_weight", 0, 1),
        sheen_roughness=fields.number("sheen_roughness", 0.01, 1),
    )
    fields.close()
    return material


def _view(fields: Fields) -> View:
    name = fields.text("name", r"[a-z0-9][a-z0-9_]{0,39}", "1 to 40 of a-z, 0-9 and _")
    view = View(name=name, azimuth=fields.number("azimuth", -360, 360))
    fields.close()
    return view


def _views(root: Fields) -> tuple[View, ...]:
    if not root.has("views"):
        return VIEWS
    views = tuple(_view(item) for item in root.items("views", 1, 64))
    names = [view.name for view in views]
    missing = [view.name for view in VIEWS if view.name not in names]
    if views and missing:
        message = f"The views lack {', '.join(missing)}; every template shows the six."
        root.notes.error("MISSING_VIEW", root.at("views"), message)
    return views


def _colours(fields: Fields) -> tuple[Mapping[str, Colour], Mapping[Colour, str]]:
    """The named colours, and the fabrics of those that name one as `{"hex": …, "fabric": …}`."""
    colours, woven = {}, {}
    for key, item in fields.each(lambda table, key: table.either(key), at_most=256):
        if isinstance(item, Fields):
            colours[key] = _colour(item, "hex")
            woven[colours[key]] = item.text("fabric", IDENTIFIER, IDENTIFIER_MEANING)
            item.close()
        else:
            colours[key] = _colour(fields, key)
    return colours, woven


def _colour(fields: Fields, key: str) -> Colour:
    text = fields.text(key, HEX, HEX_MEANING)
    return Colour.parse(text or "#000000")


def _fabrics(root: Fields) -> Mapping[str, FabricFile]:
    if not root.has("fabrics"):
        return {}
    table = root.fields("fabrics")
    return dict(table.each(lambda fields, key: _fabric(fields.fields(key)), at_most=8))


def _fabric(fields: Fields) -> FabricFile:
    fabric = FabricFile(
        file=fields.text("file", FILE_NAME, FILE_MEANING), size_cm=fields.number("size_cm", 0.5, 50)
    )
    fields.close()
    return fabric


def _trim(fields: Fields) -> TrimFile:
    trim = TrimFile(
        file=fields.text("file", FILE_NAME, FILE_MEANING),
        panel=fields.text("panel", IDENTIFIER, IDENTIFIER_MEANING),
        x=fields.number("x", -500, 500),
        y=fields.number("y", -500, 500),
        width=fields.number("width", 0.1, 500),
        rotation=fields.number("rotation", -360, 360) if fields.has("rotation") else 0.0,
    )
    fields.close()
    return trim


def _presets(root: Fields) -> Mapping[Preset, PresetRule]:
    if not root.has("presets"):
        return PRESETS
    table = root.fields("presets")
    rules = {}
    for key, rule in table.each(lambda fields, key: _rule(fields.fields(key)), at_most=256):
        if key in set(Preset):
            rules[Preset(key)] = rule
        else:
            known = ", ".join(Preset)
            message = f"There is no preset {key[:60]!r}."
            root.notes.error("UNKNOWN_PRESET", table.at(key[:60]), message, hint=f"The presets are {known}.")
    return rules


def _rule(fields: Fields) -> PresetRule:
    rule = PresetRule(
        panel=fields.text("panel", IDENTIFIER, IDENTIFIER_MEANING),
        width=fields.number("width", 0.5, 500),
        max_height=fields.number("max_height", 0.5, 500),
        x=fields.number("x", -500, 500),
        anchor=Anchor(fields.text("anchor", "top|middle|bottom", "top, middle or bottom") or "top"),
        distance=fields.number("distance", -500, 500),
    )
    fields.close()
    return rule


def _light(fields: Fields, lamps: list[str]) -> Mapping[str, LightFiles]:
    wanted = [*lamps, "world", "indirect_a", "indirect_b"]
    light = {name: _light_files(fields.fields(name)) for name in wanted if name}
    fields.close()
    return light


def _light_files(fields: Fields) -> LightFiles:
    light = LightFiles(
        outside=fields.text("outside", FILE_NAME, FILE_MEANING),
        outside_scale=fields.number("outside_scale", 0, 1e6),
        inside=fields.text("inside", FILE_NAME, FILE_MEANING),
        inside_scale=fields.number("inside_scale", 0, 1e6),
    )
    fields.close()
    return light


def _relief(fields: Fields) -> ReliefFile:
    relief = ReliefFile(
        file=fields.text("file", FILE_NAME, FILE_MEANING), range_mm=fields.number("range_mm", 0, 100)
    )
    fields.close()
    return relief


def _golden(fields: Fields) -> Golden:
    golden = Golden(
        file=fields.text("file", FILE_NAME, FILE_MEANING),
        view=fields.text("view"),
        colour=Colour.parse(fields.text("colour", HEX, HEX_MEANING) or "#000000"),
    )
    fields.close()
    return golden


def _check_goldens(description: Description, root: Fields, notes: Notes) -> None:
    views = {view.name for view in description.views}
    for index, golden in enumerate(description.goldens):
        if golden.view not in views:
            message = (
                f"The golden {golden.file} shows {golden.view[:60]!r}, which is no view of the template."
            )
            notes.error("UNKNOWN_VIEW", root.at(f"goldens[{index}]"), message)


def _check_names(description: Description, root: Fields, notes: Notes) -> None:
    names = {
        "panels": [panel.name for panel in description.panels],
        "lamps": [lamp.name for lamp in description.lamps],
        "views": [view.name for view in description.views],
    }
    for key, given in names.items():
        twice = sorted({name for name in given if name and given.count(name) > 1})
        if twice:
            notes.error("DUPLICATE_NAME", root.at(key), f"{root.at(key)} names {', '.join(twice)} twice.")


def _check_references(description: Description, root: Fields, notes: Notes) -> None:
    """Colours name fabrics and trims name panels that there are."""
    panels = {panel.name for panel in description.panels}
    for index, trim in enumerate(description.trims):
        if trim.panel not in panels:
            message = f"The trim {trim.file} lies on {trim.panel!r}, which is no panel."
            notes.error("UNKNOWN_PANEL", root.at(f"trims[{index}]"), message)
    for name in sorted(set(description.woven.values()) - description.fabrics.keys()):
        message = f"A colour names the fabric {name!r}, which is not among the fabrics."
        notes.error("UNKNOWN_FABRIC", root.at("colours"), message)


def _check_presets(description: Description, root: Fields, notes: Notes) -> None:
    panels = {panel.name: panel for panel in description.panels}
    for preset, rule in description.presets.items():
        where = f"{root.path}.presets.{preset}"
        panel = panels.get(rule.panel)
        if panel is None or panel.print_area is None:
            message = f"The preset {preset} lies on {rule.panel!r}, which is no panel with a print area."
            notes.error(
                "PRESET_WITHOUT_PANEL", where, message, hint="Change its panel, or leave the preset out."
            )
        elif rule.anchor is Anchor.BOTTOM and panel.hem_y is None:
            message = f"The preset {preset} is measured from the hem, but {panel.name!r} has no hem_y."
            notes.error("PRESET_WITHOUT_HEM", where, message)
        else:
            box = full_size(rule, panel)
            if not _inside(box, panel.print_area):
                message = (
                    f"{preset} covers {_text(box)}, not inside the print area {_text(panel.print_area)}."
                )
                notes.error("PRESET_OUTSIDE_PRINT_AREA", where, message, hint="Make it smaller, or move it.")


def full_size(rule: PresetRule, panel: Panel) -> Box:
    """Left, top, right, bottom in panel cm of art that fills the preset; from the hem it needs hem_y."""
    top = {
        Anchor.TOP: rule.distance,
        Anchor.MIDDLE: rule.distance - rule.max_height / 2,
        Anchor.BOTTOM: (panel.hem_y or 0) - rule.distance - rule.max_height,
    }[rule.anchor]
    return (rule.x - rule.width / 2, top, rule.x + rule.width / 2, top + rule.max_height)


def _box(fields: Fields, key: str) -> Box:
    count = len(fields.notes.findings)
    left, top, right, bottom = fields.numbers(key, 4, -500, 500)
    if len(fields.notes.findings) == count and not (left < right and top < bottom):
        message = f"{fields.at(key)} must be left, top, right, bottom with left < right and top < bottom."
        fields.notes.error("OUT_OF_RANGE", fields.at(key), message)
    return left, top, right, bottom


def _pair(values: tuple[float, ...]) -> tuple[float, float]:
    return values[0], values[1]


def _triple(values: tuple[float, ...]) -> tuple[float, float, float]:
    return values[0], values[1], values[2]


def _inside(box: tuple[float, ...], area: Box) -> bool:
    return (
        box[0] >= area[0] - TOLERANCE_CM
        and box[1] >= area[1] - TOLERANCE_CM
        and box[2] <= area[2] + TOLERANCE_CM
        and box[3] <= area[3] + TOLERANCE_CM
    )


def _text(box: tuple[float, ...]) -> str:
    left, top, right, bottom = box
    return f"{left:.2f} … {right:.2f} × {top:.2f} … {bottom:.2f} cm"
