"""`tirage template new | preview | bake | pack`: making templates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tirage.cli import report
from tirage.cli.templates import package_of
from tirage.errors import UsageError
from tirage.mockup import template as packages
from tirage.settings import Settings

if TYPE_CHECKING:
    from tirage.authoring.steps import Job

CHECKOUT = Path(__file__).resolve().parents[3]
"""The repository's root, when this is an editable install."""


def new(folder: Path) -> None:
    """Makes a folder for a new template's source."""
    from tirage.authoring.starting import start

    typer.echo(f"{start(folder.absolute())}: read its README.md")


def bake(name: str, *, out: Path | None, quality: float, first: str) -> None:
    """Makes a package of a source, as `_job` finds it, from the step `first` on.

    UsageError: there is no such step."""
    from tirage.authoring.steps import Step, make

    if first not in set(Step):
        message = f"Baking has no step {first[:60]!r}."
        raise UsageError("INVALID_USAGE", message, hint="The steps are " + ", ".join(Step) + ".")
    make(_job(name, out=out, quality=quality), first=Step(first))


def preview(name: str) -> None:
    """Renders a source, as `_job` finds it, from six angles before anything is baked."""
    from tirage.authoring import steps

    typer.echo(steps.preview(_job(name)))


def _job(name: str, *, out: Path | None = None, quality: float = 1) -> Job:
    """A source given by its folder or, in a checkout, by its name under templates/.

    UsageError: BLENDER_MISSING. TEMPLATE_NOT_FOUND: there is no such source."""
    from tirage.authoring.source import Source
    from tirage.authoring.steps import Job
    from tirage.media.blender import find_blender

    ours = CHECKOUT / "templates" / name
    source = Source.open(ours if ours.is_dir() else Path(name).absolute())
    program = find_blender(Settings.read().blender)
    usual = packages.BUILT_IN / name if ours.is_dir() else source.build / "package"
    target = (out or usual).absolute()
    return Job(source=source, program=program, target=target, say=typer.echo, quality=quality)


def pack(name: str, *, out: Path | None) -> None:
    """Writes a sound package, given by id or folder, as one file."""
    from tirage.authoring.archive import SUFFIX, archive
    from tirage.media.files import staged

    template = packages.load(package_of(name, Settings.read()))
    info = template.info
    path = (out or Path(f"{info.id}-{info.version}{SUFFIX}")).absolute()
    data = archive(info.folder)
    with staged(path.parent) as stage:
        stage.write(path.name, data)
    typer.echo(f"{path}  {report.size(len(data))}, content {info.content_sha256[:16]}")
