"""Packing, installing and upgrading templates: whole, unchanged, and nothing outside the folder."""

from __future__ import annotations

import io
import json
import stat
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import synthetic

from tirage.authoring import archive, installed
from tirage.authoring.goldens import compare, findings, goldens
from tirage.authoring.upgrade import impact
from tirage.cli import _exit_code
from tirage.errors import BadInput, NotFound
from tirage.mockup.template import available, load, read_package


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return synthetic.write_package(tmp_path / "plain")


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIRAGE_TEMPLATES", str(tmp_path / "shelf"))
    return tmp_path / "shelf"


@pytest.fixture
def packed(package: Path, tmp_path: Path) -> Path:
    path = tmp_path / "plain-1.0.0.tirage.zip"
    path.write_bytes(archive.archive(package))
    return path


def versioned(package: Path, version: str, **changes: Any) -> Path:  # noqa: ANN401
    folder = synthetic.write_package(package.parent / f"plain-{version}")
    synthetic.edit(folder, lambda content: content.update(version=version, **changes))
    return folder


def tirage(*words: object, json: bool = False) -> int:
    return _exit_code(["template", *map(str, words), *(["--json"] if json else [])], json=json)


# --- one file


def test_the_same_package_is_the_same_file(package: Path, packed: Path) -> None:
    for path in package.iterdir():
        path.chmod(0o600)
        path.touch()
    assert archive.archive(package) == packed.read_bytes()
    assert archive.unpack(packed) == {path.name: path.read_bytes() for path in package.iterdir()}


def test_a_package_has_a_largest_size(package: Path) -> None:
    (package / "detail.png").write_bytes(bytes(archive.MAX_BYTES))
    with pytest.raises(BadInput, match="limit is 8 MB"):
        archive.archive(package)


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as file:
        for entry, data in entries:
            file.writestr(entry, data)
    return stream.getvalue()


def link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


def liar() -> bytes:
    """Says that it unpacks to 10 bytes and unpacks to 20 MB."""
    data = zipped(("template.json", bytes(20_000_000)), method=zipfile.ZIP_DEFLATED)
    return data.replace((20_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))


