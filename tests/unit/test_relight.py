"""The renderer on a shirt of numbers: placement, colour, coverage, caches; the real one has goldens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import synthetic
from numpy.typing import NDArray

from tirage.media.still import Still
from tirage.media.values import Colour
from tirage.mockup import relight
from tirage.mockup.camera import pixels_per_cm, project
from tirage.mockup.canvas import Canvas
from tirage.mockup.catalogue import Preset
from tirage.mockup.ink import box_factor
from tirage.mockup.kernels import TILE
from tirage.mockup.model import Template, Trim
from tirage.mockup.placement import PlacedArt, Placement, Print, resolve
from tirage.mockup.relight import Renderer
from tirage.mockup.shade import Plain
from tirage.mockup.template import load
from tirage.mockup.view import View

WHITE, NAVY, GREY = Colour(230, 230, 227), Colour(31, 42, 68), Colour(242, 242, 242)
SIZE = 512
Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = synthetic.write_package(tmp_path_factory.mktemp("packages") / "plain")
    levels = {"detail.png": 255, "light_outside_indirect_a.png": 0, "light_outside_indirect_b.png": 0}
    for name, level in (levels | {f"light_outside_{lamp}.png": 120 for lamp in synthetic.LAMPS}).items():
        flat = np.full((64, 64), level, np.uint8)
        synthetic.replace(folder, name, synthetic.cv2.imencode(".png", flat)[1].tobytes())
    return load(folder)


@pytest.fixture(scope="module")
def renderer(template: Template) -> Renderer:
    return Renderer(template, threads=2)


def still(
    renderer: Renderer, *prints: Print, background: Colour | None = GREY, colour: Colour = WHITE
) -> Picture:
    return renderer.still(prints=prints, colour=colour, azimuth=0, size=SIZE, background=background)


def square(
    template: Template, *, x: float, y: float, width: float, rgba: tuple[int, ...] = (200, 0, 0, 255)
) -> Print:
    design = synthetic.design(np.full((200, 200, 4), rgba, np.uint8))
    where = Placement("front", x, y, width)
    return Print(resolve(width=200, height=200, where=where, template=template), design)


def where_panel_is(template: Template, x: float, y: float) -> tuple[float, float]:
    """Pixel of a place on the synthetic front panel: by its own formula a cylinder of 18 cm."""
    angle = x / 18
    at = np.array([[0.18 * np.sin(angle), -0.18 * np.cos(angle), -y / 100]], np.float32)
    column, row, _ = project(at, template.camera, 0, SIZE)[0]
    return float(column), float(row)


@pytest.mark.rows("R272", "R273")
def test_a_print_lies_where_it_was_placed(template: Template, renderer: Renderer) -> None:
    plain, printed = still(renderer), still(renderer, square(template, x=3, y=20, width=8))
    changed = np.abs(printed.astype(int) - plain).max(axis=2) > 20
    rows, columns = np.nonzero(changed)
    left, top = where_panel_is(template, -1, 16)
    right, bottom = where_panel_is(template, 7, 24)
    found = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
    assert np.abs(found - (left, top, right, bottom)).max() < 1.2
    assert changed[rows.min() + 2 : rows.max() - 1, columns.min() + 2 : columns.max() - 1].all()


def test_rotation_turns_clockwise(template: Template, renderer: Renderer) -> None:
    bar = np.zeros((100, 400, 4), np.uint8)
    bar[:, 200:] = (0, 0, 200, 255)  # the right half
    art = PlacedArt("front", 0, 25, 12, 3, 90)
    printed = still(renderer, Print(art, synthetic.design(bar)))
    rows, columns = np.nonzero(np.abs(printed.astype(int) - still(renderer)).max(axis=2) > 20)
    column, row = where_panel_is(template, 0, 25)
    assert rows.min() > row - 1.5  # its right end hangs down
    assert abs(columns.mean() + 0.5 - column) < 1


@pytest.mark.rows("R289")
def test_the_fabric_changes_and_the_print_does_not(template: Template, renderer: Renderer) -> None:
    print_ = square(template, x=0, y=20, width=10)
    white, navy = still(renderer, print_), still(renderer, print_, colour=NAVY)
    column, row = (round(v) for v in where_panel_is(template, 0, 20))
    assert np.array_equal(white[row, column], navy[row, column])  # no light bounces in this template
    column, row = (round(v) for v in where_panel_is(template, 0, 45))
    assert int(white[row, column].sum()) - int(navy[row, column].sum()) > 200


def test_half_transparent_ink_lets_the_fabric_through(template: Template, renderer: Renderer) -> None:
    column, row = (round(v) for v in where_panel_is(template, 0, 20))
    pictures = [
        still(renderer, square(template, x=0, y=20, width=10, rgba=(200, 0, 0, alpha)))
        for alpha in (0, 128, 255)
    ]
    green = [int(picture[row, column, 1]) for picture in pictures]
    assert green[0] > green[1] + 20 > green[2] + 40
    assert np.array_equal(pictures[0], still(renderer))


def test_transparent_background_composites_to_the_same_picture(
    template: Template, renderer: Renderer
) -> None:
    print_ = square(template, x=0, y=20, width=10)
    over, free = still(renderer, print_), still(renderer, print_, background=None)
    assert free.shape == (SIZE, SIZE, 4)
    alpha = free[..., 3:] / 255
    composite = free[..., :3] * alpha + 242 * (1 - alpha)
    assert np.abs(composite - over).max() <= 1.01
    assert free[0, 0, 3] == 0
    assert (over[0, 0] == 242).all()


def test_coverage_is_the_filtered_silhouette(template: Template, renderer: Renderer) -> None:
    alpha = still(renderer, background=None)[..., 3] / 255
    assert {0.0, 1.0} <= set(np.unique(alpha))
    partial = (alpha > 0) & (alpha < 1)
    assert 0 < partial.mean() < 0.02
    column, row = where_panel_is(template, 27 - 1e-3, 30)
    assert abs(alpha[round(row), round(column) - 20 : round(column) + 20].sum() - 20) < 1.5


@pytest.mark.rows("R278")
def test_prints_beyond_the_print_area_are_drawn_too(template: Template, renderer: Renderer) -> None:
    beyond = square(template, x=0, y=55, width=6)  # the print area ends at 52
    changed = np.abs(still(renderer, beyond).astype(int) - still(renderer)).max(axis=2) > 20
    expected = (6 * pixels_per_cm(template.camera, SIZE)) ** 2
    assert 0.85 < changed.sum() / expected < 1.35


def test_several_prints_lie_over_each_other_in_order(template: Template, renderer: Renderer) -> None:
    red = square(template, x=0, y=20, width=10)
    blue = square(template, x=0, y=20, width=4, rgba=(0, 0, 200, 255))
    column, row = (round(v) for v in where_panel_is(template, 0, 20))
    blue_last, red_last = still(renderer, red, blue)[row, column], still(renderer, blue, red)[row, column]
    assert blue_last[2] > blue_last[0]
    assert red_last[0] > red_last[2]


def test_the_same_order_gives_the_same_bytes(template: Template) -> None:
    def pictures(renderer: Renderer) -> list[bytes]:
        print_ = square(template, x=0, y=20, width=10)
        drawn = renderer.stills(
            prints=[print_], colour=NAVY, azimuths=[0, 45, 200], size=SIZE, background=GREY
        )
        return [picture.tobytes() for picture in drawn]

    first, second = Renderer(template, threads=1), Renderer(template, threads=3)
    assert pictures(first) == pictures(second) == pictures(first)


def test_sketches_know_what_they_have_in_common(template: Template) -> None:
    """Drawn in part they are the same there, and differ from others of their ground in inked tiles only."""
    renderer = Renderer(template, threads=2)

    def sketches(rgba: tuple[int, ...], colour: Colour = NAVY) -> list[Still]:
        prints = [square(template, x=0, y=20, width=10, rgba=rgba)]
        return list(
            renderer.sketches(prints=prints, colour=colour, azimuths=[0, 45], size=SIZE, background=GREY)
        )

    def pixels(tiles: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return np.asarray(np.kron(tiles, np.ones((TILE, TILE), np.bool_))[:SIZE, :SIZE])

    for first, second in zip(sketches((200, 0, 0, 255)), sketches((0, 0, 200, 255)), strict=True):
        assert first.shared is not None
        assert second.shared is not None
        assert first.shared.ground == second.shared.ground
        inked = pixels(first.shared.inked | second.shared.inked)
        differ = (first.pixels != second.pixels).any(axis=2)
        assert differ.any()
        assert not differ[~inked].any()
        assert inked.mean() < 0.4
        blank = pixels(first.shared.blank)
        assert blank.any()
        assert (first.pixels[blank] == (GREY.red, GREY.green, GREY.blue)).all()
        some = np.random.default_rng(1).random(first.shared.inked.shape) < 0.5
        assert np.array_equal(first.draw(some)[pixels(some)], first.pixels[pixels(some)])
    drawn = [one for colour in (NAVY, WHITE) for one in sketches((1, 2, 3, 255), colour)]
    grounds = {one.shared.ground for one in drawn if one.shared}
    assert len(grounds) == 4


def test_the_turntable_starts_with_the_front_and_turns_left(renderer: Renderer) -> None:
    frames = list(renderer.turntable(prints=[], colour=WHITE, size=SIZE, frames=8, background=GREY))
    assert len(frames) == 8
    for number, azimuth in ((0, 0), (2, 90), (6, 270)):
        picture = renderer.still(prints=[], colour=WHITE, azimuth=azimuth, size=SIZE, background=GREY)
        difference = np.abs(frames[number].astype(int) - picture)
        assert difference.mean() < 0.3, number
    assert np.abs(frames[0].astype(int) - frames[2]).mean() > 1


def test_a_turntable_that_is_left_stops_its_work(template: Template) -> None:
    renderer = Renderer(template, threads=1)
    frames = renderer.turntable(prints=[], colour=WHITE, size=SIZE, frames=500, background=GREY)
    next(frames)
    frames.close()  # type: ignore[attr-defined]
    assert renderer.still(prints=[], colour=WHITE, azimuth=0, size=SIZE, background=GREY).shape == (
        SIZE,
        SIZE,
        3,
    )


def test_what_was_kept_of_other_orders_changes_nothing(template: Template) -> None:
    """A view is used whole, then as canvas and finished cloth, then for art that reaches farther."""

    def pictures(renderer: Renderer) -> list[bytes]:
        drawn = []
        for x, width, colour in ((0, 10, WHITE), (0, 10, NAVY), (3, 16, NAVY), (0, 10, NAVY)):
            prints = [square(template, x=x, y=22, width=width)]
            drawn.append(still(renderer, *prints, colour=colour))
            drawn.extend(
                renderer.turntable(prints=prints, colour=colour, size=128, frames=4, background=GREY)
            )
        return [picture.tobytes() for picture in drawn]

    assert pictures(Renderer(template, threads=2)) == pictures(Renderer(template, threads=1, keep=False))


def test_a_turntable_of_another_design_needs_no_view(
    template: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    renderer = Renderer(template, threads=2)

    def turn(rgba: tuple[int, ...]) -> list[Picture]:
        prints = [square(template, x=0, y=20, width=10, rgba=rgba)]
        return list(renderer.turntable(prints=prints, colour=WHITE, size=256, frames=6, background=GREY))

    first = turn((200, 0, 0, 255))
    monkeypatch.setattr(relight, "build_view", None)
    assert not np.array_equal(first[0], turn((0, 0, 200, 255))[0])


def test_stills_and_turntables_in_turn_make_each_view_once(
    template: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The life of a worker: what was made of views has room, the views themselves have not."""

    def order(renderer: Renderer, rgba: tuple[int, ...]) -> None:
        prints = [square(template, x=0, y=20, width=10, rgba=rgba)]
        angles = range(0, 360, 60)
        list(renderer.stills(prints=prints, colour=WHITE, azimuths=angles, size=SIZE, background=GREY))
        list(renderer.turntable(prints=prints, colour=WHITE, size=256, frames=72, background=GREY))

    def made_of_views(renderer: Renderer) -> int:
        found = [future.result() for future in renderer._seen._found.values()]
        return sum(one.nbytes for one in found if not isinstance(one, View))

    roomy = Renderer(template, threads=1)
    order(roomy, (200, 0, 0, 255))
    monkeypatch.setattr(relight, "SEEN_BYTES", made_of_views(roomy) * 101 // 100)
    renderer = Renderer(template, threads=2)
    order(renderer, (200, 0, 0, 255))
    monkeypatch.setattr(relight, "build_view", None)
    order(renderer, (0, 0, 200, 255))


def test_cloth_is_kept_beside_a_view_while_there_is_room(
    template: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kept(budget: int) -> list[View | Canvas | Plain]:
        monkeypatch.setattr(relight, "SEEN_BYTES", budget)
        renderer = Renderer(template, threads=1)
        for colour in (WHITE, NAVY):
            still(renderer, colour=colour)
        return [future.result() for future in renderer._seen._found.values()]

    everything = kept(20_000_000)
    cloths = [found for found in everything if isinstance(found, Plain)]
    too_little = sum(found.nbytes for found in everything) - cloths[0].nbytes // 2
    assert len(cloths) == 2
    assert sum(isinstance(found, Plain) for found in kept(too_little)) == 1


@pytest.mark.rows("R302")
def test_what_is_kept_stays_within_its_budgets(template: Template, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relight, "SEEN_BYTES", 12_000_000)
    renderer = Renderer(template, threads=2)
    list(renderer.stills(prints=[], colour=WHITE, azimuths=range(0, 360, 30), size=SIZE, background=GREY))
    kept = renderer._seen.nbytes
    assert 0 < kept <= 12_000_000


@pytest.mark.parametrize(("samples_per_cm", "factor"), [(101, 1), (50, 2), (9, 12), (400, 1)])
def test_a_design_finer_than_the_samples_is_averaged(
    template: Template, samples_per_cm: float, factor: int
) -> None:
    design = synthetic.sized(2400, 3000)
    art = resolve(width=2400, height=3000, where=Preset.CHEST_MEDIUM, template=template)
    assert box_factor(Print(art, design), samples_per_cm) == factor


def test_light_scales_with_exposure(template: Template, renderer: Renderer) -> None:
    brighter: Callable[[float], Picture] = lambda by: still(Renderer(_exposed(template, by), threads=1))  # noqa: E731
    middle = tuple(round(v) for v in where_panel_is(template, 0, 30))[::-1]
    assert (
        int(brighter(1.3)[middle].sum())
        > int(still(renderer)[middle].sum())
        > int(brighter(0.7)[middle].sum())
    )


def _exposed(template: Template, by: float) -> Template:
    from dataclasses import replace

    return replace(template, exposure=template.exposure * by)


def trimmed(template: Template, *, x: float, y: float, panel: str = "front") -> Template:
    """With a green square of 6 cm of its own."""
    design = synthetic.solid(60, 60, (0, 150, 0, 255))
    return replace(template, trims=(Trim(panel, x, y, 6, 0, design),))


def test_a_trim_shows_without_any_order_and_lies_below_prints(template: Template) -> None:
    renderer = Renderer(trimmed(template, x=0, y=25), threads=1)
    green, red = (0, 1, 0), (1, 0, 0)
    column, row = (round(v) for v in where_panel_is(template, 0, 25))
    bare = still(renderer)[row, column]
    assert np.argmax(green) == np.argmax(bare)
    printed = still(renderer, square(template, x=0, y=25, width=3))
    assert np.argmax(red) == np.argmax(printed[row, column])
    column, row = (round(v) for v in where_panel_is(template, 2.4, 25))
    assert np.argmax(green) == np.argmax(printed[row, column])
    (frame,) = renderer.turntable(prints=[], colour=WHITE, size=SIZE, frames=1, background=GREY)
    assert np.argmax(green) == np.argmax(frame[row, column])


def test_a_trim_may_lie_where_nothing_can_be_printed(template: Template) -> None:
    unprintable = tuple(replace(panel, print_area=None) for panel in template.panels)
    shirt = replace(trimmed(template, x=0, y=25), panels=unprintable)
    renderer = Renderer(shirt, threads=1)
    plain = still(Renderer(template, threads=1)).astype(int)
    shown = still(renderer).astype(int)
    changed = np.abs(shown - plain).max(axis=2) > 20
    assert changed.sum() > 50
    assert (np.argmax(shown[changed], axis=1) == 1).mean() > 0.95


def test_a_small_trim_costs_little_room(template: Template) -> None:
    """Its canvas holds its own tiles and no more."""
    shirt = trimmed(template, x=0, y=30)
    renderer = Renderer(shirt, threads=1)
    still(renderer)
    everything = [future.result() for future in renderer._seen._found.values()]
    (canvas,) = (found for found in everything if isinstance(found, Canvas))
    side = 10 * pixels_per_cm(shirt.camera, SIZE) / TILE + 2  # its grid is 10 cm wide
    assert 0 < len(canvas.tile) <= side**2
