"""What both clients share: calls as values, answers as types, errors as this package's own."""

from __future__ import annotations

import json
import random
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import httpx2

from tirage.errors import (
    CODES,
    BadInput,
    Conflict,
    Failed,
    Finding,
    NotFound,
    Severity,
    TirageError,
    TryAgain,
)
from tirage.wire import EventAnswer

T = TypeVar("T")
ATTEMPTS = 4
LONGEST_WAIT = 30.0
SECONDS = 30.0
BLOCK = 1 << 20
ENDED = frozenset({"completed", "failed", "cancelled"})
"""Statuses of jobs that do not change any more."""
TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
CLASSES: Mapping[int, type[TirageError]] = {
    404: NotFound,
    409: Conflict,
    429: TryAgain,
    503: TryAgain,
    507: TryAgain,
}
"""By status; other 4xx are BadInput, other 5xx Failed."""


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request, whose answer is a T."""

    method: str
    path: str
    query: Mapping[str, object] = field(default_factory=dict)
    json: object = None
    content: bytes | None = None
    file: tuple[str, bytes, str] | None = None
    upload: Path | None = None
    """Sent as the body, a block at a time."""
    seconds: float = SECONDS

    def arguments(self) -> dict[str, Any]:
        """For the HTTP client.  A POST gets a key, so that repeating it does nothing twice."""
        given: dict[str, Any] = {
            "params": {name: value for name, value in self.query.items() if value is not None},
            "timeout": self.seconds,
            "headers": {"Idempotency-Key": secrets.token_hex(16)} if self.method == "POST" else {},
        }
        if self.file is not None:
            given["files"] = {"file": self.file}
        elif self.content is not None:
            given["content"] = self.content
        elif self.json is not None:
            given["json"] = self.json
        return given


def result(answer: httpx2.Response) -> Any:  # noqa: ANN401 – JSON, of the caller's type
    """The answer's JSON, None for an empty one.  TirageError: as the server tells it."""
    if answer.is_success:
        return answer.json() if answer.content else None
    raise error_of(answer)


def error_of(answer: httpx2.Response) -> TirageError:
    """The server's error, in the class that it has on the server."""
    try:
        told = answer.json()
        told = told.get("error", told)  # below /api
        findings = [
            Finding(each["code"], Severity(each["severity"]), each["message"], each["hint"], each["where"])
            for each in told["findings"]
        ]
        code, message, hint = told["code"], told.get("detail") or told.get("message"), told["hint"]
    except (ValueError, KeyError, TypeError, AttributeError):
        code, message, hint, findings = "", f"The server answers {answer.status_code}.", None, []
    status = answer.status_code
    kind = CLASSES.get(status) or (BadInput if 400 <= status < 500 else Failed)
    fallback = "UNAVAILABLE" if kind is TryAgain else "INVALID_DATA" if kind is BadInput else "INTERNAL"
    return kind(code if code in CODES else fallback, str(message), hint=hint, findings=findings)


def wait_before(attempt: int, answer: httpx2.Response | None) -> float | None:
    """Seconds until a call is made again; None: it is not.

    `answer` is None where nobody answered.  Calls can be repeated: each POST has its key.
    """
    passing = answer is None or answer.status_code in {429, 503}
    if not passing or attempt >= ATTEMPTS:
        return None
    asked = answer.headers.get("retry-after", "") if answer is not None else ""
    if asked.isdigit():
        return min(float(asked), LONGEST_WAIT)
    jitter = 1 + random.random()  # noqa: S311 – nobody gains by guessing it
    return 0.25 * float(2**attempt) * jitter


def unreachable(url: str, error: Exception) -> TryAgain:
    """Nobody answered."""
    return TryAgain("UNAVAILABLE", f"The server at {url} does not answer: {type(error).__name__}.")


def design_file(design: Path | bytes, name: str | None) -> tuple[str, bytes, str]:
    """What is sent of a design: name, bytes, type."""
    data = design if isinstance(design, bytes) else design.read_bytes()
    label = name or ("design" if isinstance(design, bytes) else design.name)
    guessed = "image/jpeg" if data[:3] == b"\xff\xd8\xff" else "image/png"
    return label, data, TYPES.get(Path(label).suffix.lower(), guessed)


def quoted(name: str) -> str:
    """A name as one part of a path."""
    return quote(name, safe="")


def blocks(path: Path) -> Iterator[bytes]:
    """A file's bytes, a block at a time."""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


async def ablocks(path: Path) -> AsyncIterator[bytes]:
    """The same for asyncio; a block of a local file is there at once."""
    for block in blocks(path):
        yield block


def given(**fields: object) -> dict[str, object]:
    """The fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


def event_in(lines: Sequence[str]) -> EventAnswer | None:
    """The event of a block of lines of a stream, if there is one."""
    data = "".join(line.removeprefix("data:").strip() for line in lines if line.startswith("data:"))
    if not data:
        return None
    event: EventAnswer = json.loads(data)
    return event
