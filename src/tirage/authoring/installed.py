"""The folder of a user's own templates: packages are checked beside it and then put into it whole.

One process at a time changes it; those that only read see the version before or the one after."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from secrets import token_hex

from tirage.authoring.archive import unpack
from tirage.errors import NotFound
from tirage.media.files import disk_errors, uninterrupted
from tirage.mockup.description import IDENTIFIER
from tirage.mockup.model import Template
from tirage.mockup.template import DESCRIPTION, find, load, read_package

WORKSHOP = ".install"
"""Inside the folder, where nobody takes what lies deeper for a template."""
BEFORE = ".before"


class Change(StrEnum):
    """What installing a package means for whoever uses the template."""

    NEW = "new"
    SAME = "same"
    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    ALTERED = "altered"
    """Another content under the same version."""


@contextmanager
def opened(package: Path, folder: Path) -> Iterator[Template]:
    """A package, a folder or packed, copied beside where it shall go, and sound.

    TEMPLATE_NOT_FOUND, or TEMPLATE_INVALID with every finding; what was copied goes when the block ends."""
    with disk_errors(folder), _locked(folder) as workshop:
        files = read_package(package) if package.is_dir() else unpack(package)
        copy = workshop / token_hex(6) / package.name  # which is what messages call it
        copy.mkdir(parents=True)
        for name, data in files.items():
            (copy / name).write_bytes(data)
        yield load(copy)


def change(old: Template | None, new: Template) -> Change:
    """What replaces what."""
    if old is None:
        return Change.NEW
    if old.info.content_sha256 == new.info.content_sha256:
        return Change.SAME
    before, after = ([int(part) for part in template.info.version.split(".")] for template in (old, new))
    if before == after:
        return Change.ALTERED
    return Change.UPGRADE if after > before else Change.DOWNGRADE


def put(template: Template, folder: Path) -> Path:
    """Move an opened package into the folder, in place of one of the same id; its place."""
    place = folder / template.info.id
    before = folder / WORKSHOP / f"{template.info.id}{BEFORE}"
    with uninterrupted():
        if place.is_dir():
            place.rename(before)
        template.info.folder.rename(place)
    shutil.rmtree(before, ignore_errors=True)
    return place


def remove(name: str, folder: Path) -> Path:
    """Take a template out of the folder; where it was. TEMPLATE_NOT_FOUND: there is none."""
    place = folder / name
    if not re.fullmatch(IDENTIFIER, name) or not (place / DESCRIPTION).is_file():
        hint = "It comes with Tirage, and stays." if _comes_with_tirage(name) else None
        raise NotFound("TEMPLATE_NOT_FOUND", f"There is no template {name[:60]!r} in {folder}.", hint=hint)
    with disk_errors(folder), _locked(folder) as workshop:
        place.rename(workshop / token_hex(6))
    return place


def _comes_with_tirage(name: str) -> bool:
    try:
        find(name)
    except NotFound:
        return False
    return True


@contextmanager
def _locked(folder: Path) -> Iterator[Path]:
    """The workshop, for this process alone, emptied before and after."""
    workshop = folder / WORKSHOP
    workshop.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _recover(folder, workshop)
        yield workshop
    finally:
        _empty(workshop)
        os.close(lock)


def _recover(folder: Path, workshop: Path) -> None:
    """After a run that was killed: what it had moved out of the way goes back, unless it was replaced."""
    for before in workshop.glob(f"*{BEFORE}"):
        place = folder / before.name.removesuffix(BEFORE)
        if not place.exists():
            before.rename(place)
    _empty(workshop)


def _empty(workshop: Path) -> None:
    for left in workshop.iterdir():
        shutil.rmtree(left, ignore_errors=True)
