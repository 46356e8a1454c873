"""Finished videos, decoded frame by frame and sample by sample."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from tirage.errors import Cancelled, Failed
from tirage.video.pipeline import plan_of
from tirage.video.prove import measure, prove
from tirage.video.session import Session, SyncMap
from tirage.video.smart import copied
from tirage.video.spec import CaptionStyle, Codec, Options
from tirage.video.timeline import (
    CaptionTrack,
    Cue,
    Edl,
    Event,
    Format,
    Graphic,
    Marker,
    MarkerKind,
    Output,
    Range,
)
from tirage.video.workshop import Workshop
from video.filmed import a_session, film, look
from video.showing import SMALL, assert_as_edited, cuts, made, order, smart

FORMATS = (Format.FULL, Format.SHORT, Format.CLIP)


@pytest.mark.parametrize(
    ("rate", "kind"),
    [
        ("23.976", Format.FULL),
        ("24", Format.CLIP),
        ("25", Format.SHORT),
        ("29.97", Format.CLIP),
        ("50", Format.FULL),
        ("59.94", Format.SHORT),
        ("60", Format.CLIP),
    ],
)
@pytest.mark.rows("R130", "R167")
def test_every_frame_and_click_at_every_rate(
    tmp_path: Path, workshop: Workshop, rate: str, kind: Format
) -> None:
    session = a_session(tmp_path, rate=rate, seconds=3)
    second = session.rate.nominal
    asked = order(session, cuts(session, second + 7, second // 2 - 3, second - 1), kind)
    made(asked, workshop, tmp_path / "out")
    assert_as_edited(asked, tmp_path / "out" / f"{kind}.mp4")


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.rows("R130", "R166")
def test_every_format_of_one_session(
    filmed: Session, tmp_path: Path, workshop: Workshop, kind: Format
) -> None:
    asked = order(filmed, cuts(filmed, 37, 1, 22, 45, 30), kind)
    made(asked, workshop, tmp_path / "out")
    assert_as_edited(asked, tmp_path / "out" / f"{kind}.mp4")


def test_ranges_jumps_gaps_and_what_no_event_covers(
    filmed: Session, tmp_path: Path, workshop: Workshop
) -> None:
    events = (
        Event(camera="B", source_in=90, length=40, record_in=0),
        Event(camera=None, source_in=0, length=9, record_in=40),
        Event(camera="A", source_in=7, length=50, record_in=55),
    )
    outputs = (Output(format=Format.CLIP, ranges=(Range(start=60, end=100), Range(start=25, end=58))),)
    asked = order(filmed, Edl(rate=filmed.rate, events=events, outputs=outputs), Format.CLIP)
    made(asked, workshop, tmp_path / "out")
    assert_as_edited(asked, tmp_path / "out" / "clip_1_1.mp4")


@pytest.mark.parametrize("drift", [-6000, 6000])
def test_a_drifting_camera_drops_and_repeats_frames(tmp_path: Path, workshop: Workshop, drift: int) -> None:
    session = a_session(tmp_path, seconds=4, drifts=(drift, 0, 0))
    asked = order(session, cuts(session, 100, 10))
    plan = plan_of(asked, workshop)
    assert any(placed.segment.shot and len(placed.segment.shot.runs) > 1 for placed in plan.segments)
    made(asked, workshop, tmp_path / "out")
    seen = look(tmp_path / "out" / "full_16_9.mp4", width=320, height=180)
    asset = session.assets[0]
    assert [one.frame for one in seen[:100]] == [
        asset.sync.media_frame(at, session.rate) for at in range(100)
    ]


@pytest.mark.rows("R167")
def test_a_smart_render_is_the_full_one_frame_for_frame(
    filmed: Session, tmp_path: Path, workshop: Workshop
) -> None:
    asked = order(filmed, cuts(filmed, 70, 49, 45), options=smart())
    plan = plan_of(asked, workshop)
    copies = sum(placed.segment.length for placed in plan.segments if placed.key in copied(plan))
    assert copies >= 60
    coded = []
    listening = replace(workshop, progress=lambda what, _, total: coded.append((what, total)))
    made(asked, listening, tmp_path / "out")
    assert {total for what, total in coded if what == "frames"} == {plan.length - copies}
    assert_as_edited(asked, tmp_path / "out" / "full_16_9.mp4")


def test_frames_with_other_parameter_sets_are_not_copied(
    filmed: Session, tmp_path: Path, workshop: Workshop
) -> None:
    baseline = film(tmp_path, 0, rate=filmed.rate, session_frames=120, sync=SyncMap(), words="-refs 4")
    session = replace(filmed, assets=(baseline, *filmed.assets[1:]))
    asked = order(session, cuts(session, 70, 40), options=smart())
    assert copied(plan_of(asked, workshop))
    made(asked, workshop, tmp_path / "out")
    assert_as_edited(asked, tmp_path / "out" / "full_16_9.mp4")


def test_a_render_that_was_stopped_goes_on_and_ends_the_same(
    filmed: Session, tmp_path: Path, workshop: Workshop
) -> None:
    asked = order(filmed, cuts(filmed, 40, 35, 60))
    made(asked, replace(workshop, workers=1), tmp_path / "whole")
    shelf = type(workshop.shelf)(tmp_path / "other")
    stopped = replace(workshop, shelf=shelf, cancelled=lambda: len(list(shelf.folder.glob("*/*.mp4"))) >= 2)
    with pytest.raises(Cancelled):
        made(asked, stopped, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    left = []
    again = replace(
        stopped, cancelled=lambda: False, progress=lambda what, _, total: left.append((what, total))
    )
    made(asked, again, tmp_path / "out")
    assert 0 < max(total for what, total in left if what == "frames") < 135
    first, second = (tmp_path / name / "full_16_9.mp4" for name in ("whole", "out"))
    assert first.read_bytes() == second.read_bytes()


def test_graphics_captions_chapters_and_dissolves(
    filmed: Session, tmp_path: Path, workshop: Workshop
) -> None:
    events = (
        Event(camera="A", source_in=0, length=40, record_in=0),
        Event(camera="B", source_in=40, length=50, record_in=40, dissolve=10),
    )
    edl = Edl(
        rate=filmed.rate,
        events=events,
        graphics=(
            Graphic(template="end-card", fields=(("title", "End"),), record_in=60, length=30, fade=6),
            Graphic(template="lower-third", fields=(("name", "Ada"),), record_in=10, length=25),
        ),
        captions=(CaptionTrack(language="en", cues=(Cue(start=0, end=1000, text="Hello"),)),),
        markers=tuple(Marker(kind=MarkerKind.CHAPTER, frame=at, name=f"at {at}") for at in (0, 40)),
    )
    asked = order(filmed, edl, options=replace(SMALL, captions=CaptionStyle.BOTH))
    video, chapters = made(asked, workshop, tmp_path / "out")
    found = measure(tmp_path / "out" / video.file.name, workshop)
    assert (found.captions, found.chapters, found.frames) == (1, 2, 90)
    assert (tmp_path / "out" / chapters.file.name).read_text() == "00:00:00 at 0\n00:00:01 at 40\n"
    seen = look(tmp_path / "out" / video.file.name, width=320, height=180)
    assert [one.frame for one in seen[:40]] == list(range(40))
    assert seen[39].camera == 0
    assert seen[50].camera == 1
    assert all(one.camera == -1 for one in seen[68:82])  # covered by the end card


def test_dissolves_mix_evenly(filmed: Session, tmp_path: Path, workshop: Workshop) -> None:
    import numpy as np

    from video.filmed import luma

    events = (
        Event(camera="A", source_in=0, length=20, record_in=0),
        Event(camera="C", source_in=20, length=60, record_in=20, dissolve=35),
    )
    asked = order(filmed, Edl(rate=filmed.rate, events=events))
    made(asked, workshop, tmp_path / "out")
    corner = luma(tmp_path / "out" / "full_16_9.mp4", width=320, height=180)[:, :20, :289].mean(axis=(1, 2))
    low, high = corner[:20].mean(), corner[55:].mean()
    parts = (corner[20:55] - low) / (high - low)
    assert np.abs(parts - np.arange(1, 36) / 36).max() < 0.06
    assert parts[0] > 0.0
    assert parts[-1] < 1.0


def test_av1(filmed: Session, tmp_path: Path, workshop: Workshop) -> None:
    options = Options(short_side=180, captions=CaptionStyle.NONE, codec=Codec.AV1, preset="12")
    asked = order(filmed, cuts(filmed, 35, 30), options=options)
    made(asked, workshop, tmp_path / "out")
    assert_as_edited(asked, tmp_path / "out" / "full_16_9.mp4")


@pytest.mark.rows("R128")
def test_the_proof_finds_what_is_not_as_planned(filmed: Session, tmp_path: Path, workshop: Workshop) -> None:
    asked = order(filmed, cuts(filmed, 20))
    video, *_ = made(asked, workshop, tmp_path / "out")
    assert (video.width, video.height, video.fps, video.duration) == (320, 180, 30, Fraction(2, 3))
    plan = replace(plan_of(asked, workshop), length=21, chapters=())
    with pytest.raises(Failed, match="number of frames is 20, not 21") as failure:
        prove(tmp_path / "out" / video.file.name, plan, sound=True, captions=0, workshop=workshop)
    assert failure.value.code == "PROOF_FAILED"


@pytest.mark.rows("R130")
def test_the_thumbnail_is_the_marked_frame_else_a_sharp_one(
    filmed: Session, tmp_path: Path, workshop: Workshop
) -> None:
    import cv2

    edl = cuts(filmed, 30, 30)
    marked = replace(edl, markers=(Marker(kind=MarkerKind.THUMBNAIL, frame=45),))
    for name, one in (("marked", marked), ("sharp", edl)):
        (picture,) = made(order(filmed, one, Format.THUMBNAIL), workshop, tmp_path / name)
        assert (picture.role, picture.width, picture.height) == ("thumbnail", 320, 180)
    from video.filmed import read_picture

    grey = cv2.imread(str(tmp_path / "marked" / "thumbnail.jpg"), cv2.IMREAD_GRAYSCALE)
    assert (read_picture(grey).camera, read_picture(grey).frame) == (1, 45 + 15)
