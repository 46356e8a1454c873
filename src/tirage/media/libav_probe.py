"""The program that looks into one media file through libav; run by path with the file and its container.

Imports nothing of Tirage.  Writes one JSON object to the file that its third word names: `media_facts.py`
reads it.  Frames are counted from the container's tables where they are whole, else from its packets; one
frame is decoded.  Ends with 3 after writing `{"error": …}` where libav refuses the file.
"""

import json
import sys
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import av
import numpy as np

MAX_PACKETS = 20_000_000
MAX_STREAMS = 100
IDR = 5
"""The kind of H.264 unit that nothing after it reaches over."""
SLICES = {1, IDR}
KEY_BYTES = 4096
"""Of a key frame: what stands before its first slice is shorter."""
PRIMARIES = {
    1: "bt709",
    4: "bt470m",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    9: "bt2020",
    12: "smpte432",
}
TRANSFERS = {1: "bt709", 4: "gamma22", 5: "gamma28", 6: "smpte170m", 8: "linear", 13: "iec61966-2-1"}
TRANSFERS |= {14: "bt2020-10", 15: "bt2020-12", 16: "smpte2084", 18: "arib-std-b67"}
MATRICES = {0: "rgb", 1: "bt709", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020nc", 10: "bt2020c"}
RANGES = {1: "tv", 2: "pc"}
"""Names of H.273's numbers; what is not among them is as good as untagged."""
REFUSED = 3


def main(path: str, name: str) -> dict[str, Any]:
    """The facts of a file in a container of that name."""
    with av.open(
        path, format=name, options={"protocol_whitelist": "file", "format_whitelist": name}
    ) as media:
        if len(media.streams) > MAX_STREAMS:
            return {"error": f"it has {len(media.streams)} streams"}
        video = next((stream for stream in media.streams.video if not attached(stream)), None)
        sound = next(iter(media.streams.audio), None)
        clocks = [stream.metadata.get("timecode") for stream in media.streams]
        facts: dict[str, Any] = {
            "container": name,
            "streams": len(media.streams),
            "timecode": next((clock for clock in [*clocks, media.metadata.get("timecode")] if clock), ""),
            "complete": complete(media, Path(path).stat().st_size),
            "video": None,
            "audio": None,
        }
        tables = {stream.index: table_of(stream, name) for stream in (video, sound) if stream is not None}
        if any(table is None for table in tables.values()):
            tables = packets_of(media, [stream for stream in (video, sound) if stream is not None])
        if video is not None:
            facts["video"] = video_facts(media, path, video, tables[video.index])
        if sound is not None:
            facts["audio"] = sound_facts(media, sound, tables[sound.index])
    ends = [Fraction(facts[kind]["duration"]) for kind in ("video", "audio") if facts[kind]]
    facts["duration"] = str(max(ends, default=Fraction(0)))
    if facts["video"]:
        del facts["video"]["duration"]
    return facts


def attached(stream: Any) -> bool:
    """Whether a stream is a cover picture."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def complete(media: Any, size: int) -> bool:
    """Whether all frames that the tables name lie in the file."""
    ends = [entry.pos + entry.size for s in media.streams for entry in list(s.index_entries)[-1:]]
    return all(end <= size for end in ends)


def table_of(stream: Any, name: str) -> Any:
    """Times, key marks, places and sizes of all coded frames; None where the container has no whole table."""
    if name != "mov" or not stream.frames or len(stream.index_entries) != stream.frames:
        return None
    shown = [entry for entry in stream.index_entries if not entry.is_discard]
    return {
        "times": np.array([entry.timestamp for entry in shown], np.int64),
        "keys": np.array([entry.is_keyframe for entry in shown], bool),
        "places": [(entry.pos, entry.size) for entry in shown],
        "hidden": stream.frames - len(shown),
        "last": 0,
    }


def packets_of(media: Any, streams: list[Any]) -> dict[int, Any]:
    """The same from all packets, read through once; a packet without a time gets the time of none."""
    found: dict[int, Any] = {
        stream.index: {"times": [], "keys": [], "places": [], "hidden": 0, "last": 0} for stream in streams
    }
    for count, packet in enumerate(media.demux(streams)):
        if not packet.size or count > MAX_PACKETS:
            continue
        table = found[packet.stream.index]
        table["times"].append(-1 if packet.pts is None else packet.pts)
        table["keys"].append(packet.is_keyframe)
        table["hidden"] += packet.pts is None
        table["last"] = packet.duration or table["last"]
    for table in found.values():
        order = np.argsort(np.array(table["times"], np.int64), kind="stable")
        table["times"] = np.array(table["times"], np.int64)[order]
        table["keys"] = np.array(table["keys"], bool)[order]
    return found


def video_facts(media: Any, path: str, stream: Any, table: Any) -> dict[str, Any]:
    """A picture stream's facts."""
    codec, times, base = stream.codec_context, table["times"], stream.time_base
    fps, steady = rate_of(stream, times)
    frame = first_frame(media, stream)
    keys = np.flatnonzero(table["keys"])
    intra = len(keys) == len(times)
    lasts = len(times) / fps if fps else Fraction(0)
    return {
        "codec": codec.name.removeprefix("lib").replace("dav1d", "av1"),
        "pixel_format": (frame.format.name if frame else codec.pix_fmt) or "",
        "width": frame.width if frame else codec.width,
        "height": frame.height if frame else codec.height,
        "fps": str(fps),
        "frames": len(times),
        "start": str((stream.start_time or 0) * base),
        "duration": str(lasts),
        "steady": steady and not table["hidden"],
        "rotation": -round(frame.rotation) % 360 if frame else 0,
        "aspect": str(stream.sample_aspect_ratio or Fraction(1)),
        "primaries": PRIMARIES.get(int(codec.color_primaries), ""),
        "transfer": TRANSFERS.get(int(codec.color_trc), ""),
        "matrix": MATRICES.get(int(codec.colorspace), ""),
        "colour_range": RANGES.get(int(codec.color_range), ""),
        "keys": [] if intra else keys.tolist(),
        "intra": intra,
        "closed": not table["hidden"] and (intra or closed(path, stream, table, keys)),
        "parameters": sha256(codec.extradata or b"").hexdigest(),
        "decodes": frame is not None,
    }


def rate_of(stream: Any, times: Any) -> tuple[Fraction, bool]:
    """Frames a second, and whether every frame keeps to it within a tick of the container's clock."""
    guesses = [guess for guess in (stream.average_rate, stream.guessed_rate) if guess]
    if len(times) < 2:
        return Fraction(guesses[0] if guesses else 0), True
    span = Fraction(int(times[-1] - times[0])) * stream.time_base
    measured = Fraction(len(times) - 1) / span if span > 0 else Fraction(0)
    for fps in [*guesses, measured]:
        if fps and fits(times, 1 / Fraction(fps) / stream.time_base):
            return Fraction(fps), True
    return measured.limit_denominator(100_000), False


def fits(times: Any, step: Fraction) -> bool:
    """Whether times lie a step apart, within a tick."""
    even = np.arange(len(times)) * float(step)
    return bool(np.abs(times - times[0] - even).max() <= 1.01)


def first_frame(media: Any, stream: Any) -> Any:
    """The first frame that can be decoded; None where none can."""
    stream.thread_type = "NONE"
    try:
        media.seek(0)
    except av.FFmpegError:
        return None
    try:
        return next(iter(media.decode(stream)), None)
    except av.FFmpegError:
        return None


def closed(path: str, stream: Any, table: Any, keys: Any) -> bool:
    """Whether no frame after a key frame needs one before it; known of H.264 in MP4 only."""
    extradata = stream.codec_context.extradata or b""
    if stream.codec_context.name != "h264" or not table["places"] or extradata[:1] != b"\x01":
        return False
    length = (extradata[4] & 3) + 1
    with Path(path).open("rb") as file:
        for key in keys:
            place, size = table["places"][key]
            file.seek(place)
            if first_slice(file.read(min(size, KEY_BYTES)), length) != IDR:
                return False
    return True


def first_slice(data: bytes, length: int) -> int:
    """The kind of the first slice among units that their length precedes; 0 where there is none."""
    place = 0
    while place + length < len(data):
        kind = data[place + length] & 31
        if kind in SLICES:
            return kind
        place += length + int.from_bytes(data[place : place + length], "big")
    return 0


def sound_facts(media: Any, stream: Any, table: Any) -> dict[str, Any]:
    """A sound stream's facts."""
    codec, base = stream.codec_context, stream.time_base
    lasts = stream.duration * base if stream.duration else Fraction(0)
    if not lasts and len(table["times"]):
        lasts = Fraction(int(table["times"][-1] - table["times"][0] + table["last"])) * base
    if not lasts and media.duration:
        lasts = Fraction(media.duration, av.time_base)
    return {
        "codec": codec.name,
        "sample_rate": codec.sample_rate,
        "channels": codec.channels,
        "start": str((stream.start_time or 0) * base),
        "duration": str(lasts),
    }


if __name__ == "__main__":
    av.logging.set_level(None)
    try:
        FOUND = main(sys.argv[1], sys.argv[2])
    except (av.FFmpegError, ValueError, OverflowError) as error:
        FOUND = {"error": str(error)[:200]}
    Path(sys.argv[3]).write_text(json.dumps(FOUND), encoding="utf-8")
