/* A fabric colour that the template has no name for: the same rules as cloth.py, read off those that it has. */

import type { FabricColour, Scene, Vector } from "./bundle";

const DARKEST = 0.02;
const BRIGHTEST = 0.9;

/** A template's colour by name, or any colour by its code (#rrggbb). */
export function dyed(scene: Scene, colour: string): FabricColour {
  const known = Object.values(scene.colours);
  const same = scene.colours[colour] ?? known.find((each) => each.code === colour.toLowerCase());
  if (same) return same;
  if (!/^#[0-9a-f]{6}$/i.test(colour)) return known[0];
  const albedo = [1, 3, 5].map((at) => {
    const v = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return Math.min(Math.max(v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4, DARKEST), BRIGHTEST);
  }) as Vector;
  const most = Math.max(...albedo);
  const depth = depthOf(known);
  return {
    code: colour,
    albedo,
    hue: albedo.map((channel) => channel / most) as Vector,
    deep: albedo.map(depth) as Vector,
    fabric: Object.keys(scene.fabrics)[0] ?? null,
  };
}

/** How strongly the pattern shows is a line over the albedo: through the darkest and the brightest that are known. */
function depthOf(known: FabricColour[]): (albedo: number) => number {
  const points = known.flatMap(({ albedo, deep }) => albedo.map((value, c) => [value, deep[c]] as const));
  points.sort((a, b) => a[0] - b[0]);
  const [low, high] = [points[0], points[points.length - 1]];
  const slope = high[0] > low[0] ? (high[1] - low[1]) / (high[0] - low[0]) : 0;
  return (albedo) => low[1] + slope * (albedo - low[0]);
}

/** A colour's code (#rrggbb) as three codes 0–255; null stays null. */
export function codes(colour: string | null): [number, number, number] | null {
  if (!colour) return null;
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)) as [number, number, number];
}
