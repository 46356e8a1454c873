"""A version is replaced by the next while jobs run: the schema goes a step forward under the old version's
server and workers, which are drained one after the other while the new ones take over.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import httpx2
import pytest
from crew import REAL
from crews import ROOT, World

from images import art, rgba_png
from serving import SERVE, WAITING
from tirage.jobs.machine import COMPLETED
from tirage.stores import migrations

DESIGN = rgba_png(art(64, 48))
KEY = "sk_0123456789abcdef"
STEPS = Path("src/tirage/stores/migrations/versions")
BEGIN = """
import sys
from pathlib import Path
from crews import World
with World.at(Path(sys.argv[1]), sys.argv[2]) as world:
    print(*(job.id for job in world.submit(12)))
"""


def git(*words: str) -> bytes:
    return subprocess.run(["git", "-C", str(ROOT), *words], check=True, capture_output=True).stdout


def version_before() -> str:
    """The commit before the schema's last step came, or what OLD names.  It needs the repository."""
    if named := os.environ.get("OLD"):
        return named
    last = max(path.name for path in (ROOT / STEPS).glob("step_*.py"))
    words = [
        "--first-parent",
        "-m",
        "--diff-filter=A",
    ]  # merges too: steps are numbered when they come together
    added = git("log", "-1", *words, "--format=%H", "--", str(STEPS / last)).decode().strip()
    return f"{added}^"


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source of the version before, with its tests' crew."""
    folder = tmp_path_factory.mktemp("old")
    archive = git("archive", "--format=tar", version_before(), "src", "tests")
    with tarfile.open(fileobj=BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return folder


def paths(root: Path) -> dict[str, str]:
    """What Python finds of that version."""
    parts = (root / "src", root / "tests", root / "tests/chaos")
    return {"PYTHONPATH": os.pathsep.join(map(str, parts))}


@pytest.fixture
def environment(tmp_path: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    """Of everybody, on the database of the test."""
    url = f"sqlite:///{tmp_path}/data/tirage.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("new_postgres")("rolling")
    return {
        "TIRAGE_DATA_DIR": str(tmp_path / "data"),
        "TIRAGE_DATABASE_URL": url,
        "TIRAGE_API_KEY": KEY,
    }


@dataclass(frozen=True, slots=True)
class Old:
    """The version before, at work."""

    server: subprocess.Popen[str]
    http: httpx2.Client
    workers: tuple[subprocess.Popen[str], ...]

    def order(self) -> str:
        """The id of a job that its server takes."""
        answer = self.http.post(
            "/admin/render-jobs",
            data={"product_id": "prod_123", "preset": "chest-medium"},
            files={"design_file": ("a.png", DESIGN, "image/png")},
        )
        return str(answer.raise_for_status().json()["render_job"]["id"])


@contextmanager
def running(root: Path, environment: dict[str, str], folder: Path) -> Iterator[Old]:
    """`tirage serve` of the version before, and two workers that have begun."""
    own = {**os.environ, **environment, **paths(root)}
    with ExitStack() as stack:

        def start(*words: str, log: str) -> subprocess.Popen[str]:
            errors = stack.enter_context((folder / f"{log}.err").open("w"))
            argv = [sys.executable, *words]
            process = subprocess.Popen(argv, env=own, stdout=subprocess.PIPE, stderr=errors, text=True)
            assert process.stdout is not None
            stack.callback(process.stdout.close)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        server = start("-c", SERVE, environment["TIRAGE_DATA_DIR"], "0", *WAITING, log="server")
        assert server.stdout is not None
        url = server.stdout.readline().split()[2]
        crew = str(root / "tests/chaos/crew.py")
        names = ("old0", "old1")
        workers = tuple(
            start(crew, name, '{"pause": 0.3, "lease": 9.0, "drain": 20.0}', log=name) for name in names
        )
        diaries = [folder / f"diary-{name}.jsonl" for name in names]
        end = time.monotonic() + 60
        while not all(path.exists() and path.stat().st_size for path in diaries):
            assert time.monotonic() < end, "the old workers do not begin"
            time.sleep(0.05)
        http = stack.enter_context(httpx2.Client(base_url=url, headers={"x-api-key": KEY}, timeout=30))
        yield Old(server, http, workers)


def both_work(world: World, *workers: str) -> bool:
    """Whether all of these hold jobs; more are ordered until they do."""
    if world.active() < 8:
        world.submit(2)
    return all(world.service.claims(each) for each in workers)


@pytest.mark.rows("R297")
@pytest.mark.parametrize("environment", ["sqlite", "postgresql"], indirect=True)
def test_the_next_version_takes_over(source: Path, environment: dict[str, str], tmp_path: Path) -> None:
    url = environment["TIRAGE_DATABASE_URL"]
    begin = subprocess.run(
        [sys.executable, "-c", BEGIN, str(tmp_path), url],
        env={**os.environ, **environment, **paths(source)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert begin.returncode == 0, begin.stderr
    before = migrations.revision(url)
    with (
        running(source, environment, tmp_path) as old,
        World.at(tmp_path, url, pipeline=REAL, begun=True, TIRAGE_API_KEY=KEY) as world,
    ):
        after = migrations.revision(url)
        assert str(after) > str(before), "there was no step of the schema"
        world.acknowledged += begin.stdout.split()
        world.acknowledged.append(old.order())
        world.submit(4)
        new = world.start(pause=0.1, lease=9.0)
        world.wait(lambda: both_work(world, new, "old0"))
        for worker in old.workers:
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(60) == 0, world.said()
        world.acknowledged.append(old.order())
        old.server.send_signal(signal.SIGTERM)
        assert old.server.wait(60) == 0, world.said()
        world.come_to_rest()
        world.check()
        tries = [each for job_id in world.acknowledged for each in world.service.attempts(job_id)]
        assert all(world.service.retrieve(job_id).status == COMPLETED for job_id in world.acknowledged)
        handed = [each for each in tries if each.failure]  # what a drain had no time for, on a busy machine
        assert {each.worker for each in handed} <= {"old0", "old1"}
        assert {each.failure.message for each in handed if each.failure} <= {"The worker was shut down."}
        by = {each.worker for each in tries}
        print(f"{before} → {after}: {len(tries)} tries by {sorted(by)}, {len(handed)} handed over")
        assert by >= {"old0", "old1", new}
