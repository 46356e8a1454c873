"""Sessions on a server for tests: recordings by numbers are sent, looked into, and get an edit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2

from tirage.video.formats.edl_json import edl_value
from tirage.video.session import Session
from tirage.video.timeline import Edl

DRAFT = {"short_side": 180, "captions": "none"}


def send_session(http: httpx2.Client, filmed: Session, session_id: str, *, wait: int = 60) -> dict[str, Any]:
    """The session with every recording known."""
    recorders = [
        {"camera": asset.camera, "sync": {"offset": str(asset.sync.offset)}} for asset in filmed.assets
    ]
    body = {"id": session_id, "rate": filmed.rate.name, "master": filmed.master, "assets": recorders}
    made = http.post("/v1/sessions", json=body)
    assert made.status_code == 201, made.text
    jobs = []
    for told, asset in zip(made.json()["assets"], filmed.assets, strict=True):
        path = Path(asset.files[0].path)
        sent = http.put(f"/v1/assets/{told['id']}/files/{path.name}", content=path.read_bytes())
        assert sent.status_code == 200, sent.text
        jobs.append(sent.json()["ingest_job_id"])
    for job in jobs:
        ended = http.get(f"/v1/jobs/{job}", params={"wait": wait}, timeout=wait + 10).json()
        assert ended["status"] == "completed", ended
    found: dict[str, Any] = http.get(f"/v1/sessions/{session_id}").json()
    return found


def send_edit(http: httpx2.Client, session_id: str, edl: Edl, *, locked: bool = True) -> dict[str, Any]:
    """The next revision of a session's edit."""
    content = json.dumps(edl_value(edl)).encode()
    made = http.post(f"/v1/sessions/{session_id}/edls", params={"name": "cut.json"}, content=content)
    assert made.status_code == 201, made.text
    if locked:
        made = http.post(f"/v1/edls/{made.json()['id']}/lock")
        assert made.status_code == 200, made.text
    found: dict[str, Any] = made.json()
    return found
