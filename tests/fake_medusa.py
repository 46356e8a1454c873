"""A small Medusa 2 over HTTP, in memory: as much of its Admin API as Tirage uses, with the traps of the real
one.  `tests/peers/test_faithful.py` asks both the same and compares what they say.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "sk_" + "0123456789abcdef" * 4
Answer = tuple[int, object]
FILE = re.compile(rb'name="files"; filename="([^"]*)"\r\nContent-Type: [^\r]*\r\n\r\n')


@dataclass
class Fault:
    """What happens to requests that it fits, so often."""

    method: str
    path: str
    times: int
    status: int | None = None
    """Answered instead of being carried out; None: see `drop`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False
    """Carried out, and then the connection ends without an answer."""


class FakeMedusa:
    """The shop's state; every request is one step, as in Node.js."""

    def __init__(self) -> None:
        self.products: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.requests: list[tuple[str, str]] = []
        self.faults: list[Fault] = []
        self.before: Callable[[str, str], None] | None = None
        """Called before a request is carried out: another writer, at the worst moment."""
        self.url = ""
        self._lock = threading.RLock()
        self._numbers = count(1)

    def add_product(
        self, title: str = "Tee", colours: tuple[str, ...] = ("Black", "White"), **fields: object
    ) -> str:
        """A product with a variant for each colour; its id."""
        name = self._id("prod")
        variants = [
            {
                "id": self._id("variant"),
                "title": f"M / {colour}",
                "sku": None,
                "options": [
                    {"value": colour, "option": {"title": "Color"}},
                    {"value": "M", "option": {"title": "Size"}},
                ],
            }
            for colour in colours
        ]
        plain = {"thumbnail": None, "metadata": None, "images": [], "handle": f"{title.lower()}-{name}"}
        self.products[name] = {"id": name, "title": title, "variants": variants, **plain, **fields}
        return name

    def writes(self) -> list[tuple[str, str]]:
        """Requests that change something."""
        return [each for each in self.requests if each[0] != "GET"]

    def answer(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> Answer:
        """What a request comes to."""
        if self.before:
            self.before(method, path)
        with self._lock:
            self.requests.append((method, path))
            return deepcopy(self._carried_out(method, path, query, body))

    def _carried_out(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> Answer:
        match (method, [part for part in path.split("/") if part]):
            case ("GET", ["admin", "products"]):
                return self._list(query)
            case ("GET", ["admin", "products", name]):
                return self._found(name, lambda product: (200, {"product": product}))
            case ("POST", ["admin", "products", name]):
                return self._found(name, lambda product: self._update(product, json.loads(body)))
            case ("POST", ["admin", "products", name, "variants", variant, "images", "batch"]):
                return self._found(name, lambda product: self._assign(product, variant, json.loads(body)))
            case ("POST", ["admin", "uploads"]):
                return self._upload(body)
            case ("DELETE", ["admin", "uploads", name]):
                self.files.pop(name, None)
                return 200, {"id": name, "object": "file", "deleted": True}
        return 404, {"type": "not_found", "message": "no such route"}

    def _found(self, name: str, then: Callable[[dict[str, Any]], Answer]) -> Answer:
        product = self.products.get(name)
        if product is None:
            return 404, {"type": "not_found", "message": f"Product with id {name} was not found"}
        return then(product)

    def _list(self, query: Mapping[str, str]) -> Answer:
        limit, offset = int(query.get("limit", 50)), int(query.get("offset", 0))
        found = sorted(self.products.values(), key=lambda each: str(each["id"]))
        page = found[offset : offset + limit]
        return 200, {"products": page, "count": len(found), "offset": offset, "limit": limit}

    def _update(self, product: dict[str, Any], data: Mapping[str, Any]) -> Answer:
        unknown = data.keys() - {"images", "thumbnail", "metadata", "title"}
        if unknown:
            text = f"Invalid request: Unrecognized fields: '{', '.join(sorted(unknown))}'"
            return 400, {"type": "invalid_data", "message": text}
        if "images" in data:
            product["images"] = [
                self._image(product, given, rank) for rank, given in enumerate(data["images"])
            ]
        if _has_null_in_a_list(data.get("metadata")):
            return 500, {"type": "unknown_error", "message": "An unknown error occurred."}
        if data.get("metadata"):
            metadata = {**(product["metadata"] or {}), **data["metadata"]}
            product["metadata"] = {key: value for key, value in metadata.items() if value != ""}
        product |= {key: data[key] for key in ("thumbnail", "title") if key in data}
        return 200, {"product": product}

    def _image(self, product: Mapping[str, Any], given: Mapping[str, Any], rank: int) -> dict[str, Any]:
        """One with a known id stays; every other one is made, with that id or a new one, without variants."""
        for image in product["images"]:
            if image["id"] == given.get("id"):
                return {**image, "url": given["url"], "rank": rank}
        return {"id": given.get("id") or self._id("img"), "url": given["url"], "rank": rank, "variants": []}

    def _assign(self, product: dict[str, Any], variant: str, data: Mapping[str, Any]) -> Answer:
        add, remove = data.get("add") or [], data.get("remove") or []
        for image in product["images"]:
            here = [each for each in image["variants"] if each["id"] != variant or image["id"] not in remove]
            if image["id"] in add and all(each["id"] != variant for each in here):
                here.append({"id": variant})
            image["variants"] = here
        return 200, {"added": add, "removed": remove}

    def _upload(self, body: bytes) -> Answer:
        found = FILE.search(body)
        if found is None:
            return 400, {"type": "invalid_data", "message": "No files were uploaded"}
        name = f"{1_700_000_000_000 + next(self._numbers)}-{found[1].decode()}"  # a time, as there
        self.files[name] = body[found.end() : body.rindex(b"\r\n--")]
        return 200, {"files": [{"id": name, "url": f"{self.url}/static/{name}"}]}

    def fault(self, method: str, path: str) -> Fault | None:
        """The one that a request meets."""
        with self._lock:
            for each in self.faults:
                if each.times and each.method in {method, "*"} and re.search(each.path, path):
                    each.times -= 1
                    return each
        return None

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{next(self._numbers):026}"


def _has_null_in_a_list(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_has_null_in_a_list, value.values()))
    return isinstance(value, list) and any(each is None or _has_null_in_a_list(each) for each in value)


def _handler(shop: FakeMedusa) -> type[BaseHTTPRequestHandler]:
    allowed = {"Basic " + base64.b64encode(f"{KEY}:".encode()).decode(), f"Basic {KEY}"}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 5

        def handle_one(self) -> None:
            address = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fault = shop.fault(self.command, address.path)
            if fault and fault.status:
                self._say(fault.status, {"type": "unexpected_state", "message": "No."}, fault.headers)
                return
            if self.headers.get("Authorization") not in allowed:
                self._say(401, {"message": "Unauthorized"})
                return
            query = {name: values[-1] for name, values in parse_qs(address.query).items()}
            status, answer = shop.answer(self.command, address.path, query, body)
            if fault and fault.drop:
                self.close_connection = True
                self.connection.close()
                return
            self._say(status, answer)

        do_GET = do_POST = do_DELETE = handle_one  # noqa: N815

        def _say(self, status: int, answer: object, headers: Mapping[str, str] | None = None) -> None:
            data = json.dumps(answer).encode()
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@contextmanager
def running_medusa() -> Iterator[FakeMedusa]:
    """A fake shop on a port of its own."""
    shop = FakeMedusa()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(shop))
    server.daemon_threads = True
    shop.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield shop
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def soon(check: Callable[[], bool], *, seconds: float = 10.0) -> None:
    """Waits until it holds."""
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "in vain"
        time.sleep(0.02)
