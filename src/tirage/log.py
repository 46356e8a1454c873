"""Structured log lines: an event's name and fields, as text or JSON on standard error, secrets blotted out.
Silent until `configure`; structlog is imported with the first line written, because that costs 0.1 s.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, TextIO

from tirage.settings import LogFormat, LogLevel

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

__all__ = ["Logger", "configure"]

RANKS = {level: rank for rank, level in enumerate(LogLevel)}
SECRETS = ("api_key", "authorization", "cookie", "password", "secret", "signature", "token")
"""How the names of fields end whose values are never written."""


@dataclass(slots=True)
class _State:
    """Set by `configure`, once per process; no level means that nothing is written."""

    level: LogLevel | None = None
    format: LogFormat = LogFormat.TEXT
    stream: TextIO | None = None


_state = _State()


def configure(*, level: LogLevel, format: LogFormat, stream: TextIO | None = None) -> None:  # noqa: A002
    """Opens the log from that level on, to `stream` (by default standard error)."""
    _state.format, _state.stream = format, stream
    _state.level = level  # last: other threads begin to write now


@dataclass(frozen=True, slots=True)
class Logger:
    """Writes events of one part of the program; `context` goes into each of them."""

    name: str
    context: dict[str, object] = field(default_factory=dict)

    def bind(self, **fields: object) -> Logger:
        """The same logger with more context."""
        return Logger(self.name, {**self.context, **fields})

    def debug(self, event: str, **fields: object) -> None:
        """For who looks for a defect."""
        self._write(LogLevel.DEBUG, event, fields)

    def info(self, event: str, **fields: object) -> None:
        """What happened, as it should."""
        self._write(LogLevel.INFO, event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """What somebody should look at some day."""
        self._write(LogLevel.WARNING, event, fields)

    def error(self, event: str, **fields: object) -> None:
        """What failed; `exc_info=True` adds the stack."""
        self._write(LogLevel.ERROR, event, fields)

    def _write(self, level: LogLevel, event: str, fields: dict[str, object]) -> None:
        if _state.level is not None and RANKS[level] >= RANKS[_state.level]:
            writer = _writer(_state.format, _state.stream or sys.stderr)
            writer.log(level.value, event, {"logger": self.name, **self.context, **fields})


class _Writer:
    """structlog, reduced to a chain of processors and a stream."""

    def __init__(self, *, format: LogFormat, stream: TextIO) -> None:  # noqa: A002
        import structlog

        last = (
            structlog.processors.JSONRenderer()
            if format is LogFormat.JSON
            else structlog.dev.ConsoleRenderer(colors=stream.isatty())
        )
        self._bound = structlog.wrap_logger(
            structlog.PrintLogger(stream),
            processors=[
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.format_exc_info,
                _blot_secrets,
                last,
            ],
            wrapper_class=structlog.BoundLogger,
        )

    def log(self, level: str, event: str, fields: dict[str, object]) -> None:
        self._bound.msg(event, level=level, **fields)


@lru_cache(maxsize=1)
def _writer(format: LogFormat, stream: TextIO) -> _Writer:  # noqa: A002
    """By what it depends on, so that a thread can never bring back the one before `configure`."""
    return _Writer(format=format, stream=stream)


def _blot_secrets(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    return {key: "•••" if key.lower().endswith(SECRETS) else value for key, value in event.items()}
