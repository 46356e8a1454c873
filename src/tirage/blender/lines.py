"""How programs inside Blender talk with Tirage: a JSON object a line, requests in, progress and answers out.

    {"do": "render", "azimuth": 45, …}       →  {"progress": [3, 128]} …  {"done": {…}}
                                                or {"error": {"kind": "memory", "message": "…"}}

Kinds of errors: refused (the file is not taken), memory, disk, missing (no such device), failed (a defect).
Whatever Blender prints by itself goes to standard error: standard output is for these lines alone.
"""

import errno
import json
import os
import re
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any, TextIO

Task = Callable[..., Mapping[str, Any]]
MEMORY = re.compile(r"out of (?:\w+ )?memory|bad_alloc|malloc", re.IGNORECASE)


class Refused(Exception):
    """What was given is not taken; the message says why."""


class Missing(Exception):
    """The machine lacks what was asked for."""


def own_output() -> TextIO:
    """Standard output for these lines; from now on everything else that is printed goes to standard error."""
    sys.stdout.flush()
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return out


class Line:
    """The connection of one program."""

    def __init__(self) -> None:
        self._out = own_output()

    def tell(self, **message: object) -> None:
        """One line."""
        self._out.write(json.dumps(message) + "\n")
        self._out.flush()

    def progress(self, done: int, total: int) -> None:
        """How much of the present request is done."""
        self.tell(progress=[done, total])

    def serve(self, tasks: Mapping[str, Task], **ready: object) -> None:
        """Answers requests one by one until the other side closes the line."""
        self.tell(ready=ready)
        for text in sys.stdin:
            request = json.loads(text)
            self.tell(**self._answer(tasks[request.pop("do")], request))

    def _answer(self, task: Task, request: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"done": task(**request)}
        except Exception as error:  # noqa: BLE001 – the border to the other side: every failure is an answer
            traceback.print_exc()
            return {"error": {"kind": kind_of(error), "message": str(error)[:2000]}}


def kind_of(error: Exception) -> str:
    """Which of the kinds an exception is."""
    match error:
        case Refused():
            return "refused"
        case Missing():
            return "missing"
        case MemoryError():
            return "memory"
        case OSError(errno=errno.ENOSPC | errno.EDQUOT | errno.EFBIG):
            return "disk"
        case _:
            return "memory" if MEMORY.search(str(error)) else "failed"
