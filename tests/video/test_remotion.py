"""Remotion as a renderer: the words and props that it is given, and what it is refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tirage.errors import BadInput, Failed, UsageError
from tirage.media.remotion import Remotion, find_remotion
from tirage.video.filters import Still
from tirage.video.pipeline import plan_of
from tirage.video.remotion import props_of
from tirage.video.session import Session
from tirage.video.spec import CaptionStyle, Codec
from tirage.video.timeline import CaptionTrack, Cue, Edl, Event, Graphic
from tirage.video.workshop import Workshop
from video.paper import on_paper, planned
from video.showing import SMALL, assert_as_edited, cuts, made, order

COMMAND = """
const fs = require("fs");
const words = process.argv.slice(2);
const value = (name) => words.find((word) => word.startsWith(name + "=")).slice(name.length + 1);
const props = JSON.parse(fs.readFileSync(value("--props")));
const [, page, , out] = words;
for (const shot of props.shots) fs.accessSync(page + "/public/" + shot.file);
console.log(`Rendered ${props.length}/${props.length}`);
fs.writeFileSync(process.env.HOME + "/seen", words.join("\\n"));
fs.copyFileSync(page + "/ready.mp4", out);
"""
"""Stands for Remotion's command: looks for what it is told of, and hands out a video that was made before."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What looks like a project, its bundle with a video that is ready."""
    folder = tmp_path / "project"
    for name, text in {
        "node_modules/@remotion/cli/remotion-cli.js": COMMAND,
        "node_modules/remotion/package.json": '{"version": "4.0.1"}',
        "build/index.html": "<html></html>",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_an_edit_as_props() -> None:
    session = on_paper()
    events = (
        Event(camera="A", source_in=10, length=40, record_in=0),
        Event(camera="B", source_in=50, length=50, record_in=40, dissolve=10),
    )
    third = Graphic(template="lower-third", fields=(("name", "Ada"),), record_in=5, length=20, fade=4)
    captions = CaptionTrack(language="en", cues=(Cue(start=1000, end=2000, text=" Hello "),))
    edl = Edl(rate=session.rate, events=events, graphics=(third,))
    plan = planned(session, edl)
    stills = {picture.key: Still(path="/still.png", x=7, y=8) for picture in plan.pictures}
    props = json.loads(json.dumps(props_of(plan, stills, captions)))
    assert [props[name] for name in ("fps", "width", "height", "length")] == [30, 1920, 1080, 90]
    shots = props["shots"]
    assert [
        (one["at"], one["length"], one["frame"], one["fade"]) for one in shots if one["file"] == "A0.mp4"
    ] == [
        (0, 40, 10, None),
        (40, 10, 50, None),
    ]
    beside = [one for one in shots if one["file"] == "B0.mp4"]
    assert [(one["at"], one["frame"], one["fade"]) for one in beside] == [
        (40, 50, [0, 10]),
        (50, 60, None),
        (80, 90, None),
    ]
    assert shots[0]["box"] == [[0, 0, 0, 1920, 1080]]
    assert props["stills"][0] | {"file": ""} == {
        "at": 5, "length": 20, "file": "", "x": 7, "y": 8, "done": 0, "total": 20, "fade": 4,
    }  # fmt: skip
    assert props["captions"] == [{"at": 30, "length": 30, "text": "Hello"}]


def test_what_it_draws_gets_our_sound_and_our_proof(
    filmed: Session, tmp_path: Path, workshop: Workshop, project: Path
) -> None:
    asked = order(filmed, cuts(filmed, 40, 20), options=replace(SMALL, captions=CaptionStyle.BURNT))
    made(asked, workshop, tmp_path / "native")
    (tmp_path / "native" / "full_16_9.mp4").rename(project / "build" / "ready.mp4")
    drawn: list[tuple[str, int, int]] = []
    remotion = find_remotion(project, browser=Path("/usr/bin/chromium"))
    theirs = replace(workshop, remotion=remotion, progress=lambda *told: drawn.append(told))
    made(asked, theirs, tmp_path / "out")
    assert ("frames", 60, 60) in drawn
    assert_as_edited(asked, tmp_path / "out" / "full_16_9.mp4")
    assert plan_of(asked, theirs).key != plan_of(asked, workshop).key
    with pytest.raises(Failed, match="too few frames"):
        made(order(filmed, cuts(filmed, 40, 21)), theirs, tmp_path / "longer")


def test_what_it_does_not_do_is_said(
    filmed: Session, tmp_path: Path, workshop: Workshop, project: Path
) -> None:
    theirs = replace(workshop, remotion=find_remotion(project, browser=Path("/usr/bin/chromium")))
    asked = order(filmed, cuts(filmed, 20), options=replace(SMALL, codec=Codec.AV1))
    with pytest.raises(BadInput, match="Remotion codes"):
        made(asked, theirs, tmp_path / "out")
    (project / "build" / "index.html").unlink()
    for folder in (None, project):
        with pytest.raises(UsageError) as error:
            find_remotion(folder, browser=Path("/usr/bin/chromium"))
        assert error.value.code == "REMOTION_MISSING"


def test_the_browser_is_named_so_that_none_is_fetched(tmp_path: Path) -> None:
    for name, mode in (("chromium", "chrome-for-testing"), ("chromium-headless-shell", "headless-shell")):
        remotion = Remotion(tmp_path, node=Path("/node"), browser=Path("/usr/bin") / name)
        words = remotion.argv(page=tmp_path, props=tmp_path / "p", out=tmp_path / "o", words=["--crf=18"])
        assert f"--browser-executable=/usr/bin/{name}" in words
        assert f"--chrome-mode={mode}" in words
        assert words[0] == "/node"
        assert words[-1] == "--crf=18"
