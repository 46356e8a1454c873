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
from crew import REAL
from crews import World
with World.at(Path(sys.argv[1]), sys.argv[2]) as world:
    print(*(job.id for job in world.submit(8)))
"""


def git(*words: str) -> bytes:
    return subprocess.run(["git", "-C", str(ROOT), *words], check=True, capture_output=True).stdout


def version_before() -> str:
    """The commit before the schema's last step came, or what OLD names.  It needs the repository."""
    if named := os.environ.get("OLD"):
        return named
    last = max(path.name for path in (ROOT / STEPS).glob("step_*.py"))
    added = git("log", "-1", "--diff-filter=A", "--format=%H", "--", str(STEPS / last)).decode().strip()
    return f"{added}^"


@pytest.fixture(scope="session")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
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


class OldServer:
    """`tirage serve` of the version before."""

    def __init__(self, old: Path, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE, environment["TIRAGE_DATA_DIR"], "0", *WAITING],
            env={**os.environ, **environment, **paths(old)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        url = self.process.stdout.readline().split()[2]
        self.http = httpx2.Client(base_url=url, headers={"x-api-key": KEY}, timeout=30)

    def order(self) -> str:
        """A job's id."""
        answer = self.http.post(
            "/admin/render-jobs",
            data={"product_id": "prod_123", "preset": "chest-medium"},
            files={"design_file": ("a.png", DESIGN, "image/png")},
        )
        return str(answer.raise_for_status().json()["render_job"]["id"])

    def end(self) -> int:
        """Its exit code."""
        self.http.close()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@pytest.mark.rows("R297")
@pytest.mark.parametrize("environment", ["sqlite", "postgresql"], indirect=True)
def test_the_next_version_takes_over(old: Path, environment: dict[str, str], tmp_path: Path) -> None:
    url = environment["TIRAGE_DATABASE_URL"]
    begin = subprocess.run(
        [sys.executable, "-c", BEGIN, str(tmp_path), url],
        env={**os.environ, **environment, **paths(old)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert begin.returncode == 0, begin.stderr
    server = OldServer(old, environment)
    before = migrations.revision(url)
    workers = [
        subprocess.Popen(
            [sys.executable, str(old / "tests/chaos/crew.py"), f"old{place}", '{"pause": 0.3, "lease": 9.0}'],
            env={**os.environ, **environment, **paths(old)},
            stderr=(tmp_path / f"old{place}.err").open("w"),
        )
        for place in range(2)
    ]
    ready = [tmp_path / f"old{place}.ready" for place in range(2)]
    end = time.monotonic() + 60
    while not all(path.exists() for path in ready):
        assert time.monotonic() < end
        time.sleep(0.05)
    with World.at(tmp_path, url, pipeline=REAL, begun=True, TIRAGE_API_KEY=KEY) as world:
        assert migrations.revision(url) > before, "there was no step of the schema"
        world.acknowledged += begin.stdout.split()
        world.acknowledged.append(server.order())
        world.submit(4)
        new = world.start(pause=0.1, lease=9.0)
        world.wait(lambda: world.service.claims(new) and world.service.claims("old0"))
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(60) == 0, world.said()
        world.acknowledged.append(server.order())
        assert server.end() == 0
        world.come_to_rest()
        world.check()
        tries = [each for job_id in world.acknowledged for each in world.service.attempts(job_id)]
        assert all(world.service.retrieve(job_id).status == COMPLETED for job_id in world.acknowledged)
        assert [each.failure for each in tries if each.failure] == []
        by = {each.worker for each in tries}
        print(f"{before} → {migrations.revision(url)}: {len(tries)} jobs by {sorted(by)}, none twice")
        assert by >= {"old0", "old1", new}
