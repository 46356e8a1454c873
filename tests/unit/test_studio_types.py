"""The web interface and the API: its types are those of the routes as they are; it asks for nothing else."""

from __future__ import annotations

import json
import re

import pytest

from studio_types import TARGET, UI, description, heading


def test_the_types_are_of_this_description() -> None:
    """`make studio-types` writes them again."""
    with TARGET.open() as file:
        assert file.readline() == heading()


@pytest.mark.rows("R255")
def test_only_the_public_api_is_asked() -> None:
    """Every address of the server in its sources is a route of the description, or a template's file."""
    routes = [re.sub(r"\{\w+\}", "[^/]+", route) for route in json.loads(description())["paths"]]
    sources = [path for path in (UI / "src").rglob("*.ts*") if path != TARGET]
    text = "\n".join(path.read_text("utf-8") for path in sources)
    found = re.findall(r"[\"`](/(?:v1|admin|static)/[^\"`?]*)", text)
    asked = {re.sub(r"\$\{[^}]*\}", "x", each) for each in found}
    assert len(asked) > 20
    asked.discard("/v1/templates/x/preview/")
    assert [path for path in asked if not any(re.fullmatch(route, path) for route in routes)] == []
