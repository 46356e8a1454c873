"""Turn noisy light bakes (build/light/raw) into the maps that ship (build/light): fill, denoise, pair.

Open Image Denoise runs in Blender's compositor with the baked normals as its guide, so that stitches stay."""

import argparse
import time
from pathlib import Path

import bpy
import numpy as np
from bake import BOUNCES, HIGH, KEPT, LOW
from maps import Floats, Mask, blur, double, grow, halve, push_pull
from numpy.typing import NDArray
from params import BUILD
from scene import THREADS, read_description, read_pixels

MOST_AGAIN = 0.95  # of bounced light, the share that meets the cloth again: noise must not make it 1
PAIR_BLUR = {"outside": 3, "inside": 2}  # box passes over the slope of the bounces, which is smooth


def shrink(covered: Mask) -> Mask:
    """The islands less their border texels, whose samples reach beyond the cloth's edge and often into it."""
    wide = np.pad(covered, 1)
    shifts = [(row, column) for row in range(3) for column in range(3)]
    height, width = covered.shape
    inner: Mask = np.logical_and.reduce([wide[r : r + height, c : c + width] for r, c in shifts])
    return inner


def gather(values: Floats, sound: Mask, reduction: int) -> tuple[Floats, Mask]:
    """(h, w, c) as the mean of the sound texels per block of reduction², and where there are any."""
    if reduction == 1:
        return values, sound
    weight = sound[..., None].astype(np.float32)
    share = halve(weight)
    mean = halve(values * weight) / np.maximum(share, 1e-6)
    return mean.astype(np.float32), share[..., 0] > 0


def add_input(tree: bpy.types.NodeTree, denoiser: bpy.types.Node, socket: str, pixels: Floats) -> None:
    """Feed (h, w, 3) pixels to one of the Denoise node's sockets."""
    height, width = pixels.shape[:2]
    image = bpy.data.images.new(socket, width, height, float_buffer=True, is_data=True)
    opaque = np.concatenate([pixels, np.ones((height, width, 1), np.float32)], axis=2)
    image.pixels.foreach_set(np.ascontiguousarray(opaque[::-1], np.float32).ravel())
    image.update()
    node = tree.nodes.new("CompositorNodeImage")
    node.image = image
    tree.links.new(node.outputs["Image"], denoiser.inputs[socket])


def denoise(values: Floats, normals: Floats, scratch: Path) -> Floats:
    """Denoise a filled grey map (h, w, 1), guided by filled unit normals (h, w, 3)."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    tree = bpy.data.node_groups.new("denoise", "CompositorNodeTree")
    scene.compositing_node_group = tree
    tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
    node = tree.nodes.new("CompositorNodeDenoise")
    node.inputs["Prefilter"].default_value = "None"  # the guide is clean already
    grey = np.repeat(values, 3, axis=2)
    add_input(tree, node, "Image", grey)
    add_input(tree, node, "Albedo", np.ones_like(grey))
    add_input(tree, node, "Normal", normals)
    tree.links.new(node.outputs["Image"], tree.nodes.new("NodeGroupOutput").inputs["Image"])
    scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(scene.camera)
    render = scene.render
    render.engine, scene.cycles.samples = "CYCLES", 1
    render.threads_mode, render.threads = "FIXED", THREADS
    render.resolution_y, render.resolution_x = values.shape[:2]
    render.image_settings.file_format, render.image_settings.color_depth = "OPEN_EXR", "32"
    render.filepath = str(scratch)
    bpy.ops.render.render(write_still=True)
    return read_pixels(scratch)[..., 1:2]


def clean_side(raw: Path, side: str, names: list[str], scratch: Path) -> tuple[dict[str, Floats], Mask]:
    """Denoised maps of one side by name, filled beyond the islands, and where its faces lie."""
    encoded = np.load(raw / f"normal_{side}.npz")["pixels"]
    sound = shrink(encoded.max(axis=2) > 0)
    reduction = 1 if side == "hidden" else 2
    normals, covered = gather(encoded * 2 - 1, sound, reduction)
    normals = push_pull(normals, covered)
    maps: dict[str, Floats] = {}
    for name in names:
        values, _ = gather(np.load(raw / f"{name}_{side}.npz")["pixels"][..., None], sound, reduction)
        start = time.process_time()
        maps[name] = push_pull(denoise(push_pull(values, covered), normals, scratch), covered)
        print(f"{name}_{side}: denoised in {time.process_time() - start:.1f} CPU-s", flush=True)
    return maps, covered


def series(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 + x + x² …, a term for every bounce of a bake."""
    return np.asarray(sum(share**count for count in range(BOUNCES)), np.float64)


def pair_bounces(maps: dict[str, Floats], passes: int) -> None:
    """Replace the two bounce bakes by a pair A, B ≥ 0 with bounce(albedo) = albedo · (A + albedo · B).

    What bounces has met the cloth at least once, hence the factor; the rest is a series in albedo · R, for
    what meets it again, as often as the bake lets it. The pair is the series' chord from LOW to KEPT."""
    high, low = maps.pop("bounce_high") / HIGH, maps.pop("bounce_low") / LOW
    growth = blur(high.astype(np.float32), passes) / np.maximum(blur(low.astype(np.float32), passes), 1e-6)
    shares = np.linspace(0, MOST_AGAIN, 200)
    again = np.interp(growth, series(HIGH * shares) / series(LOW * shares), shares)
    kept = high * series(KEPT * again) / series(HIGH * again)
    slope = kept * (1 - series(LOW * again) / series(KEPT * again)) / (KEPT - LOW)
    maps["indirect_b"] = np.clip(slope, 0, kept / KEPT).astype(np.float32)
    maps["indirect_a"] = (kept - KEPT * maps["indirect_b"]).astype(np.float32)


def patch_hidden(inside: dict[str, Floats], unseen: Mask, hidden: dict[str, Floats]) -> None:
    """Where no camera looks, take the coarse map instead of what the fill made up."""
    for name, values in inside.items():
        inside[name] = np.where(unseen[..., None], double(hidden[name]), values)


def clean_all(folder: Path) -> None:
    """Write build/light/<name>_<side>.npy, (size, size) float32, for every map of the package."""
    raw, light = folder / "light" / "raw", folder / "light"
    lamps = [f"lamp{index}" for index in range(len(read_description(folder)["lamps"]))]
    names = [*lamps, "world", "bounce_high", "bounce_low"]
    sides: dict[str, tuple[dict[str, Floats], Mask]] = {}
    for side in ("outside", "inside", "hidden"):
        sides[side] = clean_side(raw, side, names, light / "scratch.exr")
        pair_bounces(sides[side][0], PAIR_BLUR.get(side, 1))
    inside, seen = sides["inside"]
    hidden = sides["hidden"][1].repeat(2, axis=0).repeat(2, axis=1)
    patch_hidden(inside, hidden & ~grow(seen), sides["hidden"][0])
    for side, islands in (("outside", sides["outside"][1]), ("inside", seen | hidden)):
        for name, values in sides[side][0].items():
            np.save(light / f"{name}_{side}.npy", np.where(grow(islands), np.maximum(values[..., 0], 0), 0))
    (light / "scratch.exr").unlink()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=BUILD, help="where build/light lies")
    clean_all(parser.parse_args().folder.resolve())
