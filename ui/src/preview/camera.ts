/* Where the camera stands, as src/tirage/mockup/camera.py has it; with a height of its own for free orbit. */

import type { Scene, Vector } from "./bundle";

export interface Orbit {
  /** Degrees from the front towards the wearer's left. */
  azimuth: number;
  /** Degrees above the template's own camera. */
  tilt: number;
}

export interface CameraPose {
  position: Vector;
  /** Rows right, up, forward. */
  axes: number[];
  /** Focal length over half the picture. */
  focal: number;
}

export function poseCamera(camera: Scene["camera"], orbit: Orbit): CameraPose {
  const around = (orbit.azimuth * Math.PI) / 180;
  const away = Math.hypot(camera.distance_m, camera.height_m);
  const above = Math.atan2(camera.height_m, camera.distance_m) + (orbit.tilt * Math.PI) / 180;
  const flat = away * Math.cos(above);
  const back: Vector = [
    (flat * Math.sin(around)) / away,
    (-flat * Math.cos(around)) / away,
    Math.sin(above),
  ];
  const right = unit([-back[1], back[0], 0]);
  const up = cross(back, right);
  return {
    position: [back[0] * away, back[1] * away, camera.target_z_m + back[2] * away],
    axes: [...right, ...up, -back[0], -back[1], -back[2]],
    focal: (2 * camera.lens_mm) / camera.sensor_mm,
  };
}

/** The template's pixels per centimetre at the camera's target. */
export function pixelsPerCm(camera: Scene["camera"], size: number): number {
  return ((camera.lens_mm / camera.sensor_mm) * size) / camera.distance_m / 100;
}

function unit(v: Vector): Vector {
  const length = Math.hypot(...v);
  return [v[0] / length, v[1] / length, v[2] / length];
}

function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}
