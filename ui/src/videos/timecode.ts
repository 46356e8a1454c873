/* Frames as timecode, and back: the same counting as the server's (drop-frame leaves out numbers, not frames). */

export interface Counting {
  /** Frames a second as they are counted: 30 for 29.97. */
  nominal: number;
  drop: boolean;
  /** The number of the programme's first frame. */
  start: number;
}

export function countingOf(rate: string, drop: boolean, start: string): Counting {
  const nominal = Math.round(Number(rate)) || 25;
  return { nominal, drop, start: frameOf(start, { nominal, drop }) ?? 0 };
}

/** The frame's timecode; the programme begins with `start`. */
export function timecode(frame: number, { nominal, drop, start }: Counting): string {
  let number = Math.max(0, frame + start);
  const left = drop ? nominal / 15 : 0;
  if (left) {
    const minute = nominal * 60 - left;
    const ten = minute * 10 + left;
    const rest = number % ten;
    number += 9 * left * Math.floor(number / ten) + (rest >= left ? left * Math.floor((rest - left) / minute) : 0);
  }
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const seconds = Math.floor(number / nominal);
  return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}${drop ? ";" : ":"}${two(number % nominal)}`;
}

/** A timecode's number; null when it is none. */
export function frameOf(text: string, { nominal, drop }: Pick<Counting, "nominal" | "drop">): number | null {
  const found = /^(\d+):(\d\d):(\d\d)[:;.](\d\d)$/.exec(text);
  if (!found) return null;
  const [hours, minutes, seconds, frames] = found.slice(1).map(Number);
  const whole = hours * 60 + minutes;
  return (whole * 60 + seconds) * nominal + frames - (drop ? (nominal / 15) * (whole - Math.floor(whole / 10)) : 0);
}

/** Minutes and seconds, as players show them. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const hours = Math.floor(whole / 3600);
  const rest = `${String(Math.floor(whole / 60) % 60).padStart(hours ? 2 : 1, "0")}:${String(whole % 60).padStart(2, "0")}`;
  return hours ? `${hours}:${rest}` : rest;
}
