"""The one source of the tee's numbers: pattern, drape, finish, detail, atlas, print areas, camera and light.
Every script reads it; run alone it writes source.json, from which the template is baked."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from math import cos, radians, sin
from pathlib import Path

from mannequin import Arm

HERE = Path(__file__).resolve().parent
BUILD = HERE / "build"  # large intermediates, git-ignored
DATA = HERE / "data"  # what the repository keeps: the final drape
sys.path.append(str(HERE.parent / "common"))  # what all garments share: the solver

SEWN = ("front", "back", "sleeve-left", "sleeve-right", "collar-front", "collar-back")  # what is draped
PANELS = (*SEWN, "facings", "tape", "label")  # hems' turned parts, neck tape and label are modelled on it
FRONT, BACK, SLEEVE_LEFT, SLEEVE_RIGHT, COLLAR_FRONT, COLLAR_BACK = range(6)

ATLAS_CM = 128.0  # edge of the square atlas; one UV unit is one centimetre everywhere
ORIGINS: dict[str, tuple[float, float]] = {  # where a panel's (0, 0) lies in the atlas, cm, y down
    "front": (30.0, 16.0),
    "back": (96.0, 6.0),
    "sleeve-left": (30.0, 82.0),
    "sleeve-right": (96.0, 82.0),
    "collar-front": (34.0, 114.0),
    "collar-back": (96.0, 114.0),
    "facings": (64.0, 117.0),
    "tape": (64.0, 106.0),
    "label": (64.0, 90.0),
}
HEM_STRIPS = ((-56.0, 0.0, 115.0), (-40.0, 5.0, 43.0), (4.0, 5.0, 43.0))  # x, y, length: body, sleeves
PRINT_AREAS: dict[str, tuple[float, float, float, float] | None] = {  # panel cm: x0, y0, x1, y1
    "front": (-18.0, 5.0, 18.0, 52.0),
    "back": (-18.0, 4.0, 18.0, 63.0),
    "sleeve-left": (-4.5, 9.5, 4.5, 18.5),
    "sleeve-right": (-4.5, 9.5, 4.5, 18.5),
    "collar-front": None,
    "collar-back": None,
    "facings": None,
    "tape": None,
    "label": None,
}


@dataclass(frozen=True, slots=True)
class PatternParams:
    """A men's M crew-neck block, centimetres. Lengths hang from the high point of the shoulder."""

    half_chest: float = 27.4  # half the finished chest, armhole to armhole
    half_hem: float = 28.2
    length: float = 74.0  # back, shoulder high point to hem; the seam lies 2 cm forward of the ridge
    balance: float = 0.6  # front less back: 4.6 longer over the chest, less twice the forward seam
    neck_half: float = 9.7
    front_drop: float = 11.2
    back_drop: float = 4.4
    shoulder_half: float = 22.2
    shoulder_slope: float = 4.6
    armhole_depth: float = 26.0  # back; the front is `balance` more
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
            "front": round(self.length + self.balance - self.front_drop, 6),
            "back": round(self.length - self.back_drop, 6),
            "sleeve-left": self.sleeve_length,
            "sleeve-right": self.sleeve_length,
        }


ARM = Arm()  # the mannequin's, as far as short sleeves need it


