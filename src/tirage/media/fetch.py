"""The only way out for addresses that users name: designs to fetch, webhooks to call.
A name is resolved once, every address it has must be public, and the connection goes to one of those: what
the name says a moment later no longer matters.  Redirects are followed by hand, each as if it were the first.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urljoin, urlsplit

import httpcore2

from tirage.errors import BadInput, TryAgain
from tirage.media.files import disk_errors

__all__ = ["Answer", "Door", "check_target", "parse_target"]

PORTS = {"http": 80, "https": 443}
URL_LENGTH = 2048
REDIRECTS = 3
SECONDS = 10.0
"""Of a connection, and of each wait for bytes."""
WHOLE_SECONDS = 30.0
"""Of everything, redirects too: who sends a byte at a time gets no further."""
MOVED = {301, 302, 303, 307, 308}
INNER = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
"""NAT64: an IPv4 address in disguise."""
UNICAST = ipaddress.ip_network("2000::/3")
"""All that is public of IPv6."""
OTHERS = (ipaddress.ip_network("192.88.99.0/24"), ipaddress.ip_network("192.0.0.0/24"))
"""Relays of 6to4, and addresses of protocols: `is_global` lets both through."""
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Target:
    """One entry of the operator's list: a host and port, or a network."""

    host: str = ""
    port: int = 0
    network: ipaddress.IPv4Network | ipaddress.IPv6Network | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes
    media_type: str
    retry_after: str
    url: str
    """After redirects."""


