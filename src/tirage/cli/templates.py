"""The `tirage template` commands."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tirage.cli import report
from tirage.errors import Severity, UsageError
from tirage.mockup import template as packages
from tirage.mockup.model import Panel, Template
from tirage.settings import Settings

if TYPE_CHECKING:
    from tirage.authoring.steps import Job

BAD = 2
CHECKOUT = Path(__file__).resolve().parents[3]
"""The repository's root, when this is an editable install."""
BLENDER = CHECKOUT / ".venv-blender" / "bin" / "python"
"""The Python that `make blender` gives Blender to."""


def package_of(name: str, settings: Settings) -> Path:
    """The folder of a template given by id or path: the user's folders first, then the built-in ones."""
    if "/" in name or name.startswith("."):
        return Path(name)
    folder = next((f for f in settings.templates if (f / name / packages.DESCRIPTION).is_file()), None)
    return packages.find(name, folder=folder)


def list_all(*, json: bool) -> None:
    """Ids, names, versions."""
    found: dict[str, Path] = {}
    for folder in (*reversed(Settings.read().templates), None):
        found = {**packages.available(folder=folder), **found}
    loaded = {name: packages.load(path) for name, path in sorted(found.items())}
    if json:
        entries = [
            {"id": name, "name": t.info.name, "version": t.info.version, "folder": str(t.info.folder)}
            for name, t in loaded.items()
        ]
        report.show_json({"templates": entries})
        return
    for name, template in loaded.items():
        typer.echo(f"{name}  {template.info.name} {template.info.version}  {template.info.folder}")


def show(name: str, *, json: bool) -> None:
    """What an order on this template can name."""
    template = packages.load(package_of(name, Settings.read()))
    if json:
        report.show_json(_entry(template))
        return
    info = template.info
    typer.echo(f"{info.id}: {info.name} {info.version}, {info.licence}\n{info.folder}")
    typer.echo("panels: " + ", ".join(map(_panel_line, template.panels)))
    typer.echo("presets: " + ", ".join(template.presets))
    typer.echo("views: " + ", ".join(view.name for view in template.views))
    typer.echo("colours: " + ", ".join(f"{name} {colour.hex()}" for name, colour in template.colours.items()))


def _entry(template: Template) -> dict[str, object]:
    info = template.info
    return {
        "id": info.id,
        "name": info.name,
        "version": info.version,
        "licence": info.licence,
        "content_sha256": info.content_sha256,
        "folder": str(info.folder),
        "panels": [{"name": p.name, "print_area": p.print_area, "hem_y": p.hem_y} for p in template.panels],
        "presets": {preset.value: asdict(rule) for preset, rule in template.presets.items()},
        "views": [{"name": view.name, "azimuth": view.azimuth} for view in template.views],
        "colours": {name: colour.hex() for name, colour in template.colours.items()},
    }


def _panel_line(panel: Panel) -> str:
    if panel.print_area is None:
        return panel.name
    left, top, right, bottom = panel.print_area
    return f"{panel.name} (prints {right - left:g} × {bottom - top:g} cm)"


def check(name: str, *, json: bool) -> int:
    """Every finding of a package; 2 when one is an error."""
    path = package_of(name, Settings.read())
    found = packages.check(path)
    errors = [one for one in found if one.severity is Severity.ERROR]
    if json:
        report.show_json(
            {"folder": str(path), "sound": not errors, "findings": [asdict(one) for one in found]}
        )
    else:
        for one in found:
            typer.echo(f"{one.severity}: {one.where}: {one.message} [{one.code}]")
        typer.echo(
            f"{path} is sound." if not found else f"{path}: {len(found)} findings, {len(errors)} errors."
        )
    return BAD if errors else 0


def bake(name: str, *, out: Path | None, quality: float, first: str) -> None:
    """Makes a package of a source, as `_job` finds it, from the step `first` on.

    UsageError: there is no such step."""
    from tirage.authoring.steps import Step, make

    if first not in set(Step):
        message = f"Baking has no step {first[:60]!r}."
        raise UsageError("INVALID_USAGE", message, hint="The steps are " + ", ".join(Step) + ".")
    make(_job(name, out=out, quality=quality), first=Step(first), say=typer.echo)


def preview(name: str) -> None:
    """Renders a source, as `_job` finds it, from six angles before anything is baked."""
    from tirage.authoring import steps

    typer.echo(steps.preview(_job(name)))


def _job(name: str, *, out: Path | None = None, quality: float = 1) -> Job:
    """A source given by its folder or, in a checkout, by its name under templates/.

    UsageError: there is no Blender. TEMPLATE_NOT_FOUND: there is no such source."""
    from tirage.authoring.source import Source
    from tirage.authoring.steps import Job

    ours = CHECKOUT / "templates" / name
    source = Source.open(ours if ours.is_dir() else Path(name).absolute())
    if not BLENDER.is_file():
        message = f"Baking runs in Blender, and {BLENDER} is not there."
        raise UsageError("INVALID_USAGE", message, hint="Run `make blender` first (about 1 GB).")
    usual = packages.BUILT_IN / name if ours.is_dir() else source.build / "package"
    return Job(source=source, python=BLENDER, target=(out or usual).absolute(), quality=quality)
