"""Build the garment's Blender scene (mesh, cloth, prints, lamps, camera) from build/shell.npz and scene.json.

Runs in Blender's own environment and imports nothing of Tirage; bake, references and preview share it."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import bpy
import numpy as np
from mathutils import Euler, Vector
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray
from params import ATLAS_CM, BUILD, ORIGINS, PANELS

Floats = NDArray[np.float32]
Tree: TypeAlias = bpy.types.NodeTree
Socket: TypeAlias = "bpy.types.NodeSocket | float | tuple[float, ...]"  # a link, or a constant

THREADS = 2
PADDING = 2  # transparent pixels around a print, so that its border fades like any other edge
SIDES = ("outside", "inside", "hidden")


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """One design on a panel: linear premultiplied (h, w, 4), centre and width in cm, degrees clockwise."""

    pixels: Floats
    panel: str
    x: float
    y: float
    width: float
    rotation: float = 0.0


@dataclass(slots=True, kw_only=True)
class Studio:
    """The open Blender scene and the handles that bake, references and preview turn."""

    description: dict[str, Any]
    scene: bpy.types.Scene
    garment: bpy.types.Object
    camera: bpy.types.Object
    lamps: list[bpy.types.Object]
    background: bpy.types.Node
    materials: dict[str, bpy.types.Material]


def read_description(folder: Path = BUILD) -> dict[str, Any]:
    """scene.json beside the build folder: camera, lamps, world, material, exposure, height map's range."""
    description: dict[str, Any] = json.loads((folder.parent / "scene.json").read_text())
    return description


def open_studio(folder: Path = BUILD) -> Studio:
    """Start from an empty Blender file and build everything; the cloth is grey until `dress` is called."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene, description = bpy.context.scene, read_description(folder)
    garment = add_garment(scene, np.load(folder / "shell.npz"))
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


def add_garment(scene: bpy.types.Scene, shell: NpzFile) -> bpy.types.Object:
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
    flat = np.stack([uv[:, 0] / ATLAS_CM, 1 - uv[:, 1] / ATLAS_CM], axis=1)[triangle.ravel()]
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


# --- cloth


def load_maps(folder: Path) -> None:
    """The detail and height maps as images named "detail" and "height", if the garment has them."""
    for name in ("detail", "height"):
        path = folder / f"{name}.png"
        if path.exists():
            image = bpy.data.images.load(str(path))
            image.name, image.colorspace_settings.name = name, "Non-Color"


def add_material(garment: bpy.types.Object, name: str) -> bpy.types.Material:
    """An empty material slot on the garment."""
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    garment.data.materials.append(material)
    return material


def dress(studio: Studio, *, colour: tuple[float, float, float], prints: list[Print]) -> None:
    """Rebuild the cloth: linear fabric colour; prints lie on the outside only, the first one lowest."""
    forget_prints()
    for side, material in studio.materials.items():
        build_cloth(studio, material, colour, prints if side == "outside" else [], inside=side != "outside")


def forget_prints() -> None:
    """Free the pixels of earlier prints."""
    for image in list(bpy.data.images):
        if image.name.startswith("print"):
            bpy.data.images.remove(image)


def build_cloth(
    studio: Studio,
    material: bpy.types.Material,
    colour: tuple[float, float, float],
    prints: list[Print],
    *,
    inside: bool,
) -> None:
    """The cloth's node tree: prints over fabric, times detail; bump, rough diffuse, sheen off the ink."""
    tree = material.node_tree
    tree.nodes.clear()
    look = studio.description["material"]
    cloth = tree.nodes.new("ShaderNodeBsdfPrincipled")
    cloth.name = "cloth"
    tree.links.new(cloth.outputs["BSDF"], tree.nodes.new("ShaderNodeOutputMaterial").inputs["Surface"])
    cloth.inputs["Roughness"].default_value = look["roughness"]
    cloth.inputs["Specular IOR Level"].default_value = look["specular"]
    cloth.inputs["Sheen Roughness"].default_value = look["sheen_roughness"]
    cloth.inputs["Diffuse Roughness"].default_value = look["diffuse_roughness"]
    atlas = tree.nodes.new("ShaderNodeUVMap")
    atlas.uv_map = "atlas"
    uv = atlas.outputs["UV"]
    albedo, ink = lay_prints(tree, uv, colour, prints)
    if not inside:  # the inside is plain: its light maps are too coarse for stitches, and it is seldom seen
        albedo = vector_math(tree, "MULTIPLY", albedo, grey_map(tree, uv, "detail", interpolation="Linear"))
        tree.links.new(bump(studio, tree, uv), cloth.inputs["Normal"])
    connect(tree, cloth.inputs["Base Color"], albedo)
    bare = number_math(tree, "SUBTRACT", 1.0, ink)
    connect(tree, cloth.inputs["Sheen Weight"], number_math(tree, "MULTIPLY", bare, look["sheen_weight"]))
    add_bake_target(tree)


