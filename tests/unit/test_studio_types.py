"""The web interface's types are those of the routes as they are."""

from __future__ import annotations

from studio_types import TARGET, heading


def test_the_types_are_of_this_description() -> None:
    """`make studio-types` writes them again."""
    with TARGET.open() as file:
        assert file.readline() == heading()
