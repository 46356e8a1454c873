"""The `tirage template` commands."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import typer

from tirage.cli import report
from tirage.errors import Severity
from tirage.mockup import template as packages
from tirage.mockup.model import Panel, Template
from tirage.settings import Settings

BAD = 2


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
    """Every finding of a package, its golden pictures compared; 2 when one finding is an error."""
    from tirage.authoring import goldens

    path = package_of(name, Settings.read())
    found = packages.check(path)
    errors = [one for one in found if one.severity is Severity.ERROR]
    compared = {} if errors else goldens.compare(packages.load(path))
    found += goldens.findings(compared)
    if json:
        pictures = {golden.view: asdict(difference) for golden, difference in compared.items()}
        report.show_json(
            {
                "folder": str(path),
                "sound": not errors,
                "findings": [asdict(one) for one in found],
                "goldens": pictures,
            }
        )
        return BAD if errors else 0
    for golden, difference in compared.items():
        typer.echo(f"{golden.view}: {difference} from the package's own picture")
    for one in found:
        typer.echo(f"{one.severity}: {one.where}: {one.message} [{one.code}]")
    typer.echo(f"{path} is sound." if not found else f"{path}: {len(found)} findings, {len(errors)} errors.")
    return BAD if errors else 0
