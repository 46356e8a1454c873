"""The parts of a render on their own: words for FFmpeg, graphics, the shelf, hostile files."""

import os
import subprocess
import time
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tirage.errors import BadInput, Cancelled, Failed, UsageError
from tirage.media.browser import find_browser
from tirage.media.ffmpeg import FFmpeg, find_ffmpeg, media_input
from tirage.media.lettering import lettering
from tirage.media.rates import RATES
from tirage.video.assemble import iso_639_2
from tirage.video.filters import Still, coder_words, opened, segment_words
from tirage.video.framing import framing
from tirage.video.graphics import TEMPLATES, draw, filled_page, inked, page_pixels
from tirage.video.segment import Box, Layer, Picture, Run, Segment, Shot, Source
from tirage.video.session import FocusPoint
from tirage.video.shelf import Shelf
from tirage.video.spec import ENCODERS, SPECS, Codec, Options
from tirage.video.stills import make_stills
from tirage.video.timeline import BUILT_IN, Format
from tirage.video.workshop import Workshop
from video.paper import facts

THIRTY = RATES["30"]
FULL, SHORT = SPECS[Format.FULL], SPECS[Format.SHORT]


def shot(*runs: tuple[int, int], indexed: bool = False, **changes: object) -> Shot:
    known = facts(THIRTY, 1000, **changes)
    source = Source(path="/a b:c'[.mp4", sha256="a", facts=known, indexed=indexed)
    return Shot(
        source=source,
        runs=tuple(Run(start=start, length=length) for start, length in runs),
        framing=framing(known, (), FULL, start=0, length=sum(length for _, length in runs)),
    )


def graph_of(segment: Segment, stills: dict[str, Still] | None = None) -> tuple[list[str], str]:
    words = segment_words(segment, stills or {}, spec=FULL, rate=THIRTY, options=Options())
    return words, words[words.index("-filter_complex") + 1]


def test_a_plain_shot_is_read_from_its_key_frame_and_cut_by_count() -> None:
    words, graph = graph_of(Segment(length=20, shot=shot((40, 20), indexed=True)))
    assert words[words.index("-ss") + 1] == "1.008333"
    assert "-noaccurate_seek" in words
    assert "trim=start_frame=10:end_frame=30,settb" in graph


def test_a_file_without_such_tables_is_read_from_a_quarter_frame_before() -> None:
    words, graph = graph_of(Segment(length=20, shot=shot((40, 20))))
    assert words[words.index("-ss") + 1] == "1.325000"
    assert "-noaccurate_seek" not in words
    assert words[words.index("-i") + 1] == "file:/a b:c'[.mp4"
    assert words[: words.index("-i")].count("-format_whitelist") == 1
    assert "trim=start_frame=0:end_frame=20,settb=1/30,setpts=N" in graph
    assert "scale" not in graph
    assert "/a" not in graph


@pytest.mark.parametrize(
    ("start", "frame", "indexed", "expected"),
    [
        ("0", 0, False, ([], 0)),
        ("0", 29, True, ([], 0)),
        ("0", 1, False, (["0.025000"], 1)),
        ("-1/10", 1, False, (["-0.075000"], 1)),
        ("1/3", 59, True, (["1.341666"], 30)),
    ],
)
def test_seeking_is_by_the_files_own_clock(
    start: str, frame: int, indexed: bool, expected: tuple[list[str], int]
) -> None:
    known = facts(THIRTY, 90, start=Fraction(start))
    words, begin = opened(Source(path="/a", sha256="a", facts=known, indexed=indexed), frame, THIRTY)
    assert ([after for word, after in pairwise(words) if word == "-ss"], begin) == expected


def test_runs_are_decoded_once() -> None:
    words, graph = graph_of(Segment(length=20, shot=shot((40, 12), (51, 8))))
    assert words.count("-i") == 1
    assert "split=2" in graph
    assert "trim=start_frame=0:end_frame=12" in graph
    assert "trim=start_frame=11:end_frame=19" in graph


