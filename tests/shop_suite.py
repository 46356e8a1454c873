"""What every shop has to do, whichever it is: mockup jobs' `Publisher`, and the `Storefront` behind it.
A test file derives from a suite and gives it a window into its shop; see docs/howto/shops.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Protocol

import pytest

from jobsteps import made
from tirage.errors import Conflict, NotFound
from tirage.jobs.model import Job
from tirage.jobs.service import JobService
from tirage.mockup.catalogue import VIEWS
from tirage.mockup.ports import Media, Publisher
from tirage.mockup.shown import GENERATED_BY
from tirage.shops.connected import Change, Image, Offered
from tirage.shops.ports import Storefront

NAMES = [view.name for view in VIEWS]
ROLES = (*NAMES, "animation")
OURS = re.compile(r"(rjob_\w+)[-/](\w+)\.(?:png|mp4)$")


class Window(Protocol):
    """A shop as a customer sees it, and as somebody else changes it."""

    @property
    def publisher(self) -> Publisher:
        """What jobs are given."""
        ...

    def new_product(self) -> str:
        """A product in the shop, with two pictures of others, the first its thumbnail."""
        ...

    def pictures(self, product_id: str) -> list[str]:
        """Addresses, in the order in which they are shown."""
        ...

    def ids(self, product_id: str) -> list[str]:
        """The shop's ids of the pictures, in the same order."""
        ...

    def thumbnail(self, product_id: str) -> str | None:
        """Its address."""
        ...

    def choose(self, product_id: str, address: str) -> None:
        """Somebody makes that picture the thumbnail."""
        ...

    def add(self, product_id: str, address: str) -> None:
        """Somebody shows one more picture, at the end."""
        ...


def media(job: Job, roles: Sequence[str] = ROLES) -> list[Media]:
    """What a job made, as it is published."""
    return [
        Media(
            role=role,
            key=f"media/products/p1/renders/{job.id}/{role}.{'mp4' if role == 'animation' else 'png'}",
            kind="video" if role == "animation" else "image",
            rank=ROLES.index(role),
            metadata={"generated_by": GENERATED_BY, "render_job_id": job.id, "camera_angle": role},
        )
        for role in roles
    ]


def everything(storefront: Storefront) -> dict[str, Offered]:
    """What a shop sells, by id."""
    found: dict[str, Offered] = {}
    cursor = ""
    while True:
        page, cursor = storefront.products(cursor)
        found |= {each.id: each for each in page}
        if not cursor:
            return found


class Publishing:
    """Words for tests of publishing."""

    def running(self, service: JobService, product: str, **changes: object) -> Job:
        return made(service, "rendering", product_id=product, **{"variant_id": None, **changes})

    def publish(self, window: Window, product: str, job: Job, roles: Sequence[str] = ROLES) -> None:
        window.publisher.publish(product_id=product, job_id=job.id, media=media(job, roles))

    def own(self, window: Window, product: str) -> list[tuple[str, str]]:
        """Job and role of each picture of ours, in order."""
        found = (OURS.search(each) for each in window.pictures(product))
        return [(each[1], each[2]) for each in found if each]

    def state(self, window: Window, product: str) -> tuple[list[str], list[str], str | None]:
        return window.pictures(product), window.ids(product), window.thumbnail(product)


class PublisherSuite(Publishing):
    """Derive from it with a fixture `window`."""

    @pytest.mark.rows("R061", "R097", "R230", "R275")
    def test_pictures_come_after_those_of_others_in_their_order(
        self, window: Window, service: JobService
    ) -> None:
        product = window.new_product()
        before = self.state(window, product)
        job = self.running(service, product)
        self.publish(window, product, job)
        pictures, ids, thumbnail = self.state(window, product)
        assert pictures[:2] == before[0]
        assert ids[:2] == before[1]
        assert [name for name in self.own(window, product) if name[1] != "animation"] == [
            (job.id, name) for name in NAMES
        ]
        assert thumbnail == pictures[2]

    def test_publishing_again_changes_nothing(self, window: Window, service: JobService) -> None:
        product = window.new_product()
        job = self.running(service, product)
        self.publish(window, product, job, NAMES[:3])  # killed in the middle
        self.publish(window, product, job)
        whole = self.state(window, product)
        assert len(set(whole[0])) == len(whole[0])
        for _ in range(3):
            self.publish(window, product, job)
            assert self.state(window, product) == whole

    @pytest.mark.rows("R097", "C-05")
    def test_taking_back_restores_what_was_there(self, window: Window, service: JobService) -> None:
        product = window.new_product()
        before = self.state(window, product)
        one, two = self.running(service, product), self.running(service, product)
        self.publish(window, product, one)
        after_one = self.state(window, product)
        self.publish(window, product, two)
        assert OURS.search(str(window.thumbnail(product)))[1] == two.id  # type: ignore[index]
        for _ in range(2):
            window.publisher.withdraw(product_id=product, job_id=two.id)
            assert self.state(window, product) == after_one
        window.publisher.withdraw(product_id=product, job_id=one.id)
        assert self.state(window, product) == before

    def test_the_first_of_two_is_taken_back(self, window: Window, service: JobService) -> None:
        product = window.new_product()
        before = self.state(window, product)
        one, two = self.running(service, product), self.running(service, product)
        self.publish(window, product, one)
        self.publish(window, product, two)
        front = window.thumbnail(product)
        window.publisher.withdraw(product_id=product, job_id=one.id)
        assert {job for job, _ in self.own(window, product)} == {two.id}
        assert window.thumbnail(product) == front
        window.publisher.withdraw(product_id=product, job_id=two.id)
        assert self.state(window, product) == before

    def test_what_others_did_meanwhile_stays(self, window: Window, service: JobService) -> None:
        product = window.new_product()
        old = window.pictures(product)
        job = self.running(service, product)
        self.publish(window, product, job)
        window.add(product, "http://others.example/new.png")
        window.choose(product, old[1])
        self.publish(window, product, job)
        assert window.thumbnail(product) == old[1]
        window.publisher.withdraw(product_id=product, job_id=job.id)
        assert window.pictures(product) == [*old, "http://others.example/new.png"]
        assert window.thumbnail(product) == old[1]

    def test_jobs_at_once_lose_nothing(self, window: Window, service: JobService) -> None:
        product = window.new_product()
        jobs = [self.running(service, product) for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda job: self.publish(window, product, job, NAMES[:2]), jobs))
        shown = self.own(window, product)
        assert sorted(shown) == sorted((job.id, name) for job in jobs for name in NAMES[:2])

    def test_a_job_that_has_ended_shows_nothing(self, window: Window, service: JobService) -> None:
        product = window.new_product()
        before = self.state(window, product)
        job = made(service, "cancelled", product_id=product)
        with pytest.raises(Conflict):
            self.publish(window, product, job)
        assert self.state(window, product) == before
        window.publisher.withdraw(product_id=product, job_id=job.id)
        assert self.state(window, product) == before

    def test_a_product_that_is_not_there(self, window: Window, service: JobService) -> None:
        job = self.running(service, "prod_none")
        with pytest.raises(NotFound) as caught:
            self.publish(window, "prod_none", job)
        assert caught.value.code == "PRODUCT_NOT_FOUND"
        window.publisher.withdraw(product_id="prod_none", job_id=job.id)


