"""Sync from sound: known offsets and drifts come out, and what was not heard together is not guessed."""

from __future__ import annotations

import numpy as np
import pytest

from tirage.video.sync import RATE, Sound, find_sync

SECONDS = 40
FRAME_S = 1 / 60


def speech(seconds: int, seed: int) -> Sound:
    """Noise whose loudness changes ten times a second, as that of speech does."""
    random = np.random.default_rng(seed)
    loud = np.abs(random.standard_normal(seconds * 10)) ** 2
    noise = random.standard_normal(seconds * RATE) * np.repeat(loud, RATE // 10)
    return np.asarray(noise * 0.05, np.float32)


def recorded(sound: Sound, *, offset: float, ppm: float, noise_db: float, seed: int = 7) -> Sound:
    """The same as another recorder has it: at time u of its clock it hears (u - offset) / (1 + ppm)."""
    places = (np.arange(len(sound)) / RATE - offset) / (1 + ppm * 1e-6) * RATE
    heard = np.interp(places, np.arange(len(sound)), sound, 0, 0)
    noise = np.random.default_rng(seed).standard_normal(len(sound))
    return np.asarray(heard + noise * heard.std() * 10 ** (noise_db / 20), np.float32)


@pytest.mark.rows("G-8")
@pytest.mark.parametrize(
    ("offset", "ppm", "noise_db"),
    [(0.0, 0, -20), (0.5, 0, 0), (-7.25, 0, 5), (3.0004, 150, -10), (-3.1, -150, 0), (12.0, 40, 5)],
)
def test_offset_and_drift_are_found(offset: float, ppm: float, noise_db: float) -> None:
    master = speech(SECONDS, 1)
    found = find_sync(master, recorded(master, offset=offset, ppm=ppm, noise_db=noise_db))
    assert found.sure
    for second in (0, SECONDS):
        wanted = second * (1 + ppm * 1e-6) + offset
        assert abs(float(found.sync.media_time(second)) - wanted) < 0.001 / 2


def test_an_hour_with_drift_stays_within_half_a_frame() -> None:
    """Sixty minutes of a recorder that runs fast, found from ten: the map is good to the end."""
    minutes = 10
    master = speech(60 * minutes, 2)
    found = find_sync(master, recorded(master, offset=1.5, ppm=150, noise_db=0))
    assert found.sure
    assert abs(float(found.sync.media_time(3600)) - (3600 * (1 + 150e-6) + 1.5)) < FRAME_S / 2


def test_a_known_drift_does_not_blur_what_is_measured_again() -> None:
    master = speech(120, 1)
    found = find_sync(master, recorded(master, offset=2, ppm=-400, noise_db=-20))
    for second in (0, 120):
        assert abs(float(found.sync.media_time(second)) - (second * (1 - 400e-6) + 2)) < 50e-6


@pytest.mark.parametrize(
    "other",
    [
        speech(SECONDS, 99),
        np.zeros(SECONDS * RATE, np.float32),
        speech(1, 1),
        np.zeros(0, np.float32),
        np.asarray(np.sin(np.arange(SECONDS * RATE) * 0.1), np.float32),
    ],
    ids=["another room", "silence", "a second", "nothing", "a tone"],
)
def test_what_was_not_heard_together_is_not_guessed(other: Sound) -> None:
    assert not find_sync(speech(SECONDS, 1), other).sure


def test_a_recorder_that_was_started_late_is_found() -> None:
    master = speech(60, 3)
    found = find_sync(master, master[45 * RATE : 57 * RATE])
    assert found.sure
    assert abs(float(found.sync.offset) + 45) < 0.001


def test_the_same_sounds_give_the_same_sync() -> None:
    master = speech(20, 4)
    other = recorded(master, offset=0.75, ppm=20, noise_db=0)
    assert find_sync(master, other) == find_sync(master, other)
