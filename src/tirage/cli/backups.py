"""`tirage backup` and `tirage restore`: this machine's data as a folder, and back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tirage import __version__
from tirage.cli import report
from tirage.cli.parts import needed
from tirage.settings import Settings

if TYPE_CHECKING:
    from tirage.stores.backup import BackUp


def make(folder: Path, *, json: bool) -> None:
    """The database stays at its schema: nothing is migrated before it is copied."""
    with needed():
        from tirage.stores.backup import back_up
        from tirage.stores.blobs import open_blobs
    settings = Settings.read()
    made = back_up(settings.database_url, open_blobs(settings.storage_url), folder, version=__version__)
    _tell(made, f"backed up to {folder}", json=json)


def restore(folder: Path, *, json: bool) -> None:
    """The next command that needs the database brings it to this version's schema."""
    with needed():
        from tirage.stores import backup
        from tirage.stores.blobs import open_blobs
    settings = Settings.read()
    made = backup.restore(folder, settings.database_url, open_blobs(settings.storage_url))
    _tell(made, "restored; look at it with `tirage doctor --verify`", json=json)


def _tell(made: BackUp, done: str, *, json: bool) -> None:
    if json:
        report.show_json(asdict(made))
    else:
        typer.echo(f"{made.files} files, {report.size(made.bytes)}, schema {made.schema}: {done}.")
