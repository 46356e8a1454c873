"""Orders from outside on both databases: the bytes first, then the row; nothing half-made is left."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from images import art, jpeg, rgba_png
from tirage.errors import BadInput, Conflict, NotFound, TryAgain
from tirage.jobs.model import NewJob
from tirage.jobs.service import JobService
from tirage.mockup.register import Register, descriptions_in
from tirage.mockup.states import MOCKUP
from tirage.mockup.submit import MockupRequest, Submissions, Upload
from tirage.shops.catalogue import Catalogue
from tirage.shops.model import NewProduct, NewVariant
from tirage.stores.blobs import Blobs, open_blobs
from tirage.stores.database import Database
from tirage.stores.orphans import Orphans
from tirage.testing import FakeClock

ORDER = MockupRequest(
    design=Upload(data=rgba_png(art(32, 24)), name="a.png"), product_id="p1", preset="chest-medium"
)


@pytest.fixture
def files(tmp_path: Path) -> Blobs:
    return open_blobs((tmp_path / "static").as_uri())


@pytest.fixture
def register(database: Database, clock: FakeClock) -> Register:
    made = Register(database, descriptions=descriptions_in(()), default="tee", clock=clock)
    made.update()
    return made


@pytest.fixture
def submissions(
    database: Database, service: JobService, files: Blobs, register: Register, clock: FakeClock
) -> Submissions:
    catalogue = Catalogue(database, active=MOCKUP.active, clock=clock)
    catalogue.create(NewProduct(id="p1", title="Tee", variants=(NewVariant(id="v1", title="S"),)))
    return Submissions(service, files=files, products=catalogue, templates=register)


def stored(files: Blobs) -> list[str]:
    return [stat.key for stat in files.list()]


@pytest.mark.rows("C-16", "R093", "R222", "C-26")
def test_a_design_is_stored_under_its_job(submissions: Submissions, files: Blobs) -> None:
    for data, extension in ((rgba_png(art(32, 24)), "png"), (jpeg(art(32, 24)[..., :3].copy()), "jpg")):
        job = submissions.submit(replace(ORDER, design=Upload(data=data, name="x")))
        assert job.design_file_url == f"uploads/render-jobs/{job.id}/design.{extension}"
        assert files.read(job.design_file_url) == data
        assert job.metadata == {"design_file_name": "x"}


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        (BadInput("INVALID_DATA", "x"), 0),
        (Conflict("CONFLICT", "x"), 0),
        (TryAgain("STORE_UNAVAILABLE", "x"), 1),
    ],
    ids=["refused", "taken", "unknown"],
)
def test_bytes_without_a_row_go_unless_nobody_knows(
    submissions: Submissions,
    service: JobService,
    files: Blobs,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    kept: int,
) -> None:
    def refuse(_new: NewJob) -> None:
        raise error

    monkeypatch.setattr(service, "create", refuse)
    with pytest.raises(type(error)):
        submissions.submit(ORDER)
    assert len(stored(files)) == kept


def test_a_disk_that_is_full_leaves_no_row(
    submissions: Submissions, service: JobService, files: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise TryAgain("DISK_FULL", "The storage is full.")

    monkeypatch.setattr(files, "write", full)
    with pytest.raises(TryAgain):
        submissions.submit(ORDER)
    assert service.list() == []


@pytest.mark.rows("R248", "R250", "C-06", "R280")
def test_a_retry_has_a_design_of_its_own(submissions: Submissions, service: JobService, files: Blobs) -> None:
    job = submissions.submit(replace(ORDER, options={"fabric_color": "navy"}, metadata={"a": 1}))
    with pytest.raises(BadInput, match="only a failed job"):
        submissions.retry(job.id, {})
    service.set_status(job.id, "failed", {"error_message": "No paint."})
    for wrong in ({"preset": "x"}, {"options": {"samples": 0}}, {"options": {"fabric_color": "x"}}):
        with pytest.raises(BadInput):
            submissions.retry(job.id, wrong)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        submissions.retry(job.id, {"template_id": "none"})
    assert len(stored(files)) == 1
    again = submissions.retry(job.id, {"options": {"samples": 9}})
    assert again.options == {"fabric_color": "navy", "samples": 9}
    assert (again.metadata["a"], again.metadata["retried_from"]) == (1, job.id)
    assert again.design_file_url == f"uploads/render-jobs/{again.id}/design.png"
    files.delete_prefix(f"uploads/render-jobs/{job.id}/")
    assert files.read(again.design_file_url) == ORDER.design.data if ORDER.design else False
    with pytest.raises(NotFound):
        submissions.retry(job.id, {})
    assert stored(files) == [again.design_file_url]


def test_a_design_that_was_an_address_cannot_be_copied(submissions: Submissions, service: JobService) -> None:
    new = NewJob(
        pipeline="mockup", product_id="p1", preset="chest-small", design_file_url="https://example.com/a.png"
    )
    job = service.create(new)
    service.set_status(job.id, "failed", {"error_message": "x"})
    with pytest.raises(NotFound, match="not stored here"):
        submissions.retry(job.id, {})


@pytest.mark.rows("R240", "R195", "R079")
def test_templates_on_offer(register: Register, submissions: Submissions, clock: FakeClock) -> None:
    assert submissions.submit(ORDER).template_id == "tee"
    before = register.list()
    clock.advance(60)
    register.update()
    assert register.list() == before
    tee = next(each for each in before if each.id == "tee")
    assert (tee.is_active, tee.thumbnail, tee.model_file) == (True, "thumbnail.jpg", "mesh.npz")
    assert "chest-medium" in tee.available_presets
    assert register.set_active("tee", active=False).updated_at == clock.now
    register.update()
    with pytest.raises(BadInput) as caught:
        submissions.submit(ORDER)
    assert caught.value.code == "TEMPLATE_INACTIVE"
    register.set_active("tee", active=True)
    for name in ("none", "", "../tee", "\0"):
        with pytest.raises(NotFound) as missing:
            register.choose(name or "none", None)
        assert missing.value.code == "TEMPLATE_NOT_FOUND"
    with pytest.raises(BadInput) as caught:
        register.choose("tee", "sleeve")
    assert caught.value.code == "INVALID_PRESET"


@pytest.mark.rows("R229", "R101")
def test_files_of_no_job_are_swept(
    submissions: Submissions, service: JobService, database: Database, files: Blobs, tmp_path: Path
) -> None:
    kept, hidden = submissions.submit(ORDER), submissions.submit(ORDER)
    service.soft_delete([hidden.id])
    for number, key in enumerate(
        (
            f"uploads/render-jobs/{service.new_id()}/design.png",
            f"media/products/p1/renders/{service.new_id()}/front_0deg.png",
            f"media/products/p1/renders/{kept.id}/front_0deg.png",
            "media/products/p1/own.png",
            f"uploads/render-jobs/{service.new_id()}/young.png",
        )
    ):
        files.write(key, b"x", media_type="image/png")
        if number < 4:
            then = time.time() - 2 * 3600
            os.utime(tmp_path / "static" / key, (then, then))
    orphans, day = Orphans(files, database), timedelta(hours=24)
    before = stored(files)
    assert orphans.sweep(day, dry_run=True) == 2
    assert stored(files) == before
    assert orphans.sweep(day) == 2
    assert len(stored(files)) == len(before) - 2
    assert orphans.sweep(day) == 0
    assert files.read(str(hidden.design_file_url))
