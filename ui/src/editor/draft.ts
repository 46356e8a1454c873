/* What somebody is making: designs on one garment, its colour and background; every change can be taken back. */

import type { Place } from "../preview/bundle";

/** A stored design as the server knows it. */
export interface DraftDesign {
  id: string;
  name: string;
  url: string;
  width: number;
  height: number;
}

export interface DraftPrint {
  key: string;
  design: DraftDesign;
  place: Place;
}

export interface Draft {
  template: string;
  colour: string;
  background: string | null;
  prints: DraftPrint[];
}

export interface History {
  past: Draft[];
  now: Draft;
  future: Draft[];
  /** What the last change was about: changes of the same kind in a row are one step. */
  about: string | null;
  /** A hand holds a design. */
  live?: boolean;
}

export type Change =
  | { do: "set"; about?: string; draft: Partial<Draft> }
  | { do: "add"; print: DraftPrint }
  | { do: "move"; key: string; place: Place; live?: boolean }
  | { do: "remove"; key: string }
  | { do: "swap"; key: string; design: DraftDesign }
  | { do: "raise"; key: string; by: 1 | -1 }
  | { do: "settle" }
  | { do: "undo" }
  | { do: "redo" }
  | { do: "open"; draft: Draft };

const STEPS = 100;

export function begin(draft: Draft): History {
  return { past: [], now: draft, future: [], about: null };
}

export function changed(history: History, change: Change): History {
  const { past, now, future } = history;
  switch (change.do) {
    case "open":
      return begin(change.draft);
    case "settle":
      return { ...history, about: null, live: false };
    case "undo":
      return past.length
        ? { past: past.slice(0, -1), now: past[past.length - 1], future: [now, ...future], about: null }
        : history;
    case "redo":
      return future.length
        ? { past: [...past, now], now: future[0], future: future.slice(1), about: null }
        : history;
    case "set":
      return step(history, { ...now, ...change.draft }, change.about ?? null);
    case "add":
      return step(history, { ...now, prints: [...now.prints, change.print] }, null);
    case "remove":
      return step(history, { ...now, prints: now.prints.filter((print) => print.key !== change.key) }, null);
    case "swap": {
      const prints = now.prints.map((print) => (print.key === change.key ? { ...print, design: change.design } : print));
      return step(history, { ...now, prints }, null);
    }
    case "raise": {
      const at = now.prints.findIndex((print) => print.key === change.key);
      const to = at + change.by;
      if (at < 0 || to < 0 || to >= now.prints.length) return history;
      const prints = [...now.prints];
      [prints[at], prints[to]] = [prints[to], prints[at]];
      return step(history, { ...now, prints }, null);
    }
    case "move": {
      const prints = now.prints.map((print) => (print.key === change.key ? { ...print, place: change.place } : print));
      return { ...step(history, { ...now, prints }, `move ${change.key}`), live: change.live };
    }
  }
}

function step(history: History, now: Draft, about: string | null): History {
  if (about !== null && about === history.about) return { ...history, now, future: [], live: false };
  return { past: [...history.past, history.now].slice(-STEPS), now, future: [], about };
}

const SLOT = "tirage.draft";
const SHELF = "tirage.drafts";
const SHELVED = 12;

export const EMPTY: Draft = { template: "tee", colour: "white", background: "#ffffff", prints: [] };

/** A draft that was put aside. */
export interface Shelved {
  key: string;
  at: string;
  draft: Draft;
}

/** Keeps the draft in this browser. */
export function keep(draft: Draft): void {
  write(SLOT, draft);
}

export function kept(): Draft | null {
  return read<Draft>(SLOT);
}

export function shelved(): Shelved[] {
  return read<Shelved[]>(SHELF) ?? [];
}

/** Puts a draft with designs aside, before the others; the oldest goes. */
export function shelve(draft: Draft): Shelved[] {
  if (!draft.prints.length) return shelved();
  const key = JSON.stringify(draft.prints.map((print) => print.key));
  const list = [{ key, at: new Date().toISOString(), draft }, ...shelved().filter((each) => each.key !== key)].slice(0, SHELVED);
  write(SHELF, list);
  return list;
}

export function forget(key: string): Shelved[] {
  const list = shelved().filter((each) => each.key !== key);
  write(SHELF, list);
  return list;
}

function write(slot: string, value: unknown): void {
  try {
    localStorage.setItem(slot, JSON.stringify(value));
  } catch {
    // private windows may refuse; what is kept lives as long as the page then
  }
}

function read<T>(slot: string): T | null {
  try {
    return JSON.parse(localStorage.getItem(slot) ?? "null") as T | null;
  } catch {
    return null;
  }
}
