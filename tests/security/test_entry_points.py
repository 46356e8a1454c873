"""Addresses of users at every place that takes one: no connection to anything that is not public."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from spellings import SPELLINGS
from tirage.app import App, open_app
from tirage.batches.model import Order
from tirage.errors import BadInput, TirageError
from tirage.jobs.model import Page
from tirage.settings import Settings


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with open_app(Settings.read({}, data_dir=tmp_path)) as opened:
        yield opened


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    tried: list[object] = []

    def refuse(address: object, *_: object, **__: object) -> None:
        tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refuse)
    return tried


@pytest.mark.rows("R295", "R266")
def test_no_entry_point_leads_inside(app: App, connections: list[object], tmp_path: Path) -> None:
    """Designs and recordings that are fetched, webhooks that are called, designs that a job names."""
    entries: Sequence[Callable[[str], object]] = (
        app.designs.fetch,
        lambda url: app.door.save(
            url, tmp_path / "recording", most=1 << 30, seconds=60, cancelled=lambda: False
        ),
        lambda url: app.batches.order(Order(design_id=url, product_id="p", preset="chest-small")),
    )
    delivered = 0
    for url in SPELLINGS:
        for entry in entries:
            with pytest.raises(TirageError):
                entry(url)
        try:
            made = app.webhooks.create(url=url)
        except BadInput:
            continue
        app.webhooks.test(made.id)
        assert app.delivering.send_due() == 1
        ((delivery,), _) = app.webhooks.deliveries(made.id, Page())
        assert delivery.last_status is None
        assert "not public" in str(delivery.last_error) or "no host" in str(delivery.last_error)
        app.webhooks.delete(made.id)
        delivered += 1
    assert delivered > 40
    assert connections == []
