"""`tirage template install | remove`: the user's own templates."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tirage.cli import report
from tirage.cli.templates import package_of
from tirage.errors import BadInput, TirageError, UsageError
from tirage.mockup import template as packages
from tirage.mockup.model import Template
from tirage.settings import Settings

if TYPE_CHECKING:
    from tirage.authoring.installed import Change
    from tirage.authoring.upgrade import Impact


def install(package: Path, *, yes: bool, force: bool, json: bool) -> None:
    """Installs a package, after saying what it changes when there is a template of its id.

    TEMPLATE_REPLACES: nobody has agreed to that. TEMPLATE_OLDER: it is no newer, and not forced."""
    from tirage.authoring.installed import Change, change, opened, put

    folder = _own_folder()
    with opened(package, folder) as new:
        old = _present(new.info.id)
        kind = change(old, new)
        if kind is Change.SAME and old is not None and old.info.folder.parent == folder:
            _tell(new, folder / new.info.id, kind, None, json=json)
            return
        changes = None
        if old and kind is not Change.SAME:
            if not force:
                _refuse_older(old, new, kind)
            changes = _impact(old, new)
            _show_impact(old, new, changes, quiet=json)
            if not (yes or force):
                _ask(old, new, quiet=json)
        place = put(new, folder)
    _tell(new, place, kind, changes, json=json)


def remove(name: str, *, json: bool) -> None:
    """Removes one of the user's own templates."""
    from tirage.authoring import installed

    place = installed.remove(name, _own_folder())
    if json:
        report.show_json({"id": name, "removed": str(place)})
    else:
        typer.echo(f"{place} is removed.")


def _own_folder() -> Path:
    folders = Settings.read().templates
    if not folders:
        message = "There is no folder for templates of one's own: this user has no home."
        raise UsageError("INVALID_SETTING", message, hint="Set TIRAGE_TEMPLATES to a folder.")
    return folders[0]


def _present(name: str) -> Template | None:
    """The template that an order of this id gets now; None as well when it cannot be used anyway."""
    try:
        return packages.load(package_of(name, Settings.read()))
    except TirageError:
        return None


def _impact(old: Template, new: Template) -> Impact:
    from tirage.authoring.upgrade import impact

    return impact(old, new)


def _show_impact(old: Template, new: Template, impact: Impact, *, quiet: bool) -> None:
    if quiet:
        return
    typer.echo(f"{new.info.id} {old.info.version} is there; {new.info.version} changes:")
    for view in impact.views:
        typer.echo(f"  {view.view}: {view.apart}" + ("" if view.changed else ", the same"))
    count = sum(view.changed for view in impact.views)
    typer.echo(f"  {count} of {len(impact.views)} views change")
    for title, names in (("gone or moved", impact.gone), ("new", impact.new)):
        if names:
            typer.echo(f"  {title}: {', '.join(names)}")


def _refuse_older(old: Template, new: Template, kind: Change) -> None:
    from tirage.authoring.installed import Change

    versions = f"{new.info.id} {old.info.version} is there, and this package is {new.info.version}"
    if kind is Change.DOWNGRADE:
        raise BadInput("TEMPLATE_OLDER", f"{versions}, which is older.")
    if kind is Change.ALTERED:
        raise BadInput("TEMPLATE_OLDER", f"{versions} too, with another content.")


def _ask(old: Template, new: Template, *, quiet: bool) -> None:
    """Returns when somebody at a terminal agrees."""
    if quiet or not sys.stdin.isatty() or not typer.confirm("Install it?"):
        message = f"{new.info.id} {old.info.version} stays: nobody agreed to replace it."
        raise BadInput("TEMPLATE_REPLACES", message)


def _tell(new: Template, place: Path, kind: Change, impact: Impact | None, *, json: bool) -> None:
    from tirage.authoring.installed import Change

    info = new.info
    if json:
        views = (
            [{"view": v.view, **asdict(v.apart), "changed": v.changed} for v in impact.views]
            if impact
            else []
        )
        report.show_json(
            {
                "id": info.id,
                "version": info.version,
                "content_sha256": info.content_sha256,
                "folder": str(place),
                "change": kind,
                "views": views,
                "gone": list(impact.gone) if impact else [],
                "new": list(impact.new) if impact else [],
            }
        )
    elif kind is Change.SAME:
        typer.echo(f"{info.id} {info.version} is installed: {place}")
    else:
        typer.echo(f"Installed {info.id} {info.version}: {place}")
