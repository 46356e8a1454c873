"""Render the references: templates in Cycles, unsimplified, for the shipped renderer to be scored against.

Runs inside Blender's environment; resumable, since every picture keeps the key of what it was made from."""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
# In place of this folder, in which Blender would find our cycles.py instead of its own.
sys.path[0] = str(ROOT / "src" / "tirage" / "blender")

import bpy  # noqa: E402
import numpy as np  # noqa: E402
from material import Print, dress  # noqa: E402
from pictures import develop, linear, linear_hex, write_png  # noqa: E402
from scene import open_studio, read_pixels, render  # noqa: E402

from studio import Floats, Studio, read_description  # noqa: E402

SCENE_SCRIPTS = ("fabric.py", "material.py", "nodes.py", "scene.py")
DESIGNS = ROOT / "bench" / "designs"
COLOURS = ("white", "black", "red")
TAKES = (0, 1)  # seeds: every reference is taken twice, so that its noise can be told


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A design in bench/designs and where it lies: panel, centre and width in cm, degrees clockwise."""

    design: str
    panel: str
    x: float
    y: float
    width: float
    rotation: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One reference: role pair, turntable or large; samples of each take."""

    name: str
    role: str
    colour: str
    prints: tuple[Placed, ...]
    azimuth: float
    size: int = 512
    samples: int = 128


FRONT = {
    "text": Placed(design="text.png", panel="front", x=0, y=23.0, width=30),
    "photo": Placed(design="photo.jpg", panel="front", x=0, y=20.0, width=30),
    "lines": Placed(design="lines.png", panel="front", x=0, y=22.0, width=28),
}
BACK = Placed(design="text.png", panel="back", x=0, y=26.0, width=30)


def pairs() -> list[Shot]:
    """Three designs on three colours, front and 45°."""
    return [
        Shot(
            name=f"{colour}-{design}-{azimuth}", role="pair", colour=colour, prints=(place,), azimuth=azimuth
        )
        for azimuth in (0, 45)
        for colour in COLOURS
        for design, place in FRONT.items()
    ]


def shots(worst: str) -> list[Shot]:
    """Every reference in the order of rendering: the 512² set, then the worst pair large."""
    table = {shot.name: shot for shot in pairs()}
    both = (FRONT["lines"], BACK)
    turns = [
        Shot(name=f"turntable-{azimuth}", role="turntable", colour=colour, prints=both, azimuth=azimuth)
        for azimuth, colour in ((155, "white"), (290, "red"))
    ]
    large = [
        again(table[worst], name=f"{worst}-{size}", role="large", size=size, samples=samples)
        for size, samples in ((1024, 128), (2048, 64))
    ]
    return [*table.values(), *turns, *large]


def shaped(*rows: tuple[str, str, str, Placed, float]) -> Callable[[str], list[Shot]]:
    """The few references of a template that is no garment: role, colour, name, print, azimuth."""
    few = [
        Shot(
            name=f"{name}-{azimuth:g}",
            role=role,
            colour=colour,
            prints=(placed,),
            azimuth=azimuth,
            samples=48,  # noise is no difference, and there are few
        )
        for role, colour, name, placed, azimuth in rows
    ]
    return lambda _worst: few


