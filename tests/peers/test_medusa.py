"""The suites of every shop against a real Medusa, and the fake against it: both are asked the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from fake_medusa import KEY, FakeMedusa
from peers.medusa import RealMedusa
from shop_suite import PublisherSuite, StorefrontSuite, everything
from shop_windows import Connected, locks_of
from tirage.errors import BadInput
from tirage.jobs.service import JobService
from tirage.shops.connections import NewShop
from tirage.shops.ports import Storefront
from tirage.stores.database import Database
from tirage.testing import FakeClock

NUMBER = re.compile(r"\d{6,}|[0-9A-HJKMNP-TV-Z]{26}|127\.0\.0\.1:\d+|localhost:\d+")


@pytest.fixture
def connected(
    real: RealMedusa, database: Database, clock: FakeClock, url: str, tmp_path: Path
) -> Iterator[Connected]:
    window = Connected(database, clock, real.url, real.key, real.add_product, locks_of(url, tmp_path))
    yield window
    window.close()


class TestRealMedusa(PublisherSuite):
    @pytest.fixture
    def window(self, connected: Connected) -> Connected:
        return connected


class TestRealStorefront(StorefrontSuite):
    @pytest.fixture
    def storefront(self, connected: Connected) -> Storefront:
        return connected.storefront

    @pytest.fixture
    def external(self, connected: Connected) -> str:
        return connected.new_product()


def test_colours_and_facts(connected: Connected, real: RealMedusa, service: JobService) -> None:
    product = connected.new_product()
    real.ask("POST", f"/admin/products/{product}", json={"metadata": {"care": "wash cold"}})
    before = connected.storefront.shown(product)
    suite = PublisherSuite()
    job = suite.running(service, product, options={"fabric_color": "black"})
    suite.publish(connected, product, job)
    shown = connected.storefront.shown(product)
    own = {image.id for image in shown.images if job.id in image.url}
    offered = everything(connected.storefront)[product]
    black = next(each.id for each in offered.variants if each.options["Color"] == "Black")
    assert dict(shown.variants) == {black: own}
    connected.publisher.withdraw(product_id=product, job_id=job.id)
    assert connected.storefront.shown(product) == before
    metadata = real.ask("GET", f"/admin/products/{product}").json()["product"]["metadata"]
    assert metadata == {"care": "wash cold"}


def test_a_wrong_key_is_told(connected: Connected, real: RealMedusa) -> None:
    with pytest.raises(BadInput, match="does not let us"):
        connected.connections.add(NewShop(name="other", kind="medusa", url=real.url, secret="sk_" + "0" * 64))


class Asked:
    """The same questions for a shop of either kind; ids and times are left out of what it says."""

    def __init__(self, url: str, key: str, product: str) -> None:
        self.url, self.key, self.product = url, key, product
        self.said: list[object] = []

    def ask(self, method: str, path: str, **given: Any) -> Any:  # noqa: ANN401
        path = path.replace("PRODUCT", self.product)
        answer = httpx2.request(method, self.url + path, auth=(self.key, ""), timeout=60, **given)
        self.said.append((method, re.sub(r"prod_\w+|variant_\w+|img_\w+", "ID", path), answer.status_code))
        return answer.json()

    def product_now(self) -> dict[str, Any]:
        fields = (
            "id,title,thumbnail,metadata,images.id,images.url,images.rank,images.variants.id,"
            "variants.id,variants.title,variants.options.value,variants.options.option.title"
        )
        product = self.ask("GET", "/admin/products/PRODUCT", params={"fields": fields})["product"]
        images = sorted(product["images"], key=lambda each: each["rank"])
        told = [
            (NUMBER.sub("N", image["url"]), image["rank"], len(image.get("variants") or ()))
            for image in images
        ]
        metadata = sorted((product["metadata"] or {}).items())
        self.said.append((told, product["title"], product["thumbnail"], metadata))
        return {**product, "images": images}

    def show(self, **data: object) -> None:
        self.ask("POST", "/admin/products/PRODUCT", params={"fields": "id"}, json=data)

    def everything(self) -> list[object]:
        """What the adapter counts on, each with what the shop shows after it."""
        first = self.product_now()
        variants = [variant["id"] for variant in first["variants"]]
        self.said.append(sorted(o["value"] for v in first["variants"] for o in v["options"]))
        self.show(images=[{"url": "http://a.example/1.png"}, {"url": "http://a.example/2.png"}])
        now = self.product_now()["images"]
        self.said.append(now[0]["id"].partition("_")[0])
        self.show(images=[{"id": each["id"], "url": each["url"]} for each in reversed(now)])
        turned = self.product_now()["images"]
        self.said.append([each["id"] for each in turned] == [each["id"] for each in reversed(now)])
        batch = f"/admin/products/PRODUCT/variants/{variants[0]}/images/batch"
        for _ in range(2):
            self.ask("POST", batch, json={"add": [now[0]["id"]], "remove": []})
            self.product_now()
        self.show(images=[{"id": now[0]["id"], "url": now[0]["url"]}])  # the other one goes
        self.product_now()
        self.show(images=[{"url": now[0]["url"]}])  # without its id it is another one
        anew = self.product_now()["images"]
        self.said.append(anew[0]["id"] == now[0]["id"])
        self.show(images=[{"id": now[1]["id"], "url": now[1]["url"]}, *anew])  # one that was deleted
        back = self.product_now()["images"]
        self.said.append([each["id"] for each in back][:1] == [now[1]["id"]])
        self.show(metadata={"tirage": '{"media": [1, "ü", null]}', "care": "cold"})
        self.product_now()
        self.show(metadata={"tirage": {"media": [1, None]}})
        self.product_now()
        self.show(metadata={"tirage": ""})
        self.product_now()
        self.show(thumbnail="http://a.example/2.png")
        self.product_now()
        self.show(thumbnail=None)
        self.product_now()
        self.show(images=[])
        self.product_now()
        self.show(bogus=1)
        self.ask("GET", "/admin/products/prod_none")
        self.ask("POST", "/admin/products/prod_none", json={"thumbnail": None})
        files = {"files": ("rjob_1-front.png", b"\x89PNG\r\n\x1a\n", "image/png")}
        (file,) = self.ask("POST", "/admin/uploads", files=files)["files"]
        self.said.append(NUMBER.sub("N", file["url"]))
        for _ in range(2):
            self.ask("DELETE", f"/admin/uploads/{file['id']}")
        self.said = [NUMBER.sub("N", repr(each)) for each in self.said]
        return self.said


def test_the_fake_is_faithful(real: RealMedusa, fake: FakeMedusa) -> None:
    theirs = Asked(real.url, real.key, real.add_product()).everything()
    ours = Asked(fake.url, KEY, fake.add_product()).everything()
    for place, (one, other) in enumerate(zip(theirs, ours, strict=True)):
        assert one == other, place
    refused = [
        httpx2.get(f"{url}/admin/products", headers={"Authorization": word}).status_code
        for url, key in ((real.url, real.key), (fake.url, KEY))
        for word in (f"Bearer {key}", f"Basic {key}", "Basic x")
    ]
    assert refused == [401, 200, 401] * 2
