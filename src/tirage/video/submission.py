"""The video pipelines as the job core sees them: what their jobs must name, and where their files lie."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from tirage.errors import BadInput, Finding, Severity
from tirage.jobs.checks import KEY
from tirage.jobs.model import Job, JsonObject, JsonValue, NewJob
from tirage.jobs.pipeline import Pipeline
from tirage.video.spec import CaptionStyle, Codec, Options, checked
from tirage.video.states import INGEST, VIDEO
from tirage.video.timeline import Format

__all__ = [
    "INGEST_PIPELINE",
    "INGEST_QUEUE",
    "VIDEO_PIPELINE",
    "VIDEO_QUEUE",
    "option_values",
    "options_of",
    "renders",
]

VIDEO_QUEUE, INGEST_QUEUE = "video", "ingest"
RENDER = ("codec", "encoder", "crf", "preset", "bitrate", "short_side", "captions", "smart")
"""The options of a render, by their names in `Options`."""
NUMBERS = frozenset({"crf", "bitrate", "short_side"})
FROZEN = ("session_id", "edl_id", "revision", "lock", "format")
"""What a job keeps of what was locked when it was ordered."""
LOCK = re.compile("[0-9a-f]{64}")
MEZZANINES = ("needed", "all")
BACKOFF = (5, 25, 125)


def renders(job: Job) -> str:
    """Where a job's videos lie."""
    return f"media/sessions/{job.options['session_id']}/renders/{job.id}/"


def options_of(given: Mapping[str, JsonValue]) -> Options:
    """The options of a render from plain values; those of other names are not looked at.

    BadInput INVALID_OPTION.
    """
    for name in NUMBERS & given.keys():
        if given[name] is not None and type(given[name]) is not int:
            raise BadInput("INVALID_OPTION", f"{name} has to be a whole number.")
    if type(given.get("smart", True)) is not bool:
        raise BadInput("INVALID_OPTION", "smart has to be true or false.")
    values = {name: given[name] for name in RENDER if given.get(name) is not None}
    try:
        typed = {
            "codec": Codec(str(values.pop("codec", Codec.H264))),
            "captions": CaptionStyle(str(values.pop("captions", CaptionStyle.BURNT))),
        }
    except ValueError as error:
        raise BadInput("INVALID_OPTION", f"{error}."[:200]) from None
    for name in ("encoder", "preset"):
        if name in values:
            values[name] = str(values[name])
    return checked(Options(**{**values, **typed}))  # type: ignore[arg-type]  # by names of RENDER


def option_values(options: Options) -> JsonObject:
    """The options of a render as plain values; what is as usual is left out."""
    usual = Options()
    values = {name: getattr(options, name) for name in RENDER}
    return {
        name: value.value if isinstance(value, Codec | CaptionStyle) else value
        for name, value in values.items()
        if value != getattr(usual, name)
    }


def check_video(new: NewJob) -> Sequence[Finding]:
    """Everything that is wrong with the order of a video."""
    return [*_unused(new), *_names(new.options, (*FROZEN, *RENDER)), *_frozen(new.options), *_render(new)]


def check_ingest(new: NewJob) -> Sequence[Finding]:
    """Everything that is wrong with the order of an ingest."""
    found = [*_unused(new), *_names(new.options, ("session_id", "asset_id", "mezzanines"))]
    missing = [name for name in ("session_id", "asset_id") if not _is_id(new, name)]
    found += (_wrong(name, f"{name} is missing.") for name in missing)
    if new.options.get("mezzanines", MEZZANINES[0]) not in MEZZANINES:
        found.append(_wrong("mezzanines", f"mezzanines is one of {', '.join(MEZZANINES)}."))
    return found


def _unused(new: NewJob) -> Iterable[Finding]:
    for name in ("product_id", "variant_id", "design_file_url", "preset", "template_id"):
        if getattr(new, name) is not None:
            yield Finding("INVALID_DATA", Severity.ERROR, f"{name} is nothing that a video has.", where=name)


def _names(options: JsonObject, known: Sequence[str]) -> Iterable[Finding]:
    for name in options:
        if name not in known:
            yield _wrong(str(name), f"There is no option {str(name)[:60]!r}.")


def _frozen(options: JsonObject) -> Iterable[Finding]:
    for name in ("session_id", "edl_id"):
        if not isinstance(value := options.get(name), str) or not KEY.fullmatch(value):
            yield _wrong(name, f"{name} is missing.")
    if type(options.get("revision")) is not int:
        yield _wrong("revision", "revision is missing.")
    if not LOCK.fullmatch(str(options.get("lock", ""))):
        yield _wrong("lock", "lock is missing: only locked edits are rendered.")
    if options.get("format") not in set(Format):
        there = ", ".join(Format)
        yield Finding("INVALID_OPTION", Severity.ERROR, f"The formats are {there}.", where="options.format")


def _render(new: NewJob) -> Iterable[Finding]:
    try:
        options_of(new.options)
    except BadInput as fault:
        yield Finding(fault.code, Severity.ERROR, fault.message, fault.hint, "options")


def _is_id(new: NewJob, name: str) -> bool:
    value = new.options.get(name)
    return isinstance(value, str) and KEY.fullmatch(value) is not None


def _wrong(name: str, message: str) -> Finding:
    return Finding("INVALID_DATA", Severity.ERROR, message, where=f"options.{name}"[:80])


VIDEO_PIPELINE = Pipeline(
    machine=VIDEO,
    check=check_video,
    prefixes=lambda job: (renders(job),),
    backoff=BACKOFF,
    queues=(VIDEO_QUEUE,),
    queue=lambda _new: VIDEO_QUEUE,
)
INGEST_PIPELINE = Pipeline(
    machine=INGEST,
    check=check_ingest,
    prefixes=lambda _job: (),
    backoff=BACKOFF,
    queues=(INGEST_QUEUE,),
    queue=lambda _new: INGEST_QUEUE,
)
