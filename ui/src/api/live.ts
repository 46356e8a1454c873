/* What happens on the server, as it happens, for all tabs of this browser: one of them listens and tells the others
   (browsers allow six connections to a server; a stream takes one). */

import type { QueryClient } from "@tanstack/react-query";
import type { Job } from "./client";

const NAME = "tirage.events";

interface Told {
  name: string;
  job_id: string;
  status: string;
  progress: number;
}

/** Listens until the page closes; calls back with whether the stream is up. */
export function follow(queries: QueryClient, up: (connected: boolean) => void): () => void {
  const channel = new BroadcastChannel(NAME);
  const stop = new AbortController();
  let stream: EventSource | null = null;
  const take = (event: Told | "up" | "down") => {
    if (typeof event !== "string") return apply(queries, event);
    up(event === "up");
    // a new stream begins now: what happened before it, nobody was told
    if (event === "up") for (const about of ["jobs", "job", "batches", "sessions"]) void queries.invalidateQueries({ queryKey: [about] });
  };
  const tell = (event: Told | "up" | "down") => {
    channel.postMessage(event);
    take(event);
  };
  channel.onmessage = (message) => take(message.data);
  navigator.locks
    .request(NAME, { signal: stop.signal }, () => {
      if (stop.signal.aborted) return undefined;
      stream = new EventSource("/v1/events");
      stream.onopen = () => tell("up");
      stream.onerror = () => tell("down");
      for (const name of EVENTS) stream.addEventListener(name, (event) => tell(JSON.parse((event as MessageEvent).data)));
      return new Promise<void>((finish) => stop.signal.addEventListener("abort", () => finish()));
    })
    .catch(() => undefined); // aborted while waiting
  return () => {
    stop.abort();
    stream?.close();
    channel.close();
  };
}

const EVENTS = ["created", "compositing", "rendering", "queued", "processing", "progress", "completed", "failed", "cancelled", "retried"].map(
  (what) => `render.job.${what}`,
);

const PAUSE_MS = 1000;
let waiting = false;

/** Batches' lists are long: once a second is often enough. */
function soon(queries: QueryClient): void {
  if (waiting) return;
  waiting = true;
  setTimeout(() => {
    waiting = false;
    void queries.invalidateQueries({ queryKey: ["batches", "jobs"] });
  }, PAUSE_MS);
}

function apply(queries: QueryClient, event: Told): void {
  queries.setQueryData<Job>(["job", event.job_id], (job) =>
    job && { ...job, status: event.status, progress: event.progress },
  );
  if (event.name !== "render.job.progress") {
    void queries.invalidateQueries({ queryKey: ["job", event.job_id] });
    void queries.invalidateQueries({ queryKey: ["jobs"] });
    void queries.invalidateQueries({ queryKey: ["sessions"] });
    soon(queries);
  }
  if (event.status === "completed") void queries.invalidateQueries({ queryKey: ["products"] });
}
