"""Publishers are killed between their requests and their commits while another program changes the same
products of a real Medusa: nothing is doubled, nothing of ours is lost, and everything can be taken back.

PEER_PUBLISHES: how many (300); PEER_KILL_CHANCE: of a kill at each request (0.02).
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx2
import pytest

from jobsteps import made
from peers.medusa import RealMedusa
from peers.publisher import Order
from shop_suite import NAMES, OURS
from shop_windows import Connected, locks_of
from tirage.jobs.model import Job
from tirage.jobs.service import JobService, now
from tirage.mockup.submission import MOCKUP_PIPELINE
from tirage.shops.pushing import CHECK_AFTER
from tirage.stores.database import Database
from tirage.testing import FakeClock

PUBLISHES = int(os.environ.get("PEER_PUBLISHES", "300"))
CHANCE = float(os.environ.get("PEER_KILL_CHANCE", "0.02"))
PRODUCTS, PUBLISHERS = max(13, PUBLISHES // 10 | 1), 2
"""An odd number: both publishers come to each.  Ten publishes to each are fifty pictures in its list."""
EVERY = 0.4
"""Seconds between two changes by somebody else."""
KILL_EVERY = 4.0


@dataclass(eq=False)
class Other(threading.Thread):
    """Another program with the shop's key, as such programs are: it reads a product's list, adds a picture or
    takes one of its own away, and writes the whole list back, knowing nothing of ours.
    """

    shop: RealMedusa
    products: list[str]
    added: dict[str, list[str]] = field(default_factory=dict)
    writes: int = 0

    def __post_init__(self) -> None:
        super().__init__(daemon=True)
        self.over = threading.Event()
        self.added = {name: [] for name in self.products}

    def run(self) -> None:
        chance = random.Random(7)  # noqa: S311
        while not self.over.wait(EVERY):
            self.change(chance.choice(self.products), take=chance.random() < 0.2)

    def change(self, product: str, *, take: bool) -> None:
        own = self.added[product]
        with httpx2.Client(base_url=self.shop.url, auth=(self.shop.key, ""), timeout=60) as http:
            path, fields = f"/admin/products/{product}", {"fields": "images.id,images.url,images.rank"}
            images = http.get(path, params=fields).json()["product"]["images"]
            images.sort(key=lambda each: each["rank"])
            images = [{"id": each["id"], "url": each["url"]} for each in images]
            if take and own:
                gone = own.pop(0)
                images = [each for each in images if each["url"] != gone]
            else:
                own.append(f"http://others.example/{product}/{self.writes}.png")
                images.append({"url": own[-1]})
            http.post(path, params={"fields": "id"}, json={"images": images}).raise_for_status()
            self.writes += 1


def publishers(orders: list[Order], folder: Path) -> list[subprocess.Popen[str]]:
    started = []
    path = os.pathsep.join(each for each in sys.path if each)
    for place, order in enumerate(orders):
        file = folder / f"order{place}.json"
        file.write_text(json.dumps(asdict(order)))
        started.append(
            subprocess.Popen(
                [sys.executable, Path(__file__).with_name("publisher.py"), file],
                stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path},
            )
        )  # fmt: skip
    return started


def children(process: subprocess.Popen[str]) -> list[int]:
    text = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(word) for word in text.split()]


@pytest.mark.rows("R061", "R097")
def test_publishes_with_kills_and_another_writer(real: RealMedusa, tmp_path: Path, url: str) -> None:
    start = time.monotonic()
    clock = FakeClock(now())
    with Database(url) as database:
        service = JobService(database, pipelines=[MOCKUP_PIPELINE])
        window = Connected(database, clock, real.url, real.key, real.add_product, locks_of(url, tmp_path))
        products = [window.new_product() for _ in range(PRODUCTS)]
        before = {name: window.storefront.shown(name) for name in products}
        jobs = [rendering(service, products[n % PRODUCTS], n) for n in range(PUBLISHES)]
        failed = {job.id for job in jobs[::5]}
        other = Other(real, products)
        other.start()
        shares = [[job.id for job in jobs[place::PUBLISHERS]] for place in range(PUBLISHERS)]
        running = publishers(
            [
                Order(url, str(tmp_path), share, [name for name in share if name in failed], CHANCE, place)
                for place, share in enumerate(shares)
            ],
            tmp_path,
        )
        from_outside = kill_at_random(running)
        kills = sum(json.loads(str(process.communicate()[0]))["kills"] for process in running)
        assert all(process.returncode == 0 for process in running)
        other.over.set()
        other.join()
        settle(window, clock)
        shown = [job for job in jobs if job.id not in failed]
        doubled, lost, strange = judged(window, products, shown)
        theirs = [
            name for name in products
            if not {*window.pictures(name)} >= {*other.added[name], *(i.url for i in before[name].images)}
        ]  # fmt: skip
        missing = sum(len({*other.added[name]} - {*window.pictures(name)}) for name in products)
        foreign = {name: [i for i in window.storefront.shown(name).images if not OURS.search(i.url)]
                   for name in products}  # fmt: skip
        ids_kept = all(
            [i for i in foreign[name] if i in before[name].images] == list(before[name].images)
            for name in products
        )
        for job in shown:
            window.publisher.withdraw(product_id=str(job.product_id), job_id=job.id)
        settle(window, clock)
        restored = sum(
            list((after := window.storefront.shown(name)).images) == foreign[name]
            and after.thumbnail == before[name].thumbnail
            and after.about is None
            and not after.variants
            for name in products
        )
        left = real.ask("GET", "/admin/products", params={"limit": 1}).status_code
        print(
            f"\n{PUBLISHES} publishes ({len(failed)} taken back), {kills} kills ({from_outside} at random), "
            f"{other.writes} writes of another program: {doubled} doubled, {lost} lost, {strange} strange, "
            f"{missing} of another program's {sum(map(len, other.added.values()))} overwritten, "
            f"ids of others kept: {ids_kept}; taken back exactly: {restored} of {PRODUCTS} products; "
            f"{time.monotonic() - start:.0f} s"
        )
        window.close()
    assert (doubled, lost, strange, left) == (0, 0, 0, 200)
    assert ids_kept
    assert restored == PRODUCTS
    assert kills >= PUBLISHES * CHANCE
    assert not theirs or missing <= other.writes // 50, theirs


def rendering(service: JobService, product: str, number: int) -> Job:
    colour = ("black", "white", "navy")[number % 3]
    return made(service, "rendering", product_id=product, variant_id=None, options={"fabric_color": colour})


def kill_at_random(running: list[subprocess.Popen[str]]) -> int:
    """Kills a child now and then until all publishers are done; how many."""
    killed = 0
    pause = time.monotonic() + KILL_EVERY
    while any(process.poll() is None for process in running):
        time.sleep(0.05)
        if time.monotonic() > pause:
            pause = time.monotonic() + KILL_EVERY * random.random() * 2  # noqa: S311
            alive = [process for process in running if process.poll() is None]
            for child in children(random.choice(alive))[:1] if alive else ():  # noqa: S311
                os.kill(child, signal.SIGKILL)
                killed += 1
    return killed


def settle(window: Connected, clock: FakeClock) -> None:
    """Until the shop was seen to show everything."""
    for _ in range(20):
        clock.now = max(clock.now, now()) + CHECK_AFTER * 100
        if not window.pushing.push_due(limit=100) and not window.pushing.push_due(limit=100):
            return
    raise AssertionError("it does not settle")


def judged(window: Connected, products: list[str], jobs: list[Job]) -> tuple[int, int, int]:
    """How many pictures are shown twice, not at all, and wrongly; order and thumbnail are looked at too."""
    wanted = {(job.product_id, job.id, name) for job in jobs for name in NAMES}
    found: Counter[tuple[str | None, str, str]] = Counter()
    for product in products:
        pictures = window.pictures(product)
        own = [each for url in pictures if (each := OURS.search(url))]
        found.update((product, each[1], each[2]) for each in own)
        for job in {each[1] for each in own}:
            assert [each[2] for each in own if each[1] == job] == NAMES, "they are in another order"
        thumbnail = OURS.search(str(window.thumbnail(product)))
        assert thumbnail, "the thumbnail is none of ours"
        assert thumbnail[2] == NAMES[0]
        assert thumbnail[0] in {each[0] for each in own}
    doubled = sum(count - 1 for count in found.values())
    return doubled, len(wanted - found.keys()), len(found.keys() - wanted)
