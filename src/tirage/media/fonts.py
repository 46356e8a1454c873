"""The fonts of pictures that carry text: one family, from a package with an open licence, and no others.
What a machine has installed besides never changes a picture.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from tirage.errors import UsageError

__all__ = ["BOLD", "FAMILY", "REGULAR", "SEMIBOLD", "font_file", "fonts_folder"]

FAMILY = "Source Sans Pro"
REGULAR, SEMIBOLD, BOLD = "Regular", "Semibold", "Bold"


def fonts_folder() -> Path:
    """The folder with the family's files.  UsageError: FONT_MISSING."""
    found = find_spec("font_source_sans_pro")
    if found is None or not found.submodule_search_locations:
        raise UsageError("FONT_MISSING", f"The font {FAMILY} is not installed.")
    return Path(found.submodule_search_locations[0]) / "files"


def font_file(weight: str) -> Path:
    """One weight's TrueType file."""
    return fonts_folder() / f"SourceSansPro-{weight}.ttf"
