"""Denoise filled light maps: light/filled/<side>.npz in, light/denoised/<side>.npz out.

Open Image Denoise runs in Blender's compositor (its bakes ignore the setting), with the baked normals as its
guide, so that stitches stay."""

import argparse
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import bpy  # noqa: E402
import numpy as np  # noqa: E402
from scene import THREADS, read_pixels  # noqa: E402
from words import words  # noqa: E402

from studio import SIDES, Floats  # noqa: E402

GUIDE = "normal"


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


def denoise_all(folder: Path) -> None:
    """Denoise every map of every side and print what each cost."""
    filled, target = folder / "light" / "filled", folder / "light" / "denoised"
    target.mkdir(parents=True, exist_ok=True)
    for side in [side for side in SIDES if (filled / f"{side}.npz").exists()]:
        maps = dict(np.load(filled / f"{side}.npz"))
        normals = maps.pop(GUIDE)
        for name, values in maps.items():
            start = time.process_time()
            maps[name] = denoise(values, normals, target / "scratch.exr")
            print(f"{name}_{side}: denoised in {time.process_time() - start:.1f} CPU-s", flush=True)
        np.savez(target / f"{side}.npz", **maps)
    (target / "scratch.exr").unlink()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where light/filled lies")
    denoise_all(parser.parse_args(words()).folder.resolve())
