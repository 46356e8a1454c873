"""The cloth as Cycles sees it: fabric and prints over it, stitches, relief, sheen; rebuilt by `dress`."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from fabric import Woven, covering, light_factor, sheen_hue, weave
from nodes import Socket, Tree, connect, number_math, vector_math

from studio import Floats, Studio

PADDING = 2  # transparent pixels around a print, so that its border fades like any other edge


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """One design on a panel: linear premultiplied (h, w, 4), centre and width in cm, degrees clockwise."""

    pixels: Floats
    panel: str
    x: float
    y: float
    width: float
    rotation: float = 0.0


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


def dress(
    studio: Studio,
    *,
    colour: tuple[float, float, float],
    prints: Sequence[Print],
    fabric: str | None = None,
) -> None:
    """Rebuild the cloth: linear colour; prints lie on the outside only, the first one lowest.

    fabric: the name of one of the description's, whose pattern shows; bakes are of even cloth."""
    forget_prints()
    for side, material in studio.materials.items():
        inside = side != "outside"
        build_cloth(studio, material, colour, [] if inside else prints, fabric, inside=inside)


def forget_prints() -> None:
    """Free the pixels of earlier prints."""
    for image in list(bpy.data.images):
        if image.name.startswith("print"):
            bpy.data.images.remove(image)


def build_cloth(
    studio: Studio,
    material: bpy.types.Material,
    colour: tuple[float, float, float],
    prints: Sequence[Print],
    fabric: str | None,
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
    woven = weave(studio, tree, uv, fabric) if fabric else None
    albedo, ink = lay_prints(studio, tree, uv, woven, colour, prints)
    if not inside:  # the inside is plain: its light maps are too coarse for stitches, and it is seldom seen
        albedo = vector_math(tree, "MULTIPLY", albedo, grey_map(tree, uv, "detail", interpolation="Linear"))
        tree.links.new(bump(studio, tree, uv), cloth.inputs["Normal"])
    hue: Socket = sheen_hue(colour)
    if woven:
        factor = light_factor(tree, woven, ink, colour)
        albedo = vector_math(tree, "MULTIPLY", albedo, factor)
        hue = vector_math(tree, "MULTIPLY", factor, hue)
        connect(tree, cloth.inputs["Specular Tint"], factor)
    connect(tree, cloth.inputs["Sheen Tint"], hue)
    connect(tree, cloth.inputs["Base Color"], albedo)
    bare = number_math(tree, "SUBTRACT", 1.0, ink)
    connect(tree, cloth.inputs["Sheen Weight"], number_math(tree, "MULTIPLY", bare, look["sheen_weight"]))
    add_bake_target(tree)


def lay_prints(
    studio: Studio,
    tree: Tree,
    uv: Socket,
    woven: Woven | None,
    colour: tuple[float, float, float],
    prints: Sequence[Print],
) -> tuple[Socket, Socket]:
    """Albedo and ink coverage: every print over what lies below it, in premultiplied colour."""
    plain = tree.nodes.new("ShaderNodeRGB")
    plain.name = "fabric"
    plain.outputs[0].default_value = (*colour, 1.0)
    albedo: Socket = plain.outputs[0]
    covers = covering(tree, woven) if woven and prints else 1.0
    uncovered: Socket = 1.0
    for number, item in enumerate(prints):
        pixels, alpha = sample_print(studio, tree, woven.uv if woven else uv, item, f"print{number}")
        if woven:
            pixels = vector_math(tree, "MULTIPLY", pixels, covers)
            alpha = number_math(tree, "MULTIPLY", alpha, covers)
        rest = number_math(tree, "SUBTRACT", 1.0, alpha)
        albedo = vector_math(tree, "MULTIPLY_ADD", albedo, rest, pixels)
        uncovered = number_math(tree, "MULTIPLY", uncovered, rest)
    return albedo, number_math(tree, "SUBTRACT", 1.0, uncovered)


def sample_print(studio: Studio, tree: Tree, uv: Socket, item: Print, name: str) -> tuple[Socket, Socket]:
    """Premultiplied colour and coverage of one print, zero outside its rectangle and off its panel."""
    node = tree.nodes.new("ShaderNodeTexImage")
    node.image = print_image(item.pixels, name)
    node.interpolation, node.extension = "Linear", "CLIP"
    panels = studio.description["panels"]
    number = [panel["name"] for panel in panels].index(item.panel)
    rows = print_rows(item, panels[number]["origin"], studio.description["atlas_cm"])
    place = tree.nodes.new("ShaderNodeCombineXYZ")
    for axis, (along_u, along_v, offset) in enumerate(rows):
        dot = vector_math(tree, "DOT_PRODUCT", uv, (along_u, along_v, 0.0), output="Value")
        tree.links.new(number_math(tree, "ADD", dot, offset), place.inputs[axis])
    tree.links.new(place.outputs[0], node.inputs["Vector"])
    panel = tree.nodes.new("ShaderNodeAttribute")
    panel.attribute_name = "panel"
    distance = number_math(
        tree, "ABSOLUTE", number_math(tree, "SUBTRACT", panel.outputs["Fac"], float(number))
    )
    here = number_math(tree, "LESS_THAN", distance, 0.5)
    colour = vector_math(tree, "MULTIPLY", node.outputs["Color"], here)
    return colour, number_math(tree, "MULTIPLY", node.outputs["Alpha"], here)


def print_rows(item: Print, origin: tuple[float, float], atlas_cm: float) -> list[tuple[float, float, float]]:
    """Affine map from the atlas's UV to the padded print's UV, v up: two rows (a, b, c) of a·u + b·v + c."""
    height, width = item.pixels.shape[:2]
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
        at_zero = 0.5 + scale * (dx * -centre[0] + dy * (atlas_cm - centre[1]))
        row = (scale * dx * atlas_cm, -scale * dy * atlas_cm, at_zero)
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
