"""The measuring tools measure: known differences, masks that fit the picture, targets that can be missed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench import targets
from bench.clock import Spent, timed, typical
from bench.regions import INSIDE, NOTHING, OUTSIDE, RIM, regions
from bench.report import Results, missed, page, smoke_page, table
from bench.scores import over, psnr, squares, ssim
from bench.targets import TARGETS, Measured, Sense, Target, median
from tirage.media.values import Colour
from tirage.mockup.relight import Renderer
from tirage.mockup.template import load


def noise(seed: int, spread: int = 40) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(seed).integers(100, 100 + spread, (64, 64, 3), dtype=np.uint8)


EVERYWHERE = np.ones((64, 64), bool)


def test_psnr_of_a_known_difference() -> None:
    first = noise(1)
    assert psnr(first, first, EVERYWHERE) == math.inf
    assert psnr(first, first + np.uint8(1), EVERYWHERE) == pytest.approx(20 * math.log10(255))
    half = EVERYWHERE.copy()
    half[:32] = False
    second = first.copy()
    second[32:] += np.uint8(4)
    assert psnr(first, second, half) == pytest.approx(20 * math.log10(255 / 4))
    assert psnr(first, second, ~half) == math.inf


def test_ssim_falls_from_one() -> None:
    first = noise(1)
    values = [
        ssim((first, first), first + noise(2, spread) - np.uint8(100), EVERYWHERE)
        for spread in (1, 4, 16, 64)
    ]
    assert values[0] == pytest.approx(1)
    assert values == sorted(values, reverse=True)
    assert values[-1] < 0.9


def test_ssim_of_a_shift_of_the_mean_is_wangs_formula() -> None:
    dark, light = (np.full((64, 64, 3), code, np.uint8) for code in (100, 150))
    c1 = (0.01 * 255) ** 2
    assert ssim((dark, dark), light, EVERYWHERE) == pytest.approx(
        (2 * 100 * 150 + c1) / (100**2 + 150**2 + c1)
    )


def test_noise_that_two_takes_do_not_share_is_no_difference() -> None:
    size, codes = 256, np.random.default_rng(3)
    rows = np.linspace(60, 180, size).astype(int)
    truth = np.repeat(np.repeat(rows[:, None, None], size, axis=1), 3, axis=2)
    first, second = (np.uint8(truth + np.rint(codes.normal(0, 6, truth.shape))) for _ in range(2))
    everywhere = np.ones((size, size), bool)
    for apart in (1, 3):
        ours = np.uint8(truth + apart)
        assert squares((first, second), ours).mean() == pytest.approx(apart**2, rel=0.1)
        assert psnr(first, ours, everywhere) < 33
    clean = np.uint8(truth)
    assert abs(ssim((first, second), clean, everywhere) - 1) < 0.006
    assert ssim((first, first), clean, everywhere) < 0.8


def test_straight_alpha_goes_over_the_background_in_display_values() -> None:
    picture = np.array([[[10, 20, 30, 0], [10, 20, 30, 255], [10, 20, 30, 51]]], np.uint8)
    assert over(picture, 242).tolist() == [[[242, 242, 242], [10, 20, 30], [196, 198, 200]]]


@pytest.mark.parametrize("azimuth", [0, 45, 270])
def test_regions_agree_with_the_renderers_coverage(azimuth: float) -> None:
    tee = load("tee")
    found = regions(tee, azimuth=azimuth, size=256)
    white = Colour.parse("#ffffff")
    picture = Renderer(tee, threads=1).still(
        prints=[], colour=white, azimuth=azimuth, size=256, background=None
    )
    covered = picture[..., 3] > 127
    assert np.mean(covered != (found.part != NOTHING)) < 0.005
    assert np.mean(picture[found.surface][:, 3] > 253) > 0.999
    counts = [int((found.part == part).sum()) for part in (OUTSIDE, INSIDE, RIM)]
    assert counts[0] > 10 * counts[1] > 0
    assert counts[1] > counts[2]  # its hems are turned in: no cut edge shows
    assert np.isnan(found.atlas[found.part == NOTHING]).all()
    assert (found.atlas[found.part == OUTSIDE] > 0).all()
    assert (found.atlas[found.part == OUTSIDE] < tee.atlas_cm).all()


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.what)
def test_every_target_can_be_reached_and_missed(target: Target) -> None:
    good, bad = (0.5, 2.0) if target.sense is Sense.AT_MOST else (2.0, 0.5)
    assert target.holds(target.bound)
    assert target.holds(target.bound * good)
    assert not target.holds(target.bound * bad)
    assert not target.holds(math.nan)
    assert target.holds(target.limit(smoke=True), smoke=True)
    assert not target.holds(target.limit(smoke=True) * bad, smoke=True)


def test_a_smoke_run_forgives_a_busy_machine_but_not_a_tenfold_step_back() -> None:
    usual = Spent(wall=0.4, cpu=0.7)
    waiting = Spent(wall=9.0, cpu=0.9)
    slow = Spent(wall=4.0, cpu=7.0)
    views = targets.JPEG_VIEWS
    assert [views.met_by(typical(views, [run]), smoke=True) for run in (usual, waiting, slow)] == [
        True,
        True,
        False,
    ]
    assert not views.met_by(typical(views, [waiting])), "the target itself goes by the clock"
    assert typical(targets.LOAD, [Spent(0.2, 0.1), Spent(0.3, 0.3), Spent(0.4, 0.3)]) == Measured(
        targets.LOAD.what, "ms", 300, "200–400, 3 runs", undisturbed=50
    )


def test_time_is_taken_by_the_clock_and_by_the_processor() -> None:
    spent = timed(lambda: sum(range(300_000)))
    assert spent.wall > 0
    assert 0 < spent.cpu < 5


def test_the_page_says_what_was_missed_and_what_was_not_measured() -> None:
    measured = [median(targets.JPEG_VIEWS, [0.4, 0.7, 0.6]), Measured(targets.LOAD.what, "ms", 90)]
    results = Results(machine="a machine", load=0.1, measured=measured)
    assert missed(results, smoke=False) == ["six views, 2048² JPEG: 0.6 s is not ≤ 0.5"]
    assert missed(results, smoke=True) == []
    text = page(results)
    assert "0.4–0.7, 3 runs" in text
    lines = [line.split("|") for line in text.splitlines() if line.startswith("|")]
    verdicts = {cells[1].strip(): cells[4].strip() for cells in lines if len(cells) == 7}
    assert verdicts["six views, 2048² JPEG"] == "NO"
    assert verdicts["package load"] == "yes"
    assert verdicts["peak memory"] == "not measured"


def test_a_smoke_run_tells_its_own_bounds_from_the_targets() -> None:
    measured = [typical(targets.JPEG_VIEWS, [Spent(9.0, 8.0)]), Measured(targets.MEMORY.what, "MB", 900)]
    results = Results(machine="a machine", load=0.1, measured=measured)
    assert missed(results, smoke=True) == [
        "six views, 2048² JPEG: 9 s is not ≤ 1.5, the smoke run's bound (the target is 0.5)"
    ]
    lines = [line.split("|") for line in smoke_page(results).splitlines() if line.startswith("|")]
    rows = {cells[1].strip(): [cell.strip() for cell in cells[3:8]] for cells in lines[2:]}
    assert rows == {
        "six views, 2048² JPEG": ["≤ 0.5", "≤ 1.5", "9", "4", "NO"],
        "peak memory": ["≤ 800", "≤ 1200", "900", "", "yes"],
    }


def test_tables_line_up() -> None:
    assert table(("a", "long"), [("12", "b")]).splitlines() == [
        "| a  | long |",
        "|----|------|",
        "| 12 | b    |",
    ]
    assert table(("a",), []) == ""
