"""The one door for .blend files of others: opens one without running anything of it, or refuses it.

Refused is whatever would run Python (registered texts, drivers, Freestyle scripts) or Open Shading Language,
and whatever names files outside its own folder. Freestyle is forced off all the same, since its scripts run
at rendering in spite of `use_scripts=False`. Loading itself reads linked libraries: the sandbox and the time
limit of the process around this one are for what a parser can be made to do."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import bpy  # noqa: E402
from lines import Line, Refused  # noqa: E402

MOST_NAMED = 10


def open_untrusted(path: Path, *, folder: Path) -> None:
    """Opens a .blend whose other files lie in `folder`. Refused: with everything that speaks against it."""
    try:
        bpy.ops.wm.open_mainfile(filepath=str(path), load_ui=False, use_scripts=False)
    except RuntimeError as error:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        words = str(error).replace(str(path), path.name).removeprefix("Error: ").strip().rstrip(".")
        raise Refused(f"Blender cannot read it ({words})") from error
    silence_freestyle()
    reasons = list(dict.fromkeys(faults(folder)))
    if reasons:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        more = f"; and {len(reasons) - MOST_NAMED} more" if len(reasons) > MOST_NAMED else ""
        raise Refused("; ".join(reasons[:MOST_NAMED]) + more)


def silence_freestyle() -> None:
    """Turns Freestyle off on every scene and view layer, and Open Shading Language with it."""
    for scene in bpy.data.scenes:
        scene.render.use_freestyle = False
        if hasattr(scene, "cycles"):
            scene.cycles.shading_system = False
        for layer in scene.view_layers:
            layer.use_freestyle = False


def faults(folder: Path) -> Iterator[str]:
    """Why the open file cannot be trusted, each reason as part of a sentence."""
    if bpy.app.autoexec_fail:
        yield f"it wants to run a script ({bpy.app.autoexec_fail_message or 'unnamed'})"
    yield from (f"the text {text.name!r} is registered to run" for text in bpy.data.texts if text.use_module)
    yield from driver_faults()
    yield from freestyle_faults()
    yield from (f"{name!r} has a script node" for name in script_nodes())
    yield from file_faults(folder)


def blocks() -> Iterator[bpy.types.ID]:
    """Every data block, and the node trees, shape keys and the like that belong to one."""
    for name in dir(bpy.data):
        collection: Any = getattr(bpy.data, name)
        if isinstance(collection, bpy.types.bpy_prop_collection):
            for block in collection:
                yield block
                embedded = [
                    getattr(block, part, None) for part in ("node_tree", "shape_keys", "master_collection")
                ]
                yield from (part for part in embedded if isinstance(part, bpy.types.ID))


def driver_faults() -> Iterator[str]:
    """Drivers with expressions that only Python can evaluate."""
    for block in blocks():
        animation = getattr(block, "animation_data", None)
        for curve in animation.drivers if animation else ():
            driver = curve.driver
            if driver and driver.type == "SCRIPTED" and not driver.is_simple_expression:
                yield f"{block.name!r} has a driver in Python"


def freestyle_faults() -> Iterator[str]:
    """Freestyle's own style scripts."""
    for scene in bpy.data.scenes:
        for layer in scene.view_layers:
            if any(module.script for module in layer.freestyle_settings.modules):
                yield f"the view layer {layer.name!r} has Freestyle scripts"


def script_nodes() -> Iterator[str]:
    """The owners of nodes in Open Shading Language."""
    for block in blocks():
        tree = block if isinstance(block, bpy.types.NodeTree) else getattr(block, "node_tree", None)
        if tree is not None and any(node.bl_idname == "ShaderNodeScript" for node in tree.nodes):
            yield block.name


def file_faults(folder: Path) -> Iterator[str]:
    """Libraries, pictures, caches, fonts and sounds that lie outside the folder."""
    inside = folder.resolve()
    named = {*bpy.utils.blend_paths(absolute=True, packed=False)}
    named |= {bpy.path.abspath(library.filepath) for library in bpy.data.libraries}
    for name in sorted(filter(None, named)):
        if inside not in Path(name).resolve().parents:
            yield f"it uses a file outside its folder ({Path(name).name})"


def inspect(*, file: str, folder: str) -> dict[str, Any]:
    """Opens a file and says what is in it."""
    open_untrusted(Path(file), folder=Path(folder))
    return {"objects": len(bpy.data.objects), "meshes": len(bpy.data.meshes)}


if __name__ == "__main__":
    Line().serve({"inspect": inspect}, blender=list(bpy.app.version), name=bpy.app.version_string)
