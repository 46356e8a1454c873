"""The mockup pipeline as the job core sees it: what a submission must name, and where a job's files lie.
Colours are checked against the template by order.py, since a template has names of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tirage.errors import BadInput, Finding, Severity
from tirage.jobs.checks import required
from tirage.jobs.model import Job, NewJob
from tirage.jobs.pipeline import Pipeline
from tirage.mockup.catalogue import preset
from tirage.mockup.free import PLACEMENTS, placement_findings
from tirage.mockup.order import SAMPLES, Mode, RendererName, mode, renderer_name
from tirage.mockup.states import MOCKUP

REQUIRED = ("product_id", "design_file_url")
"""Of every mockup; its place is a preset, or its own."""
OPTIONS = ("fabric_color", "background_color", "render_mode", "renderer", "samples", PLACEMENTS)
QUEUE, BLENDER_QUEUE = "mockup", "blender"


def check_submission(new: NewJob) -> Sequence[Finding]:
    """Everything that is wrong with a mockup job."""
    if not _is_free(new.options):
        named = required(new, (*REQUIRED, "preset"))
        return [*named, *_preset(new.preset), *_options(new.options)]
    places = placement_findings(new.options)
    return [*required(new, REQUIRED), *_either(new.preset), *places, *_options(new.options)]


def renders(job: Job) -> str:
    """Where a job's pictures lie (C-15)."""
    return f"media/products/{job.product_id}/renders/{job.id}/"


def prefixes(job: Job) -> Sequence[str]:
    """The design's folder and the pictures'."""
    return (f"uploads/render-jobs/{job.id}/", renders(job))


def queue(new: NewJob) -> str:
    """Path-traced pictures need a worker that has Blender."""
    return BLENDER_QUEUE if renderer_of(new) is RendererName.CYCLES else QUEUE


def renderer_of(ordered: NewJob | Job) -> RendererName:
    """What makes the order's pictures."""
    return renderer_name(str(ordered.options.get("renderer", RendererName.RELIGHT)))


MOCKUP_PIPELINE = Pipeline(
    machine=MOCKUP,
    check=check_submission,
    prefixes=prefixes,
    backoff=(2, 4, 8),
    queues=(QUEUE, BLENDER_QUEUE),
    queue=queue,
    max_attempts=3,
)


def _preset(name: object) -> Iterable[Finding]:
    if name is None or name == "":
        return  # missing, as `required` says
    try:
        preset(str(name))
    except BadInput as fault:
        yield Finding(fault.code, Severity.ERROR, fault.message, fault.hint, "preset")


def _is_free(options: object) -> bool:
    return isinstance(options, Mapping) and PLACEMENTS in options


def _either(preset: object) -> Iterable[Finding]:
    if preset:
        message = "An order has a preset or placements, not both."
        yield Finding("INVALID_PLACEMENT", Severity.ERROR, message, where="preset")


def _options(options: object) -> Iterable[Finding]:
    if not isinstance(options, Mapping):
        return  # no JSON object, as every submission is checked for
    for name in options:
        if name not in OPTIONS:
            hint = f"The options are {', '.join(OPTIONS)}."
            yield _option("INVALID_DATA", f"There is no option {str(name)[:60]!r}.", str(name), hint)
    for name in ("fabric_color", "background_color"):
        if not isinstance(options.get(name, "white"), str):
            yield _option("INVALID_COLOR", f"{name} is no colour.", name)
    for name, known, usual in (
        ("render_mode", mode, Mode.ALL),
        ("renderer", renderer_name, RendererName.RELIGHT),
    ):
        try:
            known(str(options.get(name, usual)))
        except BadInput as fault:
            yield _option(fault.code, fault.message, name)
    samples = options.get("samples", SAMPLES[0])
    if type(samples) is not int or samples not in SAMPLES:
        yield _option("INVALID_SAMPLES", f"There cannot be {str(samples)[:20]} samples.", "samples")


def _option(code: str, message: str, name: str, hint: str = "") -> Finding:
    return Finding(code, Severity.ERROR, message, hint, f"options.{name}"[:80])
