/* What may wait, so that what moves need not. */

import { startTransition, useEffect, useReducer, useRef, useState } from "react";

const PAUSE_MS = 250;

/** A value for what need not follow every frame: as it is at rest, a few times a second while something moves. */
export function useCalm<T>(value: T, moving: boolean): T {
  const [, again] = useReducer((count: number) => count + 1, 0);
  const latest = useRef(value);
  const shown = useRef(value);
  latest.current = value;
  if (!moving) shown.current = value;
  useEffect(() => {
    if (!moving) return;
    const timer = setInterval(() => {
      if (shown.current === latest.current) return;
      shown.current = latest.current;
      startTransition(again);
    }, PAUSE_MS);
    return () => clearInterval(timer);
  }, [moving]);
  return shown.current;
}

/** False at first, true once what was shown first is there. */
export function useLate(): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => startTransition(() => setLate(true)), []);
  return late;
}