def test_colours_of_other_kinds_become_bt709_and_untagged_ones_are_taken_for_it() -> None:
    assert "out_color_matrix=bt709" in graph_of(Segment(length=9, shot=shot((0, 9), matrix="bt470bg")))[1]
    untagged = graph_of(Segment(length=9, shot=shot((0, 9), matrix="")))[1]
    assert untagged.startswith(
        "[0:v:0]trim=start_frame=0:end_frame=9,settb=1/30,setpts=N,setparams=colorspace=bt709"
    )


def test_a_graphic_that_stands_is_one_picture_and_one_that_fades_is_looped() -> None:
    still = {"k": Still(path="/s.png", x=10, y=20)}
    stands = Layer(picture="k", at=5, length=10)
    graph = graph_of(Segment(length=20, shot=shot((0, 20)), layers=(stands,)), still)[1]
    assert "loop" not in graph
    assert "overlay=10:20:eof_action=repeat:format=yuv420:enable='between(n,5,14)'" in graph
    fades = replace(stands, done=2, total=60, fade=8)
    graph = graph_of(Segment(length=20, shot=shot((0, 20)), layers=(fades,)), still)[1]
    assert "fade=t=out:start_frame=52:nb_frames=8:alpha=1,trim=start_frame=2:end_frame=12,setpts=N+5" in graph


@pytest.mark.parametrize("name", ENCODERS)
def test_every_encoder_has_its_words(name: str) -> None:
    row = ENCODERS[name]
    words = coder_words(Options(codec=row.codec, encoder=name))
    assert words[:4] == ["-c:v", name, "-preset", row.preset]
    assert row.quality in words
    rated = coder_words(Options(codec=row.codec, encoder=name, bitrate=3000))
    assert row.quality not in rated
    assert rated[rated.index("-b:v") + 1] == "3000k"


@pytest.mark.parametrize(
    ("changes", "spec", "box"),
    [
        ({}, FULL, Box(0, 0, 1920, 1080)),
        ({}, SHORT, Box(656, 0, 608, 1080)),
        ({"rotation": 90}, SHORT, Box(0, 0, 1080, 1920)),
        ({"width": 1440, "height": 1080, "aspect": 4 / 3}, FULL, Box(0, 0, 1440, 1080)),
        ({"width": 640, "height": 480}, FULL, Box(0, 60, 640, 360)),
    ],
)
def test_the_largest_box_of_a_shape(changes: dict[str, object], spec: object, box: Box) -> None:
    if "aspect" in changes:
        changes = {**changes, "aspect": Fraction(4, 3)}
    found = framing(facts(THIRTY, 9, **changes), (), spec, start=0, length=9)  # type: ignore[arg-type]
    assert found.path == ((0, box),)


def test_a_focus_at_the_edge_keeps_the_box_inside() -> None:
    known = facts(THIRTY, 9)
    for x, left in ((0.0, 0), (1.0, 1920 - 608), (0.25, 176)):
        found = framing(known, (FocusPoint(frame=0, x=x, y=0.5),), SHORT, start=0, length=9)
        assert found.path[0][1].x == left


def test_the_templates_are_those_that_edits_know() -> None:
    assert set(TEMPLATES) == BUILT_IN


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (180, 180)])
def test_graphics_show_their_fields_inside_the_picture(name: str, size: tuple[int, int]) -> None:
    long = "A very long line that nobody would ever put on a screen " * 3
    fields = TEMPLATES[name].fields
    blank, short, full = (
        draw(
            Picture(
                template=name, fields=tuple((field, text) for field in fields), width=size[0], height=size[1]
            )
        )
        for text in (" ", "Ada", long)
    )
    assert short.shape == (size[1], size[0], 4)
    assert (short != blank).any()
    assert (full != short).any()
    left, top, cut = inked(short)
    assert left % 2 == top % 2 == 0
    np.testing.assert_array_equal(short[top : top + cut.shape[0], left : left + cut.shape[1]], cut)


def test_text_is_text_and_never_markup() -> None:
    assert lettering("<b>&amp;</b>", weight="Regular", size=40, width=900).shape[1] > 150
    page = filled_page("<html><head><p>{{name}}</p>", {"name": "<script>"}, folder=Path("/own"))
    assert page == '<html><head><base href="file:///own/"><p>&lt;script&gt;</p>'