HOSTILE: dict[str, tuple[bytes, str]] = {
    "parent": (zipped(("../template.json", b"{}")), "no plain file name"),
    "absolute": (zipped(("/etc/passwd", b"{}")), "no plain file name"),
    "folder": (zipped(("a/template.json", b"{}")), "no plain file name"),
    "windows": (zipped(("..\\template.json", b"{}")), "no plain file name"),
    "hidden": (zipped((".template.json", b"{}")), "no plain file name"),
    "bidi": (zipped(("\u202etemplate.json", b"{}")), "no plain file name"),
    "link": (zipped((link("template.json"), b"/etc/passwd")), "no regular file"),
    "twice": (zipped(("template.json", b"{}"), ("TEMPLATE.json", b"{}")), "there twice"),
    "bomb": (zipped(("template.json", bytes(100_000_000)), method=zipfile.ZIP_DEFLATED), "unpacks to more"),
    "liar": (liar(), "damaged"),
    "many": (zipped(*((f"f{n}", b"") for n in range(300))), "300 files"),
    "method": (zipped(("template.json", b"{}"), method=zipfile.ZIP_LZMA), "unusual way"),
    "empty": (zipped(), "has no template.json"),
    "no zip": (b"PK" + bytes(1000), "damaged or no zip"),
    "huge": (bytes(17_000_000), "it has 17.0 MB"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_and_leaves_nothing(name: str, tmp_path: Path, shelf: Path) -> None:
    data, reason = HOSTILE[name]
    path = tmp_path / "x.tirage.zip"
    path.write_bytes(data)
    with pytest.raises(BadInput, match=reason), installed.opened(path, shelf):
        pass
    assert [entry.name for entry in shelf.rglob("*")] == [installed.WORKSHOP]
    assert {entry.name for entry in tmp_path.iterdir()} == {"x.tirage.zip", "shelf"}


def test_any_damage_is_an_error_of_ours(packed: Path, shelf: Path) -> None:
    """A byte changed anywhere: refused by the zip file's checks or the package's own, or without meaning."""
    data = packed.read_bytes()
    whole = archive.unpack(packed)
    for place in range(0, len(data), len(data) // 60):
        packed.write_bytes(data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :])
        try:
            with installed.opened(packed, shelf) as template:
                assert read_package(template.info.folder) == whole
        except BadInput:
            pass


# --- the folder


def test_a_package_is_installed_whole_from_a_file_or_a_folder(
    package: Path, packed: Path, shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for source in (packed, package):
        assert tirage("install", source) == 0
        assert read_package(shelf / "plain") == read_package(package)
        assert list((shelf / installed.WORKSHOP).iterdir()) == []
        assert tirage("remove", "plain") == 0
        assert "plain" not in available(folder=shelf)
    assert tirage("remove", "plain") == 2
    assert tirage("remove", "tee") == 2
    assert "stays" in capsys.readouterr().err
    assert tirage("remove", "../plain") == 2
    assert package.is_dir()


def test_strays_and_unsound_packages_stay_outside(package: Path, shelf: Path) -> None:
    (package / "notes.txt").write_text("mine")
    assert tirage("install", package) == 0
    assert not (shelf / "plain" / "notes.txt").exists()
    synthetic.edit(package, lambda content: content.update(version="2.0.0", exposure=-1))
    assert tirage("install", package, "--yes") == 2
    assert load(shelf / "plain").info.version == "1.0.0"


@pytest.fixture
def there(package: Path, shelf: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert tirage("install", package) == 0
    capsys.readouterr()
    return shelf / "plain"


def test_an_upgrade_says_what_it_changes_and_waits(
    package: Path, there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    newer = versioned(package, "1.1.0", exposure=1.3, colours={"white": "#e6e6e3", "red": "#aa2222"})
    assert tirage("install", newer) == 2
    told = capsys.readouterr()
    assert "6 of 6 views change" in told.out
    assert "front_0deg: ΔE00 mean" in told.out
    assert "gone or moved: colour navy" in told.out
    assert "new: colour red" in told.out
    assert "TEMPLATE_REPLACES" in told.err
    assert load(there).info.version == "1.0.0"
    assert tirage("install", newer, "--yes", json=True) == 0
    told_json = json.loads(capsys.readouterr().out)
    assert told_json["change"] == "upgrade"
    assert all(view["changed"] and view["mean"] > 1 for view in told_json["views"])
    assert load(there).info.version == "1.1.0"


def test_an_upgrade_that_changes_no_picture_says_so(
    package: Path, there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tirage("install", versioned(package, "1.0.10"), "--yes") == 0
    assert "0 of 6 views change" in capsys.readouterr().out
    assert load(there).info.version == "1.0.10"


@pytest.mark.parametrize(("version", "exposure"), [("0.9", 1.0), ("1.0", 1.1)])
def test_older_and_altered_packages_need_force(
    package: Path, there: Path, version: str, exposure: float
) -> None:
    other = versioned(package, version, exposure=exposure)
    assert tirage("install", other, "--yes") == 2
    assert load(there).info.version == "1.0.0"
    assert tirage("install", other, "--force") == 0
    assert load(there).info.version == version


def test_the_same_package_again_changes_nothing(
    package: Path, there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = there.stat().st_ino
    assert tirage("install", package) == 0
    assert "is installed" in capsys.readouterr().out
    assert there.stat().st_ino == before


@pytest.mark.parametrize("moved_back", [True, False])
def test_a_killed_install_is_mended_by_the_next(package: Path, there: Path, moved_back: bool) -> None:
    """Killed between the two renames, or right after them."""
    workshop = there.parent / installed.WORKSHOP
    (workshop / "abc" / "plain").mkdir(parents=True)
    if moved_back:
        there.rename(workshop / "plain.before")
    else:
        synthetic.write_package(workshop / "plain.before")
    with installed.opened(package, there.parent):
        assert load(there).info.version == "1.0.0"
    assert list(workshop.iterdir()) == []


def test_installs_at_the_same_time_leave_one_of_them(package: Path, shelf: Path) -> None:
    sources = [package, *(versioned(package, f"1.{n}") for n in range(1, 4))]
    errors = []

    def install(source: Path) -> None:
        try:
            with installed.opened(source, shelf) as template:
                installed.put(template, shelf)
        except Exception as error:  # noqa: BLE001 – told in the assertion
            errors.append(error)

    threads = [threading.Thread(target=install, args=(source,)) for source in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert load(shelf / "plain").info.version in {"1.0.0", "1.1", "1.2", "1.3"}
    assert list((shelf / installed.WORKSHOP).iterdir()) == []


# --- golden pictures


@pytest.fixture
def golden(package: Path) -> Path:
    pictures = goldens(load(package))
    for one, data in pictures.items():
        (package / one.file).write_bytes(data)

    def add(content: dict[str, Any]) -> None:
        content["goldens"] = [
            {"file": one.file, "view": one.view, "colour": one.colour.hex()} for one in pictures
        ]
        content["files"] |= dict.fromkeys((one.file for one in pictures), "")

    synthetic.edit(package, add)
    return package


def test_golden_pictures_are_compared(golden: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tirage("check", golden) == 0
    told = capsys.readouterr().out
    assert told.count("ΔE00 mean 0.00, worst 0.00") == 4
    assert "is sound" in told


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.update(exposure=1.03),
        lambda content: content["material"].update(roughness=0.5, specular=1),
        lambda content: content["panels"][0].update(print_area=[-17, 5, 18, 52]),
        lambda content: content["light"]["world"].update(outside_scale=1.9),
    ],
    ids=["exposure", "gloss", "print area", "light"],
)
def test_a_golden_that_differs_is_found(golden: Path, change: Callable[[dict[str, Any]], object]) -> None:
    synthetic.edit(golden, change)
    found = findings(compare(load(golden)))
    assert {one.code for one in found} == {"GOLDEN_DIFFERS"}


def test_a_golden_of_no_view(golden: Path, capsys: pytest.CaptureFixture[str]) -> None:
    synthetic.edit(golden, lambda content: content["goldens"][0].update(view="above"))
    assert tirage("check", golden) == 2
    assert "UNKNOWN_VIEW" in capsys.readouterr().out


def test_what_changes_between_templates_is_found_both_ways(package: Path) -> None:
    old, new = load(package), load(versioned(package, "2.0", exposure=1.5))
    there, back = impact(old, new), impact(new, old)
    assert [view.apart for view in there.views] == [view.apart for view in back.views]
    assert all(view.changed for view in there.views)
    assert not any(view.changed for view in impact(old, old).views)


def test_packing_by_command(package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.tirage.zip"
    assert tirage("pack", package, "--out", out) == 0
    assert archive.unpack(out) == read_package(package)
    assert str(out) in capsys.readouterr().out
    assert tirage("pack", package, "--out", out / "out.zip") == 2
    with pytest.raises(NotFound, match="no template folder"):
        load(tmp_path / "none")
