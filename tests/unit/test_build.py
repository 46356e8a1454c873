"""The build hook: kernels are compiled once per change, and the wheel carries what it has to."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path: Path, hook: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one small kernel; the compiler's own cache is shared with the real build."""
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("ZIG_GLOBAL_CACHE_DIR", str(ROOT / "build" / "zig"))
    (tmp_path / hook.NATIVE).mkdir(parents=True)
    (tmp_path / hook.NATIVE / "kernels.c").write_text("int answer(void) { return 41; }\n")
    return tmp_path


def answer(path: Path) -> int:
    return int(ctypes.CDLL(str(path)).answer())


def test_kernels_are_compiled_only_when_something_changed(project: Path, hook: ModuleType) -> None:
    library = project / hook.NATIVE / f"_kernels{hook.SUFFIX}"
    assert hook.compile_kernels(project)
    assert answer(library) == 41
    first = library.stat().st_mtime_ns
    assert not hook.compile_kernels(project)
    assert library.stat().st_mtime_ns == first
    library.unlink()
    (project / hook.NATIVE / "more.h").write_text("#define ANSWER 42\n")
    (project / hook.NATIVE / "kernels.c").write_text(
        '#include "more.h"\nint answer(void) { return ANSWER; }\n'
    )
    assert hook.compile_kernels(project)
    (project / hook.NATIVE / "more.h").write_text("#define ANSWER 43\n")
    assert hook.compile_kernels(project)
    assert sorted(path.name for path in (project / hook.NATIVE).iterdir()) == sorted(
        ["_kernels.stamp", "kernels.c", "more.h", *(f"{name}{hook.SUFFIX}" for name, _ in hook.variants())]
    )


def test_a_compiler_of_ones_own(project: Path, hook: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    assert hook.compile_kernels(project)
    monkeypatch.setenv("CC", f"{sys.executable} -m ziglang cc")
    assert hook.compile_kernels(project), "another compiler is a change"
    assert answer(project / hook.NATIVE / f"_kernels{hook.SUFFIX}") == 41
    assert "manylinux" not in hook.wheel_tag()


def test_a_source_that_does_not_compile_leaves_no_stamp(project: Path, hook: ModuleType) -> None:
    assert hook.compile_kernels(project)
    (project / hook.NATIVE / "kernels.c").write_text("int answer(void) { int unused; return 1; }\n")
    with pytest.raises(subprocess.CalledProcessError):
        hook.compile_kernels(project)
    assert not (project / hook.NATIVE / "_kernels.stamp").exists()


def distribution(target: str, folder: Path) -> Path:
    """The wheel or sdist of this checkout, built in a folder."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", folder]
    environment = {**os.environ, "TIRAGE_WHEEL_WITHOUT_STUDIO": "1"}
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, env=environment)
    (built,) = folder.iterdir()
    return built


def test_the_wheel_carries_kernels_templates_and_types(tmp_path: Path, hook: ModuleType) -> None:
    wheel = distribution("wheel", tmp_path)
    assert wheel.name.endswith(f"-{hook.wheel_tag()}.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for name, _ in hook.variants():
        assert f"tirage/mockup/native/{name}{hook.SUFFIX}" in names
    templates = {
        path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src/tirage/templates").rglob("*.*")
    }
    assert templates <= names
    assert {"tirage/py.typed", "tirage/media/intake.py"} <= names
    assert [name for name in names if name.endswith((".c", ".h", ".stamp", ".pyc"))] == []
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_sdist_carries_what_its_own_tests_need(tmp_path: Path, hook: ModuleType) -> None:
    """Unpacked, all test files are there and can be imported; what commands make is not."""
    with tarfile.open(distribution("sdist", tmp_path)) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = (path for path in tmp_path.iterdir() if path.is_dir())
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-qq", "-p", "no:cacheprovider", "tests"],
        cwd=unpacked,
        env={**os.environ, "PYTHONPATH": str(unpacked / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    collected = re.findall(r"^tests/\S+(?=: \d+$)", done.stdout, re.MULTILINE)
    assert sorted(collected) == sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("tests/**/test_*.py"))
    assert list((unpacked / hook.NATIVE).glob("_kernels*")) == []
    assert list(unpacked.glob("templates/*/build")) == []


NPM = """#!/bin/sh
echo "$@" >> calls
test "$1" = run && mkdir -p ../src/tirage/web/studio && cp index.html ../src/tirage/web/studio/
exit 0
"""


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a small web interface, and programs of the names of Node's that only take notes."""
    (tmp_path / "ui/src").mkdir(parents=True)
    (tmp_path / "ui/index.html").write_text("<p>")
    (tmp_path / "ui/src/main.ts").write_text("1")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in (("npm", NPM), ("node", "#!/bin/sh\necho v20.1.0\n")):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.delenv("TIRAGE_WHEEL_WITHOUT_STUDIO", raising=False)
    return tmp_path


def test_the_web_interface_is_built_only_when_something_changed(web: Path, hook: ModuleType) -> None:
    calls = web / "ui/calls"
    assert hook.build_studio(web) is None
    assert (web / hook.STUDIO / "index.html").is_file()
    assert calls.read_text().split("\n")[:2] == ["ci --silent", "run --silent build"]
    assert hook.build_studio(web) is None
    assert calls.read_text().count("build") == 1
    (web / "ui/src/main.ts").write_text("2")
    assert hook.build_studio(web) is None
    assert calls.read_text().count("build") == 2


def test_without_node_the_wheel_says_that_it_carries_no_web_interface(
    web: Path, hook: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    (web / hook.STUDIO).mkdir(parents=True)
    (web / hook.STUDIO / "index.html").write_text("older")
    (web / "bin/node").write_text("#!/bin/sh\necho v18.2.0\n")
    assert "Node.js 20 or newer" in hook.build_studio(web)
    assert not (web / hook.STUDIO).exists(), "an older one would not fit the server"
    monkeypatch.setenv("PATH", str(web / "nowhere"))
    assert "Node.js 20 or newer with npm" in hook.build_studio(web)
    monkeypatch.setenv("TIRAGE_WHEEL_WITHOUT_STUDIO", "1")
    assert "is set" in hook.build_studio(web)
