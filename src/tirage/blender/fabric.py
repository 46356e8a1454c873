"""The fabric's own pattern as shader nodes: its tile on all light from the cloth, and ink that lies in it.

What these constants and formulas mean: docs/relight.md; they are those of Tirage's own renderer."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from nodes import Socket, Tree, number_math, vector_math

from studio import Floats, Studio

INK_BARE, INK_GRIP, INK_KEEPS = 0.0, 0.5, 0.75
PATTERN_DARK, PATTERN_BRIGHT = 1.5, 0.8
YARN_WAVES = (1.5, 9.0)
INK_REACH_CM = 0.008
FINER = 2  # texels of the image across one of the tile's, for Cycles only interpolates


@dataclass(frozen=True, slots=True)
class Woven:
    """A fabric at the shaded point: its factor less 1, and the atlas position from which ink is taken."""

    pattern: Socket
    uv: Socket


def load_fabrics(folder: Path, description: dict[str, Any]) -> None:
    """Every fabric's tile, and where the first one's yarn leads ink: float images "fabric …" and "yarn"."""
    for index, (name, fabric) in enumerate(description.get("fabrics", {}).items()):
        tile = bpy.data.images.load(str(folder / fabric["file"]))
        tile.colorspace_settings.name = "Non-Color"
        side = tile.size[0]
        pixels = np.empty(side * side * 4, np.float32)
        tile.pixels.foreach_get(pixels)
        bpy.data.images.remove(tile)
        codes = pixels.reshape(side, side, 4)[::-1, :, 0]
        factor = codes / codes.mean()
        add_image(f"fabric {name}", np.repeat(interpolated(factor)[..., None], 4, axis=2))
        if index == 0:
            add_image(
                "yarn", np.stack([interpolated(field) for field in yarn(factor, fabric["size_cm"])], axis=-1)
            )


def interpolated(tile: Floats) -> Floats:
    """A repeating tile in finer texels, so much stronger that it is as it was when they are interpolated."""
    side, finer = len(tile), len(tile) * FINER
    waves = np.fft.fftfreq(side) * side
    blur = np.sinc(waves / finer) ** 2
    shift = np.exp(1j * np.pi * waves * (1 / finer - 1 / side))
    shift[side // 2] = 0  # waves of two texels have no place
    spectrum = np.zeros((finer, finer), np.complex128)
    at = waves.astype(int)
    spectrum[np.ix_(at, at)] = np.fft.fft2(tile) * np.outer(shift / blur, shift / blur)
    return np.asarray(np.fft.ifft2(spectrum).real * FINER**2, np.float32)


def yarn(factor: Floats, size_cm: float) -> Floats:
    """Two fields of the tile's unevenness, each of deviation 1, as the first two of four channels."""
    side = len(factor)
    waves = np.fft.fftfreq(side) * side / size_cm
    per_cm = np.hypot(waves[:, None], waves[None])
    passed = (per_cm >= YARN_WAVES[0]) & (per_cm <= YARN_WAVES[1])
    field = np.fft.ifft2(np.fft.fft2(factor) * passed).real
    apart = np.roll(field, (side // 2, side // 3), axis=(0, 1))
    empty = np.zeros_like(field)
    return np.asarray(np.stack([field, apart, empty, empty]) / field.std(), np.float32)


def add_image(name: str, pixels: Floats) -> None:
    """A float image (h, w, 4), row 0 on top, whose values stay as they are."""
    height, width = pixels.shape[:2]
    image = bpy.data.images.new(name, width, height, alpha=True, float_buffer=True, is_data=True)
    image.alpha_mode = "CHANNEL_PACKED"
    image.pixels.foreach_set(np.ascontiguousarray(pixels[::-1], np.float32).ravel())
    image.update()


def weave(studio: Studio, tree: Tree, uv: Socket, name: str) -> Woven:
    """Lay a fabric's tile over the panels that are of it; prints follow the first one's yarn everywhere."""
    factor = tile_node(tree, place_on(studio, tree, uv, name), f"fabric {name}")
    pattern = number_math(tree, "SUBTRACT", factor, 1.0)
    for index, panel in enumerate(studio.description["panels"]):
        if not panel.get("fabric", True):
            pattern = number_math(tree, "MULTIPLY", pattern, off_panel(tree, index))
    reach, first = INK_REACH_CM / studio.description["atlas_cm"], next(iter(studio.description["fabrics"]))
    led = tile_node(tree, place_on(studio, tree, uv, first), "yarn")
    return Woven(pattern, vector_math(tree, "MULTIPLY_ADD", led, (reach, -reach, 0.0), uv))


def place_on(studio: Studio, tree: Tree, uv: Socket, name: str) -> Socket:
    """Where on a fabric's tile a place of the atlas lies."""
    tiles = studio.description["atlas_cm"] / studio.description["fabrics"][name]["size_cm"]
    return vector_math(tree, "MULTIPLY_ADD", uv, (tiles, tiles, 0.0), (0.0, -tiles, 0.0))


def tile_node(tree: Tree, place: Socket, name: str) -> Socket:
    """A repeating image's colour."""
    node = tree.nodes.new("ShaderNodeTexImage")
    node.image, node.interpolation, node.extension = bpy.data.images[name], "Linear", "REPEAT"
    tree.links.new(place, node.inputs["Vector"])
    return node.outputs["Color"]


def off_panel(tree: Tree, index: int) -> Socket:
    """0 on a panel, 1 elsewhere."""
    panel = tree.nodes.new("ShaderNodeAttribute")
    panel.attribute_name = "panel"
    distance = number_math(tree, "SUBTRACT", panel.outputs["Fac"], float(index))
    return number_math(tree, "GREATER_THAN", number_math(tree, "ABSOLUTE", distance), 0.5)


def covering(tree: Tree, woven: Woven) -> Socket:
    """The share of ink that covers: the valleys between stitches stay a little bare."""
    share = number_math(tree, "MULTIPLY_ADD", woven.pattern, INK_GRIP, 1.0 - INK_BARE)
    return number_math(tree, "MINIMUM", number_math(tree, "MAXIMUM", share, 0.0), 1.0)


def light_factor(tree: Tree, woven: Woven, ink: Socket, colour: tuple[float, float, float]) -> Socket:
    """The pattern's factor on light by channel, deeper where the cloth is dark; ink keeps a part of it."""
    deep = tuple(PATTERN_DARK + (PATTERN_BRIGHT - PATTERN_DARK) * channel for channel in colour)
    filled = tuple(INK_KEEPS - channel for channel in deep)
    shown = vector_math(tree, "MULTIPLY_ADD", filled, ink, deep)
    return vector_math(tree, "MULTIPLY_ADD", shown, woven.pattern, (1.0, 1.0, 1.0))


def sheen_hue(colour: tuple[float, float, float]) -> tuple[float, float, float]:
    """The sheen's colour on cloth of this albedo."""
    red, green, blue = colour
    strongest = max(colour)
    return (red / strongest, green / strongest, blue / strongest) if strongest else (1.0, 1.0, 1.0)
