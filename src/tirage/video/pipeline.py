"""The video pipeline: read this first.  A session with a locked edit and a format become finished files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from tirage.errors import BadInput
from tirage.media.files import Stage, WrittenFile
from tirage.video import remotion
from tirage.video.plan import Plan, make_plan
from tirage.video.prove import prove
from tirage.video.render import render
from tirage.video.session import Asset, Session
from tirage.video.spec import Options, checked, spec_of
from tirage.video.subtitles import styled
from tirage.video.thumbnail import make_thumbnail
from tirage.video.timecode import format_timecode
from tirage.video.timeline import Edl, Format
from tirage.video.workshop import Workshop

__all__ = ["Artifact", "VideoOrder", "make_artifacts", "plan_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoOrder:
    """One format of one locked edit."""

    session: Session
    """With every asset ingested."""
    edl: Edl
    lock: str
    """The hash that the edit was locked with."""
    format: Format
    options: Options
    templates: Mapping[str, str]
    """Graphics' templates in files, by path, with their sha256."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A finished file, and what was measured of it."""

    role: str
    """video, thumbnail, chapters or captions."""
    file: WrittenFile
    width: int = 0
    height: int = 0
    fps: Fraction = Fraction(0)
    duration: Fraction = Fraction(0)
    """Seconds."""


def make_artifacts(order: VideoOrder, *, workshop: Workshop, stage: Stage) -> list[Artifact]:
    """Renders and proves what the order asks for; its files, in the stage.

    The order has passed preflight.  BadInput: INVALID_OPTION, GRAPHIC_UNKNOWN, NO_PICTURE.
    UsageError: BROWSER_MISSING, FONT_MISSING.  Failed: RENDER_FAILED, PROOF_FAILED.
    TryAgain: TIMEOUT, OUT_OF_MEMORY, DISK_FULL, PROCESS_KILLED.  Cancelled.
    """
    plan = plan_of(order, workshop)
    if order.format is Format.THUMBNAIL:
        return [_thumbnail(order, plan, workshop, stage)]
    master, name = _master(order.session), f"{order.format.value}.mp4"
    tracks = order.edl.captions if order.options.captions.soft else ()
    if workshop.remotion is None:
        captions = render(plan, master=master, tracks=tracks, workshop=workshop, out=stage.path(name))
    else:
        captions = remotion.render(
            plan,
            workshop.remotion,
            master=master,
            burnt=order.edl.captions[0] if order.options.captions.burnt and order.edl.captions else None,
            tracks=tracks,
            workshop=workshop,
            out=stage.path(name),
        )
    found = prove(stage.path(name), plan, sound=master is not None, captions=captions, workshop=workshop)
    video = Artifact(
        role="video",
        file=stage.seal(name),
        width=found.width,
        height=found.height,
        fps=found.fps,
        duration=found.duration,
    )
    return [video, *_texts(order, plan, stage)]


def plan_of(order: VideoOrder, workshop: Workshop) -> Plan:
    """The order's plan.  BadInput: INVALID_OPTION, CAPTIONS_UNREADABLE."""
    options = checked(order.options)
    burnt = options.captions.burnt and order.edl.captions
    try:
        subtitles = styled(order.edl.captions[0], spec_of(order.format, options)) if burnt else None
    except (OSError, ValueError) as error:
        raise BadInput("CAPTIONS_UNREADABLE", f"The captions cannot be read: {error}.") from error
    return make_plan(
        order.session,
        order.edl,
        order.format,
        options,
        lock=order.lock,
        program=workshop.version,
        subtitles=subtitles,
        templates=order.templates,
    )


def _thumbnail(order: VideoOrder, plan: Plan, workshop: Workshop, stage: Stage) -> Artifact:
    name = "thumbnail.jpg"
    make_thumbnail(plan, order.edl, workshop=workshop, out=stage.path(name))
    return Artifact(role="thumbnail", file=stage.seal(name), width=plan.spec.width, height=plan.spec.height)


def _master(session: Session) -> Asset | None:
    """The asset whose sound is the session's, when it has any."""
    asset = session.asset(session.master)
    if asset is None or not all(file.facts and file.facts.audio for file in asset.files):
        return None
    return asset


def _texts(order: VideoOrder, plan: Plan, stage: Stage) -> Iterable[Artifact]:
    """The chapters as lines of `time name`, which is what descriptions of videos take."""
    if plan.chapters:
        lines = [
            f"{format_timecode(round(plan.rate.seconds(chapter.frame)) * plan.rate.nominal, plan.rate)[:8]} "
            f"{chapter.name}\n"
            for chapter in plan.chapters
        ]
        written = stage.write(f"{order.format.value}.chapters.txt", "".join(lines).encode())
        yield Artifact(role="chapters", file=written)
