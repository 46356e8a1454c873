"""The one source of the tee's numbers: pattern, drape, finish, detail, atlas, print areas, camera and light.
Every script reads it; run alone it writes source.json, from which the template is baked."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from math import cos, radians, sin
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE / "build"  # large intermediates, git-ignored
DATA = HERE / "data"  # what the repository keeps: the final drape

PANELS = ("front", "back", "sleeve-left", "sleeve-right", "collar-front", "collar-back")
FRONT, BACK, SLEEVE_LEFT, SLEEVE_RIGHT, COLLAR_FRONT, COLLAR_BACK = range(6)

ATLAS_CM = 128.0  # edge of the square atlas; one UV unit is one centimetre everywhere
ORIGINS: dict[str, tuple[float, float]] = {  # where a panel's (0, 0) lies in the atlas, cm, y down
    "front": (30.0, 16.0),
    "back": (96.0, 6.0),
    "sleeve-left": (30.0, 82.0),
    "sleeve-right": (96.0, 82.0),
    "collar-front": (30.0, 114.0),
    "collar-back": (96.0, 114.0),
}
PRINT_AREAS: dict[str, tuple[float, float, float, float] | None] = {  # panel cm: x0, y0, x1, y1
    "front": (-18.0, 5.0, 18.0, 52.0),
    "back": (-18.0, 4.0, 18.0, 63.0),
    "sleeve-left": (-4.5, 9.5, 4.5, 18.5),
    "sleeve-right": (-4.5, 9.5, 4.5, 18.5),
    "collar-front": None,
    "collar-back": None,
}


@dataclass(frozen=True, slots=True)
class PatternParams:
    """A men's M crew-neck block, centimetres. Lengths hang from the high point of the shoulder."""

    half_chest: float = 27.4  # half the finished chest, armhole to armhole
    half_hem: float = 28.2
    length: float = 72.0  # back, shoulder high point to hem
    balance: float = 2.4  # how much longer the front is over the chest, so that the hem hangs level
    neck_half: float = 9.7
    front_drop: float = 12.2
    back_drop: float = 2.4
    shoulder_half: float = 22.2
    shoulder_slope: float = 4.6
    armhole_depth: float = 24.0  # back; the front is `balance` more
    sleeve_length: float = 22.5
    cap_height: float = 10.0
    cap_ease: float = 1.005  # sleeve cap over armhole
    sleeve_taper: float = 1.6  # underarm half width less opening half width
    collar_width: float = 2.0
    collar_ratio: float = 0.84  # rib's free edge over the neckline it is stretched to
    edge: float = 0.85  # spacing of the simulated mesh

    @property
    def hem_y(self) -> dict[str, float]:
        """The hem line at the centre, panel centimetres (collars have none)."""
        return {
            "front": self.length + self.balance - self.front_drop,
            "back": self.length - self.back_drop,
            "sleeve-left": self.sleeve_length,
            "sleeve-right": self.sleeve_length,
        }


@dataclass(frozen=True, slots=True)
class DrapeParams:
    """The XPBD run: SI units unless a name says otherwise; frames are 1/60 s."""

    seed: int = 11
    substeps: int = 66  # stiffness: about 60 (1 cm / edge)^1.5 keeps the print area within 1 %
    sew_frames: int = 70
    settle_frames: int = 140
    stretch_stiffness: float = 200.0  # N/m
    collar_stiffness: float = 400.0
    bending: float = 9e-7  # N·m
    hem_bending: float = 3e-5
    collar_bending: float = 1.2e-4
    seam_shrink: float = 0.985  # thread tension: sewn edges are a little short, which puckers them
    hem_shrink: float = 0.985
    density: float = 0.18  # kg/m²
    contact: float = 0.0025  # m between cloth and skin
    friction: float = 0.3
    friction_after_lift: float = 0.8
    lift_from: float = 0.42  # part of the settling at which the shirt is lifted …
    lift_for: float = 0.18  # … and for how long
    lift_gravity: float = -3.4  # m/s²
    arm_start_deg: float = 58.0  # from the vertical
    arm_end_deg: float = 31.0
    arm_twist_deg: float = 2.0  # left and right end this far apart from the mean
    shake: float = 2.2  # m/s², decaying, breaks the symmetry


@dataclass(frozen=True, slots=True)
class FinishParams:
    """From the simulated cloth to the surface that is rendered; metres and centimetres as said."""

    seam_passes: int = 12  # Taubin passes along seam and border curves
    surface_passes: int = 1
    thickness_m: float = 0.0009
    hem_thickness_m: float = 0.0019
    collar_thickness_m: float = 0.0022
    hem_cm: float = 2.2  # height of the folded hem
    rim_uv_cm: float = 0.6  # how far the rim's inner edge lies outside its island: five texels of light


