"""Samples where they belong: exact places, joins without clicks, gains."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from tirage.media.rates import RATES, Rate
from tirage.video.plan import SoundRun
from tirage.video.session import Asset, SyncMap
from tirage.video.sound import FADE_S, RATE, Loudness, arrange, gain_for, sample_at
from tirage.video.spec import SPECS
from tirage.video.timeline import Format
from video.paper import IN_TIME, recorder

THIRTY = RATES["30"]
FADE = round(FADE_S * RATE)


def heard(*runs: SoundRun, sync: SyncMap = IN_TIME, seconds: int = 20) -> np.ndarray:
    """A ramp that says which sample of the master it is, in blocks put together."""
    ramp = np.repeat(np.arange(seconds * RATE, dtype=np.float32)[:, None], 2, 1)
    master: Asset = replace(recorder(), sync=sync)
    return np.concatenate(list(arrange(runs, ramp, master, THIRTY)))


def run(start: int, length: int, session: int, **values: float) -> SoundRun:
    return SoundRun(start=start, length=length, session=session, gain=values.pop("gain", 0.0), **values)  # type: ignore[arg-type]


def test_samples_are_the_masters_own() -> None:
    samples = heard(run(0, 330, 30), sync=SyncMap(offset=Fraction(1, 3)))
    assert len(samples) == 11 * RATE
    np.testing.assert_array_equal(samples[:, 0], np.arange(len(samples)) + RATE + RATE // 3)


def test_what_the_master_does_not_have_is_silent() -> None:
    samples = heard(run(0, 60, -30), seconds=1)
    assert not samples[:RATE].any()
    assert samples[RATE + 1 : 2 * RATE].all()
    assert not heard(run(0, 30, 90), seconds=1).any()


def test_a_cut_of_the_sound_fades_out_and_in() -> None:
    samples = heard(run(0, 30, 30), run(30, 30, 90))[:, 0]
    straight = heard(run(0, 30, 30))[:, 0], heard(run(0, 30, 90))[:, 0]
    np.testing.assert_array_equal(samples[: RATE - FADE], straight[0][: RATE - FADE])
    np.testing.assert_array_equal(samples[RATE + FADE :], straight[1][FADE:])
    parts = samples[RATE - FADE : RATE] / straight[0][RATE - FADE :]
    assert np.all(np.diff(parts) < 0)
    assert 0 < parts[-1] < 0.01
    parts = samples[RATE : RATE + FADE] / straight[1][:FADE]
    assert np.all(np.diff(parts) > 0)


def test_another_gain_of_what_goes_on_is_a_ramp() -> None:
    samples = heard(run(0, 30, 30), run(30, 30, 60, gain=-6.0206, joined=True))[:, 0]
    parts = samples / (np.arange(2 * RATE) + RATE)
    assert np.all(parts[:RATE] == 1)
    assert np.allclose(parts[RATE + FADE :], 0.5, atol=1e-4)
    assert np.all(np.diff(parts[RATE : RATE + FADE]) < 0)


def test_sound_of_a_dissolve_is_mixed_as_the_picture_is() -> None:
    samples = heard(run(0, 30, 30), run(30, 60, 300, overlap=30))[:, 0].astype(np.float64)
    at = np.arange(RATE)
    part = (at + 1) / (RATE + 1)
    expected = (at + 2 * RATE) * (1 - part) + (at + 10 * RATE) * part
    np.testing.assert_allclose(samples[RATE : 2 * RATE], expected, rtol=1e-4)
    np.testing.assert_array_equal(samples[:RATE], np.arange(RATE) + RATE)


@pytest.mark.parametrize("rate", RATES.values(), ids=RATES.keys())
def test_frames_begin_at_the_nearest_sample(rate: Rate) -> None:
    for frame in (0, 1, 7, 1001, 107_892):
        assert abs(sample_at(frame, rate) - frame / rate.fps * RATE) <= Fraction(1, 2)


def test_the_gain_brings_a_programme_to_its_formats_loudness() -> None:
    full, short = SPECS[Format.FULL], SPECS[Format.SHORT]
    assert gain_for(Loudness(-23.0, -4.0), full) == 7.0
    assert gain_for(Loudness(-23.0, -4.0), short) == 9.0
    assert gain_for(Loudness(-70.0, -90.0), full) == 0.0
    assert gain_for(Loudness(-55.0, -50.0), full) == 30.0