class Door:
    """Makes requests to addresses of users; thread-safe.

    Both methods raise BadInput FETCH_REFUSED (the address is none that we go to, or a redirect leads there),
    BadInput FILE_TOO_LARGE, and TryAgain UNAVAILABLE (nobody answers, or too slowly).
    """

    def __init__(self, allow: Iterable[str] = (), *, resolve: Resolve | None = None) -> None:
        """`allow`: what an operator exempts, each `host:port` or a network such as `10.1.0.0/16`."""
        self._allow = tuple(parse_target(each) for each in allow)
        self._resolve = resolve or _resolved

    def get(self, url: str, *, most: int) -> Answer:
        """The file at an address, at most so many bytes; redirects are followed."""
        deadline = time.monotonic() + WHOLE_SECONDS
        for _ in range(REDIRECTS + 1):
            answer, location = self._ask("GET", url, {}, b"", most=most, deadline=deadline)
            if location is None:
                return answer
            try:
                url = urljoin(url, location)
            except ValueError:
                raise _refused("it redirects to something that cannot be read") from None
        raise _refused(f"it redirects more than {REDIRECTS} times")

    def save(
        self, url: str, path: Path, *, most: int, seconds: float, cancelled: Callable[[], bool]
    ) -> Answer:
        """Like `get`, into a file, without its body in the answer; for what is large.  TryAgain DISK_FULL.

        It may take so many seconds; when `cancelled` says so it is left off, with what is there by then.
        """
        deadline = time.monotonic() + seconds
        for _ in range(REDIRECTS + 1):
            with path.open("wb") as file:
                write = partial(_written, file, path)
                sink = _Sink(write=write, most=most, deadline=deadline, cancelled=cancelled)
                answer, location = self._ask("GET", url, {}, b"", most=most, deadline=deadline, sink=sink)
            if location is None:
                return answer
            try:
                url = urljoin(url, location)
            except ValueError:
                raise _refused("it redirects to something that cannot be read") from None
        raise _refused(f"it redirects more than {REDIRECTS} times")

    def post(self, url: str, *, headers: Mapping[str, str], body: bytes, most: int = 1 << 16) -> Answer:
        """The answer to a message, of whose body the beginning; a redirect is an answer like others."""
        deadline = time.monotonic() + WHOLE_SECONDS
        return self._ask("POST", url, headers, body, most=most, deadline=deadline)[0]

    def _ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        most: int,
        deadline: float,
        sink: _Sink | None = None,
    ) -> tuple[Answer, str | None]:
        """The answer, and where it redirects a GET to."""
        scheme, host, port, path = parts_of(url)
        sent = [("Host", urlsplit(url).netloc), ("User-Agent", "Tirage"), ("Accept-Encoding", "identity")]
        asked = httpcore2.URL(scheme=scheme, host=host.encode(), port=port, target=path.encode())
        backend = _Pinned(self._public, deadline)
        with translated(), httpcore2.ConnectionPool(ssl_context=_tls(), network_backend=backend) as pool:
            given = [(name.encode(), value.encode()) for name, value in (*sent, *headers.items())]
            waits = dict.fromkeys(("connect", "read", "write", "pool"), SECONDS)
            with pool.stream(
                method, asked, headers=given, content=body, extensions={"timeout": waits}
            ) as response:
                told = {
                    name.decode("latin-1").lower(): text.decode("latin-1") for name, text in response.headers
                }
                location = told.get("location") if response.status in MOVED and method == "GET" else None
                blocks = () if location else response.iter_stream()
                if sink is not None:
                    sink.take(blocks)
                    blocks = ()
                read = _read(blocks, most=most, cut=method == "POST", deadline=deadline)
        kind = told.get("content-type", "")
        return Answer(response.status, read, kind, told.get("retry-after", ""), url), location

    def _public(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a host, all of which may be asked."""
        try:
            found = self._resolve(host, port)
        except OSError:
            raise TryAgain("UNAVAILABLE", f"There is no host {host[:60]!r}.") from None
        named = any(each.host == host and each.port == port for each in self._allow)
        for text in found:
            address = ipaddress.ip_address(text.partition("%")[0])
            exempt = named or any(each.network and address in each.network for each in self._allow)
            if not exempt and (port not in PORTS.values() or not is_public(address)):
                raise _refused(
                    "it leads into a network that is not public, or to another port than 80 and 443"
                )
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sink:
    """Where a large body goes."""

    write: Callable[[bytes], object]
    most: int
    deadline: float
    cancelled: Callable[[], bool]

    def take(self, blocks: Iterable[bytes]) -> None:
        """Writes them.  BadInput FILE_TOO_LARGE; TryAgain UNAVAILABLE."""
        got = 0
        for block in blocks:
            got += len(block)
            if got > self.most:
                raise BadInput("FILE_TOO_LARGE", f"The file is larger than {self.most / 2**30:g} GiB.")
            if time.monotonic() > self.deadline:
                raise TryAgain("UNAVAILABLE", "The other side takes too long.")
            if self.cancelled():
                return
            self.write(block)


def _written(file: BinaryIO, path: Path, block: bytes) -> None:
    with disk_errors(path):
        file.write(block)


class _Pinned(httpcore2.NetworkBackend):
    """Connects to an address that was checked, never to a name."""

    def __init__(self, public: Resolve, deadline: float) -> None:
        self._public = public
        self._deadline = deadline
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[object] | None = None,  # noqa: ARG002 – the library's signature
    ) -> httpcore2.NetworkStream:
        """To the first of the host's addresses that answers."""
        failure: Exception | None = None
        for address in self._public(host, port):
            left = self._deadline - time.monotonic()
            if left <= 0:
                break
            try:
                return self._inner.connect_tcp(address, port, min(left, timeout or SECONDS), local_address)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore2.ConnectError("no address answered in time")

    def connect_unix_socket(self, path: str, *_: object, **__: object) -> httpcore2.NetworkStream:
        """Never."""
        raise _refused(f"{path!r} is no address of the web")


def check_target(url: str) -> None:
    """BadInput FETCH_REFUSED: text that can be no address we go to; where it leads is seen on the way."""
    parts_of(url)


def parse_target(text: str) -> Target:
    """An entry of the operator's list.  ValueError: it is none."""
    if "/" in text:
        return Target(network=ipaddress.ip_network(text))
    host, _, port = text.rpartition(":")
    number = int(port)
    if not host or not 0 < number < 1 << 16:
        raise ValueError(text)
    return Target(host=host.strip("[]").lower(), port=number)


def parts_of(url: str) -> tuple[str, str, int, str]:
    """Scheme, host, port and the path with its query; BadInput FETCH_REFUSED for all that is not plain."""
    if len(url) > URL_LENGTH or not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>^`{|}'):
        raise _refused("it has signs that no address has")
    try:
        given = urlsplit(url)
        port = given.port
    except ValueError:
        raise _refused("it cannot be read") from None
    if given.scheme not in PORTS:
        raise _refused("it does not begin with http:// or https://")
    if not given.hostname or "@" in given.netloc or "%" in given.netloc:
        raise _refused("its host cannot be read, or it has a user's name")
    path = given.path or "/"
    return (
        given.scheme,
        given.hostname,
        port if port is not None else PORTS[given.scheme],
        f"{path}?{given.query}" if given.query else path,
    )


def is_public(address: Address) -> bool:
    """Whether everybody on the internet means the same machine by it, also in its disguises."""
    for inner in _inner(address):
        if not is_public(inner):
            return False
    if isinstance(address, ipaddress.IPv6Address):
        return address.is_global and address in UNICAST and not address.teredo
    special = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not special and not any(address in network for network in OTHERS)


def _inner(address: Address) -> Iterator[ipaddress.IPv4Address]:
    """IPv4 addresses within an IPv6 address: mapped, compatible, 6to4, NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return
    low = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.ipv4_mapped or int(address) >> 32 == 0 or any(address in network for network in INNER):
        yield low
    if address.sixtofour:
        yield address.sixtofour


def _resolved(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def _read(blocks: Iterable[bytes], *, most: int, cut: bool, deadline: float) -> bytes:
    """The whole, or with `cut` its beginning.  BadInput FILE_TOO_LARGE; TryAgain UNAVAILABLE."""
    got = bytearray()
    for block in blocks:
        got += block
        if time.monotonic() > deadline:
            raise TryAgain("UNAVAILABLE", "The other side takes too long.")
        if len(got) > most and not cut:
            raise BadInput("FILE_TOO_LARGE", f"The file at this address is larger than {most / 2**20:g} MiB.")
        if len(got) > most:
            break
    return bytes(got[:most])


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """Certificates are checked; the environment is not asked."""
    return httpcore2.default_ssl_context()


@contextmanager
def translated() -> Iterator[None]:
    """The library's errors as ours."""
    try:
        yield
    except (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError, OSError) as error:
        raise TryAgain("UNAVAILABLE", f"The other side does not answer: {type(error).__name__}.") from error
    except (httpcore2.UnsupportedProtocol, UnicodeError, ValueError) as error:
        raise _refused("it cannot be read") from error


def _refused(why: str) -> BadInput:
    return BadInput("FETCH_REFUSED", f"The address cannot be used: {why}.")
