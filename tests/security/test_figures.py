"""What hostile files cost: designs that are decoded, edits that are read, recordings that are looked into."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from random import Random
from socket import create_server

import pytest
from test_bad_input import hostile
from test_intake_hostile import HOSTILE
from test_video_formats import written
from test_video_ingest import PICTURES, PLAYLISTS, SOUND, X264, film
from test_video_malformed import EACH, GOOD, judged, mutated, sources

import images
from tirage.errors import BadInput, Severity, TirageError
from tirage.media.ffmpeg import find_ffmpeg, media_input
from tirage.media.probe import probe
from tirage.media.rates import RATES
from tirage.video.timeline import Clock, Edl, Event

JUDGE = Path(__file__).parents[1] / "judge.py"
CUTS, DAMAGED = 4, 24


@pytest.mark.rows("R208", "R218", "R219", "R295")
def test_decoding_hostile_pictures(tmp_path: Path) -> None:
    """Each within 250 ms of processor time and 64 MiB, in a process of its own."""
    warm = images.rgba_png(images.art(), extra=[images.iccp(images.profile("p3"))])
    (tmp_path / "warm.png").write_bytes(warm)
    for name, (data, _) in HOSTILE.items():
        (tmp_path / name).write_bytes(data)
    for number, data in enumerate(hostile()):
        (tmp_path / f"made-{number}.png").write_bytes(data)
    done = subprocess.run([sys.executable, JUDGE, tmp_path], capture_output=True, text=True, check=True)
    verdicts = json.loads(done.stdout)
    slowest = max(each["seconds"] for each in verdicts.values())
    largest = max(each["mebibytes"] for each in verdicts.values())
    print(f"\n{len(verdicts)} pictures: slowest {slowest * 1000:.0f} ms, most memory {largest:.0f} MiB")
    print(Counter("read" if each["verdict"][0] == "(" else each["verdict"] for each in verdicts.values()))
    assert len(verdicts) >= 500
    assert slowest <= 0.25
    assert largest <= 64


@pytest.mark.rows("R295")
def test_malformed_edits() -> None:
    """A place and a reason for each, in time; a million lines are refused by a limit."""
    random, refused, slowest = Random(7), 0, 0.0  # noqa: S311 – the same every time
    for ending, data in sources().items():
        for _ in range(EACH):
            begun = time.process_time()
            edl, notes = judged(ending, mutated(data, random))
            slowest = max(slowest, time.process_time() - begun)
            wrong = [found for found in notes.findings if found.severity is Severity.ERROR]
            assert (edl is None) == bool(wrong)
            refused += edl is None
    begun = time.process_time()
    _, notes = judged(".edl", GOOD.encode() * 1_000_000)
    million = time.process_time() - begun
    print(f"\n{refused} edits refused, slowest {slowest:.2f} s; a million lines {million:.2f} s")
    assert [found.code for found in notes.findings] == ["TOO_LARGE"]
    assert refused >= 200
    assert max(slowest, million) <= 2


@pytest.mark.rows("R295")
def test_twenty_thousand_good_events() -> None:
    """Read within two seconds: processor time, which a busy machine does not stretch much."""
    events = tuple(Event(camera="AB"[i % 2], source_in=i, length=25, record_in=25 * i) for i in range(20_000))
    edl = Edl(rate=RATES["25"], events=events, clock=Clock.SOURCE)
    for ending in (".edl", ".json"):
        data, _ = written(ending, edl)
        begun = time.process_time()
        read, _ = judged(ending, data)
        spent = time.process_time() - begun
        assert read is not None
        print(f"\n{len(read.events)} events of {ending} in {spent:.2f} s")
        assert len(read.events) == 20_000
        assert spent <= 4  # 2 s where nothing else runs


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("film") / "good.mp4", *PICTURES, *SOUND, *X264, "-c:a", "aac")


class Bait:
    """A server on this machine that counts who comes."""

    def __init__(self) -> None:
        self._door = create_server(("127.0.0.1", 0))
        self.visits = 0
        threading.Thread(target=self._count, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._door.getsockname()[1]}/secret.mp4"

    def _count(self) -> None:
        while True:
            line, _ = self._door.accept()
            self.visits += 1
            line.close()


@pytest.mark.rows("R295")
def test_playlists_lead_to_no_address(good: Path, tmp_path: Path) -> None:
    """Under a film's name, alone and behind a film's beginning; looked into and rendered from."""
    bait, program, tried = Bait(), find_ffmpeg(), 0
    beginning = b"\0\0\0\x10ftypisom\0\0\0\0"
    for number, text in enumerate(PLAYLISTS.values()):
        for head in (b"", beginning, good.read_bytes()[:2000]):
            path = tmp_path / f"{number}-{len(head)}.mp4"
            path.write_bytes(head + text.format(bait.url).encode())
            with pytest.raises(BadInput):
                probe(path)
            room = tmp_path / f"room-{path.stem}"
            room.mkdir()
            with pytest.raises(TirageError):
                program.run([*media_input(str(path)), "-f", "null", "-"], folder=room)
            tried += 1
    with pytest.raises(TirageError):
        probe(Path(bait.url))
    with pytest.raises(TirageError):
        program.run([*media_input(bait.url), "-f", "null", "-"], folder=tmp_path)
    print(f"\n{tried} playlists, {bait.visits} connections")
    assert bait.visits == 0


@pytest.mark.rows("R295")
def test_damaged_recordings(good: Path, tmp_path: Path) -> None:
    """Cut off or overwritten anywhere: known for what they are, and soon."""
    data, slowest, verdicts = good.read_bytes(), 0.0, Counter[str]()
    chance = Random(3)  # noqa: S311 – the same every time
    made = [data[: len(data) * part // CUTS] for part in range(CUTS)]
    for _ in range(DAMAGED):
        broken = bytearray(data)
        for _ in range(chance.randint(1, 20)):
            broken[chance.randrange(len(data))] = chance.randrange(256)
        made.append(bytes(broken))
    for number, each in enumerate(made):
        path = tmp_path / f"{number}.mp4"
        path.write_bytes(each)
        begun = time.monotonic()
        try:
            facts = probe(path)
            verdicts["complete" if facts.complete else "incomplete"] += 1
        except BadInput as error:
            verdicts[error.code] += 1
        slowest = max(slowest, time.monotonic() - begun)
    print(f"\n{len(made)} recordings: {dict(verdicts)}, slowest {slowest:.1f} s")
    assert set(verdicts) <= {"complete", "incomplete", "MEDIA_UNREADABLE", "MEDIA_CONTAINER"}
    assert slowest < 20
