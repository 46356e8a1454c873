"""Settings: defaults, values, and every fault at once."""

from __future__ import annotations

import ast
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

import tirage
from tirage.errors import UsageError
from tirage.settings import VARIABLES, BlenderDevice, LogFormat, LogLevel, Settings, usable_cores


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = Settings.read({"HOME": "/home/ann", "TIRAGE_THREADS": " "})
    assert settings.threads == usable_cores() >= 1
    assert (settings.templates, settings.log_level, settings.log_format) == ((), "warning", "text")


def test_every_variable_is_read() -> None:
    environment = {
        "TIRAGE_THREADS": "3",
        "TIRAGE_TEMPLATES": "/a:/b",
        "TIRAGE_BLENDER": "/opt/blender/blender",
        "TIRAGE_BLENDER_DEVICE": "GPU",
        "TIRAGE_LOG_LEVEL": "Debug",
        "TIRAGE_LOG_FORMAT": "json",
    }
    assert set(environment) == set(VARIABLES)
    assert Settings.read(environment) == Settings(
        threads=3,
        templates=(Path("/a"), Path("/b")),
        blender=Path("/opt/blender/blender"),
        blender_device=BlenderDevice.GPU,
        log_level=LogLevel.DEBUG,
        log_format=LogFormat.JSON,
    )


@pytest.mark.rows("R307")
def test_every_fault_is_found_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        Settings.read(
            {
                "TIRAGE_THREADS": "0",
                "TIRAGE_TEMPLATES": "relative/x",
                "TIRAGE_LOG_LEVEL": "loud",
                "TIRAGE_TEMPLATE": "/a",
                "TIRAGE_X": "",
                "OTHER": "?",
            }
        )
    assert [(finding.where, finding.code) for finding in caught.value.findings] == [
        (variable, "INVALID_SETTING")
        for variable in (
            "TIRAGE_THREADS",
            "TIRAGE_TEMPLATES",
            "TIRAGE_LOG_LEVEL",
            "TIRAGE_TEMPLATE",
            "TIRAGE_X",
        )
    ]
    assert caught.value.findings[3].hint == "Did you mean TIRAGE_TEMPLATES?"
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("threads", ["65", "-1", "2.5", "two", "1e1"])
def test_thread_numbers_out_of_range(threads: str) -> None:
    with pytest.raises(UsageError, match="TIRAGE_THREADS cannot be"):
        Settings.read({"TIRAGE_THREADS": threads})


def test_settings_cannot_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings.read({}).threads = 5  # type: ignore[misc]


def test_settings_come_from_one_place() -> None:
    package = Path(tirage.__file__).parent
    readers = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"}
    }
    assert readers == {"settings.py", "media/process.py"}, "process.py hands a few variables on to children"
