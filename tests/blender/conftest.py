"""What the tests with a real Blender share.  `make test-blender` runs them; without a Blender they say so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tirage.media.blender import Blender, Program, find_blender
from tirage.settings import Settings


@pytest.fixture(scope="session")
def program() -> Program:
    """The Blender of this machine; BLENDER_MISSING fails the run in one sentence."""
    return find_blender(Settings.read().blender)


@pytest.fixture(scope="session")
def blender(program: Program) -> Iterator[Blender]:
    """One warm Blender for all pictures, on two threads."""
    with Blender(program, threads=2) as found:
        yield found
