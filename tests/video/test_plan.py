"""What a plan says: exact frames, keys that change where an edit changed, and what is heard."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tirage.errors import BadInput
from tirage.media.rates import RATES
from tirage.video.cells import borders, pieces
from tirage.video.filters import coder_words
from tirage.video.session import FocusPoint, Session, SyncMap
from tirage.video.smart import copied
from tirage.video.spec import CaptionStyle, Codec, Options, checked, spec_of
from tirage.video.subtitles import in_frames, slice_of, soft, styled
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
from video.paper import camera, facts, on_paper, planned
from video.showing import cuts

THIRTY = RATES["30"]


def frames_of(session: Session, edl: Edl) -> list[tuple[str, int]]:
    return [
        (placed.segment.shot.source.path, frame)
        for placed in planned(session, edl).segments
        if placed.segment.shot
        for run in placed.segment.shot.runs
        for frame in range(run.start, run.end)
    ]


def test_sixty_minutes_of_drift_stay_within_half_a_frame() -> None:
    frames = 60 * 60 * 30
    for drift in (-150, 150):
        sync = SyncMap(offset=Fraction(1, 2), drift=Fraction(drift))
        asset = camera("A", THIRTY, frames + 100, sync=sync)
        shown = [
            f
            for _, runs in pieces(asset, THIRTY, start=0, length=frames)
            for r in runs
            for f in range(r.start, r.end)
        ]
        assert len(shown) == frames
        for at in range(0, frames, 97):
            exact = at * sync.speed + sync.offset * 30
            assert abs(shown[at] - exact) <= Fraction(1, 2)
        assert shown[-1] - shown[0] == frames - 1 + (16 if drift > 0 else -16)


def test_split_cards_go_on_in_the_next_file() -> None:
    session = on_paper(assets=[camera("A", THIRTY, 50, 70), camera("B", THIRTY, 90)])
    edl = Edl(rate=THIRTY, events=(Event(camera="A", source_in=40, length=40, record_in=0),))
    expected = [("/A0.mp4", at) for at in range(40, 50)] + [("/A1.mp4", at) for at in range(30)]
    assert frames_of(session, edl) == expected


@pytest.mark.parametrize(
    ("keys", "frames", "expected"),
    [
        (range(0, 90, 30), 90, (0, 30, 60, 90)),
        (range(0, 90, 12), 90, (0, 36, 72, 90)),
        (range(90), 70, (0, 30, 60, 70)),
        ((0, 250), 400, (0, 83, 166, 250, 325, 400)),
        ((), 100, (0, 50, 100)),
        ((0,), 1, (0, 1)),
    ],
)
def test_cells_begin_where_decoding_can(keys: range, frames: int, expected: tuple[int, ...]) -> None:
    assert borders(facts(THIRTY, frames, keys=tuple(keys)), THIRTY) == expected


def keys_of(session: Session, edl: Edl) -> dict[str, int]:
    return {placed.key: placed.segment.length for placed in planned(session, edl).segments}


def test_a_moved_cut_changes_the_pieces_at_the_cut_alone() -> None:
    session = on_paper()
    events = cuts(session, *[120] * 15).events
    before = keys_of(session, Edl(rate=THIRTY, events=events))
    moved = list(events)
    moved[6] = replace(moved[6], length=125)
    moved[7] = replace(
        moved[7], source_in=moved[7].source_in + 5, record_in=moved[7].record_in + 5, length=115
    )
    after = keys_of(session, Edl(rate=THIRTY, events=tuple(moved)))
    changed = sum(length for key, length in after.items() if key not in before)
    assert 0 < changed <= 60
    assert sum(before.values()) == sum(after.values()) == 1800


def test_cells_that_are_coded_are_coded_two_at_a_time_and_those_that_are_copied_are_not() -> None:
    session = on_paper()
    edl = cuts(session, 100, 200)
    third = Graphic(template="lower-third", fields=(), record_in=35, length=10)

    def lengths(options: Options) -> list[int]:
        segments = planned(session, replace(edl, graphics=(third,)), options=options).segments
        return [placed.segment.length for placed in segments]

    assert lengths(Options(smart=False)) == [60, 40, 20, 60, 60, 60]
    assert lengths(Options()) == [30, 30, 30, 10, 20, *[30] * 6]


def test_a_ripple_changes_the_trimmed_piece_alone() -> None:
    session = on_paper()
    events = cuts(session, *[120] * 15).events
    before = keys_of(session, Edl(rate=THIRTY, events=events))
    rippled = [replace(event, record_in=event.record_in - 5) for event in events[5:]]
    after = keys_of(session, Edl(rate=THIRTY, events=(*events[:4], replace(events[4], length=115), *rippled)))
    assert sum(length for key, length in after.items() if key not in before) <= 60


def test_another_lower_third_changes_what_lies_under_it() -> None:
    session = on_paper()
    edl = cuts(session, *[120] * 150)
    third = Graphic(template="lower-third", fields=(("name", "Ada"),), record_in=3000, length=150, fade=10)
    before = keys_of(session, replace(edl, graphics=(third,)))
    after = keys_of(session, replace(edl, graphics=(replace(third, fields=(("name", "Eve"),)),)))
    changed = sum(length for key, length in after.items() if key not in before)
    assert 150 <= changed <= 0.012 * 18_000


@pytest.mark.rows("G-7")
@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("full_16_9", (1920, 1080)),
        ("short_9_16", (1080, 1920)),
        ("clip_1_1", (1080, 1080)),
        ("thumbnail", (1280, 720)),
    ],
)
def test_formats_have_the_sizes_of_where_they_are_shown(name: str, size: tuple[int, int]) -> None:
    spec = spec_of(Format(name), Options())
    assert (spec.width, spec.height) == size
    assert "libx264" in coder_words(Options())


def test_captions_and_graphics_that_move_with_their_shot_change_nothing() -> None:
    session = on_paper()
    cue = CaptionTrack(language="en", cues=(Cue(start=1000, end=3500, text="Hello"),))
    later = CaptionTrack(language="en", cues=(Cue(start=2000, end=4500, text="Hello"),))
    spec = spec_of(Format.FULL, Options())
    for shift in (30, 60):
        first, second = (in_frames(styled(track, spec), THIRTY) for track in (cue, later))
        assert slice_of(first, shift, 30) == slice_of(second, shift + 30, 30) != ""
    third = Graphic(template="lower-third", fields=(), record_in=100, length=120, fade=10)
    longer = replace(third, length=300)
    edl = cuts(session, 600)
    one, two = (planned(session, replace(edl, graphics=(graphic,))).segments for graphic in (third, longer))
    assert [placed.key for placed in one[:5]] == [placed.key for placed in two[:5]]


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 200), min_size=1, max_size=8),
    dissolves=st.lists(st.integers(0, 40), min_size=8, max_size=8),
    window=st.tuples(st.integers(0, 300), st.integers(1, 300)),
)
def test_any_edit_is_covered_frame_by_frame(
    lengths: list[int], dissolves: list[int], window: tuple[int, int]
) -> None:
    session = on_paper(seconds=60)
    edl = cuts(session, *lengths)
    events = tuple(
        replace(event, dissolve=min(dissolve, event.length))
        for event, dissolve in zip(edl.events, dissolves, strict=False)
    )
    stretch = Range(start=window[0], end=window[0] + window[1])
    outputs = (Output(format=Format.FULL, ranges=(stretch,)),)
    plan = planned(session, replace(edl, events=events, outputs=outputs))
    assert plan.length == stretch.length
    at = 0
    for placed in plan.segments:
        segment = placed.segment
        assert placed.start == at
        if segment.shot is not None:
            record = stretch.start + at
            event = next(event for event in events if event.record_in <= record < event.record_out)
            assert segment.shot.runs[0].start == record - event.record_in + event.source_in
            assert segment.shot.length == segment.length
            dissolving = record < event.record_in + event.dissolve
            assert segment.mix == ((record - event.record_in, event.dissolve) if dissolving else (0, 0))
        at += segment.length
    assert at == plan.length
    assert sum(run.length for run in plan.sound) == plan.length


def test_sound_that_goes_on_is_one_run() -> None:
    session = on_paper()
    assert len(planned(session, cuts(session, 50, 60, 70)).sound) == 1
    events = (
        Event(camera="A", source_in=100, length=50, record_in=0),
        Event(camera="B", source_in=150, length=50, record_in=50, gain=-6.0),
        Event(camera=None, source_in=0, length=10, record_in=100, gain=-120.0),
        Event(camera="C", source_in=500, length=50, record_in=110, dissolve=12),
    )
    runs = planned(session, Edl(rate=THIRTY, events=events)).sound
    assert [(run.session, run.length, run.gain) for run in runs] == [
        (100, 50, 0.0),
        (150, 50, -6.0),
        (200, 10, -120.0),
        (500, 50, 0.0),
    ]
    assert [run.joined for run in runs] == [False, True, True, False]
    assert [run.overlap for run in runs] == [0, 0, 0, 12]


def test_chapters_of_ranges() -> None:
    session = on_paper()
    markers = tuple(Marker(kind=MarkerKind.CHAPTER, frame=at, name=str(at)) for at in (0, 100, 200))
    outputs = (Output(format=Format.FULL, ranges=(Range(start=150, end=250), Range(start=90, end=120))),)
    plan = planned(session, replace(cuts(session, 300), markers=markers, outputs=outputs))
    assert [(chapter.frame, chapter.name) for chapter in plan.chapters] == [(50, "200"), (110, "100")]


@pytest.mark.rows("R167")
def test_a_plan_is_a_pure_function_and_its_key_names_the_artifact() -> None:
    session = on_paper()
    edl = cuts(session, 100, 200)
    assert planned(session, edl) == planned(session, edl)
    keys = {
        planned(session, edl, kind, options).key
        for kind in (Format.FULL, Format.CLIP)
        for options in (
            Options(),
            Options(crf=20),
            Options(codec=Codec.AV1),
            Options(captions=CaptionStyle.SOFT),
        )
    }
    assert len(keys) == 8


def test_only_untouched_groups_of_the_right_kind_are_copied() -> None:
    def copies(session: Session, edl: Edl, options: Options | None = None, kind: Format = Format.FULL) -> int:
        plan = planned(session, edl, kind, options)
        kept = copied(plan)
        return sum(placed.segment.length for placed in plan.segments if placed.key in kept)

    session = on_paper()
    edl = cuts(session, 100, 200)
    assert copies(session, edl) == 90 + 180  # 100 to 120 and 300 to … are parts of groups
    third = Graphic(template="lower-third", fields=(), record_in=35, length=10)
    assert copies(session, replace(edl, graphics=(third,))) == 60 + 180
    assert copies(session, edl, Options(crf=20)) == 0
    assert copies(session, edl, Options(bitrate=2000)) == 0
    assert copies(session, edl, Options(short_side=720)) == 0
    assert copies(session, edl, kind=Format.SHORT) == 0
    for change in (
        {"codec": "prores"},
        {"pixel_format": "yuv422p"},
        {"rotation": 180},
        {"matrix": "bt470bg"},
    ):
        other = on_paper(assets=[camera(name, THIRTY, 18_000, **change) for name in "AB"])
        assert copies(other, edl) == 0
    graded = replace(session, assets=tuple(replace(asset, lut="/x.cube") for asset in session.assets))
    assert copies(graded, edl) == 0


def test_a_moving_focus_is_followed_and_a_resting_one_is_not() -> None:
    focus = (FocusPoint(frame=30, x=0.2, y=0.5), FocusPoint(frame=90, x=0.8, y=0.5))
    session = on_paper()
    session = replace(session, assets=tuple(replace(asset, focus=focus) for asset in session.assets))
    segments = planned(session, cuts(session, 150), Format.SHORT).segments
    assert [placed.segment.shot.framing.still for placed in segments if placed.segment.shot] == [
        False,
        False,
        True,
    ]
    boxes = [box for placed in segments if placed.segment.shot for _, box in placed.segment.shot.framing.path]
    assert {(box.width, box.height) for box in boxes} == {(608, 1080)}
    assert boxes[0].x == round(0.2 * 1920 - 304)
    assert boxes[-1].x == round(0.8 * 1920 - 304)


def test_captions_are_cut_to_the_frames_that_show_them() -> None:
    track = CaptionTrack(
        language="en",
        cues=(Cue(start=0, end=1000, text="One {b}\nTwo\\N"), Cue(start=1010, end=2000, text="Three")),
    )
    script = in_frames(styled(track, spec_of(Format.FULL, Options())), THIRTY)
    assert slice_of(script, 60, 30) == ""
    first = slice_of(script, 0, 30)
    assert "Three" not in first
    assert "0:00:00.00,0:00:00.98,caption,,0,0,0,,One \\{b\\}\\NTwo\\\u2060N" in first
    assert "0:00:00.02,0:00:00.98" in slice_of(script, 30, 30)  # from 1010 ms on is the second frame


def test_soft_captions_follow_the_ranges() -> None:
    track = CaptionTrack(
        language="en", cues=(Cue(start=500, end=1500, text="One"), Cue(start=4000, end=5000, text="Two"))
    )
    text = soft(track, iter([(4500, 6000, 0), (0, 1000, 1500)]))
    assert text == "1\n00:00:00,000 --> 00:00:00,500\nTwo\n\n2\n00:00:02,000 --> 00:00:02,500\nOne\n\n"


@pytest.mark.parametrize(
    "options",
    [
        Options(crf=52),
        Options(preset="placebo"),
        Options(encoder="libx264", codec=Codec.AV1),
        Options(encoder="rm -rf"),
        Options(bitrate=1),
        Options(short_side=181),
        Options(short_side=88),
    ],
)
def test_options_that_cannot_be(options: Options) -> None:
    with pytest.raises(BadInput) as error:
        checked(options)
    assert error.value.code == "INVALID_OPTION"
