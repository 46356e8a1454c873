"""The door to addresses of users: nothing that is not public is ever connected to, however it is spelled."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from spellings import SPELLINGS
from tirage.errors import BadInput, TirageError, TryAgain
from tirage.media import fetch
from tirage.media.fetch import Door, check_target, is_public, parse_target


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every attempt to connect anywhere; none succeeds."""
    tried: list[object] = []

    def refuse(address: tuple[str, int], *_: object, **__: object) -> None:
        tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refuse)
    return tried


@pytest.mark.rows("R295")
def test_no_spelling_leads_inside(connections: list[object]) -> None:
    assert len(SPELLINGS) >= 60
    door = Door()
    calls: Sequence[Callable[[str], object]] = (
        lambda url: door.get(url, most=1000),
        lambda url: door.post(url, headers={}, body=b"x"),
    )
    for url in SPELLINGS:
        for call in calls:
            with pytest.raises(TirageError):
                call(url)
    assert connections == []


def test_a_name_is_asked_once_and_pinned(connections: list[object]) -> None:
    """A later answer, which leads inside, changes nothing; one private address among others is enough."""
    answers = [
        ["203.0.113.9", "93.184.216.34"],
        ["93.184.216.34"],
        ["127.0.0.1"],
        ["93.184.216.34", "10.0.0.1"],
    ]
    asked: list[str] = []

    def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return answers[len(asked) - 1]

    door = Door(resolve=resolve)
    with pytest.raises(BadInput):
        door.get("http://rebind.example/", most=10)
    assert connections == []
    with pytest.raises(TirageError):
        door.get("http://rebind.example/", most=10)
    assert connections == [("93.184.216.34", 80)]
    for _ in range(2):
        with pytest.raises(BadInput):
            door.get("http://rebind.example/", most=10)
    assert (len(asked), len(connections)) == (4, 1)


class Site(BaseHTTPRequestHandler):
    """A site whose paths do what they are called."""

    seen: list[str] = []  # noqa: RUF012 – of one test at a time

    def do_GET(self) -> None:
        Site.seen.append(self.path)
        name, _, rest = self.path.removeprefix("/").partition("?")
        if name == "to":
            self.send_response(302)
            self.send_header("Location", rest)
            self.end_headers()
        elif name == "loop":
            self.send_response(302)
            self.send_header("Location", "/loop")
            self.end_headers()
        elif name == "drip":
            self.send_response(200)
            self.end_headers()
            with_patience(self.wfile.write)
        else:
            body = b"x" * int(rest or 3)
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            if name != "unsized":
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 – the library's name

    def log_message(self, *_: object) -> None:
        pass


def with_patience(write: Callable[[bytes], object]) -> None:
    try:
        for _ in range(200):
            write(b"x")
            time.sleep(0.02)
    except OSError:
        return


@contextmanager
def running() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Site.seen = []
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.rows("R295")
def test_redirects_are_judged_like_the_first_address() -> None:
    with running() as outside, running() as inside:
        door = Door([f"127.0.0.1:{outside}"])
        base = f"http://127.0.0.1:{outside}"
        assert door.get(f"{base}/to?/file", most=10).url == f"{base}/file"
        Site.seen = []
        for url in (f"http://127.0.0.1:{inside}/secret", f"http://localhost:{inside}/secret", *SPELLINGS):
            absolute = "//" in url and not url.startswith("http:///")
            if url.isascii() and url.isprintable() and absolute:
                with pytest.raises(TirageError):
                    door.get(f"{base}/to?{url}", most=10)
        assert "/secret" not in Site.seen
        with pytest.raises(BadInput, match="redirects more than"):
            door.get(f"{base}/loop", most=10)
        assert door.post(f"{base}/to?/file", headers={}, body=b"").status == 302


def test_no_more_is_read_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    with running() as port:
        door = Door([f"127.0.0.1:{port}"])
        base = f"http://127.0.0.1:{port}"
        found = door.get(f"{base}/a.png?10", most=10)
        assert (found.status, found.body, found.media_type) == (200, b"x" * 10, "image/png")
        for path in ("sized?11", "unsized?100000"):
            with pytest.raises(BadInput) as caught:
                door.get(f"{base}/{path}", most=10)
            assert caught.value.code == "FILE_TOO_LARGE"
        assert len(door.post(f"{base}/a?100000", headers={}, body=b"", most=10).body) == 10
        monkeypatch.setattr(fetch, "WHOLE_SECONDS", 0.3)
        begun = time.monotonic()
        with pytest.raises(TryAgain):
            door.get(f"{base}/drip", most=10_000)
        assert time.monotonic() - begun < 3
    with pytest.raises(TryAgain):
        door.get(f"{base}/gone", most=10)


def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    with running() as port:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        assert Door([f"127.0.0.1:{port}"]).get(f"http://127.0.0.1:{port}/x", most=10).status == 200


def test_an_operator_may_open_a_network() -> None:
    with running() as port:
        assert Door(["127.0.0.0/8"]).get(f"http://127.0.0.1:{port}/x", most=10).status == 200
        with pytest.raises(BadInput):
            Door(["10.0.0.0/8", "127.0.0.1:1"]).get(f"http://127.0.0.1:{port}/x", most=10)
    assert parse_target("[::1]:80").host == "::1"
    for wrong in ("x", "host:0", "host:99999", "300.0.0.0/8", ":80", "10.0.0.1/8"):
        with pytest.raises(ValueError):  # noqa: PT011 – whatever it says
            parse_target(wrong)


def test_public_addresses_are_public() -> None:
    for text in ("8.8.8.8", "1.1.1.1", "2606:4700:4700::1111"):
        assert is_public(ipaddress.ip_address(text)), text
    check_target("https://shop.example/a%20b?c=d#e")
