/* Recordings on their way to the server.  They go on while other pages are looked at, one after another:
   the line is as fast for one as for several. */

import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { csrfHeaders } from "../api/client";

export interface Upload {
  recorder: string;
  name: string;
  /** 0–1 */
  sent: number;
  problem: string | null;
}

interface Waiting {
  recorder: string;
  file: File;
  queries: QueryClient;
}

let known: Upload[] = [];
const waiting: Waiting[] = [];
const listeners = new Set<() => void>();
let busy = false;

function put(next: Upload[]): void {
  known = next;
  for (const each of listeners) each();
}

const same = (one: Upload, { recorder, file }: Waiting) => one.recorder === recorder && one.name === file.name;

export function useUploads(recorder: string): Upload[] {
  const all = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => known,
  );
  return all.filter((each) => each.recorder === recorder);
}

/** Sends a recording to a recorder. */
export function send(recorder: string, file: File, queries: QueryClient): void {
  const job = { recorder, file, queries };
  put([...known.filter((each) => !same(each, job)), { recorder, name: file.name, sent: 0, problem: null }]);
  waiting.push(job);
  if (!busy) void work();
}

export function forget(recorder: string, name: string): void {
  put(known.filter((each) => each.recorder !== recorder || each.name !== name));
}

/** While something is sent, leaving asks first. */
function hold(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

async function work(): Promise<void> {
  busy = true;
  addEventListener("beforeunload", hold);
  for (let job = waiting.shift(); job; job = waiting.shift()) {
    const current = job;
    const change = (values: Partial<Upload>) => put(known.map((each) => (same(each, current) ? { ...each, ...values } : each)));
    const problem = await transfer(current, (sent) => change({ sent }));
    if (problem) change({ problem });
    else forget(current.recorder, current.file.name);
    await current.queries.invalidateQueries({ queryKey: ["sessions"] });
  }
  removeEventListener("beforeunload", hold);
  busy = false;
}

/** What went wrong, in words; null when it arrived.  fetch() does not tell how far a body is. */
function transfer({ recorder, file }: Waiting, tell: (sent: number) => void): Promise<string | null> {
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.open("PUT", `/v1/assets/${encodeURIComponent(recorder)}/files/${encodeURIComponent(file.name)}`);
    for (const [name, value] of Object.entries(csrfHeaders())) request.setRequestHeader(name, value);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = ({ loaded, total }) => tell(total ? loaded / total : 0);
    request.onload = () => done(request.status < 300 ? null : refusal(request));
    request.onerror = () => done("The connection broke. Send it again.");
    request.send(file);
  });
}

function refusal(request: XMLHttpRequest): string {
  try {
    const { detail, hint } = JSON.parse(request.responseText) as { detail?: string; hint?: string };
    return [detail, hint].filter(Boolean).join(" ");
  } catch {
    return `The server answered ${request.status}.`;
  }
}
