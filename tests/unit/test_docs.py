"""The documents say what the code says: links, names, tables, commands, code blocks."""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import synthetic
import typer.main

import seal
import tirage
from tirage.cli import app
from tirage.cli.orders import Asked, order_of, tool_of
from tirage.errors import BadInput, Severity
from tirage.mockup import relight
from tirage.mockup.catalogue import PRESETS, TURNTABLE, VIEWS
from tirage.mockup.cells import MatrixOrder
from tirage.mockup.order import MockupOrder
from tirage.mockup.template import check, load

ROOT = Path(__file__).resolve().parents[2]
MADE = ("build", "out", "dist")
"""Folders that commands make and the repository lacks."""
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("templates/**/*.md")],
    key=lambda page: page.relative_to(ROOT).as_posix(),
)
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"[\w.*-]+(?:/[\w.*-]+)*/?")
FILE = re.compile(r"[\w*-]+\.(?:py|c|h|toml|csv)")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?")
SOURCES = ("src", "templates", "tests", "bench", "scripts", "examples")


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def each_page() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("page", PAGES, ids=map(name_of, PAGES))


def prose(page: Path) -> str:
    """A page without its code blocks."""
    return BLOCK.sub("", page.read_text(encoding="utf-8"))


def blocks(page: Path, language: str) -> list[str]:
    found = BLOCK.findall(page.read_text(encoding="utf-8"))
    return [text for kind, text in found if kind == language]


def commands(page: Path) -> list[str]:
    return [line.strip() for text in blocks(page, "sh") for line in text.splitlines() if line.strip()]


def table(page: Path, heads: list[str]) -> list[list[str]]:
    """The rows of the one table with these heads, cells without their quotes."""
    rows = [
        [cell.strip().replace("`", "") for cell in line.strip().strip("|").split("|")]
        for line in prose(page).splitlines()
        if line.startswith("|")
    ]
    start = rows.index(heads)
    body = []
    for row in rows[start + 2 :]:
        if len(row) != len(heads) or set("".join(row)) <= set("-: "):
            break
        body.append(row)
    return body


@cache
def anchors(page: Path) -> set[str]:
    """What `#…` can name: headings, as code hosts write them."""
    heads = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@cache
