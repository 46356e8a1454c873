"""One camera's view of a shirt of numbers: which pixels are sampled how, and what comes out of it."""

from __future__ import annotations

import ctypes
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import synthetic
from numpy.typing import NDArray

from tirage.mockup import kernels
from tirage.mockup.kernels import INSIDE, NOWHERE, RIM, TERMS
from tirage.mockup.mesh import drawn
from tirage.mockup.model import Template
from tirage.mockup.scene import Scene, Workspace, build_scene
from tirage.mockup.template import load
from tirage.mockup.view import View, build_view

DIRECT, COVERAGE = 0, 6
SIZE = 256


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return load(synthetic.write_package(tmp_path_factory.mktemp("packages") / "plain"))


@pytest.fixture(scope="module")
def scene(template: Template) -> Scene:
    return build_scene(template)


def seen(scene: Scene, *, azimuth: float = 20, size: int = SIZE, k: int = 4) -> View:
    return build_view(scene, Workspace(scene.light), azimuth=azimuth, size=size, k=k)[0]


def picture(view: View, term: int) -> NDArray[np.float64]:
    out = np.zeros((view.size, view.size))
    for y in range(view.size):
        out[y, view.x0[y] : view.x1[y]] = view.terms[view.offset[y] : view.offset[y + 1], term]
    return out


def test_inner_triangles_are_drawn_where_the_package_says_so(template: Template) -> None:
    garment = template.garment
    m, e = len(garment.triangle), len(garment.rim)
    assert len(drawn(replace(garment, inner=None))) == 2 * m + 2 * e
    some = replace(garment, inner=np.array([2, 5], np.int32))
    assert drawn(some).tolist() == [*range(m), m + 2, m + 5, *range(2 * m, 2 * m + 2 * e)]
    flags = build_scene(replace(template, garment=some)).flags
    assert (flags & INSIDE > 0).sum() == 2
    assert (flags & (INSIDE | RIM) == RIM).sum() == 2 * e


def test_what_is_not_drawn_is_not_seen(template: Template) -> None:
    """From behind, this open shirt shows nothing but its inside."""
    hidden = replace(template, garment=replace(template.garment, inner=np.zeros(0, np.int32)))
    whole, none = (picture(seen(build_scene(t), azimuth=180), COVERAGE) for t in (template, hidden))
    assert none.sum() < 0.8 * whole.sum()


@pytest.mark.parametrize("k", [3, 4, 8])
def test_cloth_covers_its_pixels_whole_but_for_the_outline(scene: Scene, k: int) -> None:
    found = picture(seen(scene, k=k), COVERAGE)
    assert found.max() == pytest.approx(1, abs=1e-3)
    partly = (found > 0.002) & (found < 0.998)
    assert 0 < partly.sum() < 0.05 * found.sum()


def test_fine_detail_is_averaged_as_the_filter_sees_it(template: Template) -> None:
    """Stripes of one texel, far finer than a pixel of the drawn samples: their mean is what is left."""
    stripes = np.full_like(template.detail, 255)
    stripes[:, ::2] = 155
    plain, striped = (
        picture(seen(build_scene(replace(template, detail=d)), k=4), DIRECT)
        for d in (np.full_like(stripes, 255), stripes)
    )
    inner = picture(seen(build_scene(template)), COVERAGE) > 0.999
    assert striped[inner].mean() == pytest.approx(plain[inner].mean() * 205 / 255, rel=0.02)


def test_samples_are_kept_for_prints_at_edges_only(scene: Scene) -> None:
    view = seen(scene)
    slots = view.slot.max() + 1
    assert slots == len(view.first) == len(view.surface)
    assert sum(int(row).bit_count() for row in view.stored.ravel()) == len(view.samples)
    assert len(view.samples) < 0.7 * slots * view.stored.shape[1] ** 2
    assert (view.samples != NOWHERE).any()


@pytest.mark.parametrize("size", [200, 256])
def test_both_builds_see_the_same(scene: Scene, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    generic = Path(kernels.__file__).parent / "native" / "_kernels_generic.so"
    if not generic.is_file():
        pytest.skip("this platform has one build")
    fast = seen(scene, size=size)
    monkeypatch.setattr(kernels, "library", lambda: ctypes.CDLL(str(generic)))
    slow = seen(scene, size=size)
    assert np.array_equal(fast.offset, slow.offset)
    apart = np.abs(fast.terms.astype(np.float32) - slow.terms.astype(np.float32))
    assert fast.terms.shape[1] == TERMS
    assert apart.max(axis=1).mean() < 1e-3
