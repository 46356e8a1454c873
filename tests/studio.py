"""A worker with everything real but Blender, in a thread of the test: for orders that are path-traced."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from images import art, rgba_png
from tirage.app import App, open_app, package
from tirage.errors import UsageError
from tirage.jobs.model import Job
from tirage.jobs.worker import Terms, Worker
from tirage.media.blender import Blender, Program
from tirage.mockup.job import Blenders, MockupWork
from tirage.mockup.submission import BLENDER_QUEUE, QUEUE
from tirage.mockup.submit import MockupRequest, Upload
from tirage.mockup.warm import WarmRenderers
from tirage.settings import Settings
from tirage.shops.model import NewProduct
from tirage.verify import verify_world

FAKE = Path(__file__).with_name("fake_blender.py")
GRANDCHILD = "of-fake-blender"
ENDLESS = 4096
"""Samples for which the fake starts a child of its own and never ends."""
DESIGN = rgba_png(art())
HANGS = 600.0


@dataclass(frozen=True, slots=True)
class Studio:
    """The parts, and the folder of the attempts."""

    app: App
    work: Path

    def order(self, **options: str | int) -> Job:
        """Six path-traced pictures."""
        return self.app.submissions.submit(
            MockupRequest(
                design=Upload(data=DESIGN, name="art.png"),
                product_id="p1",
                preset="chest-medium",
                options={"renderer": "cycles", "render_mode": "images-only", **options},
            )
        )

    def now(self, job: Job) -> Job:
        return self.app.service.retrieve(job.id)

    def wait(self, until: Callable[[], object]) -> float:
        """Seconds that it took."""
        start = time.monotonic()
        while not until():
            assert time.monotonic() - start < HANGS
            time.sleep(0.01)
        return time.monotonic() - start

    def settled(self, job: Job) -> bool:
        """Whether it ended and nothing is left to do for it."""
        now = self.now(job)
        return now.completed_at is not None and not now.untidy

    def verify(self) -> None:
        assert [finding.message for finding in verify_world(self.app, at_rest=True)] == []
        assert [path for path in self.work.rglob("*") if path.is_file()] == []


@dataclass
class Fake:
    """One warm fake; None: there is no Blender."""

    child: Blender | None = None

    @classmethod
    def blender(cls) -> Fake:
        return cls(Blender(Program(Path(sys.executable)), script=FAKE))

    def get(self) -> Blender:
        if self.child is None:
            raise UsageError("BLENDER_MISSING", "There is no Blender here.")
        return self.child

    def close(self) -> None:
        if self.child:
            self.child.close()


@contextmanager
def working(folder: Path, blenders: Blenders, *, size: int = 512) -> Iterator[Studio]:
    """A store with one product, and a worker that takes jobs of both queues."""
    settings = Settings.read({"TIRAGE_DATA_DIR": str(folder / "data"), "TIRAGE_THREADS": "2"})
    with open_app(settings) as app:
        app.catalogue.create(NewProduct(title="Tee", id="p1"))
        find = partial(package, settings)
        work = MockupWork(
            files=app.files,
            publisher=app.publisher,
            renderers=WarmRenderers(find=find, default=settings.default_template, threads=2),
            blenders=blenders,
            size=size,
        )
        terms = Terms(
            name="one",
            queues=(QUEUE, BLENDER_QUEUE),
            single=(BLENDER_QUEUE,),
            folder=settings.data_dir / "work",
        )
        worker = Worker(app.database, app.service, works={"mockup": work}, terms=terms)
        thread = threading.Thread(target=worker.run)
        thread.start()
        try:
            yield Studio(app, terms.folder)
        finally:
            worker.stop()
            thread.join()
            blenders.close()