def words() -> frozenset[str]:
    """Every name in the code."""
    files = chain.from_iterable((ROOT / folder).rglob("*.[pch]*") for folder in SOURCES)
    texts = [path.read_text(encoding="utf-8") for path in files if path.suffix in {".py", ".c", ".h"}]
    texts += [(ROOT / name).read_text(encoding="utf-8") for name in ("Makefile", "hatch_build.py")]
    return frozenset(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", "\n".join(texts)))


@cache
def files() -> frozenset[str]:
    """The names of all files of the code."""
    inner = chain.from_iterable((ROOT / folder).rglob("*") for folder in (*SOURCES, "requirements", "docs"))
    return frozenset(path.name for path in chain(ROOT.iterdir(), inner))


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@each_page()
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert ROOT in (target, *target.parents), link
        assert not anchor or anchor in anchors(target), link


@each_page()
def test_paths_in_code_quotes_exist(page: Path) -> None:
    tops = {path.name for path in ROOT.iterdir()} - {*MADE}
    for quoted in CODE.findall(prose(page)):
        first, *rest = quoted.rstrip("/").split("/")
        if PATH.fullmatch(quoted) and rest and first in tops and not {*rest} & {*MADE}:
            assert list(ROOT.glob(quoted.rstrip("/"))), quoted
        elif FILE.fullmatch(quoted) and "*" not in quoted:
            assert quoted in files(), quoted


@each_page()
def test_names_in_code_quotes_stand_in_the_code(page: Path) -> None:
    if page.name == "requirements.md":
        return  # it speaks as those who asked do
    for quoted in CODE.findall(prose(page)):
        special = "_" in quoted or any(sign.isupper() for sign in quoted[1:])
        if NAME.fullmatch(quoted) and special and not FILE.fullmatch(quoted):
            assert {*quoted.split(".")} <= words() | {quoted.rpartition(".")[2]} & files(), quoted


def test_the_formulas_use_the_terms_that_the_code_has() -> None:
    source = (ROOT / "src" / "tirage" / "mockup" / "native" / "kernels.h").read_text()
    (listed,) = re.findall(r"enum \{ (DIRECT,.*?), TERMS", source)
    page = ROOT / "docs" / "relight.md"
    given = re.findall(r"^([A-Z_]{3,}) += ", "\n".join(blocks(page, "")), re.MULTILINE)
    used = {word for text in blocks(page, "") for word in re.findall(r"\b[A-Z][A-Z_0-9]{3,}\b", text)}
    assert sorted(given) == sorted(listed.split(", "))
    assert used <= {*given}


@each_page()
def test_commands_in_code_quotes_exist(page: Path) -> None:
    for quoted in CODE.findall(prose(page)):
        first, *rest = quoted.split()
        if first == "make" and rest:
            assert rest[0] in targets(), quoted
        if first == "tirage" and rest and not rest[0].startswith("-"):
            assert command_of([word for word in rest if word != "…"]), quoted


def command_of(argv: list[str]) -> tuple[Any, list[str]]:
    """The innermost command of some words, and the words that are left for it."""
    command: Any = typer.main.get_command(app)
    while argv and hasattr(command, "commands"):
        name, *argv = argv
        command = command.commands[name]
    return command, argv


def parsed(argv: list[str]) -> tuple[str, dict[str, Any]]:
    command, rest = command_of(argv)
    return command.name, command.make_context(command.name, rest).params


COMMANDS = [(name_of(page), line) for page in PAGES for line in commands(page)]


@pytest.mark.parametrize(("page", "line"), COMMANDS, ids=[f"{page}: {line}" for page, line in COMMANDS])
def test_shell_commands_are_valid(page: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    environment, argv = [], shlex.split(line)
    while "=" in argv[0]:
        environment.append(argv.pop(0).partition("=")[0])
    program, *rest = argv
    assert {*environment} <= {*tirage_variables()}, page
    if program == "tirage":
        check_tirage(rest)
    elif program == "make":
        assert {word for word in rest if "=" not in word} <= targets()
    elif program.startswith(".venv") and rest[0] == "-m":
        assert rest[1] in {"hatchling", "pip"} or Path(rest[1].replace(".", "/") + ".py").is_file()
    elif program.startswith(".venv"):
        assert Path(rest[0]).is_file()
        source = Path(rest[0]).read_text()
        assert all(f'"{word}"' in source for word in rest[1:] if word.startswith("--"))
        assert all(Path(word).exists() for word in rest[1:] if "/" in word)
    else:
        assert argv == ["python3.11", "-m", "pip", "install", "."]


def tirage_variables() -> Iterator[str]:
    from tirage.settings import VARIABLES

    yield from VARIABLES


def check_tirage(argv: list[str]) -> None:
    """The words parse, and what they order can be ordered."""
    name, params = parsed(argv)
    if name != "mockup":
        return
    params.pop("json")
    assert tool_of(params.pop("renderer"), params.pop("samples"))
    order = order_of(Asked(**params | {"places": params.pop("place") or []}))
    designs = [art.design for art in order.arts] if isinstance(order, MockupOrder) else order.designs
    assert designs
    assert all(design.is_file() for design in designs)
    assert isinstance(order, MatrixOrder) or order.arts


def test_commands_that_are_wrong_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for line in (
        "mockup examples/design.png --colour red",
        "mockup examples/none.png",
        "mockup examples/design.png --place front:1,2",
        "mockup examples/design.png --preset chest-huge",
        "mockup examples/design.png --renderer cycle",
        "mockup examples/design.png --renderer cycles --samples 0",
        "template chek tee",
    ):
        with pytest.raises((BadInput, AssertionError, KeyError, typer.BadParameter.__mro__[2])):
            check_tirage(shlex.split(line))


@each_page()
def test_python_blocks_call_what_there_is(page: Path) -> None:
    for text in blocks(page, "python"):
        tree = ast.parse(text)
        names = {
            alias.name: getattr(tirage, alias.name)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "tirage"
            for alias in node.names
        }
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            if isinstance(call.func, ast.Name) and call.func.id in names:
                given = {word.arg: None for word in call.keywords if word.arg}
                inspect.signature(names[call.func.id]).bind(*[None] * len(call.args), **given)


def test_readers_who_check_types_find_nothing(tmp_path: Path) -> None:
    """README's example and the longer one, as strictly as can be, against the package's own types."""
    (tmp_path / "readme.py").write_text("\n".join(blocks(ROOT / "README.md", "python")))
    programs = [tmp_path / "readme.py", ROOT / "examples" / "shop_order.py"]
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", "pyproject.toml", *programs]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_only_python_shell_and_diagrams_carry_a_language() -> None:
    kinds = {kind for page in PAGES for kind, _ in BLOCK.findall(page.read_text(encoding="utf-8"))}
    assert kinds <= {"", "mermaid", "sh", "python"}


def test_the_readme_example_runs(tmp_path: Path) -> None:
    """As a reader would: in a folder with the examples, in a process of its own."""
    if not (ROOT / "src" / "tirage" / "templates" / "tee").is_dir():
        pytest.skip("the tee is not there yet")
    (example,) = blocks(ROOT / "README.md", "python")
    (tmp_path / "examples").mkdir()
    shutil.copy(ROOT / "examples" / "design.png", tmp_path / "examples")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", example],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith("TIRAGE_")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    out = tmp_path / "out" / "python"
    listed = [entry["name"] for entry in json.loads((out / "manifest.json").read_text())["files"]]
    assert {path.name for path in out.iterdir()} == {*listed, "manifest.json"}
    assert all(str(Path("out/python", name)) in done.stdout for name in listed)


def test_the_table_of_presets_is_the_catalogue() -> None:
    heads = ["preset", "panel", "width", "max. height", "x", "measured from", "distance"]
    assert table(ROOT / "docs" / "orders.md", heads) == [
        [name, rule.panel, *(f"{cm:g}" for cm in (rule.width, rule.max_height, rule.x)), rule.anchor,
         f"{rule.distance:g}"]
        for name, rule in PRESETS.items()
    ]  # fmt: skip


def test_the_table_of_views_is_the_catalogue() -> None:
    page = ROOT / "docs" / "orders.md"
    assert table(page, ["view", "azimuth"]) == [[view.name, f"{view.azimuth:g}"] for view in VIEWS]
    assert f"{TURNTABLE.frames} frames" in prose(page)
    assert f"{TURNTABLE.frames_per_second} a second" in prose(page)


def test_the_table_of_findings_is_complete() -> None:
    """Every code that the modules behind an order report, and none that they do not."""
    pipeline = ("media/png.py", "media/jpeg.py", "media/container.py", "mockup/findings.py",
                "mockup/order.py", "mockup/pipeline.py")  # fmt: skip
    source = "\n".join((ROOT / "src" / "tirage" / name).read_text() for name in pipeline)
    reported = set(re.findall(r'(?:notes\.\w+|\)|Finding)\(\s*"([A-Z_]+)"', source))
    rows = table(ROOT / "docs" / "orders.md", ["code", "severity", "what was found"])
    assert {row[0] for row in rows} == reported
    assert {word for row in rows for word in row[1].split(", ")} == {*Severity}


def test_the_tour_names_every_module() -> None:
    tour = (ROOT / "docs" / "tour.md").read_text(encoding="utf-8")
    source = ROOT / "src" / "tirage"
    modules = [*source.rglob("*.py"), *source.glob("mockup/native/*.[ch]")]
    for module in modules:
        if module.name not in {"__init__.py", "__main__.py"}:
            path = module.relative_to(source).as_posix()
            assert f"`{path}`" in tour or f"`{module.name}`" in tour, path


def test_the_table_of_what_is_kept_has_the_budgets_of_the_code() -> None:
    budgets = [row[2] for row in table(ROOT / "docs" / "tour.md", ["kept", "by", "at most"])]
    first = [relight.SEEN_BYTES, relight.INK_BYTES, relight.TEXEL_BYTES]
    assert budgets[: len(first)] == [f"{size >> 20} MiB" for size in first]
    assert f"add up to {sum(first) >> 20} MiB" in (DECISIONS[10]).read_text(encoding="utf-8")


def test_decisions_are_numbered_and_listed() -> None:
    index = (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    for number, page in enumerate(DECISIONS, start=1):
        assert page.name.startswith(f"{number:04}-")
        title = page.read_text(encoding="utf-8").splitlines()[0]
        assert title.startswith(f"# {number} ")
        assert f"{number}. [{title.split(' ', 2)[2]}]({page.name})" in index.splitlines()


@pytest.mark.parametrize("page", DECISIONS, ids=[page.stem for page in DECISIONS])
def test_a_decision_says_context_choice_and_cost(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Choice", "Cost"]
    assert all(part.strip() for part in re.split(r"^## .+$", text, flags=re.MULTILINE))
    assert len(text.splitlines()) <= 40


def test_the_pictures_in_the_readme_are_small() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\((.+?)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert pictures
    for picture in pictures:
        assert 20_000 < (ROOT / picture).stat().st_size <= 300_000


def test_every_howto_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs").glob("howto/*.md"):
        assert f"({name_of(page)})" in readme


def test_an_edited_package_is_sealed_again(tmp_path: Path) -> None:
    """What the how-tos for presets, views and colours rely on."""
    package = synthetic.write_package(tmp_path / "plain")
    content = json.loads((package / "template.json").read_text())
    content["colours"]["mint"] = "#98ddca"
    (package / "template.json").write_text(json.dumps(content))
    assert {finding.code for finding in check(package)} == {"WRONG_HASH"}
    assert seal.seal(package) == []
    assert load(package).colours["mint"].hex() == "#98ddca"
    before = (package / "template.json").read_bytes()
    assert seal.seal(package) == []
    assert (package / "template.json").read_bytes() == before


def test_pages_that_the_code_names_exist() -> None:
    """Those in modules' and files' first lines, where readers follow them."""
    for folder in ("src", "templates", "scripts"):
        for path in chain((ROOT / folder).rglob("*.py"), (ROOT / folder).rglob("*.[ch]")):
            for page in re.findall(r"\b(?:docs|templates)/[\w/-]+(?:\.\w+)?", path.read_text()[:2000]):
                made = page.endswith(("benchmarks.md", "hero.jpg"))
                assert made or (ROOT / page).exists(), f"{path.name} names {page}"