ARM = Placed(design="lines.png", panel="sleeve-left", x=0, y=46.0, width=8.5, rotation=90)
TOTE = Placed(design="text.png", panel="front", x=0, y=22.0, width=28)
WRAP = Placed(design="photo.jpg", panel="wrap", x=6.44, y=4.85, width=8)
PICTURE = Placed(design="photo.jpg", panel="print", x=0, y=20.0, width=28)
SHOTS: dict[str, Callable[[str], list[Shot]]] = {
    "tee": shots,
    "longsleeve": shaped(
        ("pair", "white", "white-photo", FRONT["photo"], 0),
        ("pair", "navy", "navy-lines", FRONT["lines"], 45),
        ("pair", "black", "black-sleeve", ARM, 90),
        ("turntable", "red", "turntable", BACK, 155),
    ),
    "tote": shaped(
        ("pair", "white", "white-text", TOTE, 0),
        ("pair", "black", "black-photo", replace(TOTE, design="photo.jpg", width=26), 45),
        ("pair", "natural", "natural-lines", replace(TOTE, panel="back", design="lines.png"), 180),
        ("turntable", "red", "turntable", TOTE, 335),
    ),
    "mug": shaped(
        ("pair", "white", "white-photo", WRAP, 0),
        ("pair", "black", "black-lines", replace(WRAP, design="lines.png"), 45),
        ("pair", "red", "red-text", replace(WRAP, design="text.png", x=0, width=9), 270),
        ("turntable", "navy", "turntable", WRAP, 155),
    ),
    "poster": shaped(
        ("pair", "black", "black-photo", PICTURE, 0),
        ("pair", "oak", "oak-lines", replace(PICTURE, design="lines.png"), 45),
        ("pair", "white", "white-text", replace(PICTURE, design="text.png"), 315),
        ("turntable", "walnut", "turntable", PICTURE, 215),
    ),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """A template of which references are made, by its id."""

    name: str

    @property
    def build(self) -> Path:
        """Its scene."""
        return ROOT / "templates" / self.name / "build"

    @property
    def package(self) -> Path:
        """Its description as it ships."""
        return ROOT / "src" / "tirage" / "templates" / self.name / "template.json"

    @property
    def shipped(self) -> Path:
        """The 512² set, which the tests score against; bench/quality.py finds it there."""
        folder = ROOT / "bench" / "references"
        return folder if self.name == "tee" else folder / self.name

    @property
    def local(self) -> Path:
        """Linear EXRs of all, and the large pictures."""
        folder = ROOT / "out" / "references"
        return folder if self.name == "tee" else folder / self.name


def again(shot: Shot, **changes: str | int) -> Shot:
    """The same scene with some settings changed."""
    return Shot(**{**{name: getattr(shot, name) for name in Shot.__slots__}, **changes})


@dataclass(frozen=True, slots=True)
class Cloth:
    """A named colour as the package has it."""

    hex: str
    fabric: str | None


def read_cloths(of: Subject) -> dict[str, Cloth]:
    """The package's colours; those that name no fabric are of its first."""
    package = json.loads(of.package.read_text())
    usual = next(iter(package.get("fabrics", {})), None)
    given = package["colours"].items()
    return {
        name: Cloth(item["hex"], item["fabric"]) if isinstance(item, dict) else Cloth(item, usual)
        for name, item in given
    }


def load_design(path: Path) -> Floats:
    """A picture as linear premultiplied (h, w, 4)."""
    pixels = read_pixels(path)
    alpha = pixels[..., 3:]
    return np.concatenate([linear(pixels[..., :3]) * alpha, alpha], axis=-1).astype(np.float32)


def scene_key(of: Subject) -> str:
    """Hash of the garment and of the scripts that build its scene."""
    digest = hashlib.sha256()
    description = read_description(of.build)
    pictures = [item["file"] for item in (*description["fabrics"].values(), *description["trims"])]
    files = [of.build / name for name in ("shell.npz", "height.png", "detail.png", *pictures)]
    scripts = [ROOT / "src" / "tirage" / "blender" / name for name in SCENE_SCRIPTS]
    for path in (*files, *scripts):
        digest.update(path.read_bytes() if path.exists() else b"")  # a solid has neither relief nor detail
    del description["exposure"]  # exposure comes after rendering
    digest.update(json.dumps(description, sort_keys=True).encode())
    return digest.hexdigest()


def shot_key(shot: Shot, scene: str, cloth: Cloth) -> str:
    """Hash of everything one picture depends on."""
    designs = "".join(
        hashlib.sha256((DESIGNS / item.design).read_bytes()).hexdigest() for item in shot.prints
    )
    settings = {key: value for key, value in asdict(shot).items() if key not in ("name", "role")}
    made_of = f"{scene} {cloth.hex} {cloth.fabric} {designs} {json.dumps(settings)}"
    return hashlib.sha256(made_of.encode()).hexdigest()


def folder_of(of: Subject, shot: Shot) -> Path:
    """Where a shot's picture and its index lie."""
    return of.local if shot.role == "large" else of.shipped


def pictures(of: Subject, shot: Shot) -> list[Path]:
    """A shot's developed takes."""
    return [folder_of(of, shot) / f"{shot.name}-{seed}.png" for seed in TAKES]


def taken(of: Subject, shot: Shot, seed: int) -> Path:
    """A take as Cycles left it."""
    return of.local / f"{shot.name}-{seed}.exr"


def read_index(folder: Path) -> dict[str, Any]:
    """The index of a folder of references, empty when there is none."""
    path = folder / "index.json"
    index: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"pictures": {}}
    return index


