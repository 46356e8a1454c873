"""The end of a job: its row, its files, and what its product shows of it."""

from __future__ import annotations

from tirage.jobs.machine import is_active
from tirage.jobs.service import JobService
from tirage.mockup.ports import Files, Publisher
from tirage.mockup.states import MOCKUP


class Removal:
    """Removes jobs for good; may be used from several threads."""

    def __init__(self, service: JobService, *, files: Files, publisher: Publisher) -> None:
        self._service = service
        self._files = files
        self._publisher = publisher

    def purge(self, job_id: str) -> None:
        """Removes a job, deleted or not, with its files; the product shows what it showed without it (R025).

        NotFound; BadInput INVALID_DATA: it is active.  TryAgain: half of it may be gone; again does the rest.
        """
        job = self._service.retrieve(job_id, include_deleted=True)
        shown = job.pipeline == MOCKUP.pipeline
        if shown and (job.deleted_at is not None or not is_active(MOCKUP, job.status)):
            self._publisher.withdraw(product_id=str(job.product_id), job_id=job.id)
        for prefix in self._service.purge(job_id).prefixes:  # from here on nobody else knows of the files
            self._files.delete_prefix(prefix)
