"""Which of a job's files its product shows, and what the shop shall know of each (R230, R232)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tirage.jobs.model import Artifact, Job, JsonObject
from tirage.mockup.ports import IMAGE, VIDEO, Media

GENERATED_BY = "render-engine"
ANIMATION = "animation"


def media_of(job: Job, artifacts: Sequence[Artifact]) -> Iterable[Media]:
    """Pictures by rank, the turntable after them."""
    pictures = sorted((each for each in artifacts if each.rank is not None), key=lambda each: each.rank or 0)
    films = [each for each in artifacts if each.role == ANIMATION]
    for rank, artifact in enumerate([*pictures, *films]):
        still = artifact.rank is not None
        about: JsonObject = {
            "generated_by": GENERATED_BY,
            "render_job_id": job.id,
            **({"camera_angle": artifact.role} if still else {}),
            "preset": job.preset,
            "created_at": job.created_at.isoformat(),
            "media_type": IMAGE if still else VIDEO,
        }
        kind = IMAGE if still else VIDEO
        yield Media(role=artifact.role, key=artifact.key, kind=kind, rank=rank, metadata=about)
