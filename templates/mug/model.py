"""Builds the mug: `python templates/mug/model.py` writes build/garment.npz.

Body and inside are turned sections; the handle is swept, its ends run into the body without a crease."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray
from params import BUILD, HERE, MUG, Mug

from tirage.authoring.forms import Patch, along, arc, solid
from tirage.authoring.source import Source

F64 = NDArray[np.float64]
WINDOW = (16, 14)  # cells of the body that give way to each end of the handle
OUTWARDS = 6  # rings of cells from there to the handle's end


def angles(m: Mug) -> F64:
    """Around the body as one walks it from outside, 0 opposite the handle, from seam to seam."""
    step = 2 * np.pi / m.columns
    last = round(m.seam / m.radius / step) * step
    return np.asarray(last - 2 * np.pi + step * np.arange(m.columns + 1))


def turned(m: Mug, section: F64, turn: F64) -> tuple[F64, F64]:
    """Positions (n, columns, 3) cm and normals of a section (n, 2), (radius, height), about the axis."""
    step = np.gradient(section, axis=0)
    step /= np.linalg.norm(step, axis=1, keepdims=True)
    around = np.stack([-np.cos(turn), -np.sin(turn)], 1)
    flat = section[:, :1, None] * around
    high = np.broadcast_to(section[:, 1:, None], (*flat.shape[:2], 1))
    out = -step[:, 1, None, None] * around  # sections run so that their outside lies to the left
    up = np.broadcast_to(step[:, :1, None], (*flat.shape[:2], 1))
    place = np.concatenate([flat, high], 2) + np.array([m.centre, 0, 0])
    return place, np.concatenate([out, up], 2)


def body_section(m: Mug) -> tuple[F64, F64]:
    """(radius, height) from inside the lip over it and down to the foot, and the unrolled y of each point."""
    half = m.wall / 2
    t = np.radians(np.linspace(180, 0, 17))
    lip = np.stack([m.radius - half + half * np.cos(t), m.height - m.lip + m.lip * np.sin(t)], 1)
    wall = np.stack([np.full(len(levels(m)), m.radius), levels(m)], 1)[1:]
    corner = arc((m.radius - m.corner, m.corner + m.foot_height), m.corner, 0, -90, 9)[1:]
    foot = arc((m.foot_radius - 0.08, 0.1), 0.1, 0, -90, 5)
    neck = np.array([[m.foot_radius + 0.10, m.foot_height], [m.foot_radius + 0.03, m.foot_height - 0.03]])
    below = np.concatenate([corner, neck, foot])
    y_lip = (along(lip) - along(lip)[-1]) * m.lip_widened + m.lip
    y_wall = m.height - wall[:, 1]
    y_below = y_wall[-1] + along(np.concatenate([wall[-1:], below]))[1:] * 1.3
    return np.concatenate([lip, wall, below]), np.concatenate([y_lip, y_wall, y_below])


def levels(m: Mug) -> F64:
    """Heights of the straight wall's rows, from the lip down; both windows begin and end on rows."""
    high = 1.4
    stops = [
        m.height - m.lip,
        m.handle_top + high,
        m.handle_top - high,
        m.handle_bottom + high,
        m.handle_bottom - high,
    ]
    stops.append(m.corner + m.foot_height)
    parts = [
        np.linspace(a, b, n + 1)[:-1] for a, b, n in zip(stops, stops[1:], (1, 14, 14, 14, 1), strict=False)
    ]
    return np.concatenate([*parts, stops[-1:]])


def body(m: Mug) -> list[Patch]:
    """The outer body with its lip, around the windows that the handle's ends fill."""
    section, y = body_section(m)
    turn = angles(m)
    position, normal = turned(m, section, turn)
    uv = np.stack(np.broadcast_arrays(turn * m.radius, y[:, None]), -1)
    middle = int(np.argmin(np.abs(turn + np.pi)))
    left, right = middle - WINDOW[0] // 2, middle + WINDOW[0] // 2
    patches, rest = [], 0

    def block(rows: slice, columns: slice) -> Patch:
        at = (rows, columns)
        return Patch(panel="wrap", position=position[at] * 0.01, uv=uv[at], normal=normal[at])

    for height in (m.handle_top, m.handle_bottom):
        first = int(np.argmin(np.abs(section[:, 1] - height - 1.4) + 9 * (section[:, 0] < m.radius - 1e-9)))
        last = first + WINDOW[1]
        patches.append(block(slice(rest, first + 1), slice(None)))
        patches.append(block(slice(first, last + 1), slice(0, left + 1)))
        patches.append(block(slice(first, last + 1), slice(right, None)))
        patches.append(around_end(m, uv[first : last + 1, left : right + 1], height))
        rest = last
    patches.append(block(slice(rest, None), slice(None)))
    return patches


