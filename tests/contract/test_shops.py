"""One suite for every shop that jobs publish to: the built-in catalogue, and Medusa behind a faithful fake;
and what connected shops have to bear: outages, kills, other writers.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from batch_rows import finished_batch
from fake_medusa import KEY, FakeMedusa, Fault, running_medusa
from shop_suite import NAMES, PublisherSuite, Publishing, StorefrontSuite
from shop_windows import BuiltIn, Connected, locks_of
from tirage import log
from tirage.batches.applying import Applying
from tirage.errors import BadInput, NotFound, TryAgain
from tirage.jobs.service import JobService
from tirage.log import LogFormat, LogLevel
from tirage.shops.connected import Change
from tirage.shops.ports import Storefront
from tirage.stores.database import Database
from tirage.testing import FakeClock


@pytest.fixture
def medusa() -> Iterator[FakeMedusa]:
    with running_medusa() as shop:
        yield shop


@pytest.fixture
def connected(
    medusa: FakeMedusa, database: Database, clock: FakeClock, url: str, tmp_path: Path
) -> Iterator[Connected]:
    window = Connected(database, clock, medusa.url, KEY, medusa.add_product, locks_of(url, tmp_path))
    yield window
    window.close()


SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
"""For what has nothing to do with the database."""


class TestBuiltIn(PublisherSuite):
    @pytest.fixture
    def window(self, database: Database, clock: FakeClock) -> BuiltIn:
        return BuiltIn(database, clock)


class TestMedusa(PublisherSuite):
    @pytest.fixture
    def window(self, connected: Connected) -> Connected:
        return connected


@SQLITE
class TestMedusaByLink(PublisherSuite):
    @pytest.fixture
    def window(self, connected: Connected) -> Connected:
        connected.with_options(copies=False)
        return connected


@SQLITE
class TestMedusaStorefront(StorefrontSuite):
    @pytest.fixture
    def storefront(self, connected: Connected) -> Storefront:
        return connected.storefront

    @pytest.fixture
    def external(self, connected: Connected) -> str:
        return connected.new_product()


@SQLITE
class TestFaults(Publishing):
    """What a connected shop and its neighbours do to us."""

    @pytest.mark.rows("R119")
    def test_an_answer_that_is_lost_doubles_nothing(
        self, connected: Connected, medusa: FakeMedusa, service: JobService
    ) -> None:
        product = connected.new_product()
        job = self.running(service, product)
        medusa.faults = [Fault("POST", r"/admin/products/[^/]+$", 1, drop=True)]
        with pytest.raises(TryAgain) as caught:
            self.publish(connected, product, job)
        assert caught.value.code == "SHOP_UNAVAILABLE"
        self.publish(connected, product, job)
        assert self.own(connected, product) == [(job.id, name) for name in NAMES]
        assert len(medusa.files) == len(NAMES) + 1

    def test_an_upload_whose_answer_is_lost_leaves_one_file_at_most(
        self, connected: Connected, medusa: FakeMedusa, service: JobService, clock: FakeClock
    ) -> None:
        product = connected.new_product()
        job = self.running(service, product)
        medusa.faults = [Fault("POST", "/admin/uploads", 1, drop=True)]
        with pytest.raises(TryAgain):
            self.publish(connected, product, job)
        self.publish(connected, product, job)
        assert len(self.own(connected, product)) == len(NAMES)
        assert len(medusa.files) == len(NAMES) + 2
        connected.publisher.withdraw(product_id=product, job_id=job.id)
        assert self.own(connected, product) == []
        clock.advance(11)
        connected.pushing.push_due()  # nobody has brought them back: the copies go
        assert len(medusa.files) == 1

    def test_pictures_that_were_taken_back_and_come_again_with_an_old_list(
        self, connected: Connected, medusa: FakeMedusa, service: JobService, clock: FakeClock
    ) -> None:
        product = connected.new_product()
        before = connected.storefront.shown(product)
        job = self.running(service, product)
        self.publish(connected, product, job)
        old = connected.storefront.shown(product)
        connected.publisher.withdraw(product_id=product, job_id=job.id)
        connected.storefront.show(product, Change(images=old.images, thumbnail=(old.thumbnail,)))
        for _ in range(2):
            clock.advance(11)
            assert connected.pushing.push_due() == 1
        assert connected.storefront.shown(product) == before
        assert medusa.files == {}

    def test_retry_after_is_honoured(
        self, connected: Connected, medusa: FakeMedusa, service: JobService, clock: FakeClock
    ) -> None:
        product = connected.new_product()
        job = self.running(service, product)
        medusa.faults = [Fault("*", "/admin/products", 1, status=429, headers={"Retry-After": "40"})]
        with pytest.raises(TryAgain) as caught:
            self.publish(connected, product, job)
        assert caught.value.after == 40
        asked = len(medusa.requests)
        assert connected.pushing.push_due() == 0
        clock.advance(39)
        assert connected.pushing.push_due() == 0
        assert len(medusa.requests) == asked
        clock.advance(30)
        assert connected.pushing.push_due() == 1
        assert len(self.own(connected, product)) == len(NAMES)

    @pytest.mark.parametrize("status", [500, 502, 503, 504, 409])
    def test_a_shop_that_is_away_is_told_later(
        self, connected: Connected, medusa: FakeMedusa, service: JobService, clock: FakeClock, status: int
    ) -> None:
        product = connected.new_product()
        job = self.running(service, product)
        medusa.faults = [Fault("*", "", 3, status=status)]
        with pytest.raises(TryAgain):
            self.publish(connected, product, job)
        for _ in range(4):
            clock.advance(120)
            connected.pushing.push_due()
        assert len(self.own(connected, product)) == len(NAMES)
        standing = connected.connections.get("main")
        assert (standing.waiting, standing.failing) == (0, 0)

    def test_a_key_that_is_refused(self, connected: Connected, service: JobService) -> None:
        product = connected.new_product()
        job = self.running(service, product)
        connected.with_options(secret=KEY[:-1])
        with pytest.raises(BadInput) as caught:
            self.publish(connected, product, job)
        assert caught.value.code == "SHOP_REFUSED"
        with pytest.raises(BadInput):
            connected.connections.check("main")
        assert "does not let us" in str(connected.shop().problem)

    def test_keys_are_never_written(
        self,
        connected: Connected,
        medusa: FakeMedusa,
        service: JobService,
        capfd: pytest.CaptureFixture[str],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        log.configure(level=LogLevel.DEBUG, format=LogFormat.JSON)
        caplog.set_level(logging.DEBUG)
        product = connected.new_product()
        medusa.faults = [Fault("*", "", 2, status=500), Fault("*", "", 1, status=401)]
        job = self.running(service, product)
        for _ in range(4):
            try:
                self.publish(connected, product, job)
            except (TryAgain, BadInput) as error:
                assert KEY not in repr(error) + str(error.findings)
        text = "".join(capfd.readouterr())
        log.configure(level=LogLevel.WARNING, format=LogFormat.TEXT)
        assert "told" in text
        assert KEY not in text
        assert KEY not in repr(connected.shop())
        assert KEY not in repr(connected.connections.list())

    def test_an_old_list_written_over_ours_is_mended(
        self, connected: Connected, service: JobService, clock: FakeClock
    ) -> None:
        product = connected.new_product()
        old = connected.storefront.shown(product)
        job = self.running(service, product)
        self.publish(connected, product, job)
        whole = connected.pictures(product)
        connected.storefront.show(product, Change(images=old.images))  # read before us, written after us
        clock.advance(11)
        assert connected.pushing.push_due() == 1
        assert connected.pictures(product) == whole
        clock.advance(11)
        assert connected.pushing.push_due() == 1  # seen to be right
        clock.advance(1000)
        assert connected.pushing.push_due() == 0

    def test_what_the_shop_takes_away_stays_away(
        self, connected: Connected, service: JobService, clock: FakeClock
    ) -> None:
        product = connected.new_product()
        old = connected.storefront.shown(product)
        one, two = self.running(service, product), self.running(service, product)
        self.publish(connected, product, one)
        clock.advance(11)
        connected.pushing.push_due()
        shown = connected.storefront.shown(product).images
        connected.storefront.show(product, Change(images=shown[:-1]))
        self.publish(connected, product, two)
        assert [job for job, _ in self.own(connected, product)] == [one.id] * 5 + [two.id] * 6
        for job in (two, one):
            connected.publisher.withdraw(product_id=product, job_id=job.id)
        assert connected.storefront.shown(product) == old

    def test_writers_beside_lose_nothing_that_we_can_see(
        self, connected: Connected, medusa: FakeMedusa, service: JobService
    ) -> None:
        """Somebody adds a picture just before each list of ours is read."""
        product = connected.new_product()
        path, added = f"/admin/products/{product}", list[str]()

        def beside(method: str, asked: str) -> None:
            if (method, asked) == ("GET", path) and len(added) < 5:
                added.append(f"http://others.example/{len(added)}.png")
                images = medusa.products[product]["images"]
                images.append(
                    {"id": f"img_other{len(added)}", "url": added[-1], "rank": len(images), "variants": []}
                )

        medusa.before = beside
        job = self.running(service, product)
        self.publish(connected, product, job)
        medusa.before = None
        pictures = connected.pictures(product)
        assert set(added) <= set(pictures)
        assert self.own(connected, product) == [(job.id, name) for name in NAMES]

    def test_colours_are_for_their_variants(
        self, connected: Connected, medusa: FakeMedusa, service: JobService
    ) -> None:
        product = connected.new_product()
        black, white = (each["id"] for each in medusa.products[product]["variants"])
        own = self.running(service, product, options={"fabric_color": "black"})
        one = self.running(service, product, options={"fabric_color": "navy"}, variant_id=white)
        none = self.running(service, product, options={"fabric_color": "navy"})
        for job in (own, one, none):
            self.publish(connected, product, job)
        shown = connected.storefront.shown(product)
        urls = {image.id: image.url for image in shown.images}
        assert {own.id in urls[image] for image in shown.variants[black]} == {True}
        assert {one.id in urls[image] for image in shown.variants[white]} == {True}
        assert {name: len(images) for name, images in shown.variants.items()} == {black: 6, white: 6}
        writes = len(medusa.writes())
        self.publish(connected, product, own)
        assert len(medusa.writes()) == writes

    def test_a_variant_that_went_meanwhile_stops_nothing(
        self, connected: Connected, medusa: FakeMedusa, service: JobService
    ) -> None:
        product = connected.new_product()
        medusa.faults = [Fault("POST", "/images/batch", 1, status=404)]
        job = self.running(service, product, options={"fabric_color": "black"})
        self.publish(connected, product, job)
        assert len(self.own(connected, product)) == len(NAMES)
        assert connected.storefront.shown(product).variants == {}
        self.publish(connected, product, job)
        assert [len(each) for each in connected.storefront.shown(product).variants.values()] == [6]

    @pytest.mark.rows("R061", "R230", "R232")
    def test_films_and_facts_stand_in_the_products_metadata(
        self, connected: Connected, medusa: FakeMedusa, service: JobService
    ) -> None:
        product = connected.new_product()
        medusa.products[product]["metadata"] = {"care": "wash cold"}
        job = self.running(service, product)
        self.publish(connected, product, job)
        metadata = medusa.products[product]["metadata"]
        assert metadata["care"] == "wash cold"
        noted = json.loads(metadata["tirage"])["media"]
        assert [each["role"] for each in noted] == [*NAMES, "animation"]
        assert all(each["render_job_id"] == job.id for each in noted)
        assert noted[-1]["url"].endswith(".mp4")
        assert noted[-1]["url"] not in connected.pictures(product)
        connected.publisher.withdraw(product_id=product, job_id=job.id)
        assert medusa.products[product]["metadata"] == {"care": "wash cold"}

    def test_products_are_read_and_read_again(self, connected: Connected, medusa: FakeMedusa) -> None:
        names = [medusa.add_product(f"Tee {number}") for number in range(120)]
        first = connected.connections.sync("main")
        assert (first.added, first.changed, first.unchanged) == (120, 0, 0)
        product = connected.catalogue.get(names[7])
        assert [variant.metadata["options"] for variant in product.variants] == [
            {"Color": "Black", "Size": "M"},
            {"Color": "White", "Size": "M"},
        ]
        medusa.products[names[0]]["title"] = "Hat\n" + "x" * 300
        del medusa.products[names[1]]["variants"][0]
        del medusa.products[names[2]]
        medusa.products["bad id"] = {**medusa.products[names[3]], "id": "bad id"}
        again = connected.connections.sync("main")
        assert (again.added, again.changed, again.unchanged, again.gone) == (0, 2, 117, 1)
        assert [finding.where for finding in again.findings] == ["bad id"]
        assert len(connected.catalogue.get(names[1]).variants) == 1
        assert connected.connections.sync("main").changed == 0

    def test_a_shop_is_forgotten(self, connected: Connected, medusa: FakeMedusa, service: JobService) -> None:
        product = connected.new_product()
        job = self.running(service, product)
        self.publish(connected, product, job)
        writes = len(medusa.writes())
        connected.connections.remove("main")
        assert connected.connections.list() == []
        connected.publisher.withdraw(product_id=product, job_id=job.id)
        assert len(medusa.writes()) == writes
        with pytest.raises(NotFound):
            connected.connections.check("main")


@pytest.mark.rows("R061")
def test_a_batch_is_applied_in_the_shop_and_taken_back(
    connected: Connected, medusa: FakeMedusa, service: JobService, database: Database, clock: FakeClock
) -> None:
    products = [connected.new_product() for _ in range(3)]
    before = {name: connected.storefront.shown(name) for name in products}
    one = finished_batch(service, database, clock, products)
    two = finished_batch(service, database, clock, products, replace=True)
    applying = Applying(database, clock=clock)

    def tell() -> None:
        while connected.pushing.push_due():
            pass

    applying.apply(one.id)
    tell()
    after_one = {name: connected.storefront.shown(name) for name in products}
    assert all(len(shown.images) == 2 + len(NAMES) for shown in after_one.values())
    applying.apply(two.id)
    tell()
    assert all(connected.storefront.shown(name) != after_one[name] for name in products)
    writes = len(medusa.writes())
    applying.apply(two.id)
    tell()
    assert len(medusa.writes()) == writes
    applying.roll_back(two.id)
    tell()
    for name in products:
        shown = connected.storefront.shown(name)
        assert [image.url for image in shown.images] == [image.url for image in after_one[name].images]
        assert (shown.thumbnail, shown.about) == (after_one[name].thumbnail, after_one[name].about)
    applying.roll_back(one.id)
    tell()
    assert {name: connected.storefront.shown(name) for name in products} == before


def test_locks_keep_others_out(url: str, tmp_path: Path) -> None:
    locks = locks_of(url, tmp_path)
    with locks.hold("main/p1", seconds=0) as held:
        held.check()
        with pytest.raises(TryAgain), locks.hold("main/p1", seconds=0.1):
            pass
        with locks.hold("main/p2", seconds=0):
            pass
    with locks.hold("main/p1", seconds=0):
        pass
    locks.close()  # type: ignore[attr-defined]