def lay_prints(
    tree: Tree, uv: Socket, colour: tuple[float, float, float], prints: list[Print]
) -> tuple[Socket, Socket]:
    """Albedo and ink coverage: every print over what lies below it, in premultiplied colour."""
    fabric = tree.nodes.new("ShaderNodeRGB")
    fabric.name = "fabric"
    fabric.outputs[0].default_value = (*colour, 1.0)
    albedo: Socket = fabric.outputs[0]
    uncovered: Socket = 1.0
    for number, item in enumerate(prints):
        pixels, alpha = sample_print(tree, uv, item, f"print{number}")
        rest = number_math(tree, "SUBTRACT", 1.0, alpha)
        albedo = vector_math(tree, "MULTIPLY_ADD", albedo, rest, pixels)
        uncovered = number_math(tree, "MULTIPLY", uncovered, rest)
    return albedo, number_math(tree, "SUBTRACT", 1.0, uncovered)


def sample_print(tree: Tree, uv: Socket, item: Print, name: str) -> tuple[Socket, Socket]:
    """Premultiplied colour and coverage of one print, zero outside its rectangle and off its panel."""
    node = tree.nodes.new("ShaderNodeTexImage")
    node.image = print_image(item.pixels, name)
    node.interpolation, node.extension = "Linear", "CLIP"
    rows = print_rows(item)
    place = tree.nodes.new("ShaderNodeCombineXYZ")
    for axis, (along_u, along_v, offset) in enumerate(rows):
        dot = vector_math(tree, "DOT_PRODUCT", uv, (along_u, along_v, 0.0), output="Value")
        tree.links.new(number_math(tree, "ADD", dot, offset), place.inputs[axis])
    tree.links.new(place.outputs[0], node.inputs["Vector"])
    panel = tree.nodes.new("ShaderNodeAttribute")
    panel.attribute_name = "panel"
    distance = number_math(
        tree, "ABSOLUTE", number_math(tree, "SUBTRACT", panel.outputs["Fac"], float(PANELS.index(item.panel)))
    )
    here = number_math(tree, "LESS_THAN", distance, 0.5)
    colour = vector_math(tree, "MULTIPLY", node.outputs["Color"], here)
    return colour, number_math(tree, "MULTIPLY", node.outputs["Alpha"], here)


def print_rows(item: Print) -> list[tuple[float, float, float]]:
    """Affine map from the atlas's UV to the padded print's UV, v up: two rows (a, b, c) of a·u + b·v + c."""
    height, width = item.pixels.shape[:2]
    origin = ORIGINS[item.panel]
    centre = (origin[0] + item.x, origin[1] + item.y)
    angle = math.radians(item.rotation)
    right, down = (math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))
    rows = []
    for (dx, dy), size_cm, count, sign in (
        (right, item.width, width, 1.0),
        (down, item.width * height / width, height, -1.0),
    ):
        # In cm, y down: t = (d·(p − centre)) / size + ½; then into the padded picture; v runs up.
        scale = count / (count + 2 * PADDING) / size_cm
        at_zero = 0.5 + scale * (dx * -centre[0] + dy * (ATLAS_CM - centre[1]))
        row = (scale * dx * ATLAS_CM, -scale * dy * ATLAS_CM, at_zero)
        rows.append(row if sign > 0 else (-row[0], -row[1], 1 - row[2]))
    return rows


