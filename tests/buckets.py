"""A bucket for tests: moto's S3 on this machine, and a way to it that can answer with faults."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from uuid import uuid4

import httpx2
from moto.server import ThreadedMotoServer

REFUSAL = '<?xml version="1.0"?><Error><AWSAccessKeyId>{key}</AWSAccessKeyId></Error>'


@dataclass(frozen=True, slots=True)
class Bucket:
    """An empty one, at a prefix of its own."""

    NAME: ClassVar = "pictures"
    KEY: ClassVar = "AKIATIRAGETESTSKEYID"
    SECRET: ClassVar = "tirage/tests/secret/0123456789"  # noqa: S105 – no door opens to it
    CREDENTIALS: ClassVar = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}

    endpoint: str
    prefix: str

    @property
    def url(self) -> str:
        """For TIRAGE_STORAGE_URL."""
        return self.with_prefix(self.prefix)

    def with_prefix(self, prefix: str) -> str:
        return f"s3://{self.NAME}/{prefix}?endpoint={self.endpoint}&region=eu-central-1"

    @contextmanager
    def faults(self) -> Iterator[Way]:
        """A way to the same bucket, through a server that answers by itself where it is told to."""
        way = Way(self)
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(way))
        way.port = server.server_port
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield way
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


@dataclass(slots=True)
class Way:
    """What stands between us and the bucket."""

    bucket: Bucket
    port: int = 0
    answers: list[int] = field(default_factory=list)
    """Statuses of the next answers; without any the bucket answers."""

    @property
    def url(self) -> str:
        """For TIRAGE_STORAGE_URL."""
        return Bucket(f"http://127.0.0.1:{self.port}", self.bucket.prefix).url


def _handler(way: Way) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if way.answers:
                self._say(way.answers.pop(0), {}, REFUSAL.format(key=Bucket.KEY).encode())
                return
            url = way.bucket.endpoint + self.path
            kept = {k: v for k, v in self.headers.items() if k.lower() not in {"host", "connection"}}
            answer = httpx2.request(self.command, url, headers=kept, content=body)
            self._say(answer.status_code, dict(answer.headers), answer.content)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass  # noqa: N815 – the library's names

        def _say(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in {"connection", "date", "server", "transfer-encoding"}:
                    self.send_header(name, value)
            if "content-length" not in {name.lower() for name in headers}:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Tests say nothing."""

    return Handler


@contextmanager
def storage() -> Iterator[str]:
    """The endpoint of a server with one bucket."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        httpx2.put(f"http://{host}:{port}/{Bucket.NAME}").raise_for_status()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def empty_bucket(endpoint: str) -> Bucket:
    """A prefix that nobody else has."""
    return Bucket(endpoint, uuid4().hex)
