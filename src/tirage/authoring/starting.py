"""A new source: a folder with a filled-in description, to be changed."""

from __future__ import annotations

import re
from pathlib import Path

from tirage.errors import UsageError
from tirage.media.files import staged
from tirage.mockup.description import IDENTIFIER, IDENTIFIER_MEANING

STARTER = Path(__file__).resolve().parent / "starter"
PLACEHOLDERS = (("my-template", str), ("My template", lambda name: name.replace("-", " ").capitalize()))


def start(folder: Path) -> Path:
    """Make the folder of a new source, which gives it its id; its place.

    INVALID_USAGE: the name is no id, or something lies there already."""
    name = folder.name
    if not re.fullmatch(IDENTIFIER, name):
        raise UsageError("INVALID_USAGE", f"{name[:60]!r} is no id: an id is {IDENTIFIER_MEANING}.")
    if folder.exists():
        raise UsageError("INVALID_USAGE", f"{folder} is there already.", hint="Choose another name.")
    with staged(folder) as stage:
        for path in sorted(STARTER.iterdir()):
            text = path.read_text("utf-8")
            for placeholder, spell in PLACEHOLDERS:
                text = text.replace(placeholder, spell(name))
            stage.write(path.name, text.encode())
    return folder
