"""`tirage serve`: the API in this process, a worker in a child; one signal ends both."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from tirage import log, traces
from tirage.app import App, open_app
from tirage.errors import UsageError
from tirage.settings import Settings
from tirage.web.build import build_site
from tirage.web.counting import Metrics
from tirage.web.follow import Follower
from tirage.web.parts import Parts
from tirage.web.upkeep import Upkeep
from tirage.web.worker import WorkerChild

HEADER_BYTES = 32 << 10
HEADER_MILLISECONDS = 5000
"""A client that takes longer to say what it wants is dropped."""
CONNECTIONS = 4096
"""Open at a time; by default it would be 128, which as many slow clients or event streams use up."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def serve(
    settings: Settings,
    *,
    host: str,
    port: int,
    say: Callable[[str], None],
    worker: Sequence[str] | None = None,
) -> None:
    """Serves until a signal ends it; `say` gets the lines for the operator, port 0 takes a free one.

    `worker` is the child's command, by default `tirage worker`.  UsageError INVALID_SETTING: an address that
    is none, is taken, or is open to others without a key; errors of `open_app`.
    """
    address = _address(host)
    if settings.api_key is None and not address.is_loopback:
        message = f"Without a key the server listens on this machine only, not on {host}."
        raise UsageError("INVALID_SETTING", message, hint="Set TIRAGE_API_KEY to a key of your own.")
    port = _free_port(address, port)
    _allow_connections()
    log.configure(level=settings.log_level, format=settings.log_format)
    traces.configure(settings.traces_url)
    with open_app(settings, host=str(address), port=port) as app:

        def listening() -> None:
            say(f"Tirage serves http://{_shown(address)}:{port} with data in {settings.data_dir}")
            if settings.api_key is None:
                say(f"Key, until it ends: {app.own_key}")

        argv = worker or _worker_argv()
        asyncio.run(_serve(app, argv, host=str(address), port=port, listening=listening))


async def _serve(
    app: App, argv: Sequence[str], *, host: str, port: int, listening: Callable[[], None]
) -> None:
    path = os.pathsep.join(folder for folder in sys.path if folder)  # the same packages, wherever they are
    child = WorkerChild(argv, environment={**app.settings.environment(), "PYTHONPATH": path})
    parts = Parts(
        app=app,
        follower=Follower(app.service),
        metrics=Metrics(app.service),
        worker_alive=child.alive,
    )
    server = Server(
        build_site(parts),
        host,
        port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_MILLISECONDS, max_buffer_size=HEADER_BYTES),
        backlog=CONNECTIONS,
        backpressure=CONNECTIONS,
        websockets=False,
        log_enabled=False,
    )
    stop = asyncio.Event()
    for number in SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    upkeep = Upkeep(app)
    upkeep.start()
    kept = asyncio.create_task(child.keep())
    served = asyncio.create_task(server.serve())
    stopped = asyncio.create_task(stop.wait())
    try:
        if await _answers(host, port, unless=(served, stopped)):
            listening()
        await asyncio.wait((served, stopped), return_when=asyncio.FIRST_COMPLETED)
        await parts.follower.close()  # streams would hold the server
        server.stop()  # type: ignore[no-untyped-call]
        await served
    finally:
        stopped.cancel()
        await asyncio.to_thread(upkeep.stop)
        await child.stop()
        await kept


async def _answers(host: str, port: int, *, unless: Sequence[asyncio.Task[Any]]) -> bool:
    """Waits until it takes connections (its own start-up hook runs before).  False: it ended first."""
    while not any(task.done() for task in unless):
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            return True
    return False


def _worker_argv() -> Sequence[str]:
    return [sys.executable, "-m", "tirage", "worker", "--parent", str(os.getpid())]


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        hint = "Write an address such as 127.0.0.1, or 0.0.0.0 for all of this machine's."
        raise UsageError("INVALID_SETTING", f"The host cannot be {host[:60]!r}.", hint=hint) from None


def _free_port(address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int) -> int:
    """The port, or a free one for 0; the server's own socket would silently share another server's."""
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((str(address), port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or "no such port"
            message = f"The server cannot listen on {_shown(address)}:{port}: {reason}."
            raise UsageError("INVALID_SETTING", message, hint="Choose another --port.") from None
        return int(probe.getsockname()[1])


def _allow_connections() -> None:
    """As many open files as connections, where the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CONNECTIONS
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _shown(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    return f"[{address}]" if address.version == 6 else str(address)
