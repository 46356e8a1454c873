"""The cache: within its budget, each result made once, errors not kept."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from tirage.mockup.kept import Kept

Bytes = NDArray[np.uint8]


def block(size: int) -> Bytes:
    return np.zeros(size, np.uint8)


def test_the_least_recently_used_goes_first() -> None:
    kept: Kept[Bytes] = Kept(250)
    made: list[str] = []

    def get(key: str) -> None:
        kept.get(key, lambda: made.append(key) or block(100))

    for key in ("a", "b", "a", "c", "a", "b"):
        get(key)
    assert made == ["a", "b", "c", "b"]
    assert kept.nbytes == 200


def test_one_result_over_the_budget_is_kept_alone() -> None:
    kept: Kept[Bytes] = Kept(50)
    kept.get("small", lambda: block(10))
    big = kept.get("big", lambda: block(100))
    assert kept.get("big", lambda: block(1)) is big
    assert kept.nbytes == 100


def test_room_is_made_before_what_will_take_it_is_made() -> None:
    kept: Kept[Bytes] = Kept(250)
    for key in ("a", "b"):
        kept.get(key, lambda: block(100))
    before: list[int] = []
    kept.get("c", lambda: before.append("a" in kept) or block(90), expected=100)
    assert before == [False]
    assert kept.nbytes == 190


def test_refreshed_results_go_last() -> None:
    kept: Kept[Bytes] = Kept(250)
    for key in ("a", "b"):
        kept.get(key, lambda: block(100))
    kept.refresh(["a", "never made"])
    assert kept.has_room(50)
    assert not kept.has_room(51)
    kept.get("c", lambda: block(100))
    assert ("a" in kept, "b" in kept) == (True, False)
    kept.clear()
    assert kept.nbytes == 0
    assert "a" not in kept


def test_threads_that_want_the_same_make_it_once() -> None:
    kept: Kept[Bytes] = Kept(1000)
    made: list[int] = []
    inside = threading.Barrier(2, timeout=10)

    def make() -> Bytes:
        made.append(1)
        inside.wait()
        return block(10)

    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(kept.get, "x", make) for _ in range(4)]
        inside.wait()
        assert len({id(future.result()) for future in futures}) == 1
    assert made == [1]


def test_an_error_is_raised_and_forgotten() -> None:
    kept: Kept[Bytes] = Kept(1000)

    def fail() -> Bytes:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        kept.get("x", fail)
    assert len(kept.get("x", lambda: block(10))) == 10


def test_an_interrupt_leaves_nobody_waiting() -> None:
    """Ctrl-C may come at any line, also between the note that something is being made and its making."""

    class Interrupted(Kept[Bytes]):
        def _count(self, key: Hashable, size: int) -> None:
            super()._count(key, size)
            if size == 7:
                raise KeyboardInterrupt

    kept = Interrupted(1000)
    with pytest.raises(KeyboardInterrupt):
        kept.get("x", lambda: block(10), expected=7)
    assert "x" not in kept
    assert kept.nbytes == 0
    assert len(kept.get("x", lambda: block(10))) == 10