def print_image(pixels: Floats, name: str) -> bpy.types.Image:
    """A float image that Cycles filters as it is: premultiplied, linear, with a transparent border."""
    padded = np.pad(pixels, ((PADDING, PADDING), (PADDING, PADDING), (0, 0)))
    height, width = padded.shape[:2]
    image = bpy.data.images.new(name, width, height, alpha=True, float_buffer=True, is_data=True)
    image.alpha_mode = "CHANNEL_PACKED"
    image.pixels.foreach_set(np.ascontiguousarray(padded[::-1], np.float32).ravel())
    image.update()
    return image


def bump(studio: Studio, tree: Tree, uv: Socket) -> Socket:
    """The normal bent by the height map."""
    height = grey_map(tree, uv, "height", interpolation="Cubic")
    metres = number_math(tree, "MULTIPLY", height, studio.description["height_range_mm"] * 0.001)
    node = tree.nodes.new("ShaderNodeBump")
    node.inputs["Strength"].default_value = node.inputs["Distance"].default_value = 1.0
    connect(tree, node.inputs["Height"], metres)
    return node.outputs["Normal"]


def grey_map(tree: Tree, uv: Socket, name: str, *, interpolation: str) -> Socket:
    """A grey atlas map's value, or 1 where the garment has no such map."""
    image = bpy.data.images.get(name)
    if image is None:
        return 1.0
    node = tree.nodes.new("ShaderNodeTexImage")
    node.image, node.interpolation, node.extension = image, interpolation, "EXTEND"
    tree.links.new(uv, node.inputs["Vector"])
    return node.outputs["Color"]


def add_bake_target(tree: Tree) -> None:
    """The active image node that a bake writes into; it feeds nothing."""
    node = tree.nodes.new("ShaderNodeTexImage")
    node.name = "bake"
    tree.nodes.active = node


# --- nodes


def connect(tree: Tree, target: bpy.types.NodeSocket, value: Socket) -> None:
    """Link a socket, or set a number (over all channels) or a triple."""
    if isinstance(value, tuple):
        target.default_value = value
    elif isinstance(value, float):
        channels = len(target.default_value) if hasattr(target.default_value, "__len__") else 0
        target.default_value = (value,) * channels if channels else value
    else:
        tree.links.new(value, target)


def number_math(tree: Tree, operation: str, *values: Socket) -> Socket:
    """A scalar Math node's output."""
    node = tree.nodes.new("ShaderNodeMath")
    node.operation = operation
    for target, value in zip(node.inputs, values, strict=False):
        connect(tree, target, value)
    return node.outputs["Value"]


def vector_math(tree: Tree, operation: str, *values: Socket, output: str = "Vector") -> Socket:
    """A Vector Math node's output; scalars spread over all three channels."""
    node = tree.nodes.new("ShaderNodeVectorMath")
    node.operation = operation
    for target, value in zip(node.inputs, values, strict=False):
        connect(tree, target, value)
    return node.outputs[output]


# --- pictures


def render(studio: Studio, path: Path, *, azimuth: float, size: int, samples: int, seed: int = 0) -> Floats:
    """Render one denoised square view to a linear EXR at `path`; returns (size, size, 4), row 0 on top."""
    aim(studio, azimuth)
    scene = studio.scene
    scene.render.resolution_x = scene.render.resolution_y = size
    scene.render.resolution_percentage = 100
    scene.cycles.samples, scene.cycles.seed = samples, seed
    scene.cycles.use_denoising = True
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
