/* An edit as the server stores it, as tracks on one line of frames; and where in it a finding points. */

import type { Finding, RevisionDetail } from "../api/client";
import { countingOf, frameOf, type Counting } from "./timecode";

export const FORMATS = [
  { id: "full_16_9", label: "Full", shape: "16:9", about: "the whole programme, wide" },
  { id: "short_9_16", label: "Short", shape: "9:16", about: "upright, for phones" },
  { id: "clip_1_1", label: "Clip", shape: "1:1", about: "square" },
  { id: "thumbnail", label: "Thumbnail", shape: "16:9", about: "a picture" },
] as const;

export const formatName = (id: string) => FORMATS.find((each) => each.id === id)?.label ?? id;

export interface Shot {
  name?: string;
  camera?: string;
  source_in?: number;
  source_out?: number;
  record_in: number;
  record_out: number;
  dissolve?: number;
  gain?: number;
}

export interface Mark {
  kind: string;
  frame: number;
  name?: string;
  length?: number;
}

/** A stretch of a track that is no shot. */
export interface Stretch {
  from: number;
  to: number;
  text: string;
}

export interface Lane {
  id: string;
  label: string;
  stretches: Stretch[];
}

export interface Edit {
  rate: number;
  frames: number;
  counting: Counting;
  shots: Shot[];
  marks: Mark[];
  /** Recorders' names, in their order; such that only the edit knows come last. */
  cameras: string[];
  /** Titles, captions and formats. */
  lanes: Lane[];
}

interface Content {
  rate: string;
  start?: string;
  drop?: boolean;
  events?: Shot[];
  markers?: Mark[];
  graphics?: { template: string; record_in: number; record_out: number; fields?: Record<string, string> }[];
  captions?: { language: string; cues?: { start: number; end: number; text: string }[] }[];
  outputs?: Record<string, { from: number; to: number }[]>;
}

export function editOf(revision: RevisionDetail, recorders: string[]): Edit {
  const content = revision.content as unknown as Content;
  const shots = content.events ?? [];
  const nominal = Math.round(Number(content.rate)) || 25;
  // 29.97 and its kind are 1000/1001 of whole numbers
  const rate = Number.isInteger(Number(content.rate)) ? nominal : (nominal * 1000) / 1001;
  const used = shots.flatMap((shot) => (shot.camera ? [shot.camera] : []));
  const cameras = [...new Set([...recorders.filter((name) => used.includes(name)), ...used])];
  const frames = Math.max(1, revision.frames);
  const lanes: Lane[] = [];
  if (content.graphics?.length)
    lanes.push({
      id: "graphics",
      label: "Titles",
      stretches: content.graphics.map((each) => ({ from: each.record_in, to: each.record_out, text: Object.values(each.fields ?? {})[0] ?? each.template })),
    });
  for (const { language, cues = [] } of content.captions ?? [])
    lanes.push({
      id: `captions ${language}`,
      label: `Captions ${language}`,
      stretches: cues.map((cue) => ({ from: Math.round((cue.start / 1000) * rate), to: Math.round((cue.end / 1000) * rate), text: cue.text })),
    });
  for (const { id, label, shape } of FORMATS)
    if (id !== "thumbnail")
      lanes.push({
        id: `output ${id}`,
        label: `${label} ${shape}`,
        stretches: rangesOf(content, id, frames).map(([from, to]) => ({ from, to, text: `${((to - from) / rate).toFixed(1)} s` })),
      });
  return { rate, frames, counting: countingOf(content.rate, content.drop ?? false, content.start ?? ""), shots, marks: content.markers ?? [], cameras, lanes };
}

function rangesOf(content: Content, format: string, frames: number): [number, number][] {
  const own = content.outputs?.[format];
  return own?.length ? own.map(({ from, to }) => [from, to]) : [[0, frames]];
}

/** How long a format of the edit is, in seconds. */
export function lasts(edit: Edit, format: string): number {
  const lane = edit.lanes.find((each) => each.id === `output ${format}`);
  return (lane?.stretches ?? []).reduce((sum, { from, to }) => sum + (to - from), 0) / edit.rate;
}

/** A place in the edit: a shot by its number, or a frame; perhaps a track. */
export interface Place {
  shot?: number;
  frame: number;
  lane?: string;
}

/** Where a finding, or a change between revisions, points; null: nowhere in the edit. */
export function placeOf(edit: Edit, where: string): Place | null {
  const plain = where.replace(/, line \d+$/, "");
  const shot = edit.shots.findIndex((each) => namesOf(each).includes(plain));
  if (shot >= 0) return { shot, frame: edit.shots[shot].record_in };
  const stamp = /^event at ([\d:;.]+): /.exec(plain);
  if (stamp) {
    const frame = (frameOf(stamp[1], edit.counting) ?? 0) - edit.counting.start;
    return shotAt(edit, frame);
  }
  const mark = edit.marks.find((each) => plain === `marker ${each.name || each.frame}`);
  if (mark) return { frame: mark.frame, lane: "markers" };
  const graphic = /^graphic .* at frame (\d+)$/.exec(plain);
  if (graphic) return { frame: Number(graphic[1]), lane: "graphics" };
  const lane = edit.lanes.find((each) => each.id === plain);
  return lane ? { frame: lane.stretches[0]?.from ?? 0, lane: lane.id } : null;
}

export function shotAt(edit: Edit, frame: number): Place {
  const shot = edit.shots.findIndex((each) => each.record_in <= frame && frame < each.record_out);
  return shot >= 0 ? { shot, frame } : { frame };
}

function namesOf(shot: Shot): string[] {
  const name = shot.name ? `event ${shot.name}` : `event at frame ${shot.record_in}`;
  return [name, `camera ${shot.camera}, ${name}`];
}

/** The recorder that a finding is about, when it is about one as a whole. */
export function recorderOf(where: string): string | null {
  return /^camera ([^,]+)$/.exec(where)?.[1] ?? null;
}

const RANK: Record<string, number> = { error: 0, warning: 1, note: 2 };

/** Findings of several askings, each once, the worst first. */
export function together(...lists: Finding[][]): Finding[] {
  const once = new Map(lists.flat().map((each) => [`${each.code} ${each.where} ${each.message}`, each]));
  return [...once.values()].sort((a, b) => (RANK[a.severity] ?? 3) - (RANK[b.severity] ?? 3));
}
