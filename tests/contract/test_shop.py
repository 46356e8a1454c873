"""The built-in catalogue on both databases: products, variants, media, and what jobs publish."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobsteps import bring, made, order
from tirage.errors import BadInput, Conflict, NotFound
from tirage.jobs.model import Job, Order, Page
from tirage.jobs.service import JobService
from tirage.mockup.catalogue import VIEWS
from tirage.mockup.ports import Media, Publisher
from tirage.mockup.states import MOCKUP
from tirage.shops.catalogue import Catalogue
from tirage.shops.model import Changes, NewProduct, NewVariant, Product
from tirage.stores.database import Database
from tirage.testing import FakeClock

NAMES = [view.name for view in VIEWS]


@pytest.fixture
def catalogue(database: Database, clock: FakeClock) -> Catalogue:
    return Catalogue(database, active=MOCKUP.active, clock=clock)


@pytest.fixture
def tee(catalogue: Catalogue) -> Product:
    return catalogue.create(NewProduct(id="p1", title="Tee"))


def media(job: Job, roles: Sequence[str] = (*NAMES, "animation")) -> list[Media]:
    return [
        Media(
            role=role,
            key=f"media/products/p1/renders/{job.id}/{role}.png",
            kind="video" if role == "animation" else "image",
            rank=(*NAMES, "animation").index(role),
            metadata={"render_job_id": job.id, "camera_angle": role},
        )
        for role in roles
    ]


def running(service: JobService) -> Job:
    return made(service, "rendering", product_id="p1")


def published(
    catalogue: Catalogue, job: Job, *, roles: Sequence[str] = (*NAMES, "animation")
) -> tuple[str, ...]:
    return catalogue.publish(product_id="p1", job_id=job.id, media=media(job, roles)).media_ids


def front(job: Job) -> str:
    return media(job)[0].key


# products and variants


@pytest.mark.rows("G-13")
def test_a_product_is_kept_with_its_variants(catalogue: Catalogue, clock: FakeClock) -> None:
    new = NewProduct(
        title="Tee “Ünï” 👕",
        metadata={"sku": "T-1", "nested": [1, None]},
        variants=(NewVariant(title="S"), NewVariant(title="M", id="var_m", metadata={"ean": "1"})),
    )
    product = catalogue.create(new)
    assert product.id.startswith("prod_")
    assert product.created_at == product.updated_at == clock.now
    assert (product.thumbnail, product.media) == (None, ())
    assert [variant.title for variant in product.variants] == ["S", "M"]
    assert catalogue.get(product.id) == product


def test_products_are_listed_by_age(catalogue: Catalogue, clock: FakeClock) -> None:
    for number in range(5):
        clock.advance(60)
        catalogue.create(NewProduct(title=f"T{number}", variants=(NewVariant(title="S"),)))
    newest, count = catalogue.list_with_count(Page(limit=2))
    assert ([product.title for product in newest], count) == (["T4", "T3"], 5)
    oldest, _ = catalogue.list_with_count(Page(limit=3, offset=3, order=Order.ASC))
    assert [product.title for product in oldest] == ["T3", "T4"]
    assert all(product.variants for product in oldest)
    for page in (Page(limit=0), Page(limit=101), Page(offset=-1)):
        with pytest.raises(BadInput):
            catalogue.list_with_count(page)


def test_products_are_found_by_title_and_id(catalogue: Catalogue, clock: FakeClock) -> None:
    for number, title in enumerate(["Red Tee", "Blue tee", "100% wool"]):
        clock.advance(60)
        catalogue.create(NewProduct(title=title, id=f"prod_{number}"))

    def found(text: str, page: Page | None = None) -> tuple[list[str], int]:
        products, count = catalogue.list_with_count(page or Page(), text)
        return [product.title for product in products], count

    assert found("TEE") == (["Blue tee", "Red Tee"], 2)
    assert found("tee", Page(limit=1)) == (["Blue tee"], 2)
    assert found("prod_2") == (["100% wool"], 1)
    assert found("0%") == (["100% wool"], 1)
    assert found("%tee") == ([], 0)


@pytest.mark.rows("R196")
def test_all_that_is_wrong_is_said_at_once(catalogue: Catalogue) -> None:
    bad = [
        NewProduct(title=" ", id="../x"),
        NewProduct(title="ok", id="same"),
        NewProduct(title="ok", id="same", metadata={"x": float("nan")}),
        NewProduct(title="x" * 201, variants=(NewVariant(title="a\nb", id="\0"),)),
    ]
    with pytest.raises(BadInput) as caught:
        catalogue.create_many(bad)
    assert [finding.where for finding in caught.value.findings] == [
        "[0].title",
        "[0].id",
        "[2].metadata",
        "[3].title",
        "[3].variants[0].title",
        "[3].variants[0].id",
        "id",
    ]
    assert catalogue.list_with_count(Page())[1] == 0
    assert catalogue.create_many([]) == []


def test_ids_that_are_taken(catalogue: Catalogue) -> None:
    catalogue.create(NewProduct(id="p1", title="a", variants=(NewVariant(title="S", id="v1"),)))
    with pytest.raises(BadInput) as caught:
        catalogue.create_many(
            [
                NewProduct(id="p1", title="b"),
                NewProduct(id="p2", title="b", variants=(NewVariant(title="S", id="v1"),)),
            ]
        )
    assert [finding.message for finding in caught.value.findings] == [
        "There is a product 'p1' already.",
        "There is a variant 'v1' already.",
    ]
    assert catalogue.list_with_count(Page())[1] == 1
    with pytest.raises(BadInput):
        catalogue.add_variant("p1", NewVariant(title="S", id="v1"))


def test_changes(catalogue: Catalogue, tee: Product, clock: FakeClock) -> None:
    clock.advance(60)
    changed = catalogue.update(tee.id, {"title": "New", "metadata": {"a": 1}})
    assert (changed.title, changed.updated_at, changed.created_at) == ("New", clock.now, tee.created_at)
    assert catalogue.update(tee.id, {"metadata": {"b": 2}}).metadata == {"a": 1, "b": 2}
    assert catalogue.get(tee.id).title == "New"
    variant = catalogue.add_variant(tee.id, NewVariant(title="S"))
    assert catalogue.update_variant(tee.id, variant.id, {"title": "M"}).title == "M"
    assert [each.title for each in catalogue.get(tee.id).variants] == ["M"]
    catalogue.delete_variant(tee.id, variant.id)
    assert catalogue.get(tee.id).variants == ()
    wrong: Changes = {"thumbnail": "x"}  # type: ignore[typeddict-unknown-key]
    for changes in (Changes(title=""), Changes(metadata={"a": "x" * 70_000}), wrong):
        with pytest.raises(BadInput):
            catalogue.update(tee.id, changes)


def test_what_is_not_there(catalogue: Catalogue, tee: Product) -> None:
    for name in ("prod_none", "", "\0", "\ud800", "x' OR '1'='1", "x" * 5000):
        for call in (
            lambda name=name: catalogue.get(name),
            lambda name=name: catalogue.update(name, {"title": "x"}),
            lambda name=name: catalogue.delete(name),
            lambda name=name: catalogue.add_variant(name, NewVariant(title="x")),
            lambda name=name: catalogue.order_media(name, []),
            lambda name=name: catalogue.publish(product_id=name, job_id="rjob_1", media=[]),
        ):
            with pytest.raises(NotFound) as caught:
                call()
            assert caught.value.code == "PRODUCT_NOT_FOUND"
        for call in (
            lambda name=name: catalogue.update_variant(tee.id, name, {}),
            lambda name=name: catalogue.delete_variant(tee.id, name),
            lambda name=name: catalogue.set_thumbnail(tee.id, name),
            lambda name=name: catalogue.update_medium(tee.id, name, {}),
            lambda name=name: catalogue.remove_medium(tee.id, name),
        ):
            with pytest.raises(NotFound) as caught:
                call()
            assert caught.value.code in {"NOT_FOUND", "VARIANT_NOT_FOUND"}


def test_a_product_goes_with_all_that_belongs_to_it(
    catalogue: Catalogue, service: JobService, tee: Product
) -> None:
    catalogue.add_variant(tee.id, NewVariant(title="S", id="v1"))
    job = running(service)
    published(catalogue, job)
    with pytest.raises(Conflict, match="wait or run"):
        catalogue.delete(tee.id)
    bring(service, job, "pending")
    service.cancel(job.id)
    catalogue.delete(tee.id)
    with pytest.raises(NotFound):
        catalogue.get(tee.id)
    again = catalogue.create(NewProduct(id="p1", title="Tee", variants=(NewVariant(title="S", id="v1"),)))
    assert again.media == ()
    assert service.retrieve(job.id).status == "cancelled"


# publishing


@pytest.mark.rows("R097", "R230", "R275", "R290")
def test_a_job_publishes_its_media_in_order(catalogue: Catalogue, service: JobService, tee: Product) -> None:
    publisher: Publisher = catalogue
    job = running(service)
    receipt = publisher.publish(product_id=tee.id, job_id=job.id, media=list(reversed(media(job))))
    product = catalogue.get(tee.id)
    assert [medium.role for medium in product.media] == [*NAMES, "animation"]
    assert [medium.rank for medium in product.media] == [0, 1, 2, 3, 4, 5, 6]
    assert [medium.media_type for medium in product.media] == ["image"] * 6 + ["video"]
    assert receipt.media_ids == tuple(medium.id for medium in reversed(product.media))
    assert product.thumbnail == front(job)
    assert [dict(medium.metadata) for medium in product.media] == [dict(each.metadata) for each in media(job)]


@pytest.mark.rows("R119")
def test_publishing_again_changes_nothing(catalogue: Catalogue, service: JobService, tee: Product) -> None:
    job = running(service)
    first = published(catalogue, job, roles=NAMES[:3])  # killed in the middle
    assert published(catalogue, job)[:3] == first
    whole = catalogue.get(tee.id)
    chosen = catalogue.set_thumbnail(tee.id, whole.media[2].id)
    with ThreadPoolExecutor(4) as pool:
        again = list(pool.map(lambda _: published(catalogue, job), range(8)))
    assert set(again) == {tuple(medium.id for medium in whole.media)}
    assert catalogue.get(tee.id).thumbnail == chosen.thumbnail
    assert len(catalogue.get(tee.id).media) == 7


def test_who_publishes_at_once_loses_nothing(catalogue: Catalogue, service: JobService, tee: Product) -> None:
    jobs = [running(service) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda job: published(catalogue, job), jobs))
    product = catalogue.get(tee.id)
    assert sorted(medium.rank for medium in product.media) == list(range(42))
    for start in range(0, 42, 7):
        assert len({medium.job_id for medium in product.media[start : start + 7]}) == 1


@pytest.mark.rows("R097", "C-05")
def test_withdrawing_gives_the_thumbnail_back(
    catalogue: Catalogue, service: JobService, tee: Product
) -> None:
    one, two = running(service), running(service)
    published(catalogue, one)
    before = catalogue.get(tee.id)
    published(catalogue, two)
    assert catalogue.get(tee.id).thumbnail == front(two)
    for _ in range(2):
        catalogue.withdraw(product_id=tee.id, job_id=two.id)
        assert catalogue.get(tee.id) == before
    catalogue.withdraw(product_id=tee.id, job_id=one.id)
    assert catalogue.get(tee.id) == tee
    catalogue.withdraw(product_id="nothing", job_id=one.id)
    published(catalogue, two)
    assert catalogue.get(tee.id).thumbnail == front(two)


def test_a_film_alone_is_no_thumbnail(catalogue: Catalogue, service: JobService, tee: Product) -> None:
    job = running(service)
    published(catalogue, job, roles=["animation"])
    assert catalogue.get(tee.id).thumbnail is None
    with pytest.raises(BadInput, match="video"):
        catalogue.set_thumbnail(tee.id, catalogue.get(tee.id).media[0].id)


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled"])
def test_a_job_that_has_ended_publishes_nothing(
    catalogue: Catalogue, service: JobService, tee: Product, status: str
) -> None:
    job = made(service, status, product_id="p1")
    with pytest.raises(Conflict):
        published(catalogue, job)
    hidden = running(service)
    service.soft_delete([hidden.id])
    with pytest.raises(Conflict):
        published(catalogue, hidden)
    other = service.create(order(product_id="p2"))
    with pytest.raises(Conflict):
        published(catalogue, other)
    assert catalogue.get(tee.id) == tee


# media


def test_media_can_be_put_in_order(catalogue: Catalogue, service: JobService, tee: Product) -> None:
    published(catalogue, running(service))
    ids = [medium.id for medium in catalogue.get(tee.id).media]
    catalogue.order_media(tee.id, ids[::-1])
    assert [medium.id for medium in catalogue.get(tee.id).media] == ids[::-1]
    for wrong in (ids[1:], [*ids, ids[0]], [*ids[1:], "x"], []):
        with pytest.raises(BadInput):
            catalogue.order_media(tee.id, wrong)


def test_media_can_be_described_and_removed(catalogue: Catalogue, service: JobService, tee: Product) -> None:
    job = running(service)
    published(catalogue, job)
    first, second, *_ = catalogue.get(tee.id).media
    described = catalogue.update_medium(tee.id, first.id, {"alt": "Front"})
    assert described.metadata == {**first.metadata, "alt": "Front"}
    left = catalogue.remove_medium(tee.id, first.id)
    assert left.thumbnail == second.key
    assert first.id not in {medium.id for medium in left.media}
    for medium in left.media:
        catalogue.remove_medium(tee.id, medium.id)
    assert (catalogue.get(tee.id).thumbnail, catalogue.get(tee.id).media) == (None, ())


STEPS = ("publish", "withdraw", "remove", "choose")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["publish", "withdraw", "remove", "choose"]), st.integers(0, 3), st.integers(0, 6)
        ),
        max_size=14,
    )
)
def test_no_thumbnail_is_ever_of_a_picture_that_is_gone(
    database: Database, service: JobService, catalogue: Catalogue, steps: list[tuple[str, int, int]]
) -> None:
    name = service.new_id()
    catalogue.create(NewProduct(id=name, title="T"))
    jobs = [made(service, "rendering", product_id=name) for _ in range(4)]
    for step, which, place in steps:
        product, job = catalogue.get(name), jobs[which]
        images = [medium for medium in product.media if medium.media_type == "image"]
        if step == "publish":
            catalogue.publish(product_id=name, job_id=job.id, media=media(job, NAMES[:2]))
        elif step == "withdraw":
            catalogue.withdraw(product_id=name, job_id=job.id)
        elif step == "remove" and images:
            catalogue.remove_medium(name, images[place % len(images)].id)
        elif step == "choose" and images:
            catalogue.set_thumbnail(name, images[place % len(images)].id)
        product = catalogue.get(name)
        keys = {medium.key for medium in product.media}
        assert product.thumbnail is None or product.thumbnail in keys
        remembered = database.read(lambda unit: unit.shelf.publications(name))
        assert all(each.thumbnail_before is None or each.thumbnail_before in keys for each in remembered)
