"""Words of a request to values: forms and queries that several routes share.  The rules about the values
stand with the pipelines; here a word that is no number or no JSON is passed on as it is, for them to name.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Protocol

from fastapi import File, Form, Query, UploadFile
from pydantic import BaseModel, ConfigDict

from tirage.errors import BadInput
from tirage.jobs.checks import invalid, key, raise_if_any
from tirage.jobs.ids import is_job_id
from tirage.jobs.model import JobFilters, JsonValue, Order, Page, Place, RetryOverrides
from tirage.media.intake import MAX_BYTES
from tirage.mockup.submission import OPTIONS
from tirage.mockup.submit import MockupRequest, Upload

MAX_OFFSET = 2**31 - 1
MAX_FIELDS, MAX_FIELD = 20, 64 << 10
"""Words beside the file, and bytes of one."""

Limit = Annotated[int, Query(ge=1, le=100)]
Offset = Annotated[int, Query(ge=0, le=MAX_OFFSET)]
Cursor = Annotated[
    str | None,
    Query(
        max_length=200, description="`next_cursor` of the page before: what is added meanwhile moves nothing."
    ),
]
Sort = Annotated[Order, Query(description="By age: ASC or DESC.")]
Text = Annotated[
    str | None,
    Query(
        alias="q",
        max_length=200,
        description="What ids, product, preset, options, metadata or the error's message contain.",
    ),
]
Statuses = Annotated[str | None, Query(alias="status", description="One status, or several with commas.")]


class Listed(Protocol):
    """An entry of a list by age."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def created_at(self) -> datetime:
        """Its age."""


class OrderForm(BaseModel):
    """The fields of `POST /admin/render-jobs` (G-12)."""

    model_config = ConfigDict(extra="forbid")

    design_file: Annotated[UploadFile | None, File(description="PNG or JPEG, at most 10 MiB.")] = None
    product_id: Annotated[str | None, Form()] = None
    preset: Annotated[str | None, Form()] = None
    variant_id: Annotated[str | None, Form()] = None
    template_id: Annotated[str | None, Form()] = None
    fabric_color: Annotated[str | None, Form()] = None
    background_color: Annotated[str | None, Form()] = None
    render_mode: Annotated[str | None, Form()] = None
    renderer: Annotated[str | None, Form(description="relight, or cycles (path-traced: minutes).")] = None
    samples: Annotated[str | None, Form()] = None
    metadata: Annotated[str | None, Form(description="A JSON object.")] = None


class Overrides(BaseModel):
    """What a retry may order differently."""

    model_config = ConfigDict(extra="forbid")

    preset: str | None = None
    template_id: str | None = None
    fabric_color: str | None = None
    background_color: str | None = None
    render_mode: str | None = None
    renderer: str | None = None
    samples: int | str | None = None


def request_of(form: OrderForm) -> MockupRequest:
    """The order of a form; reads the file, so it belongs into a thread."""
    file = form.design_file
    design = None
    if file is not None:
        design = Upload(
            data=file.file.read(MAX_BYTES + 1), name=file.filename or "", media_type=file.content_type
        )
    return MockupRequest(
        design=design,
        product_id=form.product_id,
        preset=form.preset,
        variant_id=form.variant_id,
        template_id=form.template_id,
        options=_options(form.model_dump(include=set(OPTIONS))),
        metadata=_json(form.metadata),
    )


def overrides_of(asked: Overrides | None) -> RetryOverrides:
    """What a retry's body asks for; nothing without one."""
    if asked is None:
        return RetryOverrides()
    given = RetryOverrides(options=_options(asked.model_dump(include=set(OPTIONS))))
    if asked.preset is not None:
        given["preset"] = asked.preset
    if asked.template_id is not None:
        given["template_id"] = asked.template_id
    return given


def filters_of(
    *,
    product_id: str | None,
    statuses: str | None,
    pipeline: str | None = None,
    text: str | None = None,
) -> JobFilters:
    """Which jobs a query asks for; `completed,failed` are two statuses."""
    names = None if statuses is None else [name.strip() for name in statuses.split(",")]
    return JobFilters(product_id=product_id, statuses=names, pipeline=pipeline, text=text)


def page_of(limit: int, offset: int, order: Order, cursor: str | None = None) -> Page:
    """Which part of a list a query asks for.  BadInput INVALID_DATA: the cursor is none of ours."""
    return Page(limit=limit, offset=offset, order=order, after=_place(cursor) if cursor else None)


def cursor_of(last: Listed) -> str:
    """Where the page after an entry begins, as one word."""
    return base64.urlsafe_b64encode(f"{last.created_at.isoformat()} {last.id}".encode()).decode().rstrip("=")


def next_cursor(listed: Sequence[Listed], page: Page) -> str | None:
    """The cursor of the next page; None: this was the last one."""
    return cursor_of(listed[-1]) if listed and len(listed) == page.limit else None


def _place(cursor: str) -> Place:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        at, _, name = text.partition(" ")
        when = datetime.fromisoformat(at).astimezone(UTC)
    except (ValueError, OverflowError):
        raise invalid("The cursor is none of this server's.", where="cursor") from None
    raise_if_any(key("cursor", name))
    return Place(when, name)


def job_id_of(text: str) -> str:
    """An id in a path.  BadInput INVALID_DATA: no job can have it (R247)."""
    if not is_job_id(text):
        raise BadInput("INVALID_DATA", f"{text[:60]!r} is no job id.", hint="It begins with rjob_.")
    return text


def _options(given: dict[str, Any]) -> dict[str, JsonValue]:
    options = {name: value for name, value in given.items() if value is not None}
    samples = options.get("samples")
    if isinstance(samples, str) and samples.isascii() and samples.isdigit() and len(samples) < 10:
        options["samples"] = int(samples)
    return options


def _json(text: str | None) -> JsonValue:
    if text is None:
        return None
    try:
        found: JsonValue = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return text if found is None else found