def write_index(of: Subject, folder: Path, index: dict[str, Any]) -> None:
    """The index, in the order of rendering, with what holds for all pictures on top."""
    template = json.loads(of.package.read_text())
    head = {
        "what": "Cycles, Khronos PBR Neutral of radiance × exposure, 8-bit sRGB with straight alpha",
        "blender": bpy.app.version_string,
        "exposure": read_description(of.build)["exposure"],
        "template": {key: template[key] for key in ("id", "version", "content_sha256")},
    }
    text = json.dumps({**head, "pictures": index["pictures"]}, indent=1, ensure_ascii=False)
    (folder / "index.json").write_text(text + "\n")


def photograph(of: Subject, studio: Studio, shot: Shot, cloth: Cloth) -> None:
    """Dress the garment and render the shot's EXRs."""
    trims = [(of.build / trim["file"], trim) for trim in studio.description["trims"]]
    placed = [(DESIGNS / item.design, asdict(item)) for item in shot.prints]
    prints = [
        Print(
            pixels=load_design(path),
            panel=item["panel"],
            x=item["x"],
            y=item["y"],
            width=item["width"],
            rotation=item.get("rotation", 0.0),
        )
        for path, item in (*trims, *placed)
    ]
    dress(studio, colour=linear_hex(cloth.hex), prints=prints, fabric=cloth.fabric)
    for seed in TAKES:
        render(
            studio,
            taken(of, shot, seed),
            azimuth=shot.azimuth,
            size=shot.size,
            samples=shot.samples,
            seed=seed,
            denoised=False,  # it blurs print finer than a few pixels by more than we differ from it
        )


def record(of: Subject, shot: Shot, entry: dict[str, Any]) -> None:
    """Develop the shot's EXRs at the entry's exposure and put them into its folder's index."""
    digests = []
    for seed, path in zip(TAKES, pictures(of, shot), strict=True):
        write_png(path, develop(read_pixels(taken(of, shot, seed)), entry["exposure"]))
        digests.append(hashlib.sha256(path.read_bytes()).hexdigest())
    index = read_index(folder_of(of, shot))
    index["pictures"][shot.name] = {**asdict(shot), **entry, "sha256": digests}
    write_index(of, folder_of(of, shot), index)


def missing(
    of: Subject, todo: list[Shot], scene: str, cloths: dict[str, Cloth]
) -> Iterator[tuple[Shot, dict[str, Any]]]:
    """The shots without a picture of their key, with their entries; develops again what needs only that."""
    exposure = read_description(of.build)["exposure"]
    for shot in todo:
        key = shot_key(shot, scene, cloths[shot.colour])
        entry = {"hex": cloths[shot.colour].hex, "exposure": exposure, "scene_sha256": scene, "key": key}
        old = read_index(folder_of(of, shot))["pictures"].get(shot.name, {})
        if old.get("key") != key or not all(path.exists() for path in pictures(of, shot)):
            yield shot, entry
        elif old["exposure"] != exposure and all(taken(of, shot, seed).exists() for seed in TAKES):
            record(of, shot, entry)
        elif old["exposure"] != exposure:
            yield shot, entry


def effort(shot: Shot) -> float:
    """Relative cost of a shot."""
    return float(shot.size**2 * shot.samples)


def run(of: Subject, worst: str, only: str) -> None:
    """Render what is missing and print progress and the time left."""
    for folder in (of.local, of.shipped):
        folder.mkdir(parents=True, exist_ok=True)
    scene, cloths = scene_key(of), read_cloths(of)
    todo = list(missing(of, [shot for shot in SHOTS[of.name](worst) if only in shot.name], scene, cloths))
    print(f"{len(todo)} references to render", flush=True)
    studio = open_studio(of.build) if todo else None
    begin, done, total = time.monotonic(), 0.0, sum(effort(shot) for shot, _ in todo)
    for number, (shot, entry) in enumerate(todo, 1):
        assert studio is not None
        photograph(of, studio, shot, cloths[shot.colour])
        record(of, shot, entry)
        done += effort(shot)
        spent = time.monotonic() - begin
        left = spent / done * (total - done) / 60
        print(
            f"[{number}/{len(todo)}] {shot.name} {spent / 60:.1f} min, about {left:.0f} min left", flush=True
        )
    for folder in (of.local, of.shipped):
        write_index(of, folder, read_index(folder))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worst", default="white-text-45", help="the pair to render large")
    parser.add_argument("--only", default="", help="only references whose name contains this")
    parser.add_argument("--template", default="tee", choices=SHOTS, help="of which template")
    options = parser.parse_args()
    run(Subject(options.template), options.worst, options.only)
