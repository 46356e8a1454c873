/* From a place on a flat panel to where it is in space, and back to the picture: for handles around a design. */

import type { Bundle, Vector } from "./bundle";
import { poseCamera, type Orbit } from "./camera";

const CELLS = 256;

/** The outside of the cloth, found by atlas place; sorted when somebody first asks. */
export class Surface {
  private sorted: Cells | null = null;

  constructor(private readonly bundle: Bundle) {}

  /** The point and normal at panel cm; null off the panel. */
  at(panelName: string, x: number, y: number): { point: Vector; normal: Vector } | null {
    const { scene, mesh } = this.bundle;
    const index = scene.panels.findIndex((panel) => panel.name === panelName);
    if (index < 0) return null;
    const [ox, oy] = scene.panels[index].origin;
    const u = ((x + ox) / scene.atlas_cm) * 65534;
    const v = ((y + oy) / scene.atlas_cm) * 65534;
    const { first, triangles } = (this.sorted ??= sortCells(this.bundle));
    const here = cell(v) * CELLS + cell(u);
    for (let k = first[here]; k < first[here + 1]; k++) {
      const t = triangles[k];
      const corners = [0, 1, 2].map((k) => mesh.triangles[t + k]);
      if ((mesh.flags[corners[0]] & 63) !== index) continue;
      const weights = inside(u, v, corners.map((i) => [mesh.place[2 * i], mesh.place[2 * i + 1]]));
      if (!weights) continue;
      const { low, high } = scene.mesh;
      const mixed = (values: ArrayLike<number>, axis: number) =>
        corners.reduce((sum, i, k) => sum + weights[k] * values[3 * i + axis], 0);
      const axes = [0, 1, 2] as const;
      return {
        point: axes.map((a) => low[a] + (mixed(mesh.position, a) / 65535) * (high[a] - low[a])) as Vector,
        normal: axes.map((a) => mixed(mesh.normal, a) / 32767) as Vector,
      };
    }
    return null;
  }

  /** Where panel cm are in the picture, 0..1 from the top left, and whether that side faces the camera. */
  inPicture(orbit: Orbit, panel: string, x: number, y: number): { x: number; y: number; faces: boolean } | null {
    const found = this.at(panel, x, y);
    if (!found) return null;
    const pose = poseCamera(this.bundle.scene.camera, orbit);
    const d = found.point.map((value, axis) => value - pose.position[axis]);
    const seen = [0, 1, 2].map((row) => d.reduce((sum, value, axis) => sum + pose.axes[3 * row + axis] * value, 0));
    return {
      x: 0.5 + (pose.focal * seen[0]) / seen[2] / 2,
      y: 0.5 - (pose.focal * seen[1]) / seen[2] / 2,
      faces: d.reduce((sum, value, axis) => sum + value * found.normal[axis], 0) < 0,
    };
  }
}

/** Triangles (their first corner) by cell of the atlas: those of cell c are first[c] to first[c + 1]. */
interface Cells {
  first: Uint32Array;
  triangles: Uint32Array;
}

const cell = (steps: number) => Math.min(Math.max(Math.floor((steps * CELLS) / 65535), 0), CELLS - 1);

function sortCells({ mesh, scene }: Bundle): Cells {
  const { triangles, place, flags } = mesh;
  const hidden = scene.mesh.inside | scene.mesh.rim;
  /** Counts, then fills: the same walk twice, so that no lists are made. */
  const walk = (visit: (cell: number, triangle: number) => void) => {
    for (let t = 0; t < triangles.length; t += 3) {
      const [a, b, c] = [triangles[t], triangles[t + 1], triangles[t + 2]];
      if (flags[a] & hidden) continue;
      const right = cell(Math.max(place[2 * a], place[2 * b], place[2 * c]));
      const bottom = cell(Math.max(place[2 * a + 1], place[2 * b + 1], place[2 * c + 1]));
      const left = cell(Math.min(place[2 * a], place[2 * b], place[2 * c]));
      for (let y = cell(Math.min(place[2 * a + 1], place[2 * b + 1], place[2 * c + 1])); y <= bottom; y++)
        for (let x = left; x <= right; x++) visit(y * CELLS + x, t);
    }
  };
  const first = new Uint32Array(CELLS * CELLS + 1);
  walk((at) => first[at + 1]++);
  for (let at = 0; at < CELLS * CELLS; at++) first[at + 1] += first[at];
  const next = first.slice();
  const found = new Uint32Array(first[CELLS * CELLS]);
  walk((at, t) => (found[next[at]++] = t));
  return { first, triangles: found };
}

/** Barycentric weights of a place in a triangle; null outside. */
function inside(u: number, v: number, [a, b, c]: number[][]): [number, number, number] | null {
  const area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
  if (!area) return null;
  const second = ((u - a[0]) * (c[1] - a[1]) - (v - a[1]) * (c[0] - a[0])) / area;
  const third = ((b[0] - a[0]) * (v - a[1]) - (b[1] - a[1]) * (u - a[0])) / area;
  const first = 1 - second - third;
  const slack = -1e-4;
  return first < slack || second < slack || third < slack ? null : [first, second, third];
}