def border(grid: F64) -> F64:
    """The outline of a grid (r, c, d), closed: once around from the upper left corner, right first."""
    return np.concatenate([grid[0], grid[1:, -1], grid[-1, -2::-1], grid[-2::-1, 0]])


def end_outline(m: Mug, outline: F64, height: float) -> F64:
    """(n, 2) where the handle's end leaves the body, unrolled: a point towards each of the outline's."""
    centre = np.array([-np.pi * m.radius, m.height - height])
    away = outline - centre
    bearing = np.arctan2(away[:, 1] / 1.4, away[:, 0] / 1.6)
    return np.asarray(
        centre
        + np.stack(
            [(m.handle_wide + m.blend) * np.cos(bearing), (m.handle_thick + m.blend) * np.sin(bearing)], 1
        )
    )


def on_body(m: Mug, uv: F64) -> tuple[F64, F64]:
    """Position cm and normal of unrolled places (…, 2) on the straight wall."""
    turn = uv[..., 0] / m.radius
    out = np.stack([-np.cos(turn), -np.sin(turn), np.zeros_like(turn)], -1)
    position = out * m.radius + [m.centre, 0, 0]
    position[..., 2] = m.height - uv[..., 1]
    return position, out


def around_end(m: Mug, window: F64, height: float) -> Patch:
    """The window's cells as rings from the handle's end to the window's outline."""
    outer = border(window)
    inner = end_outline(m, outer, height)
    t = np.linspace(0, 1, OUTWARDS + 1)[:, None, None] ** 1.3
    uv = outer * (1 - t) + inner * t  # from outside in, clockwise as one looks at it
    position, normal = on_body(m, uv)
    return Patch(panel="wrap", position=position * 0.01, uv=uv, normal=normal)


def centre_line(m: Mug, count: int) -> F64:
    """(count, 2) of (x from the axis, height): an ear, from the upper end to the lower one."""
    reach = m.radius + m.handle_reach
    points = [
        ((m.radius - 0.05, m.handle_top), (5.6, 0.35)),
        ((reach, (m.handle_top + m.handle_bottom) / 2 + 0.35), (0.0, -5.2)),
        ((m.radius - 0.05, m.handle_bottom), (-5.4, -1.1)),
    ]
    t = np.linspace(0, 1, 400)[:, None]
    line = [
        np.array(a) * (1 + 2 * t) * (1 - t) ** 2
        + np.array(va) * t * (1 - t) ** 2
        + np.array(b) * t**2 * (3 - 2 * t)
        - np.array(vb) * t**2 * (1 - t)
        for (a, va), (b, vb) in itertools.pairwise(points)
    ]
    dense = np.concatenate([line[0], line[1][1:]])
    s = along(dense)
    at = np.linspace(0, s[-1], count)
    return np.stack([np.interp(at, s, dense[:, k]) for k in range(2)], 1)


def tube(m: Mug, bearing: F64) -> F64:
    """The swept section without its ends, (rows, n, 3) cm; bearings as `end_outline` has them."""
    line = centre_line(m, m.handle_rows)
    step = np.gradient(line, axis=0)
    step /= np.linalg.norm(step, axis=1, keepdims=True)
    up = np.stack([-step[:, 1], step[:, 0]], 1)  # away from the mug's bottom, at the upper end
    s = np.linspace(-1, 1, m.handle_rows)[:, None]
    wide = m.handle_wide * (0.94 + 0.06 * s**2)
    thick = m.handle_thick * (0.95 + 0.05 * s**2)
    side = wide * np.cos(bearing)  # to the right as one looks at the handle: +y from +x
    lift = -thick * np.sin(bearing)
    place = line[:, None] + up[:, None] * lift[..., None]
    return np.stack([place[..., 0] + m.centre, side, place[..., 1]], -1)


