"""Addresses of users at every place that takes one, directly, by redirects and by names that change: no
connection to anything that is not public.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import anyio
import httpx2
import pytest
from starlette.types import ASGIApp

from spellings import SPELLINGS
from tirage.app import App, open_app
from tirage.errors import TirageError
from tirage.media import fetch
from tirage.settings import Settings
from tirage.shops.model import NewProduct
from tirage.web.build import build_site
from tirage.web.counting import Metrics
from tirage.web.follow import Follower
from tirage.web.parts import Parts

PUBLIC = "93.184.216.34"
OUTSIDE = "outside.example"
NAME = "rebind.example"


@dataclass
class Wire:
    """Every attempt to connect anywhere in this process; only the outside server can be reached."""

    outside: int
    tried: list[tuple[str, int]] = field(default_factory=list)
    reached: int = 0

    def inside(self) -> list[tuple[str, int]]:
        """Those to what is not public."""
        return [each for each in self.tried if each[0] != PUBLIC]


class Redirecting(BaseHTTPRequestHandler):
    """A public site that sends everybody where the path says."""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(302)
        given = unquote(self.path.partition("?")[2]).replace("\r", "").replace("\n", "")
        self.send_header("Location", given.encode().decode("latin-1"))
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET  # noqa: N815 – the library's name

    def log_message(self, *_: object) -> None:
        """Tests say nothing."""


@pytest.fixture
def outside() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Redirecting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture
def wire(outside: int, monkeypatch: pytest.MonkeyPatch) -> Wire:
    seen, connect = Wire(outside), socket.socket.connect

    def watched(self: socket.socket, address: Any) -> None:  # noqa: ANN401 – as the library has it
        if self.family not in {socket.AF_INET, socket.AF_INET6}:
            connect(self, address)
        elif (address[0], address[1]) == (PUBLIC, 80) and OUTSIDE in answers:
            seen.reached += 1
            connect(self, ("127.0.0.1", outside))
        else:
            seen.tried.append((address[0], address[1]))
            raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", watched)
    resolve = fetch._resolved

    def known(host: str, port: int) -> Sequence[str]:
        if host in answers:
            return answers[host].pop(0) if len(answers[host]) > 1 else answers[host][0]
        return resolve(host, port)

    answers: dict[str, list[Sequence[str]]] = seen_answers
    answers.clear()
    monkeypatch.setattr(fetch, "_resolved", known)
    return seen


seen_answers: dict[str, list[Sequence[str]]] = {}
"""What names mean, one answer after the other; the last one stays."""


@pytest.fixture
def app(tmp_path: Path, wire: Wire) -> Iterator[App]:
    assert wire.tried == []
    with open_app(Settings.read({}, data_dir=tmp_path)) as opened:
        opened.catalogue.create(NewProduct(id="p1", title="Tee"))
        yield opened


@dataclass(frozen=True)
class Site:
    """The API in this process."""

    app: App
    asgi: ASGIApp

    def ask(self, method: str, path: str, *, json: object = None, text: str | None = None) -> httpx2.Response:
        async def send() -> httpx2.Response:
            headers = {"Authorization": f"Bearer {self.app.own_key}"}
            transport = httpx2.ASGITransport(app=self.asgi)
            async with httpx2.AsyncClient(
                transport=transport, base_url="http://api.invalid", headers=headers
            ) as client:
                body = {"json": json} if text is None else {"content": text.encode("utf-8", "replace")}
                return await client.request(method, path, **body)  # type: ignore[arg-type]

        return anyio.run(send)


@pytest.fixture
def site(app: App) -> Site:
    parts = Parts(
        app=app,
        follower=Follower(app.service),
        metrics=Metrics(app.service),
        worker_alive=lambda: True,
    )
    return Site(app, build_site(parts))


def fetched(site: Site, url: str) -> None:
    refused(site.ask("POST", "/v1/designs/fetch", json={"url": url}))


def ordered(site: Site, url: str) -> None:
    order = {"design_url": url, "product_id": "p1", "preset": "chest-small"}
    refused(site.ask("POST", "/v1/mockups", json=order))


def named(site: Site, url: str) -> None:
    """Where an id is asked for, an address is none."""
    order = {"design_id": url, "product_id": "p1", "preset": "chest-small"}
    refused(site.ask("POST", "/v1/mockups", json=order))
    refused(site.ask("POST", "/v1/batches", json={"orders": [order]}))
    matrix = {"designs": [url], "products": ["p1"], "presets": ["chest-small"]}
    refused(site.ask("POST", "/v1/estimates", json={"matrix": matrix}))
    place = {"panel": "front", "x": 0, "y": 30, "width": 10, "design_id": url}
    refused(site.ask("POST", "/v1/mockups", json={"product_id": "p1", "placements": [place]}))


def listed(site: Site, url: str) -> None:
    quoted = url.replace('"', '""')
    sheet = f'design_id,product_id,preset\n"{quoted}",p1,chest-small\n'
    refused(site.ask("POST", "/v1/batches/import", text=sheet))


def recorded(site: Site, url: str) -> None:
    with pytest.raises(TirageError):
        site.app.door.save(
            url, site.app.settings.data_dir / "recording", most=1 << 30, seconds=60, cancelled=lambda: False
        )


def hooked(site: Site, url: str) -> None:
    called(site, site.ask("POST", "/v1/webhooks", json={"url": url}))


def rehooked(site: Site, url: str) -> None:
    """A webhook that was good, and is led elsewhere."""
    made = site.ask("POST", "/v1/webhooks", json={"url": f"http://{PUBLIC}/"}).json()
    called(site, site.ask("PATCH", f"/v1/webhooks/{made['id']}", json={"url": url}))
    site.app.webhooks.delete(made["id"])


def called(site: Site, answer: httpx2.Response) -> None:
    """What is sent to it does not arrive, and why is known."""
    if answer.status_code >= 400:
        refused(answer)
        return
    hook = answer.json()["id"]
    site.ask("POST", f"/v1/webhooks/{hook}/test").raise_for_status()
    assert site.app.delivering.send_due() == 1
    (delivery,) = site.ask("GET", f"/v1/webhooks/{hook}/deliveries").json()["deliveries"]
    assert delivery["last_status"] in {None, 302}
    assert delivery["last_error"]
    if answer.request.method == "POST":
        site.app.webhooks.delete(hook)


def refused(answer: httpx2.Response) -> None:
    assert 400 <= answer.status_code < 500 or answer.status_code == 503, (answer.status_code, answer.text)
    assert answer.json()["code"]
    assert answer.json()["hint"]


ENTRIES: Mapping[str, Callable[[Site, str], None]] = {
    "designs/fetch": fetched,
    "mockups design_url": ordered,
    "ids of designs": named,
    "batches/import": listed,
    "recordings": recorded,
    "webhooks": hooked,
    "webhooks changed": rehooked,
}


@pytest.mark.rows("R295", "R266")
@pytest.mark.parametrize("entry", ENTRIES)
def test_no_spelling_leads_inside(entry: str, site: Site, wire: Wire) -> None:
    for url in SPELLINGS:
        ENTRIES[entry](site, url)
    print(f"\n{entry}: {len(SPELLINGS)} spellings, {len(wire.inside())} connections to inside")
    assert len(SPELLINGS) >= 60
    assert wire.inside() == []


@pytest.mark.rows("R295", "R266")
@pytest.mark.parametrize("entry", ENTRIES)
def test_no_redirect_leads_inside(entry: str, site: Site, wire: Wire) -> None:
    """The site that redirects is public and answers."""
    seen_answers[OUTSIDE] = [[PUBLIC]]
    for url in SPELLINGS:
        ENTRIES[entry](site, f"http://{OUTSIDE}/to?{quote(url, safe=':/@[]%')}"[:2048])
    print(f"\n{entry}: {wire.reached} redirects to {len(SPELLINGS)} spellings, {len(wire.inside())} inside")
    assert wire.inside() == []
    takes_addresses = entry not in {"ids of designs", "batches/import"}
    assert (wire.reached >= len(SPELLINGS)) == takes_addresses


def private() -> list[str]:
    """The addresses among the spellings, as a name's owner would give them."""
    hosts = [urlsplit(url).hostname or "" for url in SPELLINGS if "[::1/" not in url]
    found = []
    for host in dict.fromkeys(hosts):
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            continue
        if not fetch.is_public(address):
            found.append(host)
    return found


