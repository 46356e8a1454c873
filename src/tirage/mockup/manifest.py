"""What was made of an order, as manifest.json: designs, places, colours, renderer, files with their hashes.
No times and no dates: the same order on one machine gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib.metadata import version

from tirage.errors import Finding
from tirage.media.files import LAST as MANIFEST_NAME
from tirage.media.files import WrittenFile
from tirage.mockup.catalogue import Preset
from tirage.mockup.model import RendererInfo, Template, TemplateInfo
from tirage.mockup.order import Art, Look, MockupOrder
from tirage.mockup.placement import Print

__all__ = ["MANIFEST_NAME", "FileEntry", "Manifest", "Role", "print_name"]

FORMAT = 1
"""Raised when a reader of the file would have to change."""
DIGITS = 4
"""Micrometres, for lengths in centimetres."""
Json = Mapping[str, object]


class Role(StrEnum):
    """What a file is for."""

    VIEW = "view"
    ANIMATION = "animation"
    COMPOSITED = "composited"
    PRINT = "print"
    MODEL = "model"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """One file of the folder; `view` is the camera angle's name, `placement` counts from 1.

    A model has no width and height in pixels.
    """

    name: str
    role: Role
    width: int | None = None
    height: int | None = None
    bytes: int
    sha256: str
    view: str | None = None
    placement: int | None = None
    frames: int | None = None

    @classmethod
    def of(
        cls,
        written: WrittenFile,
        role: Role,
        *,
        width: int | None = None,
        height: int | None = None,
        view: str | None = None,
        placement: int | None = None,
        frames: int | None = None,
    ) -> FileEntry:
        """The entry of a staged file."""
        return cls(
            name=written.name,
            role=role,
            width=width,
            height=height,
            bytes=written.bytes,
            sha256=written.sha256,
            view=view,
            placement=placement,
            frames=frames,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The whole file, typed; `to_json` is what is written."""

    renderer: RendererInfo
    template: TemplateInfo
    look: Json
    designs: Sequence[Json]
    placements: Sequence[Json]
    files: Sequence[FileEntry]
    findings: Sequence[Finding]

    @classmethod
    def of(
        cls,
        *,
        order: MockupOrder,
        look: Look,
        renderer: RendererInfo,
        template: Template,
        prints: Sequence[Print],
        files: Sequence[FileEntry],
        findings: Sequence[Finding],
    ) -> Manifest:
        """The manifest of an order whose files are staged; `prints` in the order of its arts."""
        return cls(
            renderer=renderer,
            template=template.info,
            look=_look_entry(order, look),
            designs=_design_entries(prints),
            placements=[_placement_entry(*pair) for pair in zip(order.arts, prints, strict=True)],
            files=files,
            findings=findings,
        )

    def to_dict(self) -> dict[str, object]:
        """Plain values in the order of the file."""
        template = self.template
        return {
            "format": FORMAT,
            "renderer": {
                "name": self.renderer.name,
                "version": self.renderer.version,
                "settings": dict(self.renderer.settings),
            },
            "template": {
                "id": template.id,
                "version": template.version,
                "content_sha256": template.content_sha256,
            },
            "look": dict(self.look),
            "designs": [dict(design) for design in self.designs],
            "placements": [dict(placement) for placement in self.placements],
            "files": [_without_none(asdict(file)) for file in self.files],
            "findings": [asdict(finding) for finding in self.findings],
        }

    def order_key(self) -> str:
        """In hex: equal in orders whose files come out the same, byte for byte, from the same Tirage.

        It is made of everything but the files, so it is known before there are any.
        """
        content = {**self.to_dict(), "files": None, "tirage": version("tirage")}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def to_json(self) -> bytes:
        """UTF-8, two blanks of indent, a line end."""
        return (json.dumps(self.to_dict(), indent=2, ensure_ascii=False) + "\n").encode()


def _look_entry(order: MockupOrder, look: Look) -> Json:
    """Colours as ordered and as #rrggbb, and what the pictures are."""
    return {
        "colour": {"ordered": order.colour, "hex": look.colour.hex()},
        "background": look.background.hex() if look.background else "transparent",
        "mode": order.mode,
        "size": order.size,
        "format": order.format,
    }


def _design_entries(prints: Sequence[Print]) -> list[Json]:
    """Every design once, by the hash of its bytes, in the order of its first print."""
    unique = {print_.design.sha256: print_.design for print_ in prints}
    return [
        {
            "name": design.name,
            "sha256": design.sha256,
            "bytes": design.bytes_size,
            "kind": design.kind,
            "width": design.width,
            "height": design.height,
        }
        for design in unique.values()
    ]


def _placement_entry(art: Art, print_: Print) -> Json:
    """Where a print lies on its flat panel, in centimetres: centre, size before rotation."""
    place = print_.art
    return {
        "design": print_.design.sha256,
        "preset": art.where if isinstance(art.where, Preset) else None,
        "panel": place.panel,
        "x": round(place.x, DIGITS),
        "y": round(place.y, DIGITS),
        "width": round(place.width, DIGITS),
        "height": round(place.height, DIGITS),
        "rotation": round(place.rotation, DIGITS),
        "dpi": round(print_.dpi, 1),
    }


def print_name(number: int) -> str:
    """The print file of the placement that counts as `number`, from 1."""
    return "print.png" if number == 1 else f"print_{number}.png"


def _without_none(values: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in values.items() if value is not None}
