"""Bodies of requests about sessions and videos, JSON to values; what fields hold is checked with them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AliasChoices, ConfigDict, Field

from tirage.jobs.model import JsonValue
from tirage.media.rates import RATES
from tirage.sessions.model import NewAsset, NewSession, VideoRequest
from tirage.sessions.service import plain_changes
from tirage.video.limits import MAX_ASSETS, MAX_FILES, MAX_FOCUS
from tirage.video.timeline import Format
from tirage.web.bodies import Name, Priority, Strict

Text = Annotated[str, Field(max_length=2048)]
Exact = Annotated[
    str | float | int, Field(description="A number, or exactly as text: `1/3`.", union_mode="left_to_right")
]


class FocusBody(Strict):
    """What has to stay in the picture from a frame of the session on; 0 to 1 from left and top."""

    frame: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    x: float
    y: float

    def value(self) -> tuple[int, float, float]:
        """For the sessions."""
        return self.frame, self.x, self.y


class SyncBody(Strict):
    """A recorder's clock: media time = session time × (1 + drift / 10⁶) + offset."""

    offset: Exact = "0"
    drift: Exact = "0"


class AssetBody(Strict):
    """A recorder to be; its recording is sent afterwards, or fetched from addresses."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"camera": "left", "sync": {"offset": "1/3", "drift": "-12.5"}, "start": "01:00:00:00"}
            ]
        },
    )

    camera: Name
    mezzanine_url: Annotated[
        Text | None,
        Field(
            validation_alias=AliasChoices("mezzanine_url", "r2_video_prores_url"),
            description="Where the recording is fetched from.",
        ),
    ] = None
    mezzanine_urls: Annotated[
        list[Text],
        Field(max_length=MAX_FILES, description="Several, where a card was full.", default_factory=list),
    ]
    sync: SyncBody = SyncBody()
    start: Annotated[str | None, Field(max_length=20, description="The timecode of its first frame.")] = None
    focus: Annotated[list[FocusBody], Field(max_length=MAX_FOCUS, default_factory=list)]

    def value(self) -> NewAsset:
        """For the sessions."""
        urls = [self.mezzanine_url] if self.mezzanine_url else []
        return NewAsset(
            camera=self.camera,
            urls=[*urls, *self.mezzanine_urls],
            offset=str(self.sync.offset),
            drift=str(self.sync.drift),
            start=self.start,
            focus=[point.value() for point in self.focus],
        )


class AssetChanges(Strict):
    """What shall change of a recorder."""

    camera: Name | None = None
    sync: SyncBody | None = None
    start: Annotated[str | None, Field(max_length=20)] = None
    focus: Annotated[list[FocusBody] | None, Field(max_length=MAX_FOCUS)] = None

    def changes(self) -> dict[str, object]:
        """For the sessions; a start of null takes it away."""
        sync = {"offset": str(self.sync.offset), "drift": str(self.sync.drift)} if self.sync else {}
        focus = [point.value() for point in self.focus] if self.focus is not None else None
        start = {"start": self.start} if "start" in self.model_fields_set else {}
        return {**plain_changes(camera=self.camera, focus=focus), **sync, **start}


class SessionBody(Strict):
    """A session to be, perhaps with its recorders."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "id": "evening",
                    "rate": "25",
                    "master": "mix",
                    "assets": [{"camera": "left"}, {"camera": "mix"}],
                }
            ]
        },
    )

    id: Name | None = None
    name: Name = ""
    rate: Annotated[str, Field(description="Frames a second.", json_schema_extra={"enum": list(RATES)})]
    master: Annotated[str, Field(max_length=200, description="The recorder whose sound is heard.")]
    metadata: Annotated[dict[str, Any], Field(default_factory=dict)]
    assets: Annotated[list[AssetBody], Field(max_length=MAX_ASSETS, default_factory=list)]

    def value(self) -> NewSession:
        """For the sessions."""
        return NewSession(
            id=self.id, name=self.name, rate=self.rate, master=self.master, metadata=self.metadata
        )


class SessionChanges(Strict):
    """What shall change of a session; metadata is merged key by key."""

    name: Name | None = None
    master: Name | None = None
    metadata: dict[str, Any] | None = None

    def changes(self) -> dict[str, object]:
        """For the sessions."""
        return dict(plain_changes(name=self.name, master=self.master, metadata=self.metadata))


class RenderOptions(Strict):
    """How a video is made; what is not given is as usual."""

    codec: Annotated[str | None, Field(max_length=20, description="h264 or av1.")] = None
    crf: Annotated[int | None, Field(description="Constant quality.")] = None
    preset: Annotated[str | None, Field(max_length=20, description="The encoder's.")] = None
    bitrate: Annotated[int | None, Field(description="Kilobits a second, instead of a quality.")] = None
    short_side: Annotated[int | None, Field(description="Pixels of the shorter side, for drafts.")] = None
    captions: Annotated[str | None, Field(max_length=20, description="burnt, soft, both or none.")] = None
    smart: bool | None = None

    def value(self) -> dict[str, JsonValue]:
        """Those that were given."""
        return self.model_dump(exclude_none=True)


class VideoBody(Strict):
    """Videos of a session's locked edit, a job for each format."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"session_id": "evening", "formats": ["full_16_9", "thumbnail"], "options": {"crf": 20}}
            ]
        },
    )

    session_id: Name
    edl_id: Annotated[Name | None, Field(description="A locked revision; by default the current one.")] = None
    formats: Annotated[
        list[Annotated[str, Field(max_length=40)]],
        Field(
            min_length=1,
            max_length=len(Format),
            description=f"{', '.join(Format)}; the first by default.",
            default_factory=lambda: [Format.FULL.value],
        ),
    ]
    options: RenderOptions = RenderOptions()
    metadata: Annotated[dict[str, Any], Field(default_factory=dict)]
    priority: Priority = 0

    def values(self, created_by: str | None) -> list[VideoRequest]:
        """For the orders."""
        return [
            VideoRequest(
                session_id=self.session_id,
                format=kind,
                edl_id=self.edl_id,
                options=self.options.value(),
                metadata=self.metadata,
                created_by=created_by,
                priority=self.priority,
            )
            for kind in dict.fromkeys(self.formats)
        ]
