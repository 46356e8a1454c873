"""The program between us and a child: starts it, and sees to it that nothing of it outlives its end, or ours.

Run by path in a Python of its own, with one JSON object as its argument; it imports nothing of Tirage.
Its control socket says when to stop: as soon as the other side is closed, by will or by death, all that
descends from this process is ended and the child's folder removed.  Through it goes one report at the end.
A separate process, because a parent-death signal follows the thread that forked, and a parent with threads
cannot run code between fork and exec.  One is started for every second of a video: what it imports counts."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import socket
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

TICK_S = 0.25
"""How often the children's memory is looked at."""
GRACE_S = 0.5
"""Between SIGTERM and SIGKILL."""
SET_PARENT_DEATH_SIGNAL, SET_CHILD_SUBREAPER = 1, 36
"""Options of Linux's prctl(2)."""
CANNOT_START = 126
SIGNALLED = 128
"""What shells and sandboxes add to the signal that ended the program they ran, to make it an exit code."""
PAGE = os.sysconf("SC_PAGE_SIZE")
LIMITS = {
    "address_space": resource.RLIMIT_AS,
    "cpu_s": resource.RLIMIT_CPU,
    "file_bytes": resource.RLIMIT_FSIZE,
}


def process_control(option: int, value: int) -> None:
    """prctl(2), where there is one."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def start(words: list[str], limits: dict[str, int | None]) -> int:
    """Forks the child into its limits; its pid."""
    pid = os.fork()
    if pid:
        return pid
    try:
        process_control(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        for name, kind in LIMITS.items():
            most = limits[name]
            if most is not None:
                hard = resource.getrlimit(kind)[1]
                most = most if hard == resource.RLIM_INFINITY else min(most, hard)
                resource.setrlimit(kind, (most, most))
        os.execv(words[0], words)  # noqa: S606 – a list of words, no shell
    except OSError as error:
        print(f"{words[0]}: {error.strerror}", file=sys.stderr, flush=True)
    finally:
        os._exit(CANNOT_START)


def near_descendants() -> list[int]:
    """Every process below this one, by asking each for its children: the machine may have thousands more.

    One that is born or loses its parent meanwhile may be left out; a kernel that does not tell gives all.
    """
    found, rest = list[int](), [os.getpid()]
    try:
        while rest:
            pid = rest.pop()
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                for thread in os.listdir(f"/proc/{pid}/task"):
                    with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:
                        rest += map(int, file.read().split())
            found.append(pid)
    except OSError:
        return descendants()
    return found[1:]


def descendants() -> list[int]:
    """Every process below this one; orphans come to it, since it is their subreaper."""
    parents: dict[int, int] = {}
    with contextlib.suppress(OSError):
        for name in filter(str.isdecimal, os.listdir("/proc")):
            with (
                contextlib.suppress(OSError),
                open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file,
            ):
                parents[int(name)] = int(file.read().rpartition(")")[2].split()[1])
    found, added = {os.getpid()}, True
    while added:
        new = {pid for pid, parent in parents.items() if parent in found} - found
        found |= new
        added = bool(new)
    return sorted(found - {os.getpid()})


def resident(pids: list[int]) -> int:
    """Bytes of memory that these processes hold together."""
    pages = 0
    for pid in pids:
        with contextlib.suppress(OSError), open(f"/proc/{pid}/statm", encoding="utf-8") as file:
            pages += int(file.read().split()[1])
    return pages * PAGE


def kills_for_memory() -> int:
    """How often this machine's kernel has killed a process for want of memory."""
    with contextlib.suppress(OSError), open("/proc/vmstat", encoding="utf-8") as file:
        return next((int(line.split()[1]) for line in file if line.startswith("oom_kill ")), 0)
    return 0


def reap(main: int) -> int | None:
    """Buries every child that has ended; the main one's wait status when it is among them."""
    status = None
    with contextlib.suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            if found[0] == main:
                status = found[1]
    return status


def signal_all(main: int, number: int) -> bool:
    """Sends a signal to all that is left; whether there was anything."""
    left = descendants() or [main]
    for pid in left:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
    return bool(descendants())


def end_all(main: int, *, grace_s: float) -> int | None:
    """Ends everything below: asked to first, then without asking; the main child's status if it ended now."""
    status, deadline = None, time.monotonic() + grace_s
    left = signal_all(main, signal.SIGTERM) if grace_s else bool(descendants())
    while left:
        if time.monotonic() >= deadline:
            signal_all(main, signal.SIGKILL)
        time.sleep(0.01)
        found = reap(main)
        status = found if status is None else status
        left = bool(descendants())
    found = reap(main)
    return found if status is None else status


def watch(main: int, control: socket.socket, wake: int, memory: int) -> tuple[str, int | None]:
    """Waits for whatever comes first: the child's end, the order to stop, too much memory."""
    while True:
        ready, _, _ = select.select([control.fileno(), wake], [], [], TICK_S)
        if wake in ready:
            os.read(wake, 4096)
        if (status := reap(main)) is not None:
            return "ended", status
        if control.fileno() in ready:
            return "stopped", None
        if resident(near_descendants()) > memory:
            return "memory", None


def report(how: str, status: int | None, killed_before: int) -> dict[str, Any]:
    """What the other side is told."""
    if how != "ended" or status is None:
        return {"end": how}
    code = os.WTERMSIG(status) + SIGNALLED if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    if code <= SIGNALLED:
        return {"end": "exit", "code": code}
    number = code - SIGNALLED
    if number == signal.SIGKILL and kills_for_memory() > killed_before:
        return {"end": "memory"}
    return {"end": "signal", "code": number}


def main(order: dict[str, Any]) -> NoReturn:
    """Starts the child and stays until nothing of it is left."""
    control = socket.socket(fileno=order["control"])
    control.set_inheritable(False)
    process_control(SET_CHILD_SUBREAPER, 1)
    wake, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    killed_before = kills_for_memory()
    child = start(order["argv"], order["limits"])
    for number in (0, 1):  # the child's now: its end has to be seen at the other side
        os.close(number)
    how, status = watch(child, control, wake, order["memory"])
    end_all(child, grace_s=GRACE_S if how == "stopped" else 0)
    if how == "stopped":
        import shutil

        shutil.rmtree(order["folder"], ignore_errors=True)
    with contextlib.suppress(OSError):
        control.sendall(json.dumps(report(how, status, killed_before)).encode())
    os._exit(0)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
