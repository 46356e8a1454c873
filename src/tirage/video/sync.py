"""How recorders' clocks fit together, from what they all heard: cross-correlation by phase (GCC-PHAT).
(Knapp and Carter 1976: the cross-spectrum without its amplitudes, so that echoes and levels do not matter.)
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from tirage.video.session import MILLION, SyncMap

__all__ = ["RATE", "RAW", "SURE", "Found", "find_sync", "sound_words"]

RATE = 16_000
"""Samples a second that are compared: speech and claps have enough below 8 kHz."""
SURE = 0.5
"""The confidence from which on a sync is believed: unrelated sounds come to 0.1."""
RAW = "sound.raw"
"""What FFmpeg makes of a file's sound."""
COARSE = 4
"""By how much sound is thinned out for the first search."""
PROBE_S, PROBES = 20, (0.5, 0.25, 0.75, 0.1, 0.9)
"""Seconds of a recording that are searched for in the whole master, and where, until one is found."""
WINDOW_S, WINDOWS = 6.0, 15
"""Seconds that are compared finely, and at how many places."""
REACH_S = 0.5
"""How far a window may be from where the first search says: an hour at 150 ppm slides by 0.54 s in all."""
STEADY_S = 0.002
"""How far windows may be from the line through all of them."""
AROUND_S = 0.02
"""What belongs to a peak: early echoes are no second answer."""
LEAST_S = 2.0
"""Of sound that can be compared at all."""
SILENCE = 1e-4
LARGEST_SLOPE = 2e-3
"""Drift that is taken for one: 2000 ppm."""

Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Found:
    """What was found out about a recorder."""

    sync: SyncMap
    confidence: float
    """0 to 1: how far the best answer stands above the next, and how many places agree."""
    spread: float
    """Seconds: the middle distance of the places from the line."""
    places: int
    """Windows that agree."""

    @property
    def sure(self) -> bool:
        """Whether it may be used without asking."""
        return self.confidence >= SURE


def sound_words(source: str, containers: str) -> list[str]:
    """FFmpeg's words for a file's first sound as 16-bit samples, one channel, RATE a second."""
    return [
        *("-protocol_whitelist", "file", "-format_whitelist", containers, "-i", f"file:{source}"),
        *("-map", "0:a:0", "-vn", "-sn", "-dn", "-ac", "1", "-ar", str(RATE), "-f", "s16le", RAW),
    ]


def find_sync(master: Sound, other: Sound) -> Found:
    """The map from the master's clock to the other's, both given as sound at RATE.

    Where nothing fits the confidence is low, and the sync must not be used."""
    nothing = Found(SyncMap(), 0.0, 0.0, 0)
    if min(len(master), len(other)) < LEAST_S * RATE:
        return nothing
    lag, clear = _search(master, other)
    if clear <= 0:
        return nothing
    slope, offset = 0.0, lag
    points = np.empty((0, 3))
    for reach in (REACH_S, 4 * STEADY_S):
        points = _measured(master, other, slope, offset, reach)
        if len(points) < 2:
            return nothing
        slope, offset = _line(points)
    if abs(slope) * len(other) < 1:
        slope, offset = 0.0, float(np.median(points[:, 1]))
    apart = np.abs(points[:, 1] - slope * points[:, 0] - offset)
    agree = apart < STEADY_S
    share = float(agree.mean())
    if not agree.any() or abs(slope) > LARGEST_SLOPE:
        return nothing
    confidence = float(np.median(points[agree, 2])) * share
    sync = SyncMap(
        offset=Fraction(round(offset * MILLION), MILLION), drift=Fraction(round(slope * MILLION * 100), 100)
    )
    return Found(sync, round(confidence, 3), float(np.median(apart)), int(agree.sum()))


def _search(master: Sound, other: Sound) -> tuple[float, float]:
    """Roughly how many seconds later the other's clock is than the master's, and how clearly."""
    whole, part = _thinned(master), _thinned(other)
    rate, best = RATE // COARSE, (0.0, 0.0)
    length = min(PROBE_S * rate, len(part))
    for place in PROBES:
        start = int((len(part) - length) * place)
        probe = part[start : start + length]
        if float(np.abs(probe).max(initial=0)) < SILENCE:
            continue
        lag, clear = _peak(_correlated(whole, probe), len(whole), length, rate)
        if clear > best[1]:
            best = (start - lag) / rate, clear
        if clear > SURE:
            break
    return best


