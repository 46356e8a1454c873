import { Badge, Progress } from "@mantine/core";
import type { Job } from "../api/client";
import { ENDED } from "../api/queries";

const COLOURS: Record<string, string> = { completed: "teal", failed: "red", cancelled: "gray", pending: "yellow" };

export function JobBadge({ status }: { status: string }) {
  return (
    <Badge variant="light" color={COLOURS[status] ?? "blue"} tt="none" miw="max-content">
      {status}
    </Badge>
  );
}

export function JobProgress({ job }: { job: Pick<Job, "status" | "progress"> }) {
  if (ENDED.includes(job.status)) return null;
  return <Progress value={job.progress} animated aria-label={`${job.progress} % done`} transitionDuration={300} />;
}
