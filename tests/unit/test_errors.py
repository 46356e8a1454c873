"""The error tree: every code has a category and a hint, every class its exit code."""

from __future__ import annotations

import re

import pytest

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
    UsageError,
)


@pytest.mark.rows("R307")
@pytest.mark.parametrize("code", CODES)
def test_every_code_has_category_and_hint(code: str) -> None:
    assert re.fullmatch(r"[A-Z]+(_[A-Z]+)*", code)
    error = TirageError(code, "It went wrong.")
    assert error.category in {
        "image", "placement", "colour", "output", "product", "template", "usage", "job", "request",
        "shop", "system", "video"
    }  # fmt: skip
    assert error.hint.endswith(".")
    assert len(error.hint) > 15


@pytest.mark.parametrize(
    ("kind", "exit_code"),
    [(BadInput, 2), (UsageError, 2), (NotFound, 2), (Failed, 1), (TryAgain, 3), (Conflict, 3)],
)
def test_exit_codes(kind: type[TirageError], exit_code: int) -> None:
    assert kind.exit_code == exit_code


def test_an_error_carries_what_interfaces_show() -> None:
    found = Finding("CRC", Severity.ERROR, "Chunk IDAT is damaged.", where="byte 40")
    error = BadInput("IMAGE_DAMAGED", "art.png is cut off.", findings=[found])
    assert str(error) == error.message == "art.png is cut off."
    assert error.hint == CODES["IMAGE_DAMAGED"].hint
    assert error.findings == (found,)
    assert not error.retryable
    assert TryAgain("DISK_FULL", "No space left.").retryable
    assert BadInput("IMAGE_DAMAGED", "x", hint="Do that.").hint == "Do that."


def test_unknown_codes_are_refused() -> None:
    with pytest.raises(KeyError):
        TirageError("NO_SUCH_CODE", "x")
