"""Stored files: what every storage has to do, on a local folder, a store without folders and a bucket."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from obstore.store import MemoryStore

from buckets import Bucket
from tirage.errors import BadInput, Conflict, Failed, NotFound, TryAgain
from tirage.stores.blobs import Blobs, open_blobs

PNG = "image/png"
KEY = "media/products/p1/renders/j1/front_0deg.png"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "static"


@pytest.fixture(params=("folder", "objects", "bucket"))
def blobs(request: pytest.FixtureRequest, root: Path) -> Blobs:
    """The others keep objects: no folders, no links, types beside the bytes."""
    if request.param == "objects":
        return Blobs(MemoryStore())
    bucket = request.getfixturevalue("bucket") if request.param == "bucket" else None
    return open_blobs(bucket.url if bucket else root.as_uri())


@pytest.fixture
def folder(root: Path) -> Blobs:
    return open_blobs(root.as_uri())


def keys(blobs: Blobs, prefix: str = "") -> list[str]:
    return sorted(stat.key for stat in blobs.list(prefix))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_written_can_be_read(blobs: Blobs, tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    blobs.write(KEY, data, media_type=PNG)
    assert blobs.read(KEY) == data
    assert blobs.digest(KEY) == hashlib.sha256(data).hexdigest()
    blobs.fetch(KEY, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == data
    stat = blobs.stat(KEY)
    assert stat is not None
    assert (stat.key, stat.bytes) == (KEY, len(data))
    assert abs(datetime.now(UTC) - stat.modified) < timedelta(minutes=1)


def test_another_file_has_another_tag(blobs: Blobs) -> None:
    blobs.write(KEY, b"a", media_type=PNG)
    before = blobs.stat(KEY)
    blobs.write(KEY, b"bc", media_type=PNG)
    after = blobs.stat(KEY)
    assert before is not None
    assert after is not None
    assert before.etag != after.etag
    assert blobs.read(KEY) == b"bc"


def test_a_local_file_stays_where_it_is(blobs: Blobs, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"x" * 6_000_000)  # more than one part of a large upload
    for _ in range(2):
        blobs.put("media/film.mp4", path, media_type="video/mp4")
    assert blobs.read("media/film.mp4") == path.read_bytes()


def test_only_one_creates(blobs: Blobs) -> None:
    def create(number: int) -> bool:
        try:
            blobs.write(KEY, b"%d" % number, media_type=PNG, create=True)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(create, range(16)))
    assert sum(made) == 1
    assert blobs.read(KEY) == b"%d" % made.index(True)


def test_parts(blobs: Blobs) -> None:
    blobs.write(KEY, b"0123456789", media_type=PNG)
    for start, end, want in (
        (0, 1, b"0"),
        (3, 7, b"3456"),
        (9, 10, b"9"),
        (4, None, b"456789"),
        (0, None, b"0123456789"),
    ):
        content = blobs.open(KEY, start=start, end=end)
        assert b"".join(content.stream) == want
        assert (content.start, content.end, content.stat.bytes) == (start, end or 10, 10)


def test_parts_come_without_blocking(blobs: Blobs) -> None:
    async def read() -> bytes:
        return b"".join([bytes(block) async for block in blobs.open(KEY, start=1).stream])

    blobs.write(KEY, b"x" * 2_500_000, media_type=PNG)
    assert asyncio.run(read()) == b"x" * 2_499_999


def test_lists_are_by_folder(blobs: Blobs) -> None:
    for key in ("a/b/c", "a/b/d", "a/bc", "e"):
        blobs.write(key, b"1", media_type=PNG)
    assert keys(blobs) == ["a/b/c", "a/b/d", "a/bc", "e"]
    assert keys(blobs, "a/b/") == ["a/b/c", "a/b/d"]
    assert keys(blobs, "nothing/") == []


@pytest.mark.rows("R229")
def test_deleting_takes_a_folder_and_nothing_else(blobs: Blobs) -> None:
    for key in ("a/b/c", "a/b/d/e", "a/bc"):
        blobs.write(key, b"1", media_type=PNG)
    assert blobs.delete_prefix("a/b/") == 2
    assert blobs.delete_prefix("a/b/") == 0
    assert keys(blobs) == ["a/bc"]
    blobs.delete("a/bc")
    blobs.delete("a/bc")
    assert keys(blobs) == []
    for prefix in ("", "/", "a/b", "../"):
        with pytest.raises(BadInput):
            blobs.delete_prefix(prefix)


def test_copies_live_on_their_own(blobs: Blobs) -> None:
    blobs.write("a/one", b"1", media_type=PNG)
    for _ in range(3):
        blobs.copy("a/one", "b/two")
    blobs.write("a/one", b"other", media_type=PNG)
    assert blobs.read("b/two") == b"1"
    blobs.copy("a/one", "b/two")
    blobs.delete("a/one")
    assert blobs.read("b/two") == b"other"
    assert keys(blobs) == ["b/two"]
    with pytest.raises(NotFound):
        blobs.copy("a/one", "c")


def test_what_is_not_there(blobs: Blobs, tmp_path: Path) -> None:
    assert blobs.stat(KEY) is None
    for read in (blobs.read, blobs.digest, blobs.open):
        with pytest.raises(NotFound):
            read(KEY)
    with pytest.raises(NotFound):
        blobs.fetch(KEY, tmp_path / "x")
    blobs.write("a/b", b"", media_type=PNG)
    assert blobs.read("a/b") == b""
    assert blobs.stat("a") is None


@pytest.mark.rows("R201", "R221", "R251")
@pytest.mark.parametrize(
    "key",
    ["", "/", "/etc/passwd", "../x", "a/../../x", "a//b", "a/./b", "a/%2e%2e/b", "a\\b", "a\0b", "a/.hidden",
     "a/b#1", "é", "a b", "a/\u202egnp.exe", "x" * 201, "/".join("ab" * 400), "a/\n", "~/x", "C:/x"],
)  # fmt: skip
def test_what_is_no_key_reaches_no_store(blobs: Blobs, key: str, tmp_path: Path) -> None:
    for call in (
        lambda: blobs.write(key, b"1", media_type=PNG),
        lambda: blobs.read(key),
        lambda: blobs.stat(key),
        lambda: blobs.delete(key),
        lambda: blobs.copy(key, "a"),
        lambda: blobs.copy("a", key),
        lambda: blobs.put(key, tmp_path / "none", media_type=PNG),
    ):
        with pytest.raises(BadInput) as caught:
            call()
        assert caught.value.code == "INVALID_DATA"
    assert keys(blobs) == []


def test_a_check_leaves_nothing(blobs: Blobs) -> None:
    blobs.check()
    assert keys(blobs) == []


def test_a_copy_that_breaks_off_leaves_nothing(blobs: Blobs, tmp_path: Path) -> None:
    path = tmp_path / "design.png"
    with pytest.raises(NotFound):
        blobs.fetch(KEY, path)
    assert not list(tmp_path.glob("design*"))


# a bucket only


@pytest.mark.rows("R229")
def test_prefixes_of_one_bucket_do_not_meet(bucket: Bucket) -> None:
    one, other = open_blobs(bucket.with_prefix("shops/one")), open_blobs(bucket.with_prefix("shops/two"))
    one.write("a/b", b"1", media_type=PNG)
    other.write("a/b", b"2", media_type=PNG)
    assert keys(one) == keys(other) == ["a/b"]
    assert one.delete_prefix("a/") == 1
    assert other.read("a/b") == b"2"


def test_private_files_have_addresses_that_end(bucket: Bucket) -> None:
    blobs = open_blobs(bucket.url)
    assert blobs.can_sign
    blobs.write("uploads/designs/d1/design.png", b"123", media_type=PNG)
    url = blobs.sign("uploads/designs/d1/design.png")
    assert "X-Amz-Expires=3600" in url
    assert bucket.SECRET not in url
    answer = httpx2.get(url)
    assert (answer.content, answer.headers["content-type"]) == (b"123", PNG)
    assert answer.headers["content-disposition"] == 'attachment; filename="design.png"'
    assert answer.headers["cache-control"] == "private, no-cache"
    assert not open_blobs("file:///tmp").can_sign
    with pytest.raises(BadInput):
        blobs.sign("../x")


def test_media_may_be_kept_by_every_cache(bucket: Bucket) -> None:
    blobs = open_blobs(bucket.url)
    blobs.write(KEY, b"1", media_type=PNG)
    blobs.copy(KEY, "media/products/p1/renders/j2/front_0deg.png")
    answer = httpx2.get(blobs.sign("media/products/p1/renders/j2/front_0deg.png"))
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == PNG


def test_a_bucket_that_is_not_there(bucket: Bucket, tmp_path: Path) -> None:
    blobs = open_blobs(bucket.url.replace(bucket.NAME, "no-such-bucket"))
    for call in (
        lambda: blobs.write("a", b"1", media_type=PNG),
        lambda: blobs.read("a"),
        lambda: keys(blobs),
        lambda: blobs.fetch("a", tmp_path / "a"),
    ):
        with pytest.raises(Failed, match="no such bucket") as caught:
            call()
        assert caught.value.code == "OUTPUT_UNWRITABLE"


def test_a_storage_that_is_away(bucket: Bucket) -> None:
    """It is asked a few times, for seconds and not minutes."""
    blobs = open_blobs(bucket.url)
    with bucket.faults() as way:
        blobs = open_blobs(way.url)
        blobs.write("a", b"1", media_type=PNG)
        way.answers = [503, 500]
        assert blobs.read("a") == b"1"
        assert way.answers == []
        way.answers = [503] * 50
        before = time.monotonic()
        with pytest.raises(TryAgain) as caught:
            blobs.read("a")
        assert time.monotonic() - before < 10
        assert caught.value.code == "STORE_UNAVAILABLE"
        assert len(way.answers) == 45


def test_a_storage_that_refuses_us(bucket: Bucket) -> None:
    """What it says names our key; what we say does not."""
    with bucket.faults() as way:
        way.answers = [403]
        with pytest.raises(Failed, match="refuses us") as caught:
            open_blobs(way.url).write("a", b"1", media_type=PNG)
    told = "".join(traceback.format_exception(caught.value))
    assert "403 Forbidden" in told
    assert bucket.KEY not in told
    assert bucket.SECRET not in told


# a local folder only


@pytest.mark.rows("R201")
def test_links_lead_nowhere(folder: Blobs, root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("s")
    folder.write("a/b", b"1", media_type=PNG)
    (root / "out").symlink_to(outside)
    (root / "a" / "link").symlink_to(outside / "secret")
    for key in ("out/secret", "a/link"):
        for call in (
            lambda key=key: folder.read(key),
            lambda key=key: folder.stat(key),
            lambda key=key: folder.delete(key),
            lambda key=key: folder.write(key, b"2", media_type=PNG),
            lambda key=key: folder.copy(key, "c"),
        ):
            with pytest.raises(BadInput, match="through a link"):
                call()
    assert keys(folder) == ["a/b"]
    with pytest.raises(BadInput):
        folder.delete_prefix("out/")
    assert folder.delete_prefix("a/") == 1
    assert (outside / "secret").read_text() == "s"


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "static").symlink_to(tmp_path / "disk")
    blobs = open_blobs((tmp_path / "static").as_uri())
    blobs.write("a/b", b"1", media_type=PNG)
    assert blobs.read("a/b") == b"1"
    assert (tmp_path / "disk" / "a" / "b").read_bytes() == b"1"


def test_a_folder_with_signs_in_its_name(tmp_path: Path) -> None:
    root = tmp_path / "my files % #1"
    blobs = open_blobs(root.as_uri())
    blobs.write("a/b~c.png", b"1", media_type=PNG)
    assert (root / "a" / "b~c.png").read_bytes() == b"1"


def test_copies_take_no_room(folder: Blobs, root: Path) -> None:
    folder.write("a", b"1", media_type=PNG)
    folder.copy("a", "b")
    folder.copy("a", "b")
    assert (root / "a").stat().st_ino == (root / "b").stat().st_ino
    assert names(root) == ["a", "b"]


WRITING = """
import sys
from tirage.stores.blobs import open_blobs
blobs, number = open_blobs(sys.argv[1]), 0
while True:
    blobs.write("a/b", bytes([number % 256]) * 20_000_000, media_type="x")
    print(number, flush=True)
    number += 1
