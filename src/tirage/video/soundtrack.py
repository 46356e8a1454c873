"""The programme's sound on the shelf: made once, whatever draws the pictures."""

from __future__ import annotations

from pathlib import Path

from tirage.video.plan import Plan
from tirage.video.session import Asset
from tirage.video.sound import make_sound, sound_key
from tirage.video.workshop import Workshop

__all__ = ["Soundtrack"]


class Soundtrack:
    """A plan's sound; nothing at all without a master."""

    def __init__(self, plan: Plan, master: Asset | None) -> None:
        self._plan, self._master = plan, master
        self._key = sound_key(plan, master) if master else ""

    def find(self, workshop: Workshop) -> Path | None:
        """The file, when it has been made."""
        return workshop.shelf.find(self._key, ".m4a") if self._master else None

    def make(self, workshop: Workshop) -> None:
        """Makes it.  Errors as those of make_sound."""
        if self._master is None:
            return
        with workshop.shelf.room() as room:
            made = make_sound(
                self._plan, self._master, ffmpeg=workshop.ffmpeg, folder=room, cancelled=workshop.cancelled
            )
            workshop.shelf.put(self._key, made)
