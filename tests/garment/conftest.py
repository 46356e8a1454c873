"""The garment's scripts are no package: tests reach them where they lie, and share one finished garment."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

TEE = Path(__file__).resolve().parents[2] / "templates" / "tee"
sys.path.insert(0, str(TEE))

from tirage.mockup.mesh import Garment  # noqa: E402


@pytest.fixture(scope="session")
def garment() -> Garment:
    """The tee, finished from the drape that the repository keeps."""
    from finish import finish, load

    return Garment(**finish(load(TEE / "data" / "drape.npz")))
