"""What a client asks of sessions, edits and videos.
aio_videos.py is made of this file by `make reference`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from tirage import wire_video
from tirage.client.core import SECONDS, Call, given, quoted

T = TypeVar("T")
CHECKING = 120.0
"""Seconds that a large edit may take to be read or checked."""


class VideoCalls:
    """A part of the client: recording sessions, revisions of their edits, videos."""

    # sessions and recorders

    def create_session(
        self,
        *,
        rate: str,
        master: str,
        session_id: str | None = None,
        name: str | None = None,
        metadata: Mapping[str, object] | None = None,
        assets: Sequence[Mapping[str, object]] = (),
    ) -> wire_video.SessionDetail:
        """Makes a recording session, with its recorders."""
        body = given(
            id=session_id, rate=rate, master=master, name=name, metadata=metadata, assets=list(assets)
        )
        return self._send(Call("POST", "/v1/sessions", json=body))

    def list_sessions(self, *, limit: int = 10, cursor: str | None = None) -> wire_video.SessionPage:
        """Sessions, the newest first."""
        return self._send(Call("GET", "/v1/sessions", query={"limit": limit, "cursor": cursor}))

    def get_session(self, session_id: str) -> wire_video.SessionDetail:
        """A session with its recorders and revisions."""
        return self._send(Call("GET", f"/v1/sessions/{session_id}"))

    def update_session(self, session_id: str, **changes: object) -> wire_video.SessionDetail:
        """Changes name, master or metadata."""
        return self._send(Call("PATCH", f"/v1/sessions/{session_id}", json=changes))

    def delete_session(self, session_id: str) -> None:
        """Removes a session of which there is no job."""
        self._send(Call("DELETE", f"/v1/sessions/{session_id}"))

    def preflight(self, session_id: str, *, edl_id: str | None = None) -> wire_video.Checks:
        """Everything that stands in a render's way."""
        return self._send(
            Call("GET", f"/v1/sessions/{session_id}/preflight", query={"edl_id": edl_id}, seconds=CHECKING)
        )

    def add_asset(self, session_id: str, camera: str, **fields: object) -> wire_video.AssetAnswer:
        """Adds a recorder: sync, start, focus, mezzanine_url."""
        body = {"camera": camera, **fields}
        return self._send(Call("POST", f"/v1/sessions/{session_id}/assets", json=body))

    def get_asset(self, asset_id: str) -> wire_video.AssetAnswer:
        """A recorder with what is known of its recording."""
        return self._send(Call("GET", f"/v1/assets/{asset_id}"))

    def update_asset(self, asset_id: str, **changes: object) -> wire_video.AssetAnswer:
        """Changes camera, sync, start or focus."""
        return self._send(Call("PATCH", f"/v1/assets/{asset_id}", json=changes))

    def delete_asset(self, asset_id: str) -> None:
        """Removes a recorder with its recording."""
        self._send(Call("DELETE", f"/v1/assets/{asset_id}"))

    def send_recording(
        self, asset_id: str, recording: Path, *, name: str | None = None
    ) -> wire_video.AssetAnswer:
        """Sends a recorder's recording, a block at a time; the job in the answer looks into it."""
        path = f"/v1/assets/{asset_id}/files/{quoted(name or recording.name)}"
        return self._send(Call("PUT", path, upload=recording, seconds=CHECKING))

    def send_lut(self, asset_id: str, lut: bytes) -> wire_video.AssetAnswer:
        """Sends a LUT (.cube) for a recorder's colours; nothing takes it away."""
        return self._send(Call("PUT", f"/v1/assets/{asset_id}/lut", content=lut))

    def ingest(self, asset_id: str, *, mezzanines: str = "needed") -> wire_video.AssetAnswer:
        """Has a recording looked into again; `all` makes mezzanines of every file."""
        query = {"mezzanines": mezzanines}
        return self._send(Call("POST", f"/v1/assets/{asset_id}/ingest", query=query))

    # revisions

    def add_edl(
        self, session_id: str, edit: Path | bytes, *, name: str | None = None, rate: str | None = None
    ) -> wire_video.EdlAnswer:
        """The next revision of a session's edit, read from a file of any format by its name's ending."""
        data = edit if isinstance(edit, bytes) else edit.read_bytes()
        label = name or ("edit.json" if isinstance(edit, bytes) else edit.name)
        query = {"name": label, "rate": rate}
        path = f"/v1/sessions/{session_id}/edls"
        return self._send(Call("POST", path, query=query, content=data, seconds=CHECKING))

    def list_edls(self, session_id: str) -> wire_video.Edls:
        """A session's revisions, the newest first."""
        return self._send(Call("GET", f"/v1/sessions/{session_id}/edls"))

    def get_edl(self, edl_id: str) -> wire_video.EdlAnswer:
        """A revision with its content."""
        return self._send(Call("GET", f"/v1/edls/{edl_id}"))

    def delete_edl(self, edl_id: str) -> None:
        """Removes an open revision."""
        self._send(Call("DELETE", f"/v1/edls/{edl_id}"))

    def add_captions(self, edl_id: str, captions: Path, *, language: str) -> wire_video.EdlAnswer:
        """A new revision of this one with captions in a language (SRT, VTT, ASS)."""
        query = {"language": language, "name": captions.name}
        return self._send(
            Call("POST", f"/v1/edls/{edl_id}/captions", query=query, content=captions.read_bytes())
        )

    def validate_edl(self, edl_id: str) -> wire_video.Checks:
        """Everything that is wrong with a revision in its session."""
        return self._send(Call("POST", f"/v1/edls/{edl_id}/validate", seconds=CHECKING))

    def lock_edl(self, edl_id: str) -> wire_video.EdlAnswer:
        """Locks a revision; it is what the session renders from then on."""
        return self._send(Call("POST", f"/v1/edls/{edl_id}/lock", seconds=CHECKING))

    def diff_edls(self, old_id: str, new_id: str) -> wire_video.EdlDifference:
        """What the second revision changes of the first."""
        return self._send(Call("GET", f"/v1/edls/{new_id}/diff", query={"against": old_id}))

    # videos

    def order_videos(
        self,
        session_id: str,
        formats: Sequence[str] = ("full_16_9",),
        *,
        edl_id: str | None = None,
        options: Mapping[str, object] | None = None,
        metadata: Mapping[str, object] | None = None,
        priority: int = 0,
    ) -> wire_video.Jobs:
        """A job for each format of a session's locked edit; what was rendered already is completed."""
        body = given(
            session_id=session_id,
            formats=list(formats),
            edl_id=edl_id,
            options=options,
            metadata=metadata,
            priority=priority,
        )
        return self._send(Call("POST", "/v1/videos", json=body, seconds=CHECKING))

    def list_session_jobs(self, session_id: str) -> wire_video.Jobs:
        """The videos' jobs of a session, the newest first."""
        return self._send(Call("GET", f"/v1/sessions/{session_id}/jobs"))

    def trigger(
        self,
        session_id: str,
        *,
        format: str = "full_16_9",  # noqa: A002 – what it is called everywhere
        metadata: Mapping[str, object] | None = None,
    ) -> wire_video.Triggered:
        """Orders one video below /api/render-jobs."""
        body = given(sessionId=session_id, format=format, metadata=metadata)
        return self._send(Call("POST", "/api/render-jobs/trigger", json=body, seconds=CHECKING))

    def get_render_status(self, job_id: str) -> wire_video.OneRenderStatus:
        """A video's job below /api/render-jobs."""
        return self._send(Call("GET", f"/api/render-jobs/{job_id}", seconds=SECONDS))

    def list_render_statuses(self, session_id: str) -> wire_video.RenderStatuses:
        """A session's jobs below /api/render-jobs."""
        return self._send(Call("GET", f"/api/render-jobs/session/{session_id}"))

    def retry_render(self, job_id: str) -> wire_video.Changed:
        """Has a failed video tried again, as the same job."""
        return self._send(Call("POST", f"/api/render-jobs/{job_id}/retry"))

    def cancel_render(self, job_id: str) -> wire_video.Changed:
        """Cancels a video that waits or is rendered."""
        return self._send(Call("POST", f"/api/render-jobs/{job_id}/cancel"))

    def _send(self, call: Call[T]) -> T:
        raise NotImplementedError
