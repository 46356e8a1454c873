/* Where art lies on a panel: presets, limits and measures, as src/tirage/mockup/placement.py has them. */

import type { Place, Scene } from "../preview/bundle";
import type { DraftPrint } from "./draft";

export interface Picture {
  width: number;
  height: number;
}

export const WIDTH_CM = [0.5, 100] as const;
const CM_PER_INCH = 2.54;

/** Where a preset puts a picture; null: the template has none of that name. */
export function presetPlace(scene: Scene, name: string, picture: Picture): Place | null {
  const rule = scene.presets[name];
  const panel = rule && scene.panels.find((each) => each.name === rule.panel);
  if (!panel) return null;
  const width = Math.min(rule.width, (rule.max_height * picture.width) / picture.height);
  const tall = (width * picture.height) / picture.width;
  const y =
    rule.anchor === "top"
      ? rule.distance + tall / 2
      : rule.anchor === "middle"
        ? rule.distance
        : (panel.hem_y ?? panel.bounds[3]) - rule.distance - tall / 2;
  return { panel: rule.panel, x: rule.x, y, width, rotation: 0 };
}

/** The preset that puts a design exactly there. */
export function presetOf(scene: Scene, { place, design }: DraftPrint): string | null {
  const same = (a: number, b: number) => Math.abs(a - b) < 0.005;
  return (
    Object.keys(scene.presets).find((name) => {
      const preset = presetPlace(scene, name, design);
      return (
        preset?.panel === place.panel &&
        same(preset.x, place.x) &&
        same(preset.y, place.y) &&
        same(preset.width, place.width) &&
        same(preset.rotation, place.rotation)
      );
    }) ?? null
  );
}

/** The view that looks at a panel most straight. */
export function azimuthOf(panel: string): number {
  return panel.startsWith("back") ? 180 : panel.endsWith("left") ? 90 : panel.endsWith("right") ? 270 : 0;
}

/** The template's views in the order in which one walks around it. */
export function viewsAround(scene: Scene): Scene["views"] {
  return [...scene.views].sort((a, b) => a.azimuth - b.azimuth);
}

/** The usual place, or the first on the side that is seen without a design. */
export function freePreset(scene: Scene, prints: DraftPrint[], azimuth: number): string {
  const names = Object.keys(scene.presets);
  const seen = Math.abs(((((azimuth % 360) + 540) % 360)) - 180) > 90 ? "back" : "front";
  const taken = new Set(prints.map((print) => print.place.panel));
  const usual = ["chest-medium", "back-medium", ...names].filter((name) => names.includes(name));
  return (
    usual.find((name) => scene.presets[name].panel === seen && !taken.has(seen)) ??
    usual.find((name) => !taken.has(scene.presets[name].panel)) ??
    usual[0]
  );
}

export function dpi(place: Place, picture: Picture): number {
  return (picture.width / place.width) * CM_PER_INCH;
}

/** Panel cm of the top left, top right, bottom right and bottom left corner. */
export function corners(place: Place, picture: Picture): [number, number][] {
  const half = [place.width / 2, (place.width * picture.height) / picture.width / 2];
  const turned = (place.rotation * Math.PI) / 180;
  const [cos, sin] = [Math.cos(turned), Math.sin(turned)];
  return [
    [-1, -1],
    [1, -1],
    [1, 1],
    [-1, 1],
  ].map(([sx, sy]) => {
    const [x, y] = [sx * half[0], sy * half[1]];
    return [place.x + cos * x - sin * y, place.y + sin * x + cos * y];
  });
}

/** The share of the art's box that lies outside the print area. */
export function outside(scene: Scene, place: Place, picture: Picture): number {
  const area = scene.panels.find((panel) => panel.name === place.panel)?.print_area;
  if (!area) return 1;
  const points = corners(place, picture);
  const across = [Math.min(...points.map((p) => p[0])), Math.max(...points.map((p) => p[0]))];
  const down = [Math.min(...points.map((p) => p[1])), Math.max(...points.map((p) => p[1]))];
  const shared = (low: number, high: number, from: number, to: number) => Math.max(Math.min(high, to) - Math.max(low, from), 0);
  const within = shared(across[0], across[1], area[0], area[2]) * shared(down[0], down[1], area[1], area[3]);
  return 1 - within / ((across[1] - across[0]) * (down[1] - down[0]));
}

/** The same design moved, and if need be made smaller, until it lies in the print area. */
export function inArea(scene: Scene, place: Place, picture: Picture): Place {
  const area = scene.panels.find((panel) => panel.name === place.panel)?.print_area;
  if (!area) return place;
  const reach = (width: number) => {
    const points = corners({ ...place, x: 0, y: 0, width }, picture);
    return [Math.max(...points.map((p) => p[0])), Math.max(...points.map((p) => p[1]))];
  };
  const [half, tall] = reach(place.width);
  const fit = Math.min((area[2] - area[0]) / 2 / half, (area[3] - area[1]) / 2 / tall, 1);
  const width = place.width * fit;
  const [across, down] = reach(width);
  const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value, low), Math.max(high, low));
  return { ...place, width, x: clamp(place.x, area[0] + across, area[2] - across), y: clamp(place.y, area[1] + down, area[3] - down) };
}

const SNAP_CM = 0.4;
const SNAP_DEGREES = 3;

/** Draws a place to the panel's middle, to a preset's spot, to right angles. */
export function snapped(scene: Scene, place: Place, picture: Picture): { place: Place; to: string | null } {
  const rotation = near(place.rotation, Math.round(place.rotation / 45) * 45, SNAP_DEGREES);
  for (const name of Object.keys(scene.presets)) {
    const preset = presetPlace(scene, name, picture);
    if (preset?.panel !== place.panel) continue;
    const close = Math.hypot(preset.x - place.x, preset.y - place.y) < 2 * SNAP_CM && Math.abs(preset.width - place.width) < SNAP_CM;
    if (close && rotation === 0) return { place: preset, to: name };
  }
  const x = near(place.x, 0, SNAP_CM);
  return { place: { ...place, x, rotation }, to: x === 0 && place.x !== 0 ? "middle" : null };
}

function near(value: number, goal: number, reach: number): number {
  return Math.abs(value - goal) < reach ? goal : value;
}

export function clampPlace(scene: Scene, place: Place): Place {
  const bounds = scene.panels.find((panel) => panel.name === place.panel)!.bounds;
  const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);
  return {
    ...place,
    x: clamp(place.x, bounds[0], bounds[2]),
    y: clamp(place.y, bounds[1], bounds[3]),
    width: clamp(place.width, ...WIDTH_CM),
    rotation: ((((place.rotation + 180) % 360) + 360) % 360) - 180,
  };
}
