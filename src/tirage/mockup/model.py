"""The typed contents of a template package: panels in centimetres, mesh, baked light, camera, presets.
Frozen, and checked before they are made (template.py), so that nothing downstream checks again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tirage.media.intake import Design
from tirage.media.values import Colour
from tirage.mockup.catalogue import Preset, PresetRule, View
from tirage.mockup.mesh import Garment

Vector = tuple[float, float, float]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""
RING = tuple(range(0, 360, 45))
"""Azimuths of the cameras that ring maps were baked for."""


@dataclass(frozen=True, slots=True)
class RendererInfo:
    """What made pictures: another name or version makes others; so do other settings."""

    name: str
    version: str
    settings: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TemplateInfo:
    """Who the template is; `folder` is where it was read from."""

    id: str
    name: str
    version: str
    licence: str
    content_sha256: str
    thumbnail: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Panel:
    """One flat piece of cloth, in its own cm: x right of the centre line, y down from the collar seam."""

    name: str
    origin: tuple[float, float]
    """Where the panel's (0, 0) lies in the atlas, cm: atlas = panel + origin."""
    bounds: Box
    print_area: Box | None
    """None: nothing can be printed here."""
    hem_y: float | None
    """The hem's line at the centre; None for a panel without one."""
    fabric: bool = True
    """Whether the fabric's tile lies on it; not on ribs, tapes, labels, which have patterns of their own."""


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera for every azimuth: it looks at the vertical axis at target_z_m from height_m above that."""

    lens_mm: float
    sensor_mm: float
    distance_m: float
    target_z_m: float
    height_m: float


@dataclass(frozen=True, slots=True)
class Lamp:
    """A square white area light, static in the world (metres, Z up, the garment faces −Y), in watts."""

    name: str
    position: Vector
    target: Vector
    size_m: float
    power_w: float


@dataclass(frozen=True, slots=True)
class Material:
    """The cloth's constants, as Blender's Principled shader names them."""

    diffuse_roughness: float
    roughness: float
    specular: float
    sheen_weight: float
    sheen_roughness: float


@dataclass(frozen=True, slots=True, eq=False)
class Fabric:
    """What cloth looks like close up: a tile that repeats over the panels, wales along y."""

    tile: NDArray[np.uint8]
    """(side, side), a power of two; codes are factors on all light from the cloth, their mean is 1."""
    size_cm: float


@dataclass(frozen=True, slots=True, eq=False)
class Trim:
    """A picture of the template's own that lies on a panel, below all prints: a label, a frame's wood."""

    panel: str
    x: float
    y: float
    width: float
    """Of the picture before rotation, cm; (x, y) is its centre."""
    rotation: float
    """Degrees clockwise."""
    design: Design


@dataclass(frozen=True, slots=True, eq=False)
class LightMap:
    """Scene-linear light on the atlas, per unit albedo, as codes (H, H) outside, (h, h) inside.

    light = (code / 255)² · scale
    """

    outside: NDArray[np.uint8]
    inside: NDArray[np.uint8]
    outside_scale: float
    inside_scale: float


@dataclass(frozen=True, slots=True, eq=False)
class RingMap:
    """How eight cameras see light, over what the formulas of light.c say without it.

    (RING, B, B) codes outside, (RING, b, b) inside; ratio = 2^((code - 128) / 64).
    """

    outside: NDArray[np.uint8]
    inside: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Golden:
    """A small picture of the package: the view in the colour with the test chart on every print area."""

    file: str
    view: str
    colour: Colour


@dataclass(frozen=True, slots=True, eq=False)
class Relief:
    """The cloth's fine heights, for renderers that trace paths: baked light has them in it already.

    mm = code / 255 · range_mm, on the atlas; `png` is the map's file, 8-bit grey and square.
    """

    png: bytes
    range_mm: float


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Template:
    """A whole package, ready to render; compared by identity, never changed."""

    info: TemplateInfo
    atlas_cm: float
    panels: tuple[Panel, ...]
    camera: Camera
    lamps: tuple[Lamp, ...]
    world_strength: float
    material: Material
    exposure: float
    views: tuple[View, ...]
    colours: Mapping[str, Colour]
    fabrics: Mapping[str, Fabric]
    """By name, the usual one first; empty for what is not of cloth."""
    woven: Mapping[Colour, str]
    """The fabrics of colours that have another than the usual one."""
    trims: tuple[Trim, ...]
    presets: Mapping[Preset, PresetRule]
    garment: Garment
    light: Mapping[str, LightMap]
    """By name: every lamp's, then world, indirect_a, indirect_b."""
    ring: Mapping[str, RingMap]
    """By name: direct, bounce, gloss."""
    detail: NDArray[np.uint8]
    """(D, D) grey factor on the albedo, 255 = plain."""
    goldens: tuple[Golden, ...] = ()
    """What pictures of it looked like where it was made."""
    trims_bounce: bool = False
    """Whether what its trims bounce is part of the sky's light, and bounces are those of its own colour."""
    relief: Relief | None = None
    """None: smooth cloth."""

    def fabric_of(self, colour: Colour) -> str | None:
        """The name of the fabric that cloth of this colour is made of."""
        return self.woven.get(colour, next(iter(self.fabrics), None))

    def panel(self, name: str) -> Panel | None:
        """The panel of that name."""
        return next((panel for panel in self.panels if panel.name == name), None)
