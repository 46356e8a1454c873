from pathlib import Path

import pytest

from tirage.media.ffmpeg import find_ffmpeg
from tirage.video.session import Session
from tirage.video.shelf import Shelf
from tirage.video.workshop import Workshop
from video.filmed import a_session


@pytest.fixture(scope="session")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Six seconds of three cameras at 30 frames a second."""
    return a_session(tmp_path_factory.mktemp("filmed"))


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(ffmpeg=find_ffmpeg(), shelf=Shelf(tmp_path / "shelf"), workers=2)