class StorefrontSuite:
    """Derive from it with fixtures `storefront`, and `external`: a product with two pictures of others.

    The product has variants with an option for the colour.
    """

    def test_it_answers(self, storefront: Storefront) -> None:
        assert storefront.check().isprintable()

    def test_all_products_are_read(self, storefront: Storefront, external: str) -> None:
        product = everything(storefront)[external]
        assert product.title
        assert {"Black", "White"} <= {value for each in product.variants for value in each.options.values()}

    def test_a_list_is_shown_as_it_was_written(self, storefront: Storefront, external: str) -> None:
        before = storefront.shown(external)
        new = Image("", "http://tirage.example/a.png")
        about = {"media": [{"url": new.url, "role": "front_0deg", "n": [1, None, "ü"]}]}
        change = Change(
            images=(before.images[0], new, before.images[1]), thumbnail=(new.url,), about=(about,)
        )
        storefront.show(external, change)
        after = storefront.shown(external)
        assert [image.url for image in after.images] == [before.images[0].url, new.url, before.images[1].url]
        assert [after.images[0], after.images[2]] == list(before.images)
        assert (after.thumbnail, after.about) == (new.url, about)
        storefront.show(external, Change(images=after.images))  # again: no new ids
        assert storefront.shown(external) == after
        back = Change(images=before.images, thumbnail=(before.thumbnail,), about=(None,))
        storefront.show(external, back)
        assert storefront.shown(external) == before

    def test_a_thumbnail_alone(self, storefront: Storefront, external: str) -> None:
        before = storefront.shown(external)
        storefront.show(external, Change(thumbnail=(None,)))
        assert storefront.shown(external) == replace(before, thumbnail=None)
        storefront.show(external, Change(thumbnail=(before.thumbnail,)))
        assert storefront.shown(external) == before

    def test_a_picture_belongs_to_variants(self, storefront: Storefront, external: str) -> None:
        offered = everything(storefront)[external]
        one, two = (variant.id for variant in offered.variants[:2])
        before = storefront.shown(external)
        image = before.images[0].id
        for _ in range(2):
            storefront.assign(external, one, add=[image], remove=[])
        assert dict(storefront.shown(external).variants) == {**before.variants, one: frozenset({image})}
        storefront.assign(external, two, add=[image], remove=[])
        storefront.show(external, Change(images=before.images))  # a list with its ids keeps that
        storefront.assign(external, one, add=[], remove=[image])
        assert dict(storefront.shown(external).variants) == {**before.variants, two: frozenset({image})}
        storefront.assign(external, two, add=[], remove=[image])
        assert storefront.shown(external) == before

    def test_copies_of_files(self, storefront: Storefront) -> None:
        copy = storefront.upload("rjob_1-front_0deg.png", b"\x89PNG\r\n\x1a\n", media_type="image/png")
        other = storefront.upload("rjob_1-front_0deg.png", b"\x89PNG\r\n\x1a\n", media_type="image/png")
        assert copy.file_id != other.file_id
        assert copy.url.endswith("rjob_1-front_0deg.png")
        for each in (copy, other, copy):
            storefront.discard(each.file_id)

    def test_products_that_are_not_there(self, storefront: Storefront) -> None:
        for name in ("prod_none", "../admin", "a b"):
            for call in (
                lambda name=name: storefront.shown(name),
                lambda name=name: storefront.show(name, Change(thumbnail=("http://tirage.example/x.png",))),
            ):
                with pytest.raises(NotFound) as caught:
                    call()
                assert caught.value.code == "PRODUCT_NOT_FOUND"
