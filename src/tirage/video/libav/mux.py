"""Coded frames from many files into one MP4, restamped; run by path with the path of a JSON order.

Frames are copied, never coded: every piece begins with a frame that needs none before it, and all have the
same parameter sets, byte for byte, which is checked.  Prints `frame=N`, and `unfit [FILES]` when frames that
were to be copied cannot be; other refusals end it with 3.
"""

import heapq
import json
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

REORDER = {"h264": 2, "av1": 0}
"""Frames that may be decoded before they are shown: two B-frames, one of them referred to."""
CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2"
GUARD = {"protocol_whitelist": "file", "format_whitelist": CONTAINERS}
REFUSED = 3


class Refused(Exception):
    """A piece is not what the order says."""


class Unfit(Exception):
    """These files' frames cannot be copied beside the others."""


class Reader:
    """A file's coded frames from some frame on; goes on where it was, if that is asked for next."""

    def __init__(self, path: str, fps: Fraction) -> None:
        self._file = av.open(path, options=GUARD)
        self.stream = self._file.streams.video[0]
        self.extradata = bytes(self.stream.codec_context.extradata or b"")
        self._fps = fps
        self._start = Fraction(self.stream.start_time or 0) * self._base
        self._held: Any = None
        self._packets: Any = None

    @property
    def _base(self) -> Fraction:
        base = self.stream.time_base
        if base is None:
            raise Refused("a stream has no clock")
        return base

    def frames(self, first: int, count: int) -> Iterator[tuple[int, Any]]:
        """Frames `first` to `first + count`, in the order of decoding: number from `first`, packet."""
        packet = self._at(first)
        for index in range(count):
            number = self._number(packet)
            if not first <= number < first + count or (index == 0 and not packet.is_keyframe):
                raise Refused(f"frames {first} to {first + count} are no closed groups of pictures")
            yield number - first, packet
            packet = self._next()
        self._held = packet

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def _at(self, first: int) -> Any:  # noqa: ANN401 – PyAV's packet
        if self._held is not None and self._number(self._held) == first:
            return self._held
        self._file.seek(int((self._start + first / self._fps) / self._base), stream=self.stream)
        self._packets = self._file.demux(self.stream)
        packet = self._next()
        while packet is not None and self._number(packet) != first:
            packet = self._next()
        if packet is None:
            raise Refused(f"there is no frame {first}")
        return packet

    def _next(self) -> Any:  # noqa: ANN401
        return next((packet for packet in self._packets if packet.size and packet.pts is not None), None)

    def _number(self, packet: Any) -> int:  # noqa: ANN401
        if packet is None:
            raise Refused("a piece has too few frames")
        number: int = round((packet.pts * self._base - self._start) * self._fps)
        return number


def fitting(pieces: list[dict[str, Any]], fps: Fraction) -> bytes:
    """The parameter sets of what was coded, or of the first piece of copies alone.  Unfit: others differ."""
    kept: dict[str, bytes] = {}
    for piece in pieces:
        if piece["copied"] and piece["file"] not in kept:
            reader = Reader(piece["file"], fps)
            kept[piece["file"]] = reader.extradata
            reader.close()
    coded = next((piece["file"] for piece in pieces if not piece["copied"]), None)
    ours = Reader(coded, fps).extradata if coded else next(iter(kept.values()))
    if others := [file for file, extradata in kept.items() if extradata != ours]:
        raise Unfit(others)
    return ours


def pictures(order: dict[str, Any], fps: Fraction, ours: bytes, stream: Any) -> Iterator[Any]:  # noqa: ANN401
    """All pieces' packets, with the output's times."""
    at, delay = 0, REORDER[order["codec"]]
    reader, path = None, ""
    for piece in order["pieces"]:
        if reader is None or piece["file"] != path:
            if reader is not None:
                reader.close()
            reader, path = Reader(piece["file"], fps), piece["file"]
            if reader.extradata != ours:
                raise Refused("pieces have different parameter sets")
        try:
            yield from placed(reader, piece, at, delay, fps, stream)
        except Refused:
            if piece["copied"]:
                raise Unfit([piece["file"]]) from None
            raise
        at += piece["frames"]
        sys.stdout.write(f"frame={at}\n")
        sys.stdout.flush()


def placed(
    reader: Reader,
    piece: dict[str, Any],
    at: int,
    delay: int,
    fps: Fraction,
    stream: Any,  # noqa: ANN401
) -> Iterator[Any]:
    """One piece's packets."""
    for index, (number, packet) in enumerate(reader.frames(piece["first"], piece["frames"])):
        packet.time_base = 1 / fps
        packet.pts, packet.dts, packet.duration = at + number, at + index - delay, 1
        if packet.dts > packet.pts:
            raise Refused("a piece shows its frames in an order that is too different from decoding")
        packet.stream = stream
        yield packet


def others(source: Any, stream: Any) -> Iterator[Any]:  # noqa: ANN401
    """The packets of a file's only stream, as they are."""
    for packet in source.demux():
        if packet.size and packet.dts is not None:
            packet.stream = stream
            yield packet


def when(packet: Any) -> Fraction:  # noqa: ANN401
    """When a packet has to be decoded, in seconds."""
    return Fraction(packet.dts * packet.time_base)


def mux(order: dict[str, Any]) -> None:
    """Writes the file that the order describes."""
    fps = Fraction(*order["fps"])
    options = {
        "movflags": "+faststart",
        "fflags": "+bitexact",
        "video_track_timescale": str(fps.numerator * 512),
    }
    ours = fitting(order["pieces"], fps)
    first = Reader(order["pieces"][0]["file"], fps)
    with av.open(order["out"], "w", format="mp4", container_options=options) as out:
        video = out.add_stream_from_template(first.stream, opaque=True)
        streams = [pictures(order, fps, ours, video)]
        for other in order["others"]:
            source = av.open(other["file"], options=GUARD)
            stream = out.add_stream_from_template(source.streams[0], opaque=True)
            if other["language"]:
                stream.metadata["language"] = other["language"]
            streams.append(others(source, stream))
        out.set_chapters(chapters(order, fps))
        for packet in heapq.merge(*streams, key=when):
            out.mux_one(packet)


def chapters(order: dict[str, Any], fps: Fraction) -> list[Any]:
    """The chapters, each until the next begins."""
    frames = [chapter["frame"] for chapter in order["chapters"]]
    base = Fraction(1, fps.numerator)
    step = fps.denominator
    return [
        {
            "id": number,
            "start": chapter["frame"] * step,
            "end": end * step,
            "time_base": base,
            "metadata": {"title": chapter["name"]},
        }
        for number, (chapter, end) in enumerate(
            zip(order["chapters"], [*frames, order["length"]][1:], strict=True)
        )
    ]


if __name__ == "__main__":
    try:
        mux(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    except Unfit as unfit:
        sys.stdout.write(f"unfit {json.dumps(unfit.args[0])}\n")
    except (Refused, av.FFmpegError) as error:
        sys.stderr.write(f"refused: {error}\n")
        sys.exit(REFUSED)
