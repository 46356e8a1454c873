"""The video pipeline: read this first.  A session with a locked edit and a format become finished files."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tirage.errors import BadInput
from tirage.video.plan import Plan, make_plan
from tirage.video.prove import Measured, prove
from tirage.video.render import render
from tirage.video.session import Asset, Session
from tirage.video.spec import Options, checked
from tirage.video.subtitles import styled
from tirage.video.spec import spec_of
from tirage.video.thumbnail import make_thumbnail
from tirage.video.timecode import format_timecode
from tirage.video.timeline import Edl, Format
from tirage.video.workshop import Workshop

__all__ = ["Artifact", "VideoOrder", "make_video", "plan_of"]
