"""Sessions on paper: facts without files, for tests that render nothing."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from tirage.media.media_facts import AudioFacts, MediaFacts, VideoFacts
from tirage.media.rates import RATES, Rate
from tirage.video.plan import Plan, make_plan
from tirage.video.session import Asset, MediaFile, Session, SyncMap
from tirage.video.spec import CaptionStyle, Options
from tirage.video.timeline import Edl, Format

MINUTE = 60
IN_TIME = SyncMap()


def facts(rate: Rate, frames: int, **changes: object) -> VideoFacts:
    """Of full HD with a key frame a second."""
    values: dict[str, object] = {
        "codec": "h264",
        "pixel_format": "yuv420p",
        "width": 1920,
        "height": 1080,
        "fps": rate.fps,
        "frames": frames,
        "start": Fraction(0),
        "steady": True,
        "matrix": "bt709",
        "keys": tuple(range(0, frames, rate.nominal)),
    }
    return VideoFacts(**{**values, **changes})  # type: ignore[arg-type]


def camera(name: str, rate: Rate, *frames: int, sync: SyncMap = IN_TIME, **changes: object) -> Asset:
    """A camera whose files have so many frames."""
    files = tuple(
        MediaFile(
            path=f"/{name}{index}.mp4",
            sha256=f"{name}{index}",
            facts=MediaFacts(container="mov", duration=count / rate.fps, video=facts(rate, count, **changes)),
        )
        for index, count in enumerate(frames)
    )
    return Asset(camera=name, files=files, sync=sync)


def recorder() -> Asset:
    audio = AudioFacts(
        codec="pcm_s16le", sample_rate=48_000, channels=2, start=Fraction(0), duration=Fraction(MINUTE)
    )
    known = MediaFacts(container="wav", duration=Fraction(MINUTE), audio=audio)
    return Asset(camera="master", files=(MediaFile(path="/master.wav", sha256="m", facts=known),))


def on_paper(rate: str = "30", *, seconds: int = 10 * MINUTE, assets: Sequence[Asset] = ()) -> Session:
    speed = RATES[rate]
    cameras = assets or [camera(name, speed, (seconds + 10) * speed.nominal) for name in "ABC"]
    return Session(id="paper", rate=speed, assets=(*cameras, recorder()), master="master")


def planned(session: Session, edl: Edl, kind: Format = Format.FULL, options: Options | None = None) -> Plan:
    return make_plan(
        session,
        edl,
        kind,
        options or Options(captions=CaptionStyle.NONE),
        lock="0" * 64,
        program="test",
    )
