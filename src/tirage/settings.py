"""The settings, and the only reader of the environment: one frozen object, every fault found at once.
Plain dataclasses, because a settings library costs more to import than a picture to render.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from tirage.errors import Finding, Severity, UsageError

__all__ = ["VARIABLES", "BlenderDevice", "LogFormat", "LogLevel", "Settings"]

MAX_THREADS = 64
T = TypeVar("T")


class LogLevel(StrEnum):
    """The least severe line that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class BlenderDevice(StrEnum):
    """What Blender renders on: `auto` is a GPU where Cycles reports one."""

    AUTO = "auto"
    CPU = "cpu"
    GPU = "gpu"


class LogFormat(StrEnum):
    """Lines for people or for machines."""

    TEXT = "text"
    JSON = "json"


VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "TIRAGE_THREADS": "Threads that render, 1–64; by default as many as there are usable cores.",
        "TIRAGE_TEMPLATES": "More folders with template packages, separated like PATH; by default none.",
        "TIRAGE_BLENDER": "Blender 5.0 or newer, or a Python that has bpy; by default what is found.",
        "TIRAGE_BLENDER_DEVICE": "What Blender renders on: auto (default, a GPU if there is one), cpu, gpu.",
        "TIRAGE_LOG_LEVEL": "Least severe line that is logged: debug, info, warning (default) or error.",
        "TIRAGE_LOG_FORMAT": "Log lines as `text` (default) or `json`.",
    }
)
"""Every variable that is read, with what it does: the documentation's source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What can differ between machines; what differs between orders is no setting."""

    threads: int
    templates: tuple[Path, ...] = ()
    blender: Path | None = None
    blender_device: BlenderDevice = BlenderDevice.AUTO
    log_level: LogLevel = LogLevel.WARNING
    log_format: LogFormat = LogFormat.TEXT

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """The settings of an environment (by default the process's); UsageError with all findings.

        Empty variables count as unset. An unknown TIRAGE_ variable is an error, not a silent default.
        """
        reader = _Reader(os.environ if environment is None else environment)
        settings = cls(
            threads=reader.value("TIRAGE_THREADS", _threads, usable_cores()),
            templates=reader.value("TIRAGE_TEMPLATES", _folders, ()),
            blender=reader.value("TIRAGE_BLENDER", _absolute, None),
            blender_device=reader.value(
                "TIRAGE_BLENDER_DEVICE", lambda text: BlenderDevice(text.lower()), BlenderDevice.AUTO
            ),
            log_level=reader.value("TIRAGE_LOG_LEVEL", lambda text: LogLevel(text.lower()), LogLevel.WARNING),
            log_format=reader.value(
                "TIRAGE_LOG_FORMAT", lambda text: LogFormat(text.lower()), LogFormat.TEXT
            ),
        )
        reader.finish()
        return settings


def usable_cores() -> int:
    """Cores that this process may use, at most MAX_THREADS."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(allowed, MAX_THREADS)


class _Reader:
    """Collects what is wrong while values are read."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.findings: list[Finding] = []

    def value(self, variable: str, parse: Callable[[str], T], default: T) -> T:
        text = self.environment.get(variable, "").strip()
        if not text:
            return default
        try:
            return parse(text)
        except ValueError:
            self._add(variable, f"{variable} cannot be {text[:40]!r}.", VARIABLES[variable])
            return default

    def finish(self) -> None:
        for variable in sorted(self.environment):
            if variable.startswith("TIRAGE_") and variable not in VARIABLES:
                near = get_close_matches(variable, VARIABLES, n=1)
                hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(VARIABLES)}."
                self._add(variable, f"There is no setting {variable}.", hint)
        if self.findings:
            first = self.findings[0]
            raise UsageError("INVALID_SETTING", first.message, hint=first.hint, findings=self.findings)

    def _add(self, variable: str, message: str, hint: str) -> None:
        self.findings.append(Finding("INVALID_SETTING", Severity.ERROR, message, hint=hint, where=variable))


def _threads(text: str) -> int:
    number = int(text)
    if not 1 <= number <= MAX_THREADS:
        raise ValueError
    return number


def _absolute(text: str) -> Path:
    path = Path(text).expanduser()
    if "\0" in text or not path.is_absolute():
        raise ValueError
    return path


def _folders(text: str) -> tuple[Path, ...]:
    return tuple(_absolute(part) for part in text.split(os.pathsep) if part)