def handle(m: Mug) -> Patch:
    """The swept section, and at both ends a fillet whose last ring is the body's."""
    window = np.stack(
        np.meshgrid(np.linspace(-1.6, 1.6, WINDOW[0] + 1), np.linspace(-1.4, 1.4, WINDOW[1] + 1)), -1
    )
    outline = border(window)
    bearing = np.arctan2(outline[:, 1] / 1.4, outline[:, 0] / 1.6)
    rows = tube(m, bearing)
    clear = int(np.searchsorted(along(centre_line(m, m.handle_rows)), m.blend + 0.15))
    top = fillet(m, bearing, m.handle_top, rows[clear], rows[clear] - rows[clear + 1])
    bottom_bearing = -bearing  # seen from the body the lower end is upside down
    low = fillet(m, bottom_bearing, m.handle_bottom, rows[-clear - 1], rows[-clear - 1] - rows[-clear - 2])
    position = np.concatenate([top, rows[clear + 1 : -clear - 1], low[::-1]])
    normal = tube_normals(position)
    for row, height, b in ((0, m.handle_top, bearing), (-1, m.handle_bottom, bottom_bearing)):
        normal[row] = on_body(m, end_places(m, b, height))[1]
    ring = along(rows[len(rows) // 2])
    length = along(position.mean(axis=1))
    uv = np.stack(np.broadcast_arrays(length[:, None], ring[-1] - ring), -1) * m.handle_widened
    return Patch(panel="handle", position=position * 0.01, uv=uv, normal=normal)


def end_places(m: Mug, bearing: F64, height: float) -> F64:
    """Unrolled places of the handle's end for bearings."""
    centre = np.array([-np.pi * m.radius, m.height - height])
    size = np.array([m.handle_wide, m.handle_thick]) + m.blend
    return np.asarray(centre + size * np.stack([np.cos(bearing), np.sin(bearing)], 1))


def fillet(m: Mug, bearing: F64, height: float, ring: F64, away: F64) -> F64:
    """Rings (n, columns, 3) from the body to the handle's ring, along the one at first, then the other."""
    start, normal = on_body(m, end_places(m, bearing, height))
    chord = np.linalg.norm(ring - start, axis=1, keepdims=True)
    tangent = ring - start
    tangent = tangent - np.einsum("ij,ij->i", tangent, normal)[:, None] * normal
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    end = -away / np.linalg.norm(away, axis=1, keepdims=True)
    t = np.linspace(0, 1, 10)[:, None, None]
    return np.asarray(
        start * (1 + 2 * t) * (1 - t) ** 2
        + tangent * chord * 1.15 * t * (1 - t) ** 2
        + ring * t**2 * (3 - 2 * t)
        - end * chord * 1.15 * t**2 * (1 - t)
    )


def tube_normals(position: F64) -> F64:
    """Outward normals of a closed tube (rows, n, 3) whose last column is its first."""
    down = np.gradient(position, axis=0)
    ring = position[:, :-1]
    right = np.roll(ring, -1, 1) - np.roll(ring, 1, 1)
    right = np.concatenate([right, right[:, :1]], 1)
    out = np.cross(down, right)
    return np.asarray(out / np.linalg.norm(out, axis=2, keepdims=True))


def inside(m: Mug) -> list[Patch]:
    """Wall and fillet unrolled, and the floor as a disc."""
    inner = m.radius - m.wall
    curve = arc((inner - m.fillet, m.floor + m.fillet), m.fillet, -90, 0, 13)
    wall = np.stack([np.full(24, inner), np.linspace(m.floor + m.fillet, m.height - m.lip, 25)[1:]], 1)
    section = np.concatenate([curve, wall])
    turn = angles(m)
    position, normal = turned(m, section, turn)
    # up the wall, so that its outside, towards the axis, is to the left
    y = along(section)
    uv = np.stack(np.broadcast_arrays((turn + np.pi - turn[-1] / 2) * inner, y[:, None]), -1)
    wall_patch = Patch(panel="inside", position=position * 0.01, uv=uv, normal=normal)
    return [wall_patch, disc(m, "floor", inner - m.fillet, np.full(9, m.floor), up=True)]


def disc(m: Mug, panel: str, radius: float, heights: F64, *, up: bool) -> Patch:
    """A disc about the axis, seen from above or below; heights from its middle outwards, cm."""
    r = np.linspace(0, radius, len(heights))
    section = np.stack([r, heights], 1) if up else np.stack([r, heights], 1)[::-1]
    position, normal = turned(m, section, angles(m))
    flat = position[..., :2] - [m.centre, 0]
    uv = flat * [1, -1] if up else flat
    return Patch(panel=panel, position=position * 0.01, uv=uv, normal=normal)


def foot(m: Mug) -> Patch:
    """The foot ring's inner side and the recessed bottom, as a disc."""
    outer = m.foot_radius - 0.08
    ring = np.concatenate(
        [
            [[outer, 0.0], [outer - m.foot_width + 0.16, 0.0]],
            arc((outer - m.foot_width + 0.16, 0.1), 0.1, 270, 180, 5)[1:],
            [[outer - m.foot_width + 0.05, 0.2]],
            np.stack([np.linspace(outer - m.foot_width - 0.1, 0, 9), np.full(9, 0.24)], 1),
        ]
    )
    position, normal = turned(m, ring, angles(m))
    away = position[..., :2] - [m.centre, 0]
    unit = away / np.maximum(np.linalg.norm(away, axis=2, keepdims=True), 1e-9)
    length = (along(ring)[-1] - along(ring))[:, None, None]
    return Patch(panel="foot", position=position * 0.01, uv=unit * length, normal=normal)


def mug(m: Mug = MUG) -> list[Patch]:
    """All patches."""
    return [*body(m), handle(m), *inside(m), foot(m)]


def main() -> None:
    """Write the garment."""
    BUILD.mkdir(exist_ok=True)
    garment = solid(mug(), Source.open(HERE).origins)
    garment.save(BUILD / "garment.npz")
    print(f"{len(garment.position)} points, {len(garment.triangle)} triangles")


if __name__ == "__main__":
    main()
