"""A way to PostgreSQL that can be cut: what is sent stays unanswered, and no connection is closed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlencode, urlsplit

SOCKET = ".s.PGSQL.5432"
CHUNK = 1 << 16


class Way:
    """Open until `cut`; `heal` lets through what waited."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._open = threading.Event()
        self._open.set()

    def cut(self) -> None:
        self._open.clear()

    def heal(self) -> None:
        self._open.set()

    def carry(self, source: socket.socket, target: socket.socket) -> None:
        """What comes from one side goes to the other, until either is closed."""
        with suppress(OSError):
            while data := source.recv(CHUNK):
                self._open.wait()
                target.sendall(data)
        for side in (source, target):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)


@contextmanager
def way_to(url: str) -> Iterator[Way]:
    """Another address of the same database."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    real = str(Path(query["host"][0]) / SOCKET)
    with TemporaryDirectory(prefix="way-") as folder, socket.socket(socket.AF_UNIX) as door:
        door.bind(f"{folder}/{SOCKET}")
        door.listen()
        given = {**{name: values[0] for name, values in query.items()}, "host": folder}
        way = Way(parts._replace(query=urlencode(given)).geturl())
        threading.Thread(target=_serve, args=(door, real, way), daemon=True).start()
        try:
            yield way
        finally:
            way.heal()


def _serve(door: socket.socket, real: str, way: Way) -> None:
    with suppress(OSError):  # the door is closed
        while True:
            near, _ = door.accept()
            threading.Thread(target=_connect, args=(near, real, way), daemon=True).start()


def _connect(near: socket.socket, real: str, way: Way) -> None:
    """One connection, both ways, closed when both are done."""
    with near, socket.socket(socket.AF_UNIX) as far, suppress(OSError):
        far.connect(real)
        back = threading.Thread(target=way.carry, args=(far, near), daemon=True)
        back.start()
        way.carry(near, far)
        back.join()
