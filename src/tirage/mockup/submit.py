"""Orders from outside become jobs: everything is checked, the design is stored, then the row is inserted
(C-10, C-16).  HTTP and commands come here with words; a worker decodes the design.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, cast

from tirage.errors import BadInput, Conflict, Finding, NotFound, Severity, TirageError
from tirage.jobs import checks
from tirage.jobs.machine import FAILED
from tirage.jobs.model import Job, JsonObject, JsonValue, NewJob, RetryOverrides
from tirage.jobs.service import JobService
from tirage.log import Logger
from tirage.media.container import Container
from tirage.media.intake import inspect_design, label_of
from tirage.media.values import Colour, parse_background
from tirage.mockup.ports import Files
from tirage.mockup.register import Register
from tirage.mockup.states import MOCKUP
from tirage.mockup.submission import check_submission

log = Logger("submit")
EXTENSIONS = {"png": "png", "jpeg": "jpg"}
FILE = "design_file"
NAME = "design_file_name"
"""The key of a job's metadata for what the customer calls the file; no path is made of it (R222)."""


class Products(Protocol):
    """What is asked of a shop before a job is taken."""

    def require(self, product_id: str, variant_id: str | None) -> None:
        """NotFound PRODUCT_NOT_FOUND, VARIANT_NOT_FOUND; TryAgain."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A design as it came."""

    data: bytes
    name: str
    media_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MockupRequest:
    """The fields of an order (G-12); None is a field that was not given."""

    design: Upload | None
    product_id: str | None
    preset: str | None
    variant_id: str | None = None
    template_id: str | None = None
    options: Mapping[str, JsonValue] = field(default_factory=dict)
    """Colours, mode, samples: `submission.OPTIONS`."""
    metadata: JsonValue = None


class Submissions:
    """Takes orders; may be used from several threads."""

    def __init__(self, service: JobService, *, files: Files, products: Products, templates: Register) -> None:
        self._service = service
        self._files = files
        self._products = products
        self._templates = templates

    def submit(self, request: MockupRequest) -> Job:
        """The job, pending.

        BadInput with all findings: MISSING_FILE, FILE_TOO_LARGE, INVALID_FILE_TYPE … of the file,
        INVALID_PRESET, INVALID_COLOR, INVALID_MODE, INVALID_SAMPLES, INVALID_DATA of the fields.
        NotFound PRODUCT_NOT_FOUND, VARIANT_NOT_FOUND, TEMPLATE_NOT_FOUND; BadInput TEMPLATE_INACTIVE.
        """
        faults: list[Finding] = []
        container = _design(request.design, faults)
        job_id = self._service.new_id()
        key = f"uploads/render-jobs/{job_id}/design.{EXTENSIONS[container.kind] if container else 'png'}"
        new = _new_job(request, job_id, key)
        faults += order_findings(new)
        checks.raise_if_any(faults)
        new = self._resolved(new)
        return self._with_files(
            new, lambda: self._store(key, request.design, container), self._service.create
        )

    def retry(self, job_id: str, overrides: RetryOverrides) -> Job:
        """A new job for a failed one, with what is ordered differently; its design is copied (C-06).

        A job of another pipeline is retried as that has it.

        NotFound: no such job, its product, template or design is gone.  BadInput: as for `submit`, or the job
        has not failed.
        """
        job = self._service.retrieve(job_id)
        if job.status != FAILED:
            raise checks.invalid(
                f"Job {job.id} is {job.status}; only a failed job can be retried.", where="status"
            )
        if job.pipeline != MOCKUP.pipeline:
            return self._service.retry(job_id, overrides)
        key = f"uploads/render-jobs/{self._service.new_id()}/{_name(job)}"
        new_id = key.split("/")[2]
        again = NewJob(
            id=new_id,
            pipeline=job.pipeline,
            product_id=job.product_id,
            variant_id=job.variant_id,
            design_file_url=key,
            preset=overrides.get("preset", job.preset),
            template_id=overrides.get("template_id", job.template_id),
            options=checks.merged(job.options, "options", overrides.get("options", {})),
        )
        checks.raise_if_any(order_findings(again))
        again = self._resolved(again)
        given = RetryOverrides(**{**overrides, "design_file_url": key, "template_id": again.template_id})
        return self._with_files(
            again,
            lambda: self._files.copy(str(job.design_file_url).removeprefix("/"), key),
            lambda new: self._service.retry(job_id, given, new_id=new.id),
        )

    def _resolved(self, new: NewJob) -> NewJob:
        """With the template's id; the product is there and the colours are known."""
        self._products.require(str(new.product_id), new.variant_id)
        template_id = self._templates.choose(new.template_id, new.preset)
        description = self._templates.description(template_id)
        checks.raise_if_any(colour_findings(new.options, description.colours if description else {}))
        return replace(new, template_id=template_id)

    def _with_files(self, new: NewJob, store: Callable[[], None], create: Callable[[NewJob], Job]) -> Job:
        """The bytes first, then the row; when the row is refused the bytes go again (C-16).

        After TryAgain they stay: the row may have been written all the same, and `Orphans` finds them if not.
        """
        start = time.perf_counter()
        try:
            store()
            stored = time.perf_counter()
            job = create(new)
        except (BadInput, Conflict):
            self._forget(f"uploads/render-jobs/{new.id}/")
            raise
        spent = {"upload": _ms(start, stored), "create": _ms(stored, time.perf_counter())}
        log.info("submitted", job=job.id, ms=spent)
        return job

    def _store(self, key: str, design: Upload | None, container: Container | None) -> None:
        if design and container:  # both are there, or there were findings
            self._files.write(key, design.data, media_type=f"image/{container.kind}")

    def _forget(self, prefix: str) -> None:
        try:
            self._files.delete_prefix(prefix)
        except TirageError as error:
            log.warning("files of no job are left", prefix=prefix, code=error.code)


