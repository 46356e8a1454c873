"""Bake light into texture space: each bake that plan.json lists becomes a noisy map in light/raw.

Resumable: a map that was made of the same scene by the same bake is left as it is."""

import argparse
import hashlib
import json
import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import bpy  # noqa: E402
import numpy as np  # noqa: E402
from material import Print, dress  # noqa: E402
from mathutils import Vector  # noqa: E402
from mathutils.bvhtree import BVHTree  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from pictures import linear  # noqa: E402
from scene import aim, camera_position, hide_faces, image_pixels, open_studio, read_pixels  # noqa: E402
from words import words  # noqa: E402

from studio import SIDES, Floats, Studio, read_description  # noqa: E402

BAKED_BY = ("camera", "lamps", "world", "material", "height_range_mm")  # exposure comes after the light
ORBIT_STEP = 10  # degrees between the cameras that decide which inner faces are ever seen
TRIMMED, HIGH = "trimmed", 0.9  # a Bake's cloth, and the albedo that it shows first (tirage.authoring.plan)
RINGS = 4  # triangles added around what they see


@dataclass(frozen=True, slots=True, kw_only=True)
class Bake:
    """One bake of plan.json (tirage.authoring.plan says what the values mean)."""

    name: str
    side: str
    size: int
    samples: int
    light: int | None
    kind: str
    cloth: str
    albedo: float
    azimuth: float | None


def visible_from(orbit: list[Vector], tree: BVHTree, points: Floats, normals: Floats) -> NDArray[np.bool_]:
    """Which points (n, 3) see at least one camera of the orbit."""
    seen = np.zeros(len(points), bool)
    for camera in orbit:
        toward = np.asarray(camera, np.float32) - points
        for index in np.flatnonzero(~seen & ((toward * normals).sum(1) > 0)):
            start = Vector(points[index] + normals[index] * 2e-4)
            ray = camera - start
            seen[index] = tree.ray_cast(start, ray, ray.length)[0] is None
    return seen


def hidden_faces(studio: Studio, folder: Path) -> NDArray[np.bool_]:
    """Inner faces that no camera of the orbit can see, less a border of a few rings."""
    shell = np.load(folder / "shell.npz")
    position, triangle = shell["position"].astype(np.float32), shell["triangle"]
    tree = BVHTree.FromPolygons([tuple(p) for p in position.tolist()], triangle.tolist())
    camera = studio.description["camera"]
    orbit = [camera_position(camera, azimuth)[0] for azimuth in range(0, 360, ORBIT_STEP)]
    inner = np.unique(triangle[shell["inside"]])
    seen = np.zeros(len(position), bool)
    seen[inner] = visible_from(orbit, tree, position[inner], shell["normal"][inner].astype(np.float32))
    for _ in range(RINGS):
        seen[triangle[seen[triangle].any(axis=1)]] = True
    return np.asarray(shell["inside"] & ~seen[triangle].any(axis=1))


@contextmanager
def only_light(studio: Studio, index: int | None) -> Iterator[None]:
    """Burn one lamp alone (−1 = the sky alone), or everything when None; restores the light afterwards."""
    socket = studio.background.inputs["Strength"]
    strength = socket.default_value
    if index is not None:
        for number, lamp in enumerate(studio.lamps):
            lamp.hide_render = number != index
        socket.default_value = strength if index == -1 else 0.0
    try:
        yield
    finally:
        for lamp in studio.lamps:
            lamp.hide_render = False
        socket.default_value = strength


def load_trims(studio: Studio, folder: Path) -> list[Print]:
    """The template's own pictures, where they lie."""
    trims = []
    for trim in studio.description["trims"]:
        pixels = read_pixels(folder / trim["file"])
        alpha = pixels[..., 3:]
        premultiplied = np.concatenate([linear(pixels[..., :3]) * alpha, alpha], axis=-1).astype(np.float32)
        place = {name: trim[name] for name in ("panel", "x", "y", "width")}
        trims.append(Print(pixels=premultiplied, rotation=trim.get("rotation", 0.0), **place))
    return trims


def dress_later(studio: Studio, *, albedo: float, trims: list[Print]) -> None:
    """A grey cloth of albedo HIGH to what is baked; to light that met it, of `albedo` and in its trims."""
    dress(studio, colour=(albedo,) * 3, prints=trims)
    for material in studio.materials.values():
        tree = material.node_tree
        base = tree.nodes["cloth"].inputs["Base Color"]
        path, mix = tree.nodes.new("ShaderNodeLightPath"), tree.nodes.new("ShaderNodeMixRGB")
        mix.inputs["Color1"].default_value = (HIGH, HIGH, HIGH, 1.0)
        tree.links.new(base.links[0].from_socket, mix.inputs["Color2"])
        tree.links.new(path.outputs["Ray Depth"], mix.inputs["Fac"])  # which is held to 0…1
        tree.links.new(mix.outputs["Color"], base)


def set_cloth(studio: Studio, *, albedo: float, look: str) -> None:
    """A plain grey cloth, as a Bake's `cloth` names them."""
    dress(studio, colour=(albedo,) * 3, prints=[])
    layers = ("Sheen Weight", "Specular IOR Level")
    off = {"cloth": (), "smooth": (), "rough": layers}.get(look, (*layers, "Diffuse Roughness"))
    for material in studio.materials.values():
        tree = material.node_tree
        cloth = tree.nodes["cloth"]
        tree.links.new(tree.nodes["fabric"].outputs[0], cloth.inputs["Base Color"])
        for name in (*off, "Normal") if look == "smooth" else off:
            for link in list(cloth.inputs[name].links):
                tree.links.remove(link)
        for name in off:
            cloth.inputs[name].default_value = 0.0


