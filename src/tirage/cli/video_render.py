"""`tirage video render`: a session, ingested and checked, becomes finished files."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from tirage.cli import report
from tirage.cli.bars import bars
from tirage.cli.video_parts import encoder, surroundings
from tirage.errors import BadInput, Severity, UsageError
from tirage.media.browser import find_browser
from tirage.media.ffmpeg import FFmpeg, find_ffmpeg
from tirage.media.remotion import Remotion, find_remotion
from tirage.settings import Settings
from tirage.video.delivery import Delivered, deliver
from tirage.video.ingest import Scope, ingest
from tirage.video.lock import lock_hash
from tirage.video.opening import Opened, open_session, template_files
from tirage.video.pipeline import VideoOrder
from tirage.video.preflight import preflight
from tirage.video.session import Revision
from tirage.video.shelf import Shelf
from tirage.video.spec import ENCODERS, CaptionStyle, Codec, Options, checked
from tirage.video.timeline import Format
from tirage.video.workshop import Workshop

__all__ = ["Asked", "render"]

NATIVE, REMOTION = "native", "remotion"
SEGMENTS = "segments"
"""Beside a session's mezzanines: what renders keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The command's words."""

    session: Path
    formats: Sequence[str]
    edl: Path | None
    out: Path | None
    codec: str
    crf: int | None
    preset: str | None
    bitrate: int | None
    size: int | None
    captions: str
    smart: bool
    renderer: str = NATIVE


def render(asked: Asked, *, json: bool) -> None:
    """Renders and reports."""
    start = time.perf_counter()
    settings = Settings.read()
    options = options_of(asked, settings)
    kinds = [_format(word) for word in asked.formats] or [Format.FULL]
    ffmpeg = find_ffmpeg(settings.ffmpeg)
    _check_encoder(options, ffmpeg)
    remotion = _remotion(asked.renderer, settings)
    opened = _ingested(open_session(asked.session, edl=asked.edl), settings, json=json)
    revision = _checked(opened, settings, own=asked.edl is None, json=json)
    out = asked.out or Path("videos") / opened.session.id
    with bars(shown=not json and sys.stderr.isatty()) as shown:
        workshop = Workshop(
            ffmpeg=ffmpeg,
            shelf=Shelf(opened.folder / SEGMENTS),
            browser=settings.browser,
            remotion=remotion,
            workers=settings.threads,
            progress=shown.stage,
        )
        orders = [_order(opened, revision, kind, options) for kind in dict.fromkeys(kinds)]
        made = deliver(orders, out, workshop=workshop)
    _tell(made, out, time.perf_counter() - start, json=json)


def options_of(asked: Asked, settings: Settings) -> Options:
    """What was asked for; BadInput: INVALID_OPTION.  UsageError: INVALID_SETTING."""
    if settings.video_encoder and settings.video_encoder not in ENCODERS:
        message = f"There is no encoder {settings.video_encoder!r}; there are {', '.join(ENCODERS)}."
        raise UsageError("INVALID_SETTING", message)
    try:
        codec, captions = Codec(asked.codec), CaptionStyle(asked.captions)
    except ValueError as error:
        raise BadInput("INVALID_OPTION", f"{error}.".capitalize()) from None
    ours = ENCODERS.get(settings.video_encoder)
    return checked(
        Options(
            codec=codec,
            encoder=settings.video_encoder if ours and ours.codec is codec else "",
            crf=asked.crf,
            preset=asked.preset,
            bitrate=asked.bitrate,
            short_side=asked.size,
            captions=captions,
            smart=asked.smart,
        )
    )


def _format(word: str) -> Format:
    try:
        return Format(word)
    except ValueError:
        message = f"There is no format {word[:40]!r}; there are {', '.join(Format)}."
        raise BadInput("INVALID_OPTION", message) from None


def _check_encoder(options: Options, ffmpeg: FFmpeg) -> None:
    if not ffmpeg.encodes(options.coder):
        raise UsageError("INVALID_SETTING", f"{ffmpeg.program} has no encoder {options.coder}.")


def _remotion(renderer: str, settings: Settings) -> Remotion | None:
    """What draws instead of ours.  BadInput: INVALID_OPTION.  UsageError: REMOTION_ or BROWSER_MISSING."""
    if renderer == REMOTION:
        return find_remotion(settings.remotion, browser=find_browser(settings.browser))
    if renderer != NATIVE:
        message = f"There is no renderer {renderer[:40]!r}; there are {NATIVE} and {REMOTION}."
        raise BadInput("INVALID_OPTION", message)
    return None


def _ingested(opened: Opened, settings: Settings, *, json: bool) -> Opened:
    """The session with what is known of its files, which are looked into when they are new."""
    encode, coder = encoder(settings)
    with bars(shown=not json and sys.stderr.isatty()) as shown:
        done = ingest(
            opened.session,
            opened.folder,
            scope=Scope.NEEDED,
            encode=encode,
            coder=coder,
            progress=lambda _name, done, total: shown.stage("ingest", done, total),
        )
    return opened.known(done.rows)


def _checked(opened: Opened, settings: Settings, *, own: bool, json: bool) -> Revision:
    """The revision to render, when nothing stands in the way.  BadInput: INVALID_SESSION, all findings."""
    current = opened.session.current
    found = preflight(
        opened.session,
        current,
        rows=opened.rows,
        surroundings=surroundings(opened, settings),
        locked=own,  # an edit that a file names is locked by naming it
        notes=opened.notes,
    )
    errors = [one for one in found if one.severity is Severity.ERROR]
    if current is None or errors:
        message = f"{len(errors)} findings stand in the way of a render."
        raise BadInput("INVALID_SESSION", message, findings=found)
    if not json:
        report.findings(found)
    return current


def _order(opened: Opened, revision: Revision, kind: Format, options: Options) -> VideoOrder:
    templates = template_files(revision.edl)
    return VideoOrder(
        session=opened.session,
        edl=revision.edl,
        lock=revision.lock or lock_hash(opened.session, revision.edl, extras=templates),
        format=kind,
        options=options,
        templates=templates,
    )


def _tell(made: Sequence[Delivered], out: Path, seconds: float, *, json: bool) -> None:
    if json:
        videos = [{**one.to_dict(), "rendered": one.rendered} for one in made]
        report.show_json({"folder": str(out), "videos": videos, "seconds": round(seconds, 2)})
        return
    for one in made:
        for artifact in one.artifacts:
            shape = f"{artifact.width} × {artifact.height}, " if artifact.width else ""
            length = f"{float(artifact.duration):.2f} s, " if artifact.duration else ""
            there = "" if one.rendered else "  (was there)"
            typer.echo(
                f"{out / artifact.file.name}  {shape}{length}{report.size(artifact.file.bytes)}{there}"
            )
    typer.echo(f"{sum(one.rendered for one in made)} of {len(made)} rendered in {seconds:.2f} s")
