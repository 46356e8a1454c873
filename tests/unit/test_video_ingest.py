"""Probing and ingest of real files, good and bad: FFmpeg makes them, small and short."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from tirage.errors import BadInput
from tirage.media.ffmpeg import find_ffmpeg
from tirage.media.probe import container_of, probe
from tirage.media.rates import RATES
from tirage.video.filters import coder_words
from tirage.video.ingest import Encode, Scope, attach, delivery_words, ingest, read_rows, same_file
from tirage.video.session import Asset, MediaFile, Session
from tirage.video.spec import Options

PICTURES = ("-f", "lavfi", "-i", "testsrc2=s=160x90:r=30000/1001:d=2")
SOUND = ("-f", "lavfi", "-i", "sine=d=2:sample_rate=48000")
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "15")
STRIPPED = ("-map_metadata", "-1")


def film(path: Path, *words: str) -> Path:
    argv = [str(find_ffmpeg().program), "-v", "error", "-y", *words, str(path)]
    subprocess.run(argv, check=True, capture_output=True)
    return path


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(
        tmp_path_factory.mktemp("film") / "good.mp4",
        *PICTURES,
        *SOUND,
        *X264,
        *("-vf", "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709"),
        *("-timecode", "01:00:00;00", "-c:a", "aac"),
    )


def test_a_good_file_is_known_exactly(good: Path) -> None:
    facts = probe(good)
    assert (facts.container, facts.timecode, facts.complete) == ("mov", "01:00:00;00", True)
    video, audio = facts.video, facts.audio
    assert video is not None
    assert audio is not None
    assert (video.codec, video.width, video.height, video.frames) == ("h264", 160, 90, 60)
    assert video.fps == Fraction(30000, 1001)
    assert (video.steady, video.closed, video.decodes, video.intra) == (True, True, True, False)
    assert video.keys == (0, 15, 30, 45)
    assert (video.primaries, video.transfer, video.matrix) == ("bt709", "bt709", "bt709")
    assert (audio.codec, audio.sample_rate) == ("aac", 48_000)
    assert abs(audio.duration - 2) < Fraction(1, 20)


CONTAINERS = {
    "matroska": ("film.mkv", ("-c", "copy")),
    "mov": ("film.mov", ("-c", "copy")),
    "mpegts": ("film.ts", ("-c", "copy", "-map", "0:v", "-map", "0:a")),
    "wav": ("film.wav", ("-vn", "-c:a", "pcm_s16le")),
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_containers_are_told_by_their_bytes(container: str, good: Path, tmp_path: Path) -> None:
    name, words = CONTAINERS[container]
    made = film(tmp_path / name, "-i", str(good), *words)
    hidden = made.rename(tmp_path / "film.bin")
    facts = probe(hidden)
    assert facts.container == container
    if facts.video is not None:
        assert facts.video.frames == 60
        assert facts.video.fps == Fraction(30000, 1001)
    else:
        assert facts.audio is not None


def test_open_groups_of_pictures_are_not_taken_for_closed(tmp_path: Path) -> None:
    open_gop = film(
        tmp_path / "a.mp4", *PICTURES, *X264[:2], "-x264-params", "open-gop=1:keyint=15:bframes=3"
    )
    facts = probe(open_gop).video
    assert facts is not None
    assert not facts.closed


def test_a_variable_rate_is_found(tmp_path: Path) -> None:
    words = ("-vf", "select='not(eq(mod(n,7),3))'", "-fps_mode", "vfr", *X264)
    facts = probe(film(tmp_path / "a.mp4", *PICTURES, *words)).video
    assert facts is not None
    assert not facts.steady
    assert facts.frames == 51


def test_rotation_and_shape_are_found(good: Path, tmp_path: Path) -> None:
    turned = film(tmp_path / "a.mp4", "-display_rotation", "-90", "-i", str(good), "-c", "copy")
    facts = probe(turned).video
    assert facts is not None
    assert facts.rotation == 90
    oblong = probe(film(tmp_path / "b.mp4", *PICTURES, *X264, "-vf", "setsar=4/3")).video
    assert oblong is not None
    assert oblong.aspect == Fraction(4, 3)


def test_frames_that_need_no_other_are_known(tmp_path: Path) -> None:
    facts = probe(film(tmp_path / "a.mov", *PICTURES, "-c:v", "prores_ks", "-profile:v", "0")).video
    assert facts is not None
    assert (facts.codec, facts.intra, facts.closed, facts.keys) == ("prores", True, True, ())


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_file_that_is_cut_off_is_found(share: float, good: Path, tmp_path: Path) -> None:
    ready = film(
        tmp_path / "ready.mp4", "-i", str(good), "-c", "copy", "-movflags", "+faststart"
    ).read_bytes()
    (tmp_path / "start.mp4").write_bytes(ready[: int(len(ready) * share)])
    try:
        assert not probe(tmp_path / "start.mp4").complete
    except BadInput as error:
        assert error.code == "MEDIA_UNREADABLE"
    (tmp_path / "end.mp4").write_bytes(good.read_bytes()[: int(good.stat().st_size * share)])
    with pytest.raises(BadInput) as refused:
        probe(tmp_path / "end.mp4")
    assert refused.value.code == "MEDIA_UNREADABLE"


PLAYLISTS = {
    "HLS": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{0}\n#EXT-X-ENDLIST\n",
    "ffconcat": "ffconcat version 1.0\nfile '{0}'\n",
    "DASH": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{0}</BaseURL></MPD>',
    "SDP": "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\na=x:{0}\n",
    "a web page": "<html>{0}</html>",
    "nothing": "",
}


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_playlists_lead_nowhere(kind: str, good: Path, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_text(PLAYLISTS[kind].format(good))
    with pytest.raises(BadInput) as refused:
        probe(path)
    assert refused.value.code == "MEDIA_CONTAINER"


def test_a_playlist_behind_a_good_beginning_leads_nowhere(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"\0\0\0\x10ftypisom\0\0\0\0" + PLAYLISTS["HLS"].format(good).encode())
    with pytest.raises(BadInput) as refused:
        probe(path)
    assert refused.value.code == "MEDIA_UNREADABLE"


def test_what_is_no_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing.mp4"):
        with pytest.raises(BadInput) as refused:
            probe(path)
        assert refused.value.code == "MEDIA_MISSING"
    assert container_of(b"") == ""
    assert container_of(b"\x47" * 400) == "mpegts"


def test_damaged_files_never_end_the_program(good: Path, tmp_path: Path) -> None:
    data = good.read_bytes()
    moov = data.index(b"moov")
    for number, place in enumerate(range(moov + 40, len(data), (len(data) - moov) // 6)):
        path = tmp_path / f"{number}.mp4"
        path.write_bytes(data[:place] + b"\xff" * 8 + data[place + 8 :])
        try:
            probe(path)
        except BadInput as error:
            assert error.code == "MEDIA_UNREADABLE"


def encoder() -> Encode:
    program = find_ffmpeg()

    def encode(words: list[str], *, folder: Path, source: Path) -> None:
        program.run(words, folder=folder.resolve(), readable=[source.resolve()])

    return encode  # type: ignore[return-value]


def session_of(*paths: Path) -> Session:
    assets = [Asset(camera=path.stem, files=(MediaFile(path=str(path)),)) for path in paths]
    return Session(id="x", rate=RATES["29.97"], assets=tuple(assets), master=assets[0].camera)


def run(session: Session, folder: Path, scope: Scope = Scope.NEEDED) -> object:
    return ingest(session, folder, scope=scope, encode=encoder(), coder=coder_words(Options()))


@pytest.mark.rows("R166")
def test_files_are_looked_into_once(good: Path, tmp_path: Path) -> None:
    session = session_of(good)
    first = ingest(session, tmp_path, scope=Scope.NEEDED, encode=encoder(), coder=[])
    assert (first.made, first.errors, first.rows[0].delivery) == (1, (), None)
    assert ingest(session, tmp_path, scope=Scope.NEEDED, encode=encoder(), coder=[]).made == 0
    known = attach(session, read_rows(tmp_path))
    file = known.assets[0].files[0]
    assert len(file.sha256) == 64
    assert file.facts == first.rows[0].facts
    assert known.assets[0].start == 107892
    assert known.assets[0].frames == 60


def test_a_file_that_changed_is_looked_into_again(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(good.read_bytes())
    run(session_of(path), tmp_path / "media")
    row = read_rows(tmp_path / "media")[0]
    assert same_file(row)
    film(path, *PICTURES, *X264)
    assert not same_file(row)
    run(session_of(path), tmp_path / "media")
    assert read_rows(tmp_path / "media")[0].sha256 != row.sha256


@pytest.mark.rows("R166")
def test_mezzanines_have_closed_groups_of_a_second_at_the_sessions_rate(tmp_path: Path) -> None:
    prores = film(tmp_path / "a.mov", *PICTURES, "-c:v", "prores_ks", "-profile:v", "0")
    phone = film(
        tmp_path / "b.mp4",
        *("-f", "lavfi", "-i", "testsrc2=s=160x90:r=24:d=3", "-vf", "select='not(eq(mod(n,7),3))'"),
        *("-fps_mode", "vfr", *X264),
    )
    session = session_of(prores, phone)
    run(session, tmp_path / "light")
    light = {Path(row.path).name: row.delivery for row in read_rows(tmp_path / "light")}
    assert light["a.mov"] is None
    assert light["b.mp4"] is not None
    run(session, tmp_path / "media", Scope.ALL)
    sets = set()
    for row in read_rows(tmp_path / "media"):
        assert row.delivery is not None
        video = row.delivery.facts.video
        assert video is not None
        assert (video.codec, video.fps, video.steady, video.closed) == (
            "h264",
            RATES["29.97"].fps,
            True,
            True,
        )
        assert video.keys == tuple(range(0, video.frames, 30))
        assert abs(video.frames / video.fps - row.facts.duration) < Fraction(1, 10)
        assert Path(row.delivery.path).parent == tmp_path / "media"
        sets.add(video.parameters)
    assert len(sets) == 1
    assert sorted(path.suffix for path in (tmp_path / "media").iterdir()) == [".json", ".mp4", ".mp4"]


def test_files_that_cannot_be_read_are_told_and_do_not_stop_the_others(good: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_text("#EXTM3U\n")
    found = ingest(
        session_of(bad, good, tmp_path / "gone.mp4"),
        tmp_path / "media",
        scope=Scope.NEEDED,
        encode=encoder(),
        coder=[],
    )
    assert [error.code for _, error in found.errors] == ["MEDIA_CONTAINER", "MEDIA_MISSING"]
    assert [row.path for row in found.rows] == [str(good)]


def test_rows_of_another_version_or_broken_ones_are_made_again(good: Path, tmp_path: Path) -> None:
    run(session_of(good), tmp_path)
    index = tmp_path / "ingest.json"
    text = index.read_text()
    for broken in ("", "[]", "{}", text[:-20], text.replace('"tirage_ingest": 1', '"tirage_ingest": 2')):
        index.write_text(broken)
        assert read_rows(tmp_path) == []
    assert ingest(session_of(good), tmp_path, scope=Scope.NEEDED, encode=encoder(), coder=[]).made == 1


def test_words_keep_ffmpeg_to_local_files(good: Path) -> None:
    video = probe(good).video
    assert video is not None
    words = delivery_words(str(good), replace(video, matrix=""), RATES["25"], ["-c:v", "libx264"])
    assert words[:2] == ["-protocol_whitelist", "file"]
    assert words[words.index("-i") + 1] == f"file:{good}"
    assert "hls" not in words[words.index("-format_whitelist") + 1]
    filters = words[words.index("-vf") + 1]
    assert filters.startswith("setparams=colorspace=bt709,fps=25/1,")
