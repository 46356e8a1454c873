"""Checks of values from outside, shared by service, interfaces and pipelines: each yields its findings."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import TypeVar, cast

from tirage.errors import BadInput, Finding, Severity
from tirage.jobs.ids import is_job_id
from tirage.jobs.model import JsonObject, NewJob, Page

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,127}")
"""Ids of others' things (products, variants, templates).  They become parts of paths: no separators."""
SEGMENT = r"[A-Za-z0-9][A-Za-z0-9._~-]*"
REFERENCE = re.compile(rf"/?{SEGMENT}(?:/{SEGMENT})*|https?://[A-Za-z0-9.\[\]:_-]+(?:[/?][\x21-\x7e]*)?")
"""A storage key, or an http(s) address without a user's name and password."""
REFERENCE_LENGTH = 2048
MESSAGE_LENGTH = 2000
JSON_BYTES = 64 << 10
NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""Escaped in JSON; PostgreSQL has no such character."""
PAGE_LIMIT = 100
PRIORITIES = range(10)
TOLD = 5
"""How many findings an error's message tells; it carries all."""
T = TypeVar("T")


def invalid(message: str, *, where: str = "", hint: str | None = None) -> BadInput:
    """The error INVALID_DATA with one finding."""
    return rejected([_finding(where, message)], hint=hint)


def rejected(findings: Collection[Finding], *, hint: str | None = None) -> BadInput:
    """The error INVALID_DATA with all findings; a single one keeps its own code."""
    codes = {finding.code for finding in findings}
    code = codes.pop() if len(codes) == 1 else "INVALID_DATA"
    own = " ".join(_first(finding.hint for finding in findings if finding.hint))
    message = " ".join(_first(finding.message for finding in findings))
    return BadInput(code, message, hint=hint or own or None, findings=tuple(findings))


def submission(new: NewJob) -> Iterable[Finding]:
    """What is wrong with a submission in whatever pipeline."""
    if new.id is not None and not is_job_id(new.id):
        yield _finding("id", f"{_shown(new.id)} is no job id.")
    for name in ("product_id", "variant_id", "template_id"):
        yield from key(name, getattr(new, name))
    yield from reference("design_file_url", new.design_file_url)
    yield from json_object("options", new.options)
    yield from json_object("metadata", new.metadata)
    if type(new.priority) is not int or new.priority not in PRIORITIES:
        yield _finding("priority", f"priority goes from 0 to {PRIORITIES[-1]}.")


def required(new: NewJob, names: Iterable[str]) -> Iterable[Finding]:
    """Fields that are missing, empty or blank."""
    for name in names:
        value = getattr(new, name)
        if value is None or (isinstance(value, str) and not value.strip()):
            yield _finding(name, f"{name} is missing.")


def key(where: str, value: object) -> Iterable[Finding]:
    """An id of somebody else's thing, or None."""
    if value is not None and not (isinstance(value, str) and KEY.fullmatch(value)):
        yield _finding(where, f"{where} cannot be {_shown(value)}.")


def reference(where: str, value: object) -> Iterable[Finding]:
    """A storage key or an http(s) URL, or None."""
    fits = isinstance(value, str) and len(value) <= REFERENCE_LENGTH and REFERENCE.fullmatch(value)
    if value is not None and not fits:
        yield _finding(where, f"{where} cannot be {_shown(value)}: it is no storage key and no http(s) URL.")


def json_object(where: str, value: object) -> Iterable[Finding]:
    """An object that survives being written as JSON and read again."""
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        kept = isinstance(value, Mapping) and json.loads(text) == value and not NUL.search(text)
        fits = len(text.encode()) <= JSON_BYTES
    except (TypeError, ValueError, RecursionError):
        kept = fits = False
    if not kept:
        yield _finding(where, f"{where} is no JSON object.")
    elif not fits:
        yield _finding(where, f"{where} is longer than {JSON_BYTES >> 10} KiB.")


def known_keys(given: Mapping[str, T], known: Collection[str], *, hint: str | None = None) -> None:
    """INVALID_DATA when there are others."""
    unknown = [name for name in given if name not in known]
    if unknown:
        message = f"{', '.join(map(_shown, unknown))} cannot be given here."
        raise invalid(message, where=unknown[0], hint=hint or f"There are {', '.join(known)}.")


def raise_if_any(findings: Iterable[Finding]) -> None:
    """INVALID_DATA with all of them."""
    if found := tuple(findings):
        raise rejected(found)


def page(asked: Page, *, most: int = PAGE_LIMIT) -> None:
    """INVALID_DATA: out of range; nothing is clamped."""
    findings = []
    if asked.limit is not None and not 1 <= asked.limit <= most:
        findings.append(_finding("limit", f"limit goes from 1 to {most}."))
    if asked.offset < 0:
        findings.append(_finding("offset", "offset cannot be negative."))
    raise_if_any(findings)


def utc(where: str, value: object) -> datetime:
    """The same moment in UTC; INVALID_DATA for anything else, and for a time that knows no zone."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise invalid(f"{where} is no time with a zone.", where=where)
    return value.astimezone(UTC)


def message(value: object) -> str:
    """An error message, at most MESSAGE_LENGTH characters of it; INVALID_DATA: it says nothing."""
    if not isinstance(value, str) or not value.strip():
        raise invalid("A failed job needs an error_message.", where="error_message")
    return clean(value)[:MESSAGE_LENGTH]


def clean(text: str) -> str:
    """Text that any store takes: no NUL, no half characters."""
    return text.replace("\0", "�").encode("utf-8", "replace").decode()


def merged(old: JsonObject, where: str, new: object) -> JsonObject:
    """`old` with the keys of `new`; INVALID_DATA when the whole is no JSON object that fits."""
    if not isinstance(new, Mapping):
        raise invalid(f"{where} is no JSON object.", where=where)
    whole = {**old, **cast("JsonObject", new)}
    raise_if_any(json_object(where, whole))
    return whole


def _first(texts: Iterable[str]) -> Iterable[str]:
    """The first few different ones: a batch can have thousands."""
    return islice(dict.fromkeys(texts), TOLD)


def _finding(where: str, text: str) -> Finding:
    return Finding("INVALID_DATA", Severity.ERROR, text, where=where)


def _shown(value: object) -> str:
    return repr(value)[:80]
