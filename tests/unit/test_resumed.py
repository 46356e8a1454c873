"""Pictures that outlive their attempt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import synthetic

from tirage.media.values import Colour
from tirage.mockup.model import Template
from tirage.mockup.resumed import Resumed
from tirage.mockup.template import load
from tirage.testing import FakeRenderer

WHITE = Colour(255, 255, 255)
SIZE = 64


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return load(synthetic.write_package(tmp_path_factory.mktemp("package")))


def stills(renderer: Resumed, azimuths: list[float]) -> list[bytes]:
    pictures = renderer.stills(prints=[], colour=WHITE, azimuths=azimuths, size=SIZE, background=WHITE)
    return [picture.tobytes() for picture in pictures]


def test_what_was_made_is_not_made_again(template: Template, tmp_path: Path) -> None:
    whole = stills(Resumed(FakeRenderer(template), tmp_path / "a"), [0, 90, 180])
    dying = FakeRenderer(template, failing_at={2: MemoryError()})
    with pytest.raises(MemoryError):
        stills(Resumed(dying, tmp_path / "b"), [0, 90, 180])
    next_one = FakeRenderer(template)
    assert stills(Resumed(next_one, tmp_path / "b"), [0, 90, 180]) == whole
    assert next_one.asked == 1


def test_what_is_not_whole_is_made_again(template: Template, tmp_path: Path) -> None:
    renderer = FakeRenderer(template)
    whole = stills(Resumed(renderer, tmp_path), [0])
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:100])
    assert stills(Resumed(renderer, tmp_path), [0]) == whole
    assert renderer.asked == 2


def test_frames_are_kept_too(template: Template, tmp_path: Path) -> None:
    renderer = FakeRenderer(template)
    for _ in range(2):
        frames = Resumed(renderer, tmp_path).turntable(
            prints=[], colour=WHITE, size=SIZE, frames=5, background=WHITE
        )
        assert [frame.shape for frame in frames] == [(SIZE, SIZE, 3)] * 5
    assert renderer.asked == 5
    assert np.load(tmp_path / "64-72.000.npy").dtype == np.uint8
