"""What a finished video is, measured frame by frame without decoding; run by path with the video's path.
Prints one JSON object: `prove.py` compares it with the plan.
"""

import json
import sys
from fractions import Fraction
from typing import Any

import av

GUARD = {"protocol_whitelist": "file", "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2"}


def measure(path: str) -> dict[str, Any]:
    """Streams, times and counts."""
    with av.open(path, options=GUARD) as film:
        video, audio = film.streams.video[0], next(iter(film.streams.audio), None)
        rate = video.average_rate or Fraction(0)
        times: list[int] = []
        first_is_key, in_order, last = False, True, None
        heard_end = Fraction(0)
        for packet in film.demux():
            if not packet.size or packet.pts is None:
                continue
            if packet.stream is video:
                first_is_key |= not times and packet.is_keyframe
                in_order &= last is None or (packet.dts or 0) > last
                last = packet.dts
                times.append(packet.pts)
            elif packet.stream is audio and packet.time_base:
                heard_end = max(heard_end, (packet.pts + (packet.duration or 0)) * packet.time_base)
        times.sort()
        base = video.time_base or Fraction(0)
        step = 1 / rate / base if rate else Fraction(0)
        even = all(time == times[0] + index * step for index, time in enumerate(times))
        return {
            "codec": video.codec_context.name.removeprefix("lib").replace("dav1d", "av1"),
            "width": video.width,
            "height": video.height,
            "pixel_format": video.codec_context.pix_fmt,
            "rate": [rate.numerator, rate.denominator],
            "frames": len(times),
            "start": str(times[0] * base) if times else "0",
            "even": even,
            "in_order": in_order and first_is_key,
            "audio": None if audio is None else audio.codec_context.name,
            "audio_start": str((audio.start_time or 0) * (audio.time_base or 0)) if audio else "0",
            "audio_end": str(heard_end),
            "captions": len(film.streams.subtitles),
            "chapters": len(film.chapters()),
            "tags": [
                int(video.codec_context.color_primaries),
                int(video.codec_context.color_trc),
                int(video.codec_context.colorspace),
            ],
        }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(sys.argv[1])) + "\n")
