/* What happened to a job, line by line: what the server keeps of it, in the order of time. */

import { Code } from "@mantine/core";
import type { Job } from "../api/client";
import type { components } from "../api/schema";
import { span } from "./words";

type History = components["schemas"]["JobHistory"];

const LAST = 60;

export function Log({ history, job }: { history: History; job: Job }) {
  const lines = linesOf(history, job);
  return (
    <Code block mt="xs" tabIndex={0} aria-label="Log">
      {lines
        .slice(-LAST)
        .map(([at, text]) => `${at.slice(11, 23)}  ${text}`)
        .join("\n")}
    </Code>
  );
}

/** Times (ISO, UTC) and what happened then. */
function linesOf({ attempts, steps }: History, job: Job): [string, string][] {
  const took = (from: string, to: string) => span((Date.parse(to) - Date.parse(from)) / 1000);
  const lines: [string, string][] = [[job.created_at, "ordered"]];
  for (const { number, worker, started_at: from, ended_at: to, error } of attempts) {
    lines.push([from, `attempt ${number} begins on ${worker}`]);
    if (to) lines.push([to, error ? `attempt ${number} fails: ${error.code}: ${error.message}` : `attempt ${number} ends after ${took(from, to)}`]);
  }
  for (const { name, attempt, started_at: from, ended_at: to, findings } of steps) {
    lines.push([from, `${name} begins, attempt ${attempt}`]);
    for (const each of findings) lines.push([to ?? from, `${name}: ${each.severity}: ${each.code}: ${each.message}`]);
    if (to) lines.push([to, `${name} ends after ${took(from, to)}`]);
  }
  if (job.completed_at) lines.push([job.completed_at, job.status]);
  return lines.map((line, i) => [line, i] as const).sort(([a, i], [b, k]) => Date.parse(a[0]) - Date.parse(b[0]) || i - k).map(([line]) => line);
}
