"""A line to a server that can be disturbed: calls are cut, left alone, or put off."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum

CHUNK = 1 << 16
BUSY = b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER: closing is a reset, as when the process behind died."""


class Fault(StrEnum):
    """How a server can be away."""

    RESET = "reset"
    """Its process is gone: every call is cut off."""
    SILENT = "silent"
    """Its network is gone: calls are taken and never answered."""
    BUSY = "busy"
    """It is there and says that it cannot."""


class Line:
    """Open until `disturb`; `mend` opens it again."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._door = socket.create_server(("127.0.0.1", 0))
        self._fault: Fault | None = None
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        """The server's address by this line."""
        return f"http://127.0.0.1:{self._door.getsockname()[1]}"

    def disturb(self, fault: Fault) -> None:
        """From now on; what is under way is cut."""
        with self._lock:
            self._fault = fault
            cut, self._open = self._open, set()
        for each in cut:
            _reset(each)

    def mend(self) -> None:
        """From now on; calls that were left alone stay so until their callers give up."""
        self._fault = None

    def close(self) -> None:
        """For good."""
        self.disturb(Fault.RESET)
        self._door.close()

    def _serve(self) -> None:
        with suppress(OSError):  # the door is closed
            while True:
                near, _ = self._door.accept()
                threading.Thread(target=self._take, args=(near,), daemon=True).start()

    def _take(self, near: socket.socket) -> None:
        with self._lock:
            fault = self._fault
            self._open.add(near)
        match fault:
            case Fault.RESET:
                _reset(near)
            case Fault.BUSY:
                with suppress(OSError):
                    near.recv(CHUNK)
                    near.sendall(BUSY)
                    near.shutdown(socket.SHUT_WR)
            case Fault.SILENT:
                pass
            case None:
                self._connect(near)

    def _connect(self, near: socket.socket) -> None:
        far = socket.create_connection(("127.0.0.1", self._target))
        with self._lock:
            self._open.add(far)
        for pair in ((near, far), (far, near)):
            threading.Thread(target=_carry, args=pair, daemon=True).start()


def _carry(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(CHUNK):
            target.sendall(data)
    for side in (source, target):
        with suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)


def _reset(end: socket.socket) -> None:
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextmanager
def line_to(port: int) -> Iterator[Line]:
    """A line to a server on this machine, until the block ends."""
    line = Line(port)
    try:
        yield line
    finally:
        line.close()
