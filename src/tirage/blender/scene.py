"""Build the garment's Blender scene (mesh, cloth, lamps, camera) from a scene folder, and photograph it.

Bakes, references, previews share it."""

import math
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from fabric import load_fabrics
from material import add_material, dress, load_maps
from mathutils import Euler, Vector
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from studio import SIDES, Floats, Studio, read_description

THREADS = 2


def open_studio(folder: Path) -> Studio:
    """Start from an empty Blender file and build everything; the cloth is grey until `dress` is called."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene, description = bpy.context.scene, read_description(folder)
    garment = add_garment(scene, np.load(folder / "shell.npz"), description["atlas_cm"])
    materials = {side: add_material(garment, side) for side in SIDES}
    studio = Studio(
        description=description,
        scene=scene,
        garment=garment,
        camera=add_camera(scene, description["camera"]),
        lamps=[add_lamp(scene, lamp) for lamp in description["lamps"]],
        background=add_world(scene, description["world"]["strength"]),
        materials=materials,
    )
    set_sampling(scene)
    load_maps(folder)
    load_fabrics(folder, description)
    dress(studio, colour=(0.8, 0.8, 0.8), prints=[])
    return studio


def set_sampling(scene: bpy.types.Scene) -> None:
    """Cycles as every reference and bake uses it: CPU, fixed samples, Blackman-Harris 1.5 px."""
    scene.render.engine = "CYCLES"
    cycles = scene.cycles
    cycles.device = "CPU"
    cycles.use_adaptive_sampling = False
    cycles.use_auto_tile = False  # tiled bakes over 2048² come back as zeros
    cycles.max_bounces = cycles.diffuse_bounces = cycles.glossy_bounces = 6
    cycles.sample_clamp_indirect = 0.0
    cycles.blur_glossy = 0.0
    cycles.pixel_filter_type, cycles.filter_width = "BLACKMAN_HARRIS", 1.5
    cycles.denoiser, cycles.denoising_prefilter = "OPENIMAGEDENOISE", "ACCURATE"
    render = scene.render
    render.threads_mode, render.threads = "FIXED", THREADS
    render.film_transparent = True
    render.use_persistent_data = False  # it would keep the pixels of earlier prints
    render.dither_intensity = 0.0
    scene.view_settings.view_transform = "Standard"


# --- geometry


def add_garment(scene: bpy.types.Scene, shell: NpzFile, atlas_cm: float) -> bpy.types.Object:
    """The closed shell as one mesh: its own normals, UV layer "atlas", face attribute "panel"."""
    triangle, uv = shell["triangle"].astype(np.int32), shell["uv"]
    mesh = bpy.data.meshes.new("garment")
    mesh.vertices.add(len(shell["position"]))
    mesh.vertices.foreach_set("co", shell["position"].astype(np.float32).ravel())
    mesh.loops.add(triangle.size)
    mesh.loops.foreach_set("vertex_index", triangle.ravel())
    mesh.polygons.add(len(triangle))
    mesh.polygons.foreach_set("loop_start", np.arange(0, triangle.size, 3, dtype=np.int32))
    mesh.polygons.foreach_set("use_smooth", np.ones(len(triangle), bool))
    mesh.polygons.foreach_set("material_index", shell["inside"].astype(np.int32))
    mesh.update(calc_edges=True)
    layer = mesh.uv_layers.new(name="atlas")
    flat = np.stack([uv[:, 0] / atlas_cm, 1 - uv[:, 1] / atlas_cm], axis=1)[triangle.ravel()]
    layer.uv.foreach_set("vector", flat.astype(np.float32).ravel())
    panel = mesh.attributes.new("panel", "INT", "FACE")
    panel.data.foreach_set("value", shell["panel"][triangle[:, 0]].astype(np.int32))
    mesh.normals_split_custom_set_from_vertices(shell["normal"].astype(np.float32))
    garment = bpy.data.objects.new("garment", mesh)
    scene.collection.objects.link(garment)
    return garment


def hide_faces(studio: Studio, hidden: NDArray[np.bool_]) -> None:
    """Give inner faces that no camera sees a material of their own, which bakes can then skip."""
    polygons = studio.garment.data.polygons
    index = np.empty(len(polygons), np.int32)
    polygons.foreach_get("material_index", index)
    index[index > 0] = np.where(hidden[index > 0], 2, 1)
    polygons.foreach_set("material_index", index)


# --- light and camera


def aimed(position: Vector, target: Vector) -> Euler:
    """Euler rotation that looks along −Z from position to target with Y up."""
    return (target - position).to_track_quat("-Z", "Y").to_euler()


def add_lamp(scene: bpy.types.Scene, lamp: dict[str, Any]) -> bpy.types.Object:
    """A white square area lamp; it never shows itself in the picture."""
    light = bpy.data.lights.new(lamp["name"], "AREA")
    light.shape, light.size, light.energy = "SQUARE", lamp["size_m"], lamp["power_w"]
    item = bpy.data.objects.new(lamp["name"], light)
    item.location = lamp["position"]
    item.rotation_euler = aimed(Vector(lamp["position"]), Vector(lamp["target"]))
    item.visible_camera = False
    scene.collection.objects.link(item)
    return item


def add_world(scene: bpy.types.Scene, strength: float) -> bpy.types.Node:
    """A uniform white sky; returns its background node."""
    world = bpy.data.worlds.new("world")
    scene.world = world
    world.use_nodes = True
    background = world.node_tree.nodes["Background"]
    background.inputs["Color"].default_value = (1, 1, 1, 1)
    background.inputs["Strength"].default_value = strength
    return background


def add_camera(scene: bpy.types.Scene, camera: dict[str, float]) -> bpy.types.Object:
    """The orbiting camera; `aim` places it."""
    data = bpy.data.cameras.new("camera")
    data.lens, data.sensor_width = camera["lens_mm"], camera["sensor_mm"]
    item = bpy.data.objects.new("camera", data)
    scene.collection.objects.link(item)
    scene.camera = item
    return item


def camera_position(camera: dict[str, float], azimuth: float) -> tuple[Vector, Vector]:
    """Position and target in metres for an azimuth in degrees (0 front, 90 the wearer's left)."""
    angle, target = math.radians(azimuth), Vector((0.0, 0.0, camera["target_z_m"]))
    offset = Vector((math.sin(angle), -math.cos(angle), 0.0)) * camera["distance_m"]
    return target + offset + Vector((0.0, 0.0, camera["height_m"])), target


def aim(studio: Studio, azimuth: float) -> None:
    """Turn the camera to an azimuth in degrees."""
    position, target = camera_position(studio.description["camera"], azimuth)
    studio.camera.location = position
    studio.camera.rotation_euler = aimed(position, target)


# --- pictures


def render(
    studio: Studio,
    path: Path,
    *,
    azimuth: float,
    size: int,
    samples: int,
    seed: int = 0,
    denoised: bool = True,
) -> Floats:
    """Render one square view to a linear EXR at `path`; returns (size, size, 4), row 0 on top."""
    aim(studio, azimuth)
    scene = studio.scene
    scene.render.resolution_x = scene.render.resolution_y = size
    scene.render.resolution_percentage = 100
    scene.cycles.samples, scene.cycles.seed = samples, seed
    scene.cycles.use_denoising = denoised
    settings = scene.render.image_settings
    settings.file_format, settings.color_mode = "OPEN_EXR", "RGBA"
    settings.color_depth, settings.exr_codec = "32", "ZIP"
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    return read_pixels(path)


def read_pixels(path: Path) -> Floats:
    """An image file's raw values, (h, w, 4), row 0 on top: EXR premultiplied linear, PNG straight 0…1."""
    image = bpy.data.images.load(str(path), check_existing=False)
    image.colorspace_settings.name = "Non-Color"
    pixels = image_pixels(image)
    bpy.data.images.remove(image)
    return pixels


def image_pixels(image: bpy.types.Image) -> Floats:
    """A Blender image as (h, w, 4) float32, row 0 on top."""
    width, height = image.size
    flat = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(flat)
    return flat.reshape(height, width, 4)[::-1]
