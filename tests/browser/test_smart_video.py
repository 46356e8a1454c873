"""A smart render, copied groups of pictures beside coded ones, played through in a browser's `<video>`."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from tirage.media.browser import find_browser
from tirage.media.ffmpeg import find_ffmpeg
from tirage.video.pipeline import plan_of
from tirage.video.shelf import Shelf
from tirage.video.smart import copied
from tirage.video.workshop import Workshop
from video.filmed import a_session
from video.showing import cuts, made, order, smart

RATE, FRAMES = 30, 164
SECONDS = 120
"""Until the browser has to have told something."""
PAGE = """<!doctype html><link rel="icon" href="data:,"><video muted src="full_16_9.mp4"></video><script>
const video = document.querySelector("video"), times = [];
const tell = (said) => fetch("/told", {method: "POST", body: JSON.stringify(said)});
const each = (_now, frame) => { times.push(frame.mediaTime); video.requestVideoFrameCallback(each); };
video.requestVideoFrameCallback(each);
video.onended = () => tell({times, duration: video.duration, size: [video.videoWidth, video.videoHeight],
  frames: video.getVideoPlaybackQuality().totalVideoFrames});
video.onerror = () => tell({error: video.error.message});
video.playbackRate = 0.5;
video.play().catch((error) => tell({error: String(error)}));
</script>"""


@pytest.mark.rows("R167")
def test_it_plays_through(tmp_path: Path) -> None:
    session = a_session(tmp_path, seconds=6)
    asked = order(session, cuts(session, 70, 49, 45), options=smart())
    workshop = Workshop(ffmpeg=find_ffmpeg(), shelf=Shelf(tmp_path / "shelf"), workers=1)
    plan = plan_of(asked, workshop)
    copies = {placed.key for placed in plan.segments} & copied(plan)
    assert 0 < len(copies) < len(plan.segments)
    made(asked, workshop, tmp_path / "out")
    (tmp_path / "out" / "page.html").write_text(PAGE)
    said = told(tmp_path / "out", tmp_path / "profile")
    assert "error" not in said, said
    assert said["size"] == [320, 180]
    assert said["duration"] == pytest.approx(FRAMES / RATE, abs=0.03)  # sound may end a little later
    shown = [round(time * RATE) for time in said["times"]]
    assert shown == sorted(set(shown))
    assert all(abs(time * RATE - frame) < 0.01 for time, frame in zip(said["times"], shown, strict=True))
    assert shown[-1] == FRAMES - 1
    assert len(shown) > FRAMES // 4  # a busy machine skips some
    assert said["frames"] == pytest.approx(FRAMES, abs=2)


def told(folder: Path, profile: Path) -> dict[str, Any]:
    """What the page in a folder says once its video has ended."""
    answers: Queue[dict[str, Any]] = Queue()

    class Served(SimpleHTTPRequestHandler):
        def do_POST(self) -> None:
            answers.put(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    serving = partial(Served, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), serving) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        argv = [
            str(find_browser()),
            *("--headless", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"),
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            f"--user-data-dir={profile}",
            "--remote-debugging-port=0",  # else it would end as soon as the page is there
            f"http://127.0.0.1:{server.server_port}/page.html",
        ]
        browser = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            return answers.get(timeout=SECONDS)
        finally:
            browser.terminate()
            browser.wait(10)
            server.shutdown()
