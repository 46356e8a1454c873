"""A template's source: a folder with a description and, in `build`, the garment and its maps.

The description is source.toml, written by hand, or source.json with the same keys, written by a script."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tirage.errors import BadInput, NotFound
from tirage.mockup.mesh import Garment
from tirage.mockup.model import Camera, Material

READERS: dict[str, Callable[[str], Any]] = {"source.toml": tomllib.loads, "source.json": json.loads}
SCENE = ("camera", "lamps", "world", "material", "exposure", "height_range_mm")
"""The keys that Blender gets as they are."""


@dataclass(frozen=True, slots=True)
class MeshFile:
    """Somebody's own mesh: a file in the source's folder, and what it is of."""

    file: str
    solid: bool
    thickness_mm: float
    """Of a sheet."""


@dataclass(frozen=True, slots=True)
class Source:
    """One template's source folder and its description."""

    folder: Path
    file: str
    """The description's name."""
    description: dict[str, Any]

    @classmethod
    def open(cls, folder: Path) -> Source:
        """Read a folder's description. TEMPLATE_NOT_FOUND: there is none. TEMPLATE_INVALID: bad syntax."""
        for name, read in READERS.items():
            if (folder / name).is_file():
                return cls(folder, name, _read(folder / name, read))
        message = f"{folder} is no template source: it has neither {' nor '.join(READERS)}."
        raise NotFound("TEMPLATE_NOT_FOUND", message)

    @property
    def build(self) -> Path:
        """Where everything lies that can be made again; also Blender's scene folder."""
        return self.folder / "build"

    @property
    def atlas_cm(self) -> float:
        """Edge of the square atlas."""
        return float(self.description["atlas_cm"])

    @property
    def camera(self) -> Camera:
        """The camera of every view."""
        return Camera(**self.description["camera"])

    @property
    def material(self) -> Material:
        """What it is made of."""
        return Material(**self.description["material"])

    @property
    def panels(self) -> list[str]:
        """The panels' names in the order of their numbers in the mesh."""
        return [panel["name"] for panel in self.description["panels"]]

    @property
    def printed(self) -> list[str]:
        """The panels with a print area."""
        return [panel["name"] for panel in self.description["panels"] if panel.get("print_area")]

    @property
    def trims_bounce(self) -> bool:
        """Whether what its trims bounce is baked in their own colours."""
        return bool(self.description.get("trims_bounce", False))

    @property
    def mesh(self) -> MeshFile | None:
        """The mesh to import; None where a script makes garment.npz."""
        given = self.description.get("mesh")
        if given is None:
            return None
        solid = given["kind"] == "solid"
        return MeshFile(given["file"], solid, 0.0 if solid else given["thickness_mm"])

    @property
    def lamps(self) -> list[str]:
        """The lamps' names in their order."""
        return [lamp["name"] for lamp in self.description["lamps"]]

    @property
    def origins(self) -> dict[str, tuple[float, float]]:
        """Where each panel's (0, 0) lies in the atlas, cm; their order is the mesh's panel numbers."""
        return {
            panel["name"]: (panel["origin"][0], panel["origin"][1]) for panel in self.description["panels"]
        }

    def garment(self) -> Garment:
        """The finished garment. TEMPLATE_NOT_FOUND: it is not there. KeyError: it is none."""
        path = self.build / "garment.npz"
        if not path.is_file():
            hint = f"Name a mesh in {self.file}, or run the scripts that make the garment."
            raise NotFound("TEMPLATE_NOT_FOUND", f"There is no garment {path}.", hint=hint)
        return Garment.load(path)

    def scene(self) -> dict[str, Any]:
        """scene.json: what Blender needs besides the mesh (metres, watts, degrees; panels in cm)."""
        keys = ("name", "origin", "fabric")
        panels = [{key: panel[key] for key in keys if key in panel} for panel in self.description["panels"]]
        own = {key: self.packaged.get(key, empty) for key, empty in (("fabrics", {}), ("trims", []))}
        head = {"atlas_cm": self.atlas_cm, "panels": panels}
        return head | {name: self.description[name] for name in SCENE} | own

    @property
    def packaged(self) -> dict[str, Any]:
        """The description with the names that the package gives to the fabrics' tiles."""
        given = self.description.get("fabrics")
        if not isinstance(given, dict):
            return self.description
        named = {
            name: fabric | {"file": f"fabric_{name}.png"} if isinstance(fabric, dict) else fabric
            for name, fabric in given.items()
        }
        return self.description | {"fabrics": named}

    def pictures(self) -> dict[str, bytes]:
        """The tiles and trims as files that go into the package. Raises OSError when one is not there."""
        tiles = {
            f"fabric_{name}.png": (self.folder / fabric["file"]).read_bytes()
            for name, fabric in self.description.get("fabrics", {}).items()
        }
        trims = self.description.get("trims", [])
        return tiles | {trim["file"]: (self.folder / trim["file"]).read_bytes() for trim in trims}


def _read(path: Path, read: Callable[[str], Any]) -> dict[str, Any]:
    try:
        content = read(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        hint = "Correct its syntax."
        raise BadInput("TEMPLATE_INVALID", f"{path} cannot be read: {str(error)[:200]}.", hint=hint) from None
    if not isinstance(content, dict):
        raise BadInput("TEMPLATE_INVALID", f"{path} cannot be read: it is no object.", hint="")
    return content