def aim_bake(studio: Studio, task: Bake) -> bpy.types.Image:
    """Give the task's faces a float image of its size and all others a tiny one to throw away."""
    for side in SIDES:
        size = task.size if side == task.side else 8
        name = f"bake-{side}"
        if name in bpy.data.images:
            bpy.data.images.remove(bpy.data.images[name])
        image = bpy.data.images.new(name, size, size, alpha=True, float_buffer=True, is_data=True)
        tree = studio.materials[side].node_tree
        tree.nodes["bake"].image = image
        tree.nodes.active = tree.nodes["bake"]
    return bpy.data.images[f"bake-{task.side}"]


def run(studio: Studio, task: Bake, bounces: int, trims: list[Print]) -> Floats:
    """One bake → (size, size, 3), row 0 on top, 0 off the cloth: light / albedo, normal × ½ + ½, metres."""
    if task.cloth == TRIMMED:
        dress_later(studio, albedo=task.albedo, trims=trims)
    else:
        set_cloth(studio, albedo=0 if task.kind == "gloss" else task.albedo, look=task.cloth)
    cycles, scene = studio.scene.cycles, studio.scene
    cycles.max_bounces = bounces if "bounce" in task.kind else 0
    cycles.samples, cycles.seed, cycles.use_denoising = task.samples, 0, False
    image = aim_bake(studio, task)
    scene.view_layers[0].objects.active = studio.garment
    studio.garment.select_set(True)
    scene.render.bake.view_from = "ABOVE_SURFACE" if task.azimuth is None else "ACTIVE_CAMERA"
    aim(studio, task.azimuth or 0)
    options = {"use_clear": True, "margin": 0, "uv_layer": "atlas"}
    if task.kind in ("normal", "position"):
        bpy.ops.object.bake(type=task.kind.upper(), normal_space="OBJECT", **options)
        return image_pixels(image)[..., :3]
    with only_light(studio, task.light):
        passes = {"INDIRECT" if "bounce" in task.kind else "DIRECT"}
        if task.kind in ("gloss", "full bounce"):
            bpy.ops.object.bake(type="COMBINED", pass_filter=passes | {"DIFFUSE", "GLOSSY"}, **options)
        else:
            bpy.ops.object.bake(type="DIFFUSE", pass_filter=passes | {"COLOR"}, **options)
    pixels = image_pixels(image)[..., :3]
    seen = HIGH if task.cloth == TRIMMED else task.albedo
    return pixels if task.kind == "gloss" else pixels / np.float32(seen)


def fingerprint(folder: Path, *, trimmed: bool) -> str:
    """Hash of everything a bake depends on, so that a second run takes up where the first one stopped."""
    description = read_description(folder)
    light = {name: description[name] for name in BAKED_BY}
    digest = hashlib.sha256(json.dumps(light, sort_keys=True).encode())
    for path in (folder / "shell.npz", folder / "height.png"):
        digest.update(path.read_bytes() if path.exists() else b"")
    for trim in description["trims"] if trimmed else []:
        digest.update(json.dumps(trim, sort_keys=True).encode() + (folder / trim["file"]).read_bytes())
    return digest.hexdigest()


def bake_all(folder: Path) -> None:
    """Run every missing bake of the plan and print what each cost."""
    plan = json.loads((folder / "plan.json").read_text())
    studio = open_studio(folder)
    raw = folder / "light" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    print(f"hidden inner faces: {hide_and_count(studio, folder)}", flush=True)
    tasks = [Bake(**row) for row in plan["bakes"]]
    trimmed = any(task.cloth == TRIMMED for task in tasks)
    trims = load_trims(studio, folder) if trimmed else []
    key, begin = fingerprint(folder, trimmed=trimmed), time.monotonic()
    for number, task in enumerate(tasks, 1):
        path, stamp = raw / f"{task.name}_{task.side}.npz", f"{key} {task}"
        if path.exists() and str(np.load(path)["stamp"]) == stamp:
            continue
        start = time.process_time()
        pixels = run(studio, task, plan["bounces"], trims)
        grey = task.kind not in ("normal", "position")
        part = path.with_suffix(".part.npz")
        np.savez(part, pixels=pixels[..., 1] if grey else pixels, stamp=stamp)
        part.replace(path)  # whole, or not there
        spent = f"{time.process_time() - start:.1f} CPU-s"
        head = f"[{number}/{len(tasks)}] {path.stem}"
        print(f"{head}: {task.size}² × {task.samples}, {spent}", flush=True)
    print(f"baked in {time.monotonic() - begin:.0f} s, {time.process_time():.0f} CPU-s", flush=True)


def hide_and_count(studio: Studio, folder: Path) -> str:
    """Hide the inner faces that no camera sees; returns how many of how many."""
    inside = int(np.load(folder / "shell.npz")["inside"].sum())
    if not inside:
        return "a solid has none"
    hidden = hidden_faces(studio, folder)
    hide_faces(studio, hidden)
    return f"{int(hidden.sum())} of {inside} ({math.floor(100 * hidden.sum() / inside)} %)"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="the scene folder, with plan.json")
    bake_all(parser.parse_args(words()).folder.resolve())