def test_an_unknown_template_and_a_wrong_accent_are_refused() -> None:
    for picture, code in (
        (Picture(template="nope", fields=(), width=64, height=64), "GRAPHIC_UNKNOWN"),
        (Picture(template="title", fields=(("accent", "?"),), width=64, height=64), "INVALID_COLOR"),
    ):
        with pytest.raises(BadInput) as error:
            draw(picture)
        assert error.value.code == code


def test_pictures_are_drawn_once(workshop: Workshop) -> None:
    picture = Picture(template="lower-third", fields=(("name", "Ada"),), width=320, height=180)
    first = make_stills([picture], workshop)[picture.key]
    before = Path(first.path).stat().st_ino
    assert make_stills([picture], workshop)[picture.key] == first
    assert Path(first.path).stat().st_ino == before


def test_a_template_in_html_is_drawn_with_transparency(tmp_path: Path) -> None:
    try:
        browser = find_browser()
    except UsageError:
        pytest.skip("no Chromium here")
    page = tmp_path / "own.html"
    page.write_text("<body style='margin:0'><div style='width:50px;height:40px;background:#f00'>{{x}}</div>")
    picture = Picture(template=str(page), fields=(("x", ""),), width=200, height=120, sha256="1")
    pixels = page_pixels(picture, browser=browser)
    assert pixels.shape == (120, 200, 4)
    assert pixels[20, 20].tolist() == [255, 0, 0, 255]
    assert pixels[100, 100, 3] == 0


def test_a_browser_that_is_not_there() -> None:
    with pytest.raises(UsageError) as error:
        find_browser(Path("/nowhere/chromium"))
    assert error.value.code == "BROWSER_MISSING"


def test_the_shelf_keeps_whole_files_and_forgets_the_oldest(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "shelf")
    for age, key in enumerate(("aa1", "bb2", "cc3")):
        with shelf.room() as room:
            (room / "x.mp4").write_bytes(bytes(1000))
            kept = shelf.put(key, room / "x.mp4")
        os.utime(kept, (time.time() - 1000 + age,) * 2)
    assert not list((tmp_path / "shelf").glob(".room-*"))
    assert shelf.find("aa1", ".mp4") is not None  # used just now
    assert shelf.tidy(2000) == 1000
    assert shelf.find("bb2", ".mp4") is None
    assert shelf.find("cc3", ".mp4") is not None


def test_a_playlist_under_another_name_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.mp4"
    program = find_ffmpeg()
    subprocess.run(
        [str(program.program), "-v", "error", "-f", "lavfi", "-i", "color=s=64x64:d=1", str(secret)],
        check=True,
    )
    lists = {
        "hls.mp4": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:{secret}\n#EXT-X-ENDLIST\n",
        "concat.mp4": f"ffconcat version 1.0\nfile '{secret}'\n",
    }
    for name, text in lists.items():
        (tmp_path / name).write_text(text)
        room = tmp_path / f"room-{name}"
        room.mkdir()
        with pytest.raises(Failed) as error:
            program.run([*media_input(str(tmp_path / name)), "-f", "null", "-"], folder=room)
        assert error.value.code == "RENDER_FAILED"


def test_ffmpeg_is_ended_when_nobody_wants_it_any_more(tmp_path: Path) -> None:
    began = time.monotonic()
    endless = ["-f", "lavfi", "-i", "testsrc2=s=64x64", "-f", "null", "-"]
    with pytest.raises(Cancelled):
        find_ffmpeg().run(endless, folder=tmp_path, cancelled=lambda: time.monotonic() > began + 0.5)


def test_what_is_no_ffmpeg_is_said(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing", tmp_path):
        with pytest.raises(UsageError) as error:
            find_ffmpeg(path)
        assert error.value.code == "FFMPEG_MISSING"
    with pytest.raises(UsageError):
        _ = FFmpeg(Path("/bin/true")).version
    assert find_ffmpeg().encodes("libx264")
    assert not find_ffmpeg().encodes("x264")


def test_languages_of_captions_have_three_letters() -> None:
    assert [iso_639_2(name) for name in ("en", "pt-BR", "gsw", "xx", "zh-Hant")] == [
        "eng",
        "por",
        "gsw",
        "und",
        "zho",
    ]


def test_codecs_have_a_software_encoder() -> None:
    assert {Options(codec=codec).coder for codec in Codec} <= set(ENCODERS)
