/* Names of the API as people say them. */

import type { Job } from "../api/client";

/** Around the garment. */
export const VIEWS = ["front_0deg", "front_45deg_left", "left_90deg", "back_180deg", "right_270deg", "front_45deg_right"];

const SHORT: Record<string, string> = {
  front_0deg: "front",
  front_45deg_left: "45° left",
  left_90deg: "left",
  back_180deg: "back",
  right_270deg: "right",
  front_45deg_right: "45° right",
  animation: "turntable",
  composited: "flat picture",
  print: "print file",
};

export function viewName(role: string): string {
  return SHORT[role] ?? role.replace(/_/g, " ").replace(/(\d+)deg/, "$1°");
}

export function presetName(preset: string | null): string {
  return preset ? preset.replace(/-/g, " ") : "placed by hand";
}

/** Whether a job belongs to a recording session, not to a garment. */
export function isVideoWork({ pipeline }: Pick<Job, "pipeline">): boolean {
  return pipeline === "video" || pipeline === "ingest";
}

/** What a job makes: a placement, a format of a session, or what is known of a recording. */
export function workName({ pipeline, preset, options }: Pick<Job, "pipeline" | "preset" | "options">): string {
  if (pipeline === "video") return `${String(options.format).replace(/_/g, " ").replace(/ (\d+) (\d+)$/, " $1:$2")} of ${String(options.session_id)}`;
  return pipeline === "ingest" ? "a recording, looked into" : presetName(preset);
}

/** A file's size. */
export function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 10 && unit ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** A span in seconds. */
export function span(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 90) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