@pytest.mark.rows("R295", "R266")
@pytest.mark.parametrize("entry", ["designs/fetch", "mockups design_url", "webhooks", "webhooks changed"])
def test_no_name_is_rebound_inside(entry: str, site: Site, wire: Wire) -> None:
    """Public when it is looked at, private a moment later; and private beside public."""
    inner = private()
    for address in inner:
        for answers in ([[PUBLIC], [address]], [[PUBLIC, address]], [[address, PUBLIC]]):
            seen_answers[NAME] = list(answers)
            for _ in answers:
                ENTRIES[entry](site, f"http://{NAME}/art.png")
    print(f"\n{entry}: {len(inner)} addresses × 3 ways, {len(wire.inside())} connections to inside")
    assert len(inner) >= 40
    assert wire.inside() == []
    assert len(wire.tried) == len(inner)  # the public answers were gone to


def test_connections_are_seen(tmp_path: Path, wire: Wire) -> None:
    """Otherwise the other tests would show nothing."""
    settings = Settings.read({"TIRAGE_FETCH_ALLOW": "127.0.0.1:9"}, data_dir=tmp_path)
    with open_app(settings) as opened, pytest.raises(Exception, match="does not answer"):
        opened.designs.fetch("http://127.0.0.1:9/")
    assert wire.inside() == [("127.0.0.1", 9)]