@dataclass(frozen=True, slots=True)
class DrapeParams:
    """The XPBD run: SI units unless a name says otherwise; frames are 1/60 s."""

    seed: int = 21
    substeps: int = 66  # stiffness: about 60 (1 cm / edge)^1.5 keeps the print area within 1 %
    sew_frames: int = 70
    settle_frames: int = 140
    fine_frames: int = 24  # of the refinement
    fine_substeps: int = 90
    stretch_stiffness: float = 200.0  # N/m
    collar_stiffness: float = 400.0
    bending: float = 3.5e-7  # N·m
    hem_bending: float = 6e-6
    collar_bending: float = 1.2e-4
    seam_shrink: float = 0.985  # thread tension: sewn edges are a little short, which puckers them
    hem_shrink: float = 0.985
    density: float = 0.18  # kg/m²
    contact: float = 0.0025  # m between cloth and skin
    friction: float = 0.3
    friction_after_lift: float = 0.8
    lift_from: float = 0.42  # part of the settling at which the shirt is lifted …
    lift_for: float = 0.18  # … and for how long
    lift_gravity: float = -3.6  # m/s²
    arm_start_deg: float = 58.0  # from the vertical
    arm_end_deg: float = 20.0
    arm: Arm = ARM
    # a sleeve's radius before it is sewn, at the cap's foot and at the hem: its panel is to go more than half
    # way round, or its seam closes beside the arm and not around it
    tube_cm: tuple[float, float] = (8.2, 8.2)
    arm_twist_deg: float = -2.5  # left and right end this far apart from the mean
    shake: float = 3.0  # m/s², decaying, breaks the symmetry
    lean: tuple[float, float] = (-0.3, 0.1)  # m/s² to the wearer's left and to the back
    ring_from: float = 0.68  # part of the settling at which the collar seam is laid on a smooth ring …
    ring_for: float = 0.12  # … and how long that takes
    ring_harmonics: int = 4
    cuffs_up_cm: float = 0.0  # how far sleeves' edges are pushed up the arms, where they sit fast …
    cuffs_from: float = 0.56  # … from which part of the settling on …
    cuffs_for: float = 0.16  # … and how long that takes
    relax_frames: int = 0  # after settling …
    relaxed_arm: float = 0.92  # … around arms of this part of their radius


@dataclass(frozen=True, slots=True)
class FinishParams:
    """From the simulated cloth to the surface that is rendered; metres and centimetres as said."""

    seam_passes: int = 12  # Taubin passes along seam and border curves
    surface_passes: int = 1
    stretch_passes: int = 0  # in which cloth that is stretched by more than …
    most_stretch: float = 0.03  # … this is eased
    neck_point_m: float = (
        0.028  # how far around the collar's ends of the shoulder seams pinches are pressed flat
    )
    neck_point_passes: int = 30
    side_m: float = (
        0.05  # how far around the side seams folds are evened, whose ends make corners in outlines
    )
    side_passes: int = 120
    armpit_m: float = 0.03  # how far around the armpits cloth that pierces itself is drawn apart
    armpit_passes: int = 60
    tangle_rounds: int = 0  # in which other places where it does so are drawn apart …
    tangle_m: float = 0.012  # … this far around …
    tangle_passes: int = 12  # … with so many passes each
    folds: float = 1.0  # of the heights in folds.py
    folds_seed: int = 5
    pillow_cm: float = 0.05  # how far a hem stands out between its edge and its needles …
    row_cm: float = 0.022  # … and how deep these pull it in
    crossing_cm: float = 2.0  # how far from a seam a hem's line is evened, which the pattern breaks there
    thickness_m: float = 0.0009
    collar_thickness_m: float = 0.0008  # of each of its two layers
    tape_thickness_m: float = 0.0006
    label_thickness_m: float = 0.0004
    hem_cm: float = 2.2  # height of the folded hem
    rim_uv_cm: float = 0.6  # how far the rim's inner edge lies outside its island: five texels of light


@dataclass(frozen=True, slots=True)
class DetailParams:
    """Stitches and rib in the albedo, soft relief in the height map; centimetres unless said."""

    albedo_px: int = 4096
    height_px: int = 2048
    height_range_mm: float = 5.0  # 16-bit height: mm = (value / 65535 - .5) * range
    stitch_pitch: float = 0.32
    thread: float = 0.033  # half its width
    twist: float = 0.09  # of the thread, cm from strand to strand
    stitch_dark: float = 0.5  # albedo taken away where the needle went in
    hem_rows: tuple[float, float] = (1.5, 2.1)  # twin needle above the hem
    collar_rows: tuple[float, float] = (0.2, 0.78)  # cover stitch below the collar seam
    rib_per_cm: float = 4.4  # nearly: a whole number lies on each half of the collar, so that they meet
    rib_dark: float = 0.22
    rib_mm: float = 0.1  # half the height of a rib
    seam_depth_mm: float = 0.4
    seam_sigma: float = 0.12  # light is kept at 8 texels a centimetre: nothing narrower survives
    allowance_mm: float = 0.6  # height and width of the ridge that a seam's allowance makes …
    allowance_cm: float = 0.65
    lump_mm: float = 0.3  # … and what it adds where it is folded into a hem
    needle_depth_mm: float = 0.28
    pucker_mm: float = 0.18
    roping_mm: float = 0.3
    wrinkles: float = 0.65  # of the height that the drape's compression asks for
    crumple_mm: float = 0.30
    crumple_cm: float = 2.2
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Camera:
    """One lens and one distance for all azimuths; it aims at (0, 0, target_z_m)."""

    lens_mm: float = 85.0
    sensor_mm: float = 36.0
    distance_m: float = 2.01
    target_z_m: float = -0.337
    height_m: float = 0.24  # above the target


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
    specular: float = 0.5
    sheen_weight: float = 0.12
    sheen_roughness: float = 0.45


