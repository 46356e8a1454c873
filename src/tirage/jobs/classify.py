"""From what a pipeline raised to a class of failure; one table for our codes, one for Python's errors."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Mapping
from types import MappingProxyType

from tirage.errors import BadInput, Conflict, NotFound, TirageError, TryAgain
from tirage.jobs.failure import Failure, FailureClass

CLASSES: Mapping[str, FailureClass] = MappingProxyType(
    {
        "BLENDER_MISSING": FailureClass.CONFIGURATION,
        "CANCELLED": FailureClass.CANCELLED,
        "DISK_FULL": FailureClass.RESOURCE,
        "INVALID_SETTING": FailureClass.CONFIGURATION,
        "KERNELS_MISSING": FailureClass.CONFIGURATION,
        "OUT_OF_MEMORY": FailureClass.RESOURCE,
        "OUTPUT_UNWRITABLE": FailureClass.CONFIGURATION,
        "SHOP_REFUSED": FailureClass.CONFIGURATION,
        "TEMPLATE_INVALID": FailureClass.CONFIGURATION,
        "TEMPLATE_NOT_FOUND": FailureClass.NOT_FOUND,
        "TIMEOUT": FailureClass.TIMEOUT,
        "WORKER_LOST": FailureClass.WORKER_LOST,
    }
)
"""Codes whose class is not that of their kind of error."""
KINDS = (
    (NotFound, FailureClass.NOT_FOUND),
    (BadInput, FailureClass.INVALID_INPUT),
    (TryAgain, FailureClass.UNAVAILABLE),
    (Conflict, FailureClass.UNAVAILABLE),
)
"""What a code's kind of error says; any other one is a defect."""
RESOURCES = frozenset({errno.ENOMEM, errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE})


def failure_of(error: Exception) -> Failure:
    """The failure behind an error, with its stack for operators; users never read a foreign error."""
    detail = "".join(traceback.format_exception(error))
    if isinstance(error, TirageError):
        kinds = (kind for type_, kind in KINDS if isinstance(error, type_))
        kind = CLASSES.get(error.code) or next(kinds, FailureClass.BUG)
        return Failure(kind=kind, code=error.code, message=error.message, hint=error.hint, detail=detail)
    if isinstance(error, MemoryError):
        return Failure.of(FailureClass.RESOURCE, detail=detail)
    if isinstance(error, OSError) and error.errno in RESOURCES:
        code = "OUT_OF_MEMORY" if error.errno == errno.ENOMEM else "DISK_FULL"
        return Failure.of(FailureClass.RESOURCE, code=code, detail=detail)
    return Failure.of(FailureClass.BUG, detail=detail)
