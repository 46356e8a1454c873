"""Makes .blend files that try to run something, or to read what is not theirs; and opens them in good faith.

Runs inside Blender as its programs do.  Whatever runs of a file leaves a canary in the working folder."""

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src" / "tirage" / "blender"))

import bpy
from lines import Line

SCRIPT = "open('canary', 'a').write('ran')\n"
EXPRESSION = "len([open('canary', 'a').write('ran')])"


def fresh() -> bpy.types.Scene:
    """An empty file with a plane in it, of a material with nodes."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.mesh.primitive_plane_add()
    material = bpy.data.materials.new("cloth")
    material.use_nodes = True
    bpy.context.object.data.materials.append(material)
    return bpy.context.scene


def nodes() -> Any:  # noqa: ANN401 – bpy is untyped
    return bpy.data.materials["cloth"].node_tree.nodes


def registered(_outside: Path) -> None:
    """A text that Blender runs when it loads the file."""
    fresh()
    text = bpy.data.texts.new("startup.py")
    text.write(SCRIPT)
    text.use_module = True


def driver(_outside: Path) -> None:
    """A driver whose expression is Python."""
    fresh()
    bpy.context.object.driver_add("location", 0).driver.expression = EXPRESSION


def node_driver(_outside: Path) -> None:
    """The same within a material's nodes."""
    fresh()
    socket = nodes()["Principled BSDF"].inputs["Roughness"]
    socket.driver_add("default_value").driver.expression = EXPRESSION


def freestyle(_outside: Path) -> None:
    """A style script, which runs when a picture is rendered."""
    scene = fresh()
    scene.render.use_freestyle = True
    text = bpy.data.texts.new("style.py")
    text.write(SCRIPT)
    layer = scene.view_layers[0]
    layer.use_freestyle = True
    layer.freestyle_settings.mode = "SCRIPT"
    layer.freestyle_settings.modules.new().script = text


def open_shading(_outside: Path) -> None:
    """A node in Open Shading Language."""
    fresh()
    nodes().new("ShaderNodeScript")


def library(outside: Path) -> None:
    """An object that is linked from a file elsewhere."""
    fresh()
    bpy.ops.wm.save_as_mainfile(filepath=str(outside / "elsewhere.blend"))
    fresh()
    with bpy.data.libraries.load(str(outside / "elsewhere.blend"), link=True) as (source, target):
        target.objects = list(source.objects)
    bpy.context.scene.collection.objects.link(target.objects[0])


def pipe(outside: Path) -> None:
    """The same, and the file elsewhere is a pipe that nobody ever writes to."""
    library(outside)
    (outside / "elsewhere.blend").rename(outside / "kept.blend")
    bpy.data.libraries[0].filepath = str(outside / "pipe.blend")
    os.mkfifo(outside / "pipe.blend")


def picture(outside: Path) -> None:
    """A texture that lies elsewhere."""
    fresh()
    image = bpy.data.images.new("secret", 4, 4)
    image.filepath_raw, image.file_format = str(outside / "secret.png"), "PNG"
    image.save()
    image.source = "FILE"
    nodes().new("ShaderNodeTexImage").image = image


def harmless(_outside: Path) -> None:
    """Nothing bad: a text that is not registered, a driver that Blender evaluates by itself."""
    fresh()
    bpy.data.texts.new("notes").write("buy cotton")
    bpy.context.object.driver_add("location", 0).driver.expression = "frame / 24 + sin(2)"


MAKERS: tuple[Callable[[Path], None], ...] = (
    registered,
    driver,
    node_driver,
    freestyle,
    open_shading,
    library,
    pipe,
    picture,
    harmless,
)


def make(*, folder: str, outside: str) -> dict[str, Any]:
    """Every file, under its maker's name."""
    for maker in MAKERS:
        maker(Path(outside))
        path = Path(folder) / f"{maker.__name__}.blend"
        bpy.ops.wm.save_as_mainfile(filepath=str(path), relative_remap=False)
    (Path(folder) / "damaged.blend").write_bytes((Path(folder) / "harmless.blend").read_bytes()[:1500])
    return {}


def trust(*, file: str) -> dict[str, Any]:
    """Opens a file as somebody does who trusts it, and renders it; whether something of it ran."""
    Path("canary").unlink(missing_ok=True)
    bpy.ops.wm.open_mainfile(filepath=file, use_scripts=True)
    scene = bpy.context.scene
    scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(scene.camera)
    scene.camera.location.z = 3
    scene.render.engine, scene.cycles.samples = "CYCLES", 1
    scene.render.resolution_x = scene.render.resolution_y = 16
    bpy.ops.render.render()
    return {"ran": Path("canary").exists()}


def look(*, paths: list[str]) -> dict[str, Any]:
    """What can be seen from inside: which of the paths hold files, how many processes, which networks."""
    held = [
        path
        for path in paths
        if Path(path).is_dir() and any(child.is_file() for child in Path(path).iterdir())
    ]
    return {
        "files": held,
        "processes": len([*Path("/proc").glob("[0-9]*")]),
        "network": [name for _, name in socket.if_nameindex()],
    }


if __name__ == "__main__":
    Line().serve(
        {"make": make, "trust": trust, "look": look},
        blender=list(bpy.app.version),
        name=bpy.app.version_string,
    )
