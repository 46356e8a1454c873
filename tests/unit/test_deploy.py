"""The container file and the compose example, as far as a machine without containers can judge them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from tirage.app import PORT
from tirage.cli import app
from tirage.settings import VARIABLES
from tirage.web.build import bare_api

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
STAGE = re.compile(r"FROM (\S+)(?: AS (\S+))?")
PINNED = re.compile(r"[a-z0-9./-]+:(?!latest)\S*\d\S*")
VARIABLE = re.compile(r"\$\{(\w+)(:[?-][^}]*)?\}")
KEYS = set(
    "build cap_drop command depends_on deploy environment healthcheck image ports read_only".split()  # noqa: SIM905
    + "restart security_opt stop_grace_period tmpfs volumes".split()  # noqa: SIM905
)
"""What the services say, of what compose files can say."""
CONDITIONS = {"service_healthy", "service_completed_successfully"}


def instructions() -> list[tuple[str, str]]:
    """Of the container file: name and words, a line each."""
    text = (DEPLOY / "Containerfile").read_text()
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(name, words.strip()) for name, _, words in (line.partition(" ") for line in joined.splitlines())]


def of(name: str) -> list[str]:
    return [words for each, words in instructions() if each == name]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yml").read_text())
    return found


def commands() -> Mapping[str, Any]:
    return get_command(app).commands  # type: ignore[attr-defined,no-any-return]


@pytest.mark.rows("R297")
def test_the_image_runs_as_nobody_and_is_watched() -> None:
    stages = [STAGE.fullmatch(f"FROM {words}") for words in of("FROM")]
    assert all(stage and PINNED.fullmatch(stage[1]) for stage in stages)
    assert [stage and stage[2] for stage in stages] == ["build", None]
    assert of("USER") == ["10001"]
    assert of("EXPOSE") == [str(PORT)]
    (check,) = of("HEALTHCHECK")
    code = yaml.safe_load(check.partition("CMD ")[2])[2]
    compile(code, "HEALTHCHECK", "exec")
    (path,) = re.findall(rf"127\.0\.0\.1:{PORT}(/\w+)", code)
    assert path in bare_api().openapi()["paths"]
    assert yaml.safe_load(of("ENTRYPOINT")[0]) == ["tirage"]
    assert yaml.safe_load(of("CMD")[0])[0] in commands()


def test_the_image_is_made_of_what_is_there() -> None:
    """Files that are copied exist and are not left out; all that is installed has a hash."""
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for words in of("COPY"):
        *sources, _ = shlex.split(words)
        if sources[0].startswith("--from="):
            assert sources[0] == "--from=build"
            continue
        for source in sources:
            assert (ROOT / source).exists(), source
            assert source.split("/")[0] in kept, source
    installs = [step for words in of("RUN") for step in words.split("&&") if "pip install" in step]
    assert len(installs) == 3
    assert all("--require-hashes" in step or "--no-deps /wheels/" in step for step in installs)
    pairs = dict(word.split("=", 1) for words in of("ENV") for word in shlex.split(words))
    assert {name for name in pairs if name.startswith("TIRAGE_")} <= VARIABLES.keys()


@pytest.mark.rows("R297")
def test_the_services_fit_together(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert compose.keys() <= {"name", "services", "volumes", "x-tirage"}
    for name, service in services.items():
        assert service.keys() <= KEYS, name
        assert service["image"] == "tirage" or PINNED.fullmatch(service["image"]), name
        for needed, how in service.get("depends_on", {}).items():
            assert how["condition"] in CONDITIONS
            healthy = how["condition"] == "service_healthy"
            own = services[needed]["image"] == "tirage"  # its check is the image's
            assert not healthy or own or "test" in services[needed]["healthcheck"], needed
        for volume in service.get("volumes", ()):
            source, _, target = volume.partition(":")
            assert source.startswith("/") or (source in compose["volumes"] and target), volume
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    assert services["worker"]["deploy"]["replicas"] == 2
    assert int(services["server"]["stop_grace_period"].rstrip("s")) > 30  # what a drain may take


def test_the_services_name_what_there_is(compose: dict[str, Any]) -> None:
    """Commands, settings, and every variable that somebody has to fill in."""
    for service in compose["services"].values():
        if service["image"] == "tirage":
            assert service.get("command", ["serve"])[0] in commands()
            assert service["environment"].keys() <= VARIABLES.keys()
    asked = {name for name, _ in VARIABLE.findall((DEPLOY / "compose.yml").read_text())}
    lines = (DEPLOY / "example.env").read_text().splitlines()
    told = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert told.keys() == asked
    assert not any(value for name, value in told.items() if "PASSWORD" in name or "KEY" in name)


@pytest.mark.rows("R297")
def test_its_settings_are_ones_that_are_taken(compose: dict[str, Any]) -> None:
    from tirage.settings import Settings

    given = {
        name: VARIABLE.sub(lambda found: (found[2] or "")[2:] or "w0rdw0rdw0rdw0rd", value)
        for name, value in compose["services"]["server"]["environment"].items()
    }
    settings = Settings.read(given)
    assert settings.database_url == "postgresql://tirage:w0rdw0rdw0rdw0rd@database/tirage"
    assert settings.storage_url.startswith("s3://tirage")
    assert settings.file_base_url == f"http://localhost:{PORT}/static"