def _measured(master: Sound, other: Sound, slope: float, offset: float, reach: float) -> NDArray[np.float64]:
    """Rows of a time of the master, how much later the other's clock is then, how clear that is.

    The other is read at the pace that is known so far, so that a drift does not blur the peak."""
    window = min(WINDOW_S, len(master) / RATE / 2, len(other) / RATE / 2)
    first = max(0.0, -offset / (1 + slope))
    last = min(len(master) / RATE, (len(other) / RATE - offset) / (1 + slope)) - window
    rows = []
    for start in np.linspace(first, max(last, first), WINDOWS):
        count, margin = int(window * RATE), int(reach * RATE)
        one = _read(master, start, count, 1.0)
        two = _read(other, start * (1 + slope) + offset - reach * (1 + slope), count + 2 * margin, 1 + slope)
        if min(float(np.abs(one).max()), float(np.abs(two).max())) < SILENCE:
            continue
        lag, clear = _peak(_correlated(two, one), len(two), count, RATE)
        middle = start + window / 2
        rows.append((middle, (slope * middle + offset) + (lag - margin) / RATE, clear))
    return np.array(rows, np.float64).reshape(-1, 3)


def _line(points: NDArray[np.float64]) -> tuple[float, float]:
    """Slope and offset through the clear points, whatever a few of them say (Theil 1950, Sen 1968)."""
    clear = points[points[:, 2] >= np.median(points[:, 2]) / 2]
    times, lags = clear[:, 0], clear[:, 1]
    one, other = np.triu_indices(len(clear), 1)
    apart = times[other] - times[one]
    steps = apart > 0
    slopes = (lags[other] - lags[one])[steps] / apart[steps]
    slope = float(np.median(slopes)) if len(slopes) else 0.0
    return slope, float(np.median(lags - slope * times))


def _correlated(whole: Sound, part: Sound) -> Sound:
    """How well a part fits at every place of a whole, by phase alone."""
    size = 1 << (len(whole) + len(part) - 1).bit_length()
    cross = np.fft.rfft(whole, size) * np.conj(np.fft.rfft(part, size))
    strength = np.abs(cross)
    cross /= strength + np.float32(1e-3) * strength.mean() + np.float32(1e-20)
    return np.fft.irfft(cross, size).astype(np.float32, copy=False)


def _peak(fits: Sound, whole: int, part: int, rate: int) -> tuple[float, float]:
    """Where a part fits best, between samples, and how far that stands above all else: 0 to 1.

    Places before 0, where the part begins earlier, lie at the end of `fits`."""
    fits = np.concatenate([fits[-(part - 1) :], fits[:whole]]) if part > 1 else fits[:whole]
    best = int(np.argmax(fits))
    around = int(AROUND_S * rate)
    height = float(fits[best])
    rest = max(
        float(fits[: max(best - around, 0)].max(initial=0)), float(fits[best + around + 1 :].max(initial=0))
    )
    clear = 1 - rest / height if height > 0 else 0.0
    return best + _between(fits, best) - (part - 1), clear


def _between(fits: Sound, best: int) -> float:
    """The top of the parabola through a peak and its neighbours, from the peak."""
    if not 0 < best < len(fits) - 1:
        return 0.0
    low, top, high = (float(fits[best + step]) for step in (-1, 0, 1))
    bend = low - 2 * top + high
    return 0.5 * (low - high) / bend if bend < 0 else 0.0


def _read(sound: Sound, start: float, count: int, pace: float) -> Sound:
    """Samples from a time in seconds on, at a pace; silence outside."""
    first = start * RATE
    if pace == 1.0:
        begin = round(first)
        found = np.zeros(count, np.float32)
        low, high = max(begin, 0), min(begin + count, len(sound))
        if low < high:
            found[low - begin : high - begin] = sound[low:high]
        return found
    places = first + np.arange(count) * pace
    low, high = max(int(places[0]) - 1, 0), min(int(places[-1]) + 2, len(sound))
    if low >= high:
        return np.zeros(count, np.float32)
    return np.asarray(np.interp(places - low, np.arange(high - low), sound[low:high], 0, 0), np.float32)


def _thinned(sound: Sound) -> Sound:
    """A fourth of the samples, each the mean of four."""
    whole = len(sound) // COARSE * COARSE
    thin: Sound = sound[:whole].reshape(-1, COARSE).mean(axis=1, dtype=np.float32)
    return thin
