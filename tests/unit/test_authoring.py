"""From a source to a package: descriptions, the bakes, the steps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tirage.authoring.plan import plan
from tirage.authoring.source import Source
from tirage.authoring.steps import STEPS, Job, Step, make
from tirage.errors import Failed, NotFound
from tirage.media.blender import Program

ROOT = Path(__file__).resolve().parents[2]
TEE = ROOT / "templates" / "tee"


def test_a_description_is_toml_or_json(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"neither source.toml nor source.json"):
        Source.open(tmp_path)
    (tmp_path / "source.json").write_text('{"atlas_cm": 64}')
    assert Source.open(tmp_path).atlas_cm == 64
    (tmp_path / "source.toml").write_text("atlas_cm = 32  # by hand")
    assert Source.open(tmp_path).atlas_cm == 32


def test_the_description_of_the_tee_is_what_its_numbers_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(TEE)
    import params

    assert json.loads(json.dumps(params.source())) == Source.open(TEE).description


def test_the_same_bakes_with_fewer_samples() -> None:
    full, quick = (plan(4, quality)["bakes"] for quality in (1, 0.1))
    assert isinstance(full, list)
    assert isinstance(quick, list)
    assert [bake | {"samples": 0} for bake in full] == [bake | {"samples": 0} for bake in quick]
    assert len({(bake["name"], bake["side"]) for bake in full}) == len(full)
    for before, after in zip(full, quick, strict=True):
        exact = before["kind"] in {"normal", "position"}
        assert after["samples"] == before["samples"] if exact else 2 <= after["samples"] < before["samples"]


def test_the_steps_of_a_bake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blender's programs by a stand-in that writes down its words; the others are told apart by `done`."""
    (tmp_path / "source.json").write_text("{}")
    log, done, said = tmp_path / "log", list[str](), list[str]()
    stand_in = tmp_path / "python"
    stand_in.write_text(f'#!/bin/sh\necho "$@" >> {log}\n')
    stand_in.chmod(0o755)
    ours = {
        step: lambda _job, step=step: done.append(step)
        for step in Step
        if step not in {"bake", "denoise", "thumbnail"}
    }
    monkeypatch.setattr("tirage.authoring.steps.STEPS", {**STEPS, **ours})
    program = Program(stand_in)
    job = Job(source=Source.open(tmp_path), program=program, target=tmp_path, say=said.append)
    make(job, first=Step.BAKE)
    assert [line.partition(":")[0] for line in said] == list(Step)[2:]
    programs = [Path(line.split()[1]).name for line in log.read_text().splitlines()]
    assert programs == ["bake.py", "denoise.py", "preview.py"]
    assert done == ["fill", "settle", "package"]
    assert all(f" {tmp_path / 'build'}" in line for line in log.read_text().splitlines())
    stand_in.write_text("#!/bin/sh\nexit 7\n")
    with pytest.raises(Failed, match=r"denoise\.py failed"):
        make(job, first=Step.DENOISE)
