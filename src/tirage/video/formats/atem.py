"""What an ATEM switcher's ISO recording writes beside its files (`.drp`), read only: JSON, a line an event.
The first line names the sources, the others what changed when; a service arrives already cut.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from tirage.media.notes import Notes
from tirage.media.rates import Rate
from tirage.video.findings import tell
from tirage.video.formats.names import source_name
from tirage.video.formats.text import decode
from tirage.video.limits import MAX_EVENTS
from tirage.video.timecode import frames_of_day, parse_timecode
from tirage.video.timeline import Clock, Edl, Event

__all__ = ["read"]

MAX_LINES = 10 * MAX_EVENTS
NO_CAMERA = {"black"}
MAIN = 0
"""The mix-effect block whose programme is recorded."""
MIX = {"mix", "dip"}


@dataclass(slots=True)
class _Shot:
    """What is on air from a frame on."""

    source: int
    frame: int
    line: int
    dissolve: int = 0


def read(data: bytes, notes: Notes, rate: Rate | None = None) -> Edl | None:
    """An EDL whose sources' timecode is the switcher's; None after noting an error."""
    text = decode(data, notes)
    if text is None:
        return None
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(lines) > MAX_LINES:
        tell(
            notes,
            "TOO_LARGE",
            f"line {10 * MAX_EVENTS + 1}",
            f"The file has more than {10 * MAX_EVENTS} lines.",
        )
        return None
    return _Reader(notes, rate).read(lines)


class _Reader:
    """One file being read."""

    def __init__(self, notes: Notes, rate: Rate | None) -> None:
        self.notes = notes
        self.given = rate
        self.cameras: dict[int, str | None] = {}
        self.shots: list[_Shot] = []
        self.mixing: int | None = None
        self.on_air = True
        self.drop = False

    def read(self, lines: list[tuple[int, str]]) -> Edl | None:
        values = [(number, value) for number, line in lines if (value := self._value(number, line))]
        if not values or "sources" not in values[0][1]:
            self._tell("JSON_WRONG", 1, "the first line names no sources, so it is no recording of an ATEM.")
            return None
        number, header = values[0]
        rate = self._rate(number, header)
        self._sources(number, header)
        if rate is None:
            return None
        latest: int | None = None
        for number, value in values:
            latest = self._time(number, value, rate, latest)
            if self.on_air and latest is not None:
                self._change(number, value, latest)
        return None if self.notes.failed or latest is None else self._edl(rate, latest)

    def _edl(self, rate: Rate, end: int) -> Edl | None:
        if self.shots and self.shots[-1].frame >= end:
            self._tell("END_UNKNOWN", self.shots[-1].line, "nothing says how long the last shot lasts.")
            self.shots.pop()
        if not self.shots:
            self._tell("NO_EVENTS", 1, "nothing was on air.")
            return None
        first = self.shots[0].frame
        ends = [shot.frame for shot in self.shots[1:]] + [end]
        events = []
        for number, (shot, after) in enumerate(zip(self.shots, ends, strict=True), 1):
            camera = self.cameras.get(shot.source)
            event = Event(
                camera=camera,
                source_in=shot.frame if camera else 0,
                length=after - shot.frame,
                record_in=shot.frame - first,
                dissolve=min(shot.dissolve, after - shot.frame),
                name=str(number),
                line=shot.line,
            )
            events.append(event)
        return Edl(rate=rate, clock=Clock.SOURCE, start=first, drop=self.drop, events=tuple(events))

    def _change(self, number: int, value: dict[str, object], time: int) -> None:
        """What one line says of the programme: another source, a mix that begins or ends, off air."""
        block = next(self._blocks(value), {})
        active = block.get("transitionActive")
        if active is True and self.mixing is None:
            self.mixing = time
        source = block.get("source")
        if isinstance(source, int) and not isinstance(source, bool):
            self._switch(number, source, time)
        if active is False or isinstance(source, int):
            self.mixing = None if active is not True else self.mixing
        self.on_air = block.get("onAir") is not False

    def _switch(self, number: int, source: int, time: int) -> None:
        if source not in self.cameras:
            self._tell("SOURCE_MISSING", number, f"source {source} is not among those of the first line.")
            return
        if self.shots and self.shots[-1].source == source:
            return
        begin = time if self.mixing is None else self.mixing
        if self.shots and begin <= self.shots[-1].frame:
            begin = time
        if self.shots and time <= self.shots[-1].frame:
            self.shots.pop()
        self.shots.append(_Shot(source, begin, number, time - begin))

    def _blocks(self, value: dict[str, object]) -> Iterator[dict[str, object]]:
        blocks = value.get("mixEffectBlocks")
        for block in blocks if isinstance(blocks, list) else ():
            if isinstance(block, dict) and block.get("_index_", MAIN) == MAIN:
                yield block

    def _sources(self, number: int, header: dict[str, object]) -> None:
        sources = header["sources"]
        for source in sources if isinstance(sources, list) else ():
            if isinstance(source, dict) and isinstance(source.get("_index_"), int):
                name = str(source.get("name") or source_name(str(source.get("file") or "")))[:100]
                self.cameras[source["_index_"]] = None if name.casefold() in NO_CAMERA else name or None
        if not self.cameras:
            self._tell("SOURCE_MISSING", number, "there is no source with an index.")

    def _rate(self, number: int, header: dict[str, object]) -> Rate | None:
        mode = str(header.get("videoMode", ""))
        word = mode.rpartition("p")[2]
        try:
            return Rate.parse(word) if word else self.given
        except (ValueError, ZeroDivisionError):
            self._tell("RATE_UNKNOWN", number, f"there is no video mode {mode[:20]!r} here.")
            return None

    def _time(self, number: int, value: dict[str, object], rate: Rate, latest: int | None) -> int | None:
        """A line's time, no earlier than the one above; after midnight it goes on."""
        text = str(value.get("masterTimecode", ""))
        try:
            time = parse_timecode(text, rate)
        except ValueError as error:
            self._tell("TIMECODE_WRONG", number, f"{error}.")
            return latest
        self.drop |= ";" in text
        day = frames_of_day(rate, drop=self.drop and rate.drops)
        if latest is None:
            return time
        if time < latest - day // 2:
            time += day
        if time < latest:
            self._tell("REVERSED", number, f"{text} is before the line above.")
        return max(time, latest)

    def _value(self, number: int, line: str) -> dict[str, object] | None:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            self._tell("JSON_WRONG", number, "this is no JSON object.")
            return None
        return value

    def _tell(self, code: str, line: int, message: str) -> None:
        tell(self.notes, code, f"line {line}", f"Line {line}: {message}")