def _ms(start: float, end: float) -> int:
    return round((end - start) * 1000)


def _new_job(request: MockupRequest, job_id: str, key: str) -> NewJob:
    metadata = request.metadata if request.metadata is not None else {}
    if isinstance(metadata, Mapping) and request.design:
        metadata = {**metadata, NAME: label_of(request.design.data, request.design.name)}
    return NewJob(
        id=job_id,
        pipeline=MOCKUP.pipeline,
        product_id=request.product_id,
        variant_id=request.variant_id,
        design_file_url=key,
        preset=request.preset,
        template_id=request.template_id,
        options=request.options,
        metadata=cast("JsonObject", metadata),
    )


def _design(design: Upload | None, faults: list[Finding]) -> Container | None:
    """What the file says of itself; sniffed and measured, not decoded."""
    if design is None:
        hint = "Send a PNG or JPEG file as design_file."
        faults.append(Finding("MISSING_FILE", Severity.ERROR, "There is no design.", hint, FILE))
        return None
    try:
        return inspect_design(design.data, name=design.name, mime=design.media_type)
    except BadInput as fault:
        faults.append(Finding(fault.code, Severity.ERROR, fault.message, fault.hint, FILE))
        return None


def order_findings(new: NewJob) -> Iterable[Finding]:
    """As the service finds them, so that one answer has those of the file and of the fields."""
    for found in (*checks.submission(new), *check_submission(new)):
        yield replace(found, where=found.where.removeprefix("options."))


def colour_findings(options: JsonObject, named: Mapping[str, Colour]) -> Iterable[Finding]:
    """What is wrong with the colours of an order on a template whose own ones have these names."""
    for name, parse in (("fabric_color", Colour.parse), ("background_color", parse_background)):
        text = options.get(name)
        try:
            if isinstance(text, str):
                parse(text, named=named)
        except BadInput as fault:
            yield Finding(fault.code, Severity.ERROR, fault.message, fault.hint, name)


def _name(job: Job) -> str:
    """The file name of a job's design.  NotFound: it was an address, which nobody has stored."""
    reference = job.design_file_url or ""
    if "://" in reference:
        raise NotFound("NOT_FOUND", f"The design of job {job.id} is not stored here.")
    return reference.rpartition("/")[2]
