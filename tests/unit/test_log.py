"""The log: silent until configured, one line an event, no secrets."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tirage import log
from tirage.settings import LogFormat, LogLevel


@pytest.fixture(autouse=True)
def _silent_afterwards() -> Iterator[None]:
    yield
    log._state.level = None


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.rows("R300")
def test_events_are_lines_with_fields() -> None:
    stream = io.StringIO()
    log.configure(level=LogLevel.INFO, format=LogFormat.JSON, stream=stream)
    logger = log.Logger("relight").bind(order="abc")
    logger.debug("too fine")
    logger.info("view done", view="front_0deg", milliseconds=13)
    logger.warning("slow")
    first, second = lines(stream)
    assert first.pop("timestamp")
    assert first == {
        "event": "view done",
        "level": "info",
        "logger": "relight",
        "order": "abc",
        "view": "front_0deg",
        "milliseconds": 13,
    }
    assert (second["event"], second["level"]) == ("slow", "warning")


def test_nothing_is_written_before_configure(capsys: pytest.CaptureFixture[str]) -> None:
    log.Logger("x").error("unheard")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["password", "api_key", "Shop_Token", "Authorization", "webhook_secret"])
def test_secrets_are_blotted_out(name: str) -> None:
    stream = io.StringIO()
    log.configure(level=LogLevel.DEBUG, format=LogFormat.TEXT, stream=stream)
    log.Logger("x").info("call", **{name: "sk_123"}, storage_key="kept")
    assert "sk_123" not in stream.getvalue()
    assert "kept" in stream.getvalue()


def test_lines_go_where_the_latest_configure_says() -> None:
    first, second = io.StringIO(), io.StringIO()
    for stream in (first, second):
        log.configure(level=LogLevel.INFO, format=LogFormat.JSON, stream=stream)
        log.Logger("x").info("one line")
    assert [len(lines(first)), len(lines(second))] == [1, 1]


def test_stacks_are_written() -> None:
    stream = io.StringIO()
    log.configure(level=LogLevel.ERROR, format=LogFormat.JSON, stream=stream)
    try:
        _ = 1 // 0
    except ZeroDivisionError:
        log.Logger("x").error("failed", exc_info=True)
    assert "ZeroDivisionError" in str(lines(stream)[0]["exception"])


def test_a_silent_log_does_not_import_structlog() -> None:
    use = "from tirage.log import Logger; Logger('x').error('e')"
    code = f"import sys; {use}; sys.exit('structlog' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
