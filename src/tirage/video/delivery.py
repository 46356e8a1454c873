"""Finished files in a folder, with a manifest of what each is and what it was made from.
What the folder has already, by its artifact key and its bytes, is not rendered again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import file_digest
from pathlib import Path

from tirage.media.files import Stage, WrittenFile, staged
from tirage.video.lock import Plain
from tirage.video.pipeline import Artifact, VideoOrder, make_artifacts, plan_of
from tirage.video.timeline import Format
from tirage.video.workshop import Workshop

__all__ = ["MANIFEST", "Delivered", "deliver"]

MANIFEST = "manifest.json"
VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """One format, finished."""

    format: Format
    key: str
    """Names the artifact: what it was made from and how."""
    artifacts: tuple[Artifact, ...]
    rendered: bool
    """False: it was there already."""

    def to_dict(self) -> dict[str, Plain]:
        """As the manifest has it."""
        return {
            "format": self.format.value,
            "key": self.key,
            "artifacts": [_artifact_value(artifact) for artifact in self.artifacts],
        }


def deliver(orders: Sequence[VideoOrder], out: Path, *, workshop: Workshop) -> list[Delivered]:
    """Every order's files in the folder, each format whole or not at all; those before a failure stay.

    Errors as those of make_artifacts; BadInput: OUTPUT_UNWRITABLE.
    """
    done: dict[Format, Delivered] = {found.format: found for found in _read(out)}
    made: list[Delivered] = []
    for order in orders:
        key = plan_of(order, workshop).key
        found = done.get(order.format)
        if found is None or found.key != key or not _as_written(found, out):
            with staged(out) as stage:
                artifacts = tuple(make_artifacts(order, workshop=workshop, stage=stage))
                found = Delivered(format=order.format, key=key, artifacts=artifacts, rendered=True)
                done[order.format] = found
                _write(stage, order, done)
        made.append(found)
    workshop.shelf.tidy()
    return made


def _write(stage: Stage, order: VideoOrder, done: dict[Format, Delivered]) -> None:
    value: Plain = {
        "tirage_videos": VERSION,
        "session": order.session.id,
        "lock": order.lock,
        "videos": [done[kind].to_dict() for kind in Format if kind in done],
    }
    stage.write(MANIFEST, (json.dumps(value, indent=2) + "\n").encode())


def _read(out: Path) -> Iterator[Delivered]:
    """What an earlier manifest speaks of; nothing where there is none that can be read."""
    try:
        value = json.loads((out / MANIFEST).read_bytes())
        if value["tirage_videos"] != VERSION:
            return
        for video in value["videos"]:
            yield Delivered(
                format=Format(video["format"]),
                key=video["key"],
                artifacts=tuple(_artifact(item) for item in video["artifacts"]),
                rendered=False,
            )
    except (OSError, ValueError, KeyError, TypeError):
        return


def _as_written(found: Delivered, out: Path) -> bool:
    """Whether the files are there, byte for byte."""
    for artifact in found.artifacts:
        try:
            with (out / Path(artifact.file.name).name).open("rb") as file:
                if file_digest(file, "sha256").hexdigest() != artifact.file.sha256:
                    return False
        except OSError:
            return False
    return bool(found.artifacts)


def _artifact_value(artifact: Artifact) -> dict[str, Plain]:
    value: dict[str, Plain] = {
        "role": artifact.role,
        "name": artifact.file.name,
        "bytes": artifact.file.bytes,
        "sha256": artifact.file.sha256,
    }
    if artifact.width:
        value |= {"width": artifact.width, "height": artifact.height}
    if artifact.duration:
        value |= {"fps": str(artifact.fps), "duration": str(artifact.duration)}
    return value


def _artifact(value: dict[str, str | int]) -> Artifact:
    return Artifact(
        role=str(value["role"]),
        file=WrittenFile(str(value["name"]), int(value["bytes"]), str(value["sha256"])),
        width=int(value.get("width", 0)),
        height=int(value.get("height", 0)),
        fps=Fraction(value.get("fps", 0)),
        duration=Fraction(value.get("duration", 0)),
    )