"""


@pytest.mark.rows("R096")
def test_a_killed_write_leaves_no_file(folder: Blobs, root: Path) -> None:
    for round_ in range(6):
        child = subprocess.Popen(
            [sys.executable, "-c", WRITING, root.as_uri()], stdout=subprocess.PIPE, env=dict(os.environ)
        )
        assert child.stdout is not None
        assert child.stdout.readline() == b"0\n"
        time.sleep(0.004 * round_)
        child.kill()
        child.wait()
        child.stdout.close()
        data = folder.read("a/b")
        assert len(data) == 20_000_000
        assert data == data[:1] * len(data)
    assert keys(folder) == ["a/b"]


@pytest.mark.rows("R229")
def test_leftovers_are_swept_by_age(folder: Blobs, root: Path) -> None:
    folder.write("a/b", b"1", media_type=PNG)
    for name, hours in (("a/b#1", 25), ("a/c#12", 23), ("a/old", 30)):
        (root / name).write_bytes(b"x")
        then = time.time() - hours * 3600
        os.utime(root / name, (then, then))
    (root / "e" / "f").mkdir(parents=True)
    os.utime(root / "e" / "f", (0, 0))
    (root / "new").mkdir()
    day = timedelta(hours=24)
    assert folder.sweep(day, dry_run=True) == 1
    assert (root / "a" / "b#1").exists()
    assert folder.sweep(day) == 1
    assert names(root / "a") == ["b", "c#12", "old"]
    assert names(root) == ["a", "e", "new"]
    assert not (root / "e" / "f").exists()
    assert folder.sweep(day) == 0
    assert Blobs(MemoryStore()).sweep(day) == 0


def test_a_deleted_job_leaves_no_folder(folder: Blobs, root: Path) -> None:
    folder.write("uploads/j1/design.png", b"1", media_type=PNG)
    folder.write("uploads/j2/design.png", b"1", media_type=PNG)
    folder.delete_prefix("uploads/j1/")
    assert names(root / "uploads") == ["j2"]


FULL = """
import resource, sys
from tirage.errors import TryAgain
from tirage.stores.blobs import open_blobs
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    open_blobs(sys.argv[1]).write("a", b"x" * 100_000, media_type="x")
except TryAgain as error:
    print(error.code)
"""


def test_a_full_disk_keeps_what_was_there(folder: Blobs, root: Path) -> None:
    folder.write("a", b"1", media_type=PNG)
    told = subprocess.run([sys.executable, "-c", FULL, root.as_uri()], capture_output=True, check=True)
    assert told.stdout == b"DISK_FULL\n"
    assert folder.read("a") == b"1"


def test_a_place_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(Failed) as caught:
        open_blobs((tmp_path / "file" / "static").as_uri())
    assert caught.value.code == "OUTPUT_UNWRITABLE"
