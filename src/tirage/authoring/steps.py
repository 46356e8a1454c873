"""From a source to a package, step by step; each leaves what it makes in the source's build folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from tirage.authoring.describe import check_description
from tirage.authoring.importing import import_mesh
from tirage.authoring.light import fill, settle
from tirage.authoring.maps import Mask
from tirage.authoring.package import pack
from tirage.authoring.prepare import prepare
from tirage.authoring.source import Source
from tirage.authoring.unseen import cells_seen
from tirage.errors import Failed
from tirage.media import process
from tirage.media.blender import Program

PROGRAMS = Path(__file__).resolve().parent.parent / "blender"
"""What runs inside Blender."""


class Step(StrEnum):
    """The steps in their order."""

    MESH = "mesh"
    PREPARE = "prepare"
    BAKE = "bake"
    FILL = "fill"
    DENOISE = "denoise"
    SETTLE = "settle"
    THUMBNAIL = "thumbnail"
    PACKAGE = "package"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One source on its way: which Blender, where the package goes, who is told, a factor on samples."""

    source: Source
    program: Program
    target: Path
    say: Callable[[str], None]
    quality: float = 1.0

    def blender(self, program: str, *words: str) -> None:
        """Run a program on the build folder in Blender; BAKE_FAILED when it fails."""
        dashes = [] if self.program.is_python else ["--"]
        argv = [*self.program.argv(PROGRAMS / program), *dashes, str(self.source.build), *words]
        if process.run(argv, folder=self.source.folder) != 0:
            raise Failed("BAKE_FAILED", f"{program} failed; its own words stand above.")

    def mesh(self) -> None:
        """Check the description, and import the mesh that it names, if any; tells the warnings."""
        check_description(self.source)
        mesh = self.source.mesh
        for finding in [] if mesh is None else import_mesh(self.source, mesh, self.program):
            self.say(f"{finding.severity}: {finding.message} [{finding.code}]")
        check_description(self.source, self.source.garment())  # hours of light are not for a wrong number


def seen_of(source: Source) -> Mask | None:
    """What is ever seen of a solid."""
    garment = source.garment()
    return cells_seen(garment, source.camera, source.atlas_cm) if garment.solid else None


STEPS: Mapping[Step, Callable[[Job], None]] = MappingProxyType(
    {
        Step.MESH: Job.mesh,
        Step.PREPARE: lambda job: prepare(job.source, quality=job.quality),
        Step.BAKE: lambda job: job.blender("bake.py"),
        Step.FILL: lambda job: fill(
            job.source.build,
            len(job.source.lamps),
            solid=job.source.garment().solid,
            trims=job.source.trims_bounce,
        ),
        Step.DENOISE: lambda job: job.blender("denoise.py"),
        Step.SETTLE: lambda job: settle(
            job.source.build,
            job.source.garment(),
            job.source.atlas_cm,
            trims=job.source.material if job.source.trims_bounce else None,
            seen=seen_of(job.source),
        ),
        Step.THUMBNAIL: lambda job: job.blender("preview.py", "--thumbnail"),
        Step.PACKAGE: lambda job: pack(job.source, job.target),
    }
)


def preview(job: Job) -> Path:
    """Prepare and render six angles of the garment on one sheet; where the sheet lies."""
    job.mesh()
    prepare(job.source, quality=job.quality)
    job.blender("preview.py")
    return job.source.build / "preview.png"


def make(job: Job, *, first: Step = Step.MESH) -> None:
    """Run the steps from `first` on, saying each one's name."""
    steps = list(Step)
    for step in steps[steps.index(first) :]:
        job.say(f"{step}: {job.source.folder}")
        STEPS[step](job)
