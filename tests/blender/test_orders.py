"""Orders in a real Blender: framed as relight frames them, the same every time, ended when told."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from bench.against_cycles import compare
from bench.scores import psnr
from processes import below_with, none_left
from tirage.errors import Cancelled, TryAgain, UsageError
from tirage.media import blender as module
from tirage.media.blender import INSIDE, Blender, Program
from tirage.media.intake import read_design
from tirage.media.process import Limits
from tirage.media.values import Colour
from tirage.mockup.catalogue import Preset
from tirage.mockup.cycles import CyclesRenderer, Patience
from tirage.mockup.model import Template
from tirage.mockup.order import Art, MockupOrder, Mode
from tirage.mockup.pipeline import Drawing, make_mockup
from tirage.mockup.placement import Print, resolve
from tirage.mockup.relight import Renderer
from tirage.mockup.template import load
from tirage.settings import BlenderDevice

ROOT = Path(__file__).resolve().parents[2]
DESIGN = ROOT / "bench" / "designs" / "lines.png"
WHITE = Colour(231, 230, 227)
WORKER = str(INSIDE / "worker.py")


@pytest.fixture(scope="module")
def tee() -> Template:
    return load("tee")


@pytest.fixture(scope="module")
def prints(tee: Template) -> list[Print]:
    design = read_design(DESIGN)
    art = resolve(width=design.width, height=design.height, where=Preset.CHEST_LARGE, template=tee)
    return [Print(art=art, design=design)]


@pytest.fixture
def others() -> set[int]:
    """Workers that were there before the test: the one that all tests share."""
    return below_with(WORKER)


def still(
    renderer: Drawing, prints: list[Print], size: int = 256, background: Colour | None = None
) -> NDArray[np.uint8]:
    (picture,) = renderer.stills(prints=prints, colour=WHITE, azimuths=[45], size=size, background=background)
    return picture


def test_the_same_order_through_both(tee: Template, blender: Blender, tmp_path: Path) -> None:
    """Same files, same keys, same framing in all six views; and the print where it belongs."""
    manifests = []
    for name, renderer in (
        ("relight", Renderer(tee)),
        ("cycles", CyclesRenderer(tee, blender=blender, samples=16)),
    ):
        order = MockupOrder(
            arts=(Art(DESIGN, Preset.CHEST_LARGE),),
            out=tmp_path / name,
            size=512,
            mode=Mode.IMAGES_ONLY,
            background="transparent",
        )
        made = make_mockup(order, renderer=renderer)
        manifests.append(json.loads((made.folder / "manifest.json").read_text()))
    ours, theirs = manifests
    assert ours.keys() == theirs.keys()
    assert ours["renderer"].keys() == theirs["renderer"].keys()
    assert [file["name"] for file in ours["files"]] == [file["name"] for file in theirs["files"]]
    assert theirs["renderer"]["settings"]["samples"] == 16
    for view in tee.views:
        pictures = [
            cv2.imread(str(tmp_path / name / f"{view.name}.png"), cv2.IMREAD_UNCHANGED)
            for name in ("relight", "cycles")
        ]
        alike = compare(view.name, *(np.asarray(picture, np.uint8) for picture in pictures))
        assert alike.overlap >= 0.995, alike
        assert alike.decibels >= 36, alike  # sixteen samples are noisy


def test_the_turntable_turns_as_relights_does(tee: Template, prints: list[Print], blender: Blender) -> None:
    background = Colour(242, 242, 242)
    ours, theirs = (
        list(renderer.turntable(prints=prints, colour=WHITE, size=256, frames=5, background=background))
        for renderer in (Renderer(tee), CyclesRenderer(tee, blender=blender, samples=16))
    )
    everywhere = np.ones((256, 256), bool)
    assert [frame.shape for frame in theirs] == [(256, 256, 3)] * 5
    alike = np.array([[psnr(a, b, everywhere) for b in theirs] for a in ours])
    assert (alike.diagonal() >= 36).all(), alike
    assert (alike - np.diag(alike.diagonal())).max() < 30, alike


def test_the_background_is_exact_and_threads_change_nothing(
    tee: Template, prints: list[Print], blender: Blender, program: Program
) -> None:
    background = Colour(18, 200, 99)
    first = still(CyclesRenderer(tee, blender=blender, samples=4), prints, background=background)
    assert (first[0] == (18, 200, 99)).all()
    with Blender(program, device=BlenderDevice.CPU, threads=1) as other:
        second = still(CyclesRenderer(tee, blender=other, samples=4), prints, background=background)
    assert (first == second).all()


def test_cancelling_stops_a_render_in_time(tee: Template, program: Program, others: set[int]) -> None:
    """Five times in the middle of a picture: within two seconds no process is left."""
    begins: list[float] = []
    seen: set[int] = set()

    def cancel(done: int, _total: int) -> None:
        if done > 0 and not begins:
            seen.update(below_with(WORKER) - others)
            begins.append(time.monotonic())

    spent = []
    with Blender(program, threads=2) as blender:
        for _ in range(5):
            begins.clear()
            renderer = CyclesRenderer(
                tee, blender=blender, samples=4096, cancelled=lambda: bool(begins), progress=cancel
            )
            with pytest.raises(Cancelled):
                still(renderer, [], size=512)
            assert seen
            assert none_left(seen)
            spent.append(time.monotonic() - begins[0])
    assert max(spent) <= 2, spent


def test_a_killed_blender_is_said_so_and_the_next_picture_is_made(
    tee: Template, program: Program, others: set[int]
) -> None:
    def kill(done: int, _total: int) -> None:
        if done == 1:  # in a sandbox the last of them is Blender, the others are the sandbox
            os.kill(max(below_with(WORKER) - others), signal.SIGKILL)

    with Blender(program, threads=2) as blender:
        with pytest.raises(TryAgain) as caught:
            still(CyclesRenderer(tee, blender=blender, samples=4096, progress=kill), [])
        assert caught.value.code == "PROCESS_KILLED"
        assert still(CyclesRenderer(tee, blender=blender, samples=1), []).shape == (256, 256, 4)
    assert below_with(WORKER) == others


def test_a_render_that_needs_too_much_memory(
    tee: Template, program: Program, monkeypatch: pytest.MonkeyPatch, others: set[int]
) -> None:
    monkeypatch.setattr(Limits, "of_machine", lambda **_: Limits(memory=600 << 20, address_space=None))
    with Blender(program, threads=2) as blender, pytest.raises(TryAgain) as caught:
        still(CyclesRenderer(tee, blender=blender, samples=1), [], size=2048)
    assert caught.value.code == "OUT_OF_MEMORY"
    assert below_with(WORKER) == others


def test_memory_that_is_refused(tee: Template, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Limits(memory=16 << 30, address_space=2100 << 20)
    monkeypatch.setattr(Limits, "of_machine", lambda **_: limits)
    with Blender(program, threads=2) as blender, pytest.raises(TryAgain) as caught:
        still(CyclesRenderer(tee, blender=blender, samples=1), [], size=2048)
    assert caught.value.code == "OUT_OF_MEMORY"


def test_a_picture_has_its_time(
    tee: Template, program: Program, monkeypatch: pytest.MonkeyPatch, others: set[int]
) -> None:
    with Blender(program, threads=2) as blender:
        still(CyclesRenderer(tee, blender=blender, samples=1), [])
        monkeypatch.setattr(Patience, "of", lambda _size, _samples: Patience(1.0, 1.0))
        with pytest.raises(TryAgain) as caught:
            still(CyclesRenderer(tee, blender=blender, samples=4096), [], size=512)
    assert caught.value.code == "TIMEOUT"
    assert below_with(WORKER) == others


def test_a_gpu_that_is_wished_for_is_used_or_missed(tee: Template, program: Program) -> None:
    with Blender(program, device=BlenderDevice.GPU, threads=2) as blender:
        renderer = CyclesRenderer(tee, blender=blender, samples=1)
        try:
            device = renderer.renderer.settings["device"]
        except UsageError as error:
            assert (error.code, "reports no GPU" in error.message) == ("INVALID_SETTING", True)
        else:
            assert device in {"optix", "cuda", "hip", "metal", "oneapi"}


def test_the_sandbox_hides_what_is_not_the_childs(program: Program) -> None:
    """Where bubblewrap is, Blender sees neither this checkout's tests nor our processes."""
    if module.bubblewrap() is None:
        pytest.skip("bubblewrap is not installed here")
    with Blender(program, script=Path(__file__).with_name("hostile.py"), threads=2) as blender:
        seen = blender.ask("look", paths=["/root", "/home", str(ROOT / "docs")], step_s=60, silence_s=60)
    assert seen["files"] == []
    assert seen["processes"] <= 3
    assert seen["network"] == ["lo"]