@dataclass(frozen=True, slots=True)
class DetailParams:
    """Stitches and rib in the albedo, soft relief in the height map; centimetres unless said."""

    albedo_px: int = 4096
    height_px: int = 2048
    height_range_mm: float = 4.0  # 16-bit height: mm = (value / 65535 - .5) * range
    stitch_pitch: float = 0.34
    stitch_dark: float = 0.16  # albedo taken away under a stitch
    hem_rows: tuple[float, float] = (1.65, 2.15)  # twin needle above the hem
    collar_rows: tuple[float, float] = (0.25, 0.80)  # cover stitch below the collar seam
    rib_per_cm: float = 3.6
    rib_dark: float = 0.10
    seam_depth_mm: float = 0.5
    seam_sigma: float = 0.14  # light is kept at 8 texels a centimetre: nothing narrower survives
    pucker_mm: float = 0.10
    crumple_mm: float = 0.30
    crumple_cm: float = 2.2
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Camera:
    """One lens and one distance for all azimuths; it aims at (0, 0, target_z_m)."""

    lens_mm: float = 85.0
    sensor_mm: float = 36.0
    distance_m: float = 1.91
    target_z_m: float = -0.322
    height_m: float = 0.06  # above the target


@dataclass(frozen=True, slots=True)
class Lamp:
    """A square white area lamp, static in the world."""

    name: str
    position: tuple[float, float, float]
    target: tuple[float, float, float]
    size_m: float
    power_w: float


@dataclass(frozen=True, slots=True)
class Material:
    """Cotton jersey as Blender's Principled BSDF takes it."""

    diffuse_roughness: float = 0.7
    roughness: float = 0.85
    specular: float = 0.25
    sheen_weight: float = 0.18
    sheen_roughness: float = 0.45


def _lamp(name: str, azimuth_deg: float, elevation_deg: float, size_m: float, power_w: float) -> Lamp:
    """A lamp 2.7 m from the garment's centre; azimuths as the camera's."""
    a, e = radians(azimuth_deg), radians(elevation_deg)
    way = (sin(a) * cos(e), -cos(a) * cos(e), sin(e))
    x, y, z = (round(c + 2.7 * w, 4) for c, w in zip(CENTRE, way, strict=True))
    return Lamp(name, (x, y, z), CENTRE, size_m, power_w)


CENTRE = (0.0, 0.0, -0.36)
LAMPS = (  # every view has one grazing lamp for its folds and one that fills
    _lamp("key", 302, 22, 1.3, 58),
    _lamp("fill", 30, 22, 1.3, 34),
    _lamp("back", 136, 22, 1.5, 68),
    _lamp("kicker", 238, 42, 1.5, 9),
)
WORLD_STRENGTH = 0.12
EXPOSURE = 1.05
PATTERN = PatternParams()
DRAPE = DrapeParams()
FINISH = FinishParams()
DETAIL = DetailParams()
CAMERA = Camera()
MATERIAL = Material()


ID, NAME, VERSION, LICENCE = "tee", "Crew-neck T-shirt", "1.0.0", "Apache-2.0"
COLOURS = {  # every channel above #26: albedo is clipped at .02, which would turn the hue
    "white": "#e7e6e3",
    "natural": "#ded5c0",
    "black": "#272728",
    "charcoal": "#47494d",
    "heather": "#a7a9ad",
    "navy": "#28304e",
    "royal": "#2247a8",
    "red": "#b3202c",
    "forest": "#27513b",
    "sand": "#c6ae8b",
}


def source() -> dict[str, object]:
    """The description of a template's source (docs/howto/make-a-template.md)."""
    return {
        "id": ID,
        "name": NAME,
        "version": VERSION,
        "licence": LICENCE,
        "atlas_cm": ATLAS_CM,
        "height_range_mm": DETAIL.height_range_mm,
        "panels": [panel(name) for name in PANELS],
        "camera": asdict(CAMERA),
        "lamps": [asdict(lamp) for lamp in LAMPS],
        "world": {"strength": WORLD_STRENGTH},
        "material": asdict(MATERIAL),
        "exposure": EXPOSURE,
        "colours": COLOURS,
    }


def panel(name: str) -> dict[str, object]:
    """A panel's place in the atlas, print area and hem line; what it has not is left out."""
    facts = {"print_area": PRINT_AREAS[name], "hem_y": PATTERN.hem_y.get(name)}
    return {"name": name, "origin": ORIGINS[name]} | {k: v for k, v in facts.items() if v is not None}


def main() -> None:
    """Write source.json beside this file."""
    (HERE / "source.json").write_text(json.dumps(source(), indent=2) + "\n")


if __name__ == "__main__":
    main()
