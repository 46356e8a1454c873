"""What a program was told: Blender's own words come first, up to the two dashes."""

import sys


def words() -> list[str]:
    """The words for the program itself."""
    return sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
