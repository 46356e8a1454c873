/* A job's attempts and steps on one line of time. */

import { Badge, Group, Stack, Text } from "@mantine/core";
import type { components } from "../api/schema";
import type { Job } from "../api/client";
import classes from "./Steps.module.css";
import { between } from "./time";
import { span } from "./words";

type History = components["schemas"]["JobHistory"];

interface Bar {
  name: string;
  attempt: number;
  from: number;
  to: number | null;
}

export function Steps({ history, job }: { history: History; job: Job }) {
  const created = Date.parse(job.created_at);
  const last = job.completed_at ? Date.parse(job.completed_at) : Date.now();
  const begun = job.started_at ? Date.parse(job.started_at) : last;
  const bars: Bar[] = [
    { name: "waiting", attempt: 0, from: created, to: begun },
    ...history.steps.map((step) => ({ name: step.name, attempt: step.attempt, from: Date.parse(step.started_at), to: step.ended_at ? Date.parse(step.ended_at) : null })),
  ];
  const whole = Math.max(last - created, 1);
  const failed = history.attempts.filter((attempt) => attempt.error);
  return (
    <Stack gap={6}>
      {bars.map((bar) => (
        <div key={bar.name} className={classes.row}>
          <Text size="sm" truncate>
            {bar.name}
          </Text>
          <div className={classes.track}>
            <span
              className={classes.bar}
              data-waiting={bar.attempt === 0 || undefined}
              style={{ left: `${((bar.from - created) / whole) * 100}%`, width: `max(3px, ${(((bar.to ?? last) - bar.from) / whole) * 100}%)` }}
            />
          </div>
          <Text size="xs" c="dimmed" className="numbers" ta="right">
            {bar.to === null ? (job.completed_at ? "not done" : "under way") : span((bar.to - bar.from) / 1000)}
          </Text>
        </div>
      ))}
      {failed.map((attempt) => (
        <Group key={attempt.number} gap="xs" wrap="nowrap" align="flex-start">
          <Badge color="red" variant="light" tt="none" flex="none">
            attempt {attempt.number}
          </Badge>
          <Text size="xs">
            {attempt.error!.message} <span className="quiet">after {between(attempt.started_at, attempt.ended_at)}</span>
          </Text>
        </Group>
      ))}
      {history.attempts.length > 0 && (
        <Text size="xs" c="dimmed">
          {history.attempts.length === 1 ? "One attempt" : `${history.attempts.length} attempts`} · {history.attempts[history.attempts.length - 1].worker}
        </Text>
      )}
    </Stack>
  );
}
