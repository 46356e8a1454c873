"""Why an attempt failed, in nine classes: one table says what users read and how often it is tried again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from tirage.errors import CODES


class FailureClass(StrEnum):
    """What kind of failure: it decides whether another attempt can help."""

    INVALID_INPUT = "invalid_input"
    NOT_FOUND = "not_found"
    CONFIGURATION = "configuration"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    WORKER_LOST = "worker_lost"
    RESOURCE = "resource"
    CANCELLED = "cancelled"
    BUG = "bug"


@dataclass(frozen=True, slots=True)
class FailureRule:
    """One row of the table."""

    retries: int | None
    """How often a job is tried again after it; None: as long as it has attempts."""
    code: str
    """Key of errors.CODES, for a failure that has no closer one."""
    message: str
    """The public sentence, for a failure that has no closer one."""


FAILURES: Mapping[FailureClass, FailureRule] = MappingProxyType(
    {
        FailureClass.INVALID_INPUT: FailureRule(0, "INVALID_DATA", "The order cannot be made as it is."),
        FailureClass.NOT_FOUND: FailureRule(0, "NOT_FOUND", "Something that the order names is missing."),
        FailureClass.CONFIGURATION: FailureRule(0, "INVALID_SETTING", "The server is not set up for this."),
        FailureClass.UNAVAILABLE: FailureRule(None, "UNAVAILABLE", "A service that is needed is away."),
        FailureClass.TIMEOUT: FailureRule(None, "TIMEOUT", "A step took longer than it may."),
        FailureClass.WORKER_LOST: FailureRule(None, "WORKER_LOST", "The worker stopped in the middle."),
        FailureClass.RESOURCE: FailureRule(1, "OUT_OF_MEMORY", "The machine ran out of memory or disk."),
        FailureClass.CANCELLED: FailureRule(0, "CANCELLED", "The job was cancelled."),
        FailureClass.BUG: FailureRule(1, "INTERNAL", "Something went wrong inside Tirage."),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One failure: everything but `detail` may be shown to anyone."""

    kind: FailureClass
    code: str
    message: str
    hint: str
    detail: str = ""
    """For operators: the end of a child's output, or a stack.  Kept with the attempt only."""

    @classmethod
    def of(cls, kind: FailureClass, *, code: str = "", message: str = "", detail: str = "") -> Failure:
        """A failure of that class; what is not given comes from the tables.  KeyError: no such code."""
        rule = FAILURES[kind]
        code = code or rule.code
        return cls(
            kind=kind, code=code, message=message or rule.message, hint=CODES[code].hint, detail=detail
        )