def _lamp(name: str, azimuth_deg: float, elevation_deg: float, size_m: float, power_w: float) -> Lamp:
    """A lamp 2.7 m from the garment's centre; azimuths as the camera's."""
    a, e = radians(azimuth_deg), radians(elevation_deg)
    way = (sin(a) * cos(e), -cos(a) * cos(e), sin(e))
    x, y, z = (round(c + 2.7 * w, 4) for c, w in zip(CENTRE, way, strict=True))
    return Lamp(name, (x, y, z), CENTRE, size_m, power_w)


CENTRE = (0.0, 0.0, -0.36)
LAMPS = (  # large and above the garment, so that light falls off downwards; every view has one that grazes
    _lamp("key", 292, 35, 1.6, 70),
    _lamp("side", 71, 35, 1.6, 34),
    _lamp("back", 154, 35, 1.6, 54),
    _lamp("fill", 22, 16, 1.6, 10),
)
WORLD_STRENGTH = 0.30  # a white studio: what it sends back lights the hollows
EXPOSURE = 0.95
PATTERN = PatternParams()
DRAPE = DrapeParams()
CANDIDATES: dict[str, dict[str, object]] = {  # what `drape.py --candidates` makes to choose from by eye
    "soft": {},  # ships: many soft folds, closed armpits, sleeves that hang open
    "mild": {"seed": 3, "arm_end_deg": 19.0, "lean": (0.3, -0.2), "bending": 6e-7, "lift_gravity": -3.0},
    "long-lift": {"seed": 8, "arm_end_deg": 21.0, "lean": (-0.2, 0.25), "bending": 5e-7, "lift_for": 0.24},
    "turned": {"seed": 33, "arm_twist_deg": 2.0, "lean": (0.3, 0.05), "bending": 4.5e-7},
    "low-arms": {"seed": 3, "arm_end_deg": 16.0, "lean": (0.35, -0.2), "bending": 5e-7, "arm_twist_deg": 3.0},
    "stiff": {"seed": 11, "arm_end_deg": 19.0, "lean": (0.0, 0.0), "bending": 9e-7, "shake": 2.2},
}
FINISH = FinishParams()
DETAIL = DetailParams()
CAMERA = Camera()
MATERIAL = Material()


ID, NAME, VERSION, LICENCE = "tee", "Crew-neck T-shirt", "1.0.0", "Apache-2.0"
COLOURS = {  # sRGB of the albedo; none below #27, where it is clipped at .02, which would turn the hue
    "white": "#e9e8e6",
    "natural": "#dfd5be",
    "black": "#353536",
    "charcoal": "#494b4f",
    "heather": {"hex": "#a6a7a9", "fabric": "heather"},
    "navy": "#2d344c",
    "royal": "#274aa4",
    "red": "#b22932",
    "forest": "#28513c",
    "sand": "#c6ae8b",
}
FABRICS = {  # tiles by ../fabrics/knit.py; the first is that of colours that name none
    name: {"file": f"../fabrics/{name}.png", "size_cm": 12.8} for name in ("jersey", "heather")
}
PLAIN = ("label",)  # its weave is in its picture
TRIMS = [{"file": "label.png", "panel": "label", "x": 0.0, "y": 1.75, "width": 5.0}]  # drawn by label.py


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
        "fabrics": FABRICS,
        "trims": TRIMS,
    }


def panel(name: str) -> dict[str, object]:
    """A panel's place in the atlas, print area and hem line; what it has not is left out."""
    facts: dict[str, object] = {"print_area": PRINT_AREAS[name], "hem_y": PATTERN.hem_y.get(name)}
    facts["fabric"] = False if name in PLAIN else None
    return {"name": name, "origin": ORIGINS[name]} | {k: v for k, v in facts.items() if v is not None}


def main() -> None:
    """Write source.json beside this file."""
    (HERE / "source.json").write_text(json.dumps(source(), indent=2) + "\n")


if __name__ == "__main__":
    main()
