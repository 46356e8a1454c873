"""A real Remotion draws an edit in a real browser: every frame is the one that the edit names, and proved."""

from dataclasses import replace
from pathlib import Path

import pytest

from tirage.media.browser import find_browser
from tirage.media.ffmpeg import find_ffmpeg
from tirage.media.remotion import find_remotion
from tirage.video.shelf import Shelf
from tirage.video.spec import CaptionStyle
from tirage.video.timeline import CaptionTrack, Cue, Graphic
from tirage.video.workshop import Workshop
from video.filmed import a_session
from video.showing import SMALL, assert_as_edited, cuts, made, order

PROJECT = Path(__file__).resolve().parents[2] / "bench" / "remotion"


@pytest.mark.rows("R185")
def test_every_frame_is_the_one_that_the_edit_names(tmp_path: Path) -> None:
    session = a_session(tmp_path, seconds=3)
    edl = replace(
        cuts(session, 37, 21),
        graphics=(
            Graphic(template="lower-third", fields=(("name", "Ada"),), record_in=5, length=20, fade=4),
        ),
        captions=(CaptionTrack(language="en", cues=(Cue(start=0, end=900, text="Hello"),)),),
    )
    asked = order(session, edl, options=replace(SMALL, captions=CaptionStyle.SOFT))
    told: list[tuple[str, int, int]] = []
    workshop = Workshop(
        ffmpeg=find_ffmpeg(),
        shelf=Shelf(tmp_path / "shelf"),
        remotion=find_remotion(PROJECT, browser=find_browser()),
        workers=1,
        progress=lambda *words: told.append(words),
    )
    (video, *_) = made(asked, workshop, tmp_path / "out")
    assert (video.width, video.height, video.fps, video.duration * 30) == (320, 180, 30, 58)
    assert_as_edited(asked, tmp_path / "out" / "full_16_9.mp4")
    assert ("frames", 58, 58) in told
