"""Bake the garment's light into texture space: one map per lamp, one for the sky, a pair for the bounces.

Writes noisy maps with their coverage to build/light/raw; denoise.py turns them into the maps that ship."""

import argparse
import hashlib
import json
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree
from numpy.typing import NDArray
from params import BUILD
from scene import (
    SIDES,
    Floats,
    Studio,
    aim,
    camera_position,
    dress,
    hide_faces,
    image_pixels,
    open_studio,
    read_description,
)

HIGH, LOW = 0.9, 0.45  # the two albedos whose bounces give the pair
KEPT = 0.8  # the albedo at which the renderer sums bounces
BOUNCES = 6  # at most, as in every reference
RING = tuple(range(0, 360, 45))  # azimuths of the cameras that light is baked towards
RING_SIDES = {"outside": (512, 64), "inside": (256, 128)}  # size and samples
# side: size and samples of lamp, sky, bounce. Seen sides are baked at twice the size that ships.
SAMPLES = {"outside": (2048, 16, 24, 24), "inside": (1024, 128, 128, 128), "hidden": (256, 32, 32, 32)}
ORBIT_STEP = 10  # degrees between the cameras that decide which inner faces are ever seen
RINGS = 4  # triangles added around what they see


@dataclass(frozen=True, slots=True, kw_only=True)
class Bake:
    """One bake call: which faces, at which size, with which light, how many samples."""

    name: str
    side: str
    size: int
    samples: int
    light: int | None = None  # index of the only burning lamp, −1 = the sky alone, None = all as they are
    kind: str = "direct"  # or bounce, full bounce (with gloss), gloss (direct, on black), normal, position
    cloth: str = "cloth"  # or rough: without sheen and gloss; matt: Lambert; smooth: without relief
    albedo: float = HIGH
    azimuth: float | None = None  # seen from there instead of along the normal


def plan(lamps: int, quality: float) -> list[Bake]:
    """Every bake of a package; `quality` scales the samples (1 = what ships)."""
    tasks: list[Bake] = []
    for side, (size, lamp, sky, bounce) in SAMPLES.items():
        lights = [(f"lamp{index}", lamp, index) for index in range(lamps)] + [("world", sky, -1)]
        rows = [
            Bake(name=name, side=side, size=size, samples=count, light=light, cloth="matt")
            for name, count, light in lights
        ]
        # The same seed for both albedos: their noise is alike and mostly cancels in the difference.
        rows += [
            Bake(name=name, side=side, size=size, samples=bounce, kind="bounce", albedo=albedo)
            for name, albedo in (("bounce_high", HIGH), ("bounce_low", LOW))
        ]
        rows.append(Bake(name="normal", side=side, size=size, samples=16, kind="normal"))
        tasks += [replace(row, samples=max(2, round(row.samples * quality))) for row in rows]
    return tasks + ring_plan(quality)


def ring_plan(quality: float) -> list[Bake]:
    """Light as it leaves the cloth towards a ring of cameras, in three parts.

    What rough cloth scatters of direct light, what sheen and gloss reflect of it, and bounces in full."""
    tasks: list[Bake] = []
    for side, (size, samples) in RING_SIDES.items():
        base = Bake(name="", side=side, size=size, samples=max(2, round(samples * quality)))
        bounce = replace(base, cloth="smooth", albedo=KEPT)
        tasks.append(replace(bounce, name="bounce_along", kind="bounce"))
        for azimuth in RING:
            seen = [
                replace(base, name="direct", cloth="rough"),
                replace(base, name="gloss", kind="gloss"),
                replace(bounce, name="bounce", kind="full bounce"),
            ]
            tasks += [replace(row, name=f"{row.name}_from_{azimuth}", azimuth=azimuth) for row in seen]
        smooth = replace(base, cloth="smooth")
        tasks.append(replace(smooth, name="smooth_normal", samples=16, kind="normal"))
        # Blender sums positions over the samples.
        tasks.append(replace(smooth, name="smooth_position", samples=1, kind="position"))
    return tasks


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


def run(studio: Studio, task: Bake) -> Floats:
    """One bake → (size, size, 3), row 0 on top, 0 off the cloth: light / albedo, normal × ½ + ½, metres."""
    set_cloth(studio, albedo=0 if task.kind == "gloss" else task.albedo, look=task.cloth)
    cycles, scene = studio.scene.cycles, studio.scene
    cycles.max_bounces = BOUNCES if "bounce" in task.kind else 0
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
    return pixels if task.kind == "gloss" else pixels / np.float32(task.albedo)


def fingerprint(folder: Path) -> str:
    """Hash of everything a bake depends on, so that a second run takes up where the first one stopped."""
    description = read_description(folder)
    del description["exposure"]  # exposure comes after the light
    digest = hashlib.sha256(json.dumps(description, sort_keys=True).encode())
    for path in (folder / "shell.npz", folder / "height.png"):
        digest.update(path.read_bytes() if path.exists() else b"")
    return digest.hexdigest()


def bake_all(folder: Path, quality: float) -> None:
    """Run every missing bake of the plan and print what each cost."""
    studio = open_studio(folder)
    raw = folder / "light" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    print(f"hidden inner faces: {hide_and_count(studio, folder)}", flush=True)
    key, begin = fingerprint(folder), time.monotonic()
    for task in plan(len(studio.lamps), quality):
        path, stamp = raw / f"{task.name}_{task.side}.npz", f"{key} {task}"
        if path.exists() and str(np.load(path)["stamp"]) == stamp:
            continue
        start = time.process_time()
        pixels = run(studio, task)
        grey = task.kind not in ("normal", "position")
        np.savez(path, pixels=pixels[..., 1] if grey else pixels, stamp=stamp)
        print(
            f"{path.stem}: {task.size}² × {task.samples}, {time.process_time() - start:.1f} CPU-s", flush=True
        )
    print(f"baked in {time.monotonic() - begin:.0f} s, {time.process_time():.0f} CPU-s", flush=True)


def hide_and_count(studio: Studio, folder: Path) -> str:
    """Hide the inner faces that no camera sees; returns how many of how many."""
    hidden = hidden_faces(studio, folder)
    hide_faces(studio, hidden)
    inside = int(np.load(folder / "shell.npz")["inside"].sum())
    return f"{int(hidden.sum())} of {inside} ({math.floor(100 * hidden.sum() / inside)} %)"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=BUILD, help="where shell.npz and height.png lie")
    parser.add_argument("--quality", type=float, default=1.0, help="factor on all sample counts")
    options = parser.parse_args()
    bake_all(options.folder.resolve(), options.quality)
