"""A real Medusa 2 server for tests: installed once from its lock file, started on loopback over a PostgreSQL
of its own, stopped at the end.  MEDUSA_HOME is its folder; by default `out/peers/medusa`.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2

from postgres import new_database, running_server

HERE = Path(__file__).resolve().parent
HOME = Path(os.environ.get("MEDUSA_HOME") or HERE.parents[1] / "out" / "peers" / "medusa")
FILES = ("package.json", "package-lock.json", ".npmrc", "medusa-config.js")
READY = ".ready"
START_SECONDS = 240


@dataclass(frozen=True)
class RealMedusa:
    """A running shop, and the key of its API."""

    url: str
    key: str

    def ask(self, method: str, path: str, **given: Any) -> httpx2.Response:  # noqa: ANN401
        """A request as an administrator's program makes it."""
        return httpx2.request(method, self.url + path, auth=(self.key, ""), timeout=60, **given)

    def add_product(self, title: str = "Tee", colours: tuple[str, ...] = ("Black", "White")) -> str:
        """A product with a variant for each colour; its id."""
        body = {
            "title": title,
            "handle": f"tee-{secrets.token_hex(8)}",
            "options": [{"title": "Color", "values": list(colours)}, {"title": "Size", "values": ["M"]}],
            "variants": [
                {"title": f"M / {colour}", "options": {"Color": colour, "Size": "M"}, "prices": []}
                for colour in colours
            ],
        }
        answer = self.ask("POST", "/admin/products", json=body)
        answer.raise_for_status()
        return str(answer.json()["product"]["id"])


def install() -> None:
    """Once for each lock file; needs Node.js 20 or newer and npm."""
    wanted = "".join((HERE / name).read_text() for name in FILES)
    stamp = HOME / READY
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    HOME.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    for name in FILES:
        shutil.copy(HERE / name, HOME / name)
    _npm("install", "--legacy-peer-deps", "--no-audit", "--no-fund", "--loglevel=error")
    stamp.write_text(wanted)


@contextmanager
def running() -> Iterator[RealMedusa]:
    """The server, until the block ends."""
    install()
    with running_server() as server:
        database = _for_node(new_database(server, "medusa"))
        environment = {
            **os.environ,
            "DATABASE_URL": database,
            "NODE_ENV": "production",
            "PEER_SECRET": secrets.token_hex(16),
            "MEDUSA_DISABLE_TELEMETRY": "true",
        }
        password = secrets.token_hex(8)
        _medusa(environment, "db:migrate")
        _medusa(environment, "user", "-e", "peer@tirage.example", "-p", password)
        with _started(environment) as url:
            yield RealMedusa(url, _key(url, password))


def _npm(*words: str) -> None:
    subprocess.run(["nice", "-n", "15", "npm", *words], cwd=HOME, check=True)


def _medusa(environment: dict[str, str], *words: str) -> None:
    done = subprocess.run(
        [HOME / "node_modules" / ".bin" / "medusa", *words],
        cwd=HOME, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@contextmanager
def _started(environment: dict[str, str]) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = HOME / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [HOME / "node_modules" / ".bin" / "medusa", "start", "-H", "127.0.0.1", "-p", str(port)],
            cwd=HOME, env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process, log)
        yield url
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(15)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        with suppress(httpx2.TransportError):
            if httpx2.get(f"{url}/health", timeout=5).status_code == 200:
                return
        assert process.poll() is None, log.read_text(errors="replace")[-3000:]
        time.sleep(0.2)
    raise AssertionError(log.read_text(errors="replace")[-3000:])


def _key(url: str, password: str) -> str:
    asked = {"email": "peer@tirage.example", "password": password}
    token = httpx2.post(f"{url}/auth/user/emailpass", json=asked, timeout=60).json()["token"]
    made = httpx2.post(
        f"{url}/admin/api-keys",
        json={"title": "tirage", "type": "secret"},
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    )
    return str(json.loads(made.text)["api_key"]["token"])


def _for_node(address: str) -> str:
    """The same database as Node.js wants it: the socket's folder in the place of the host."""
    parts = urlsplit(address)
    folder = dict(part.split("=", 1) for part in parts.query.split("&"))["host"]
    return f"postgres://postgres@{quote(folder, safe='')}{parts.path}"
