/* One job: where it is, what it made, why it failed. */

import { Alert, Anchor, Button, Code, Group, Stack, Text, Timeline, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useLocation } from "wouter";
import { api, done, type Job as JobData } from "../api/client";
import { ENDED, history, job, type JobEvent } from "../api/queries";
import { Gallery } from "../parts/Gallery";
import { JobBadge, JobProgress } from "../parts/JobBadge";
import { State } from "../parts/State";
import { ago, between } from "../parts/time";

export default function Job({ id }: { id: string }) {
  const found = useQuery(job(id));
  return <State of={found}>{(data) => <Whole job={data} />}</State>;
}

function Whole({ job: data }: { job: JobData }) {
  const ended = ENDED.includes(data.status);
  const past = useQuery(history(data.id, ended));
  return (
    <Stack maw={1100}>
      <Group justify="space-between">
        <Group gap="sm">
          <Title order={1}>
            {data.preset ?? "Free placement"} on {data.template_id ?? "tee"}
          </Title>
          <JobBadge status={data.status} />
        </Group>
        <Actions job={data} ended={ended} />
      </Group>
      <Text c="dimmed" size="sm">
        {data.product_id && (
          <>
            For <Anchor component={Link} href={`/products/${data.product_id}`}>{data.product_id}</Anchor> ·{" "}
          </>
        )}
        {String(data.options.fabric_color ?? "white")} · ordered {ago(data.created_at)}
        {data.completed_at && ` · took ${between(data.started_at, data.completed_at)}`}
      </Text>
      <JobProgress job={data} />
      <div aria-live="polite">
        {!ended && <Text>{data.message}</Text>}
        {data.error && (
          <Alert color="red" title={data.error.message}>
            <Text size="sm">{data.error.hint}</Text>
            <Text size="xs" c="dimmed">
              {data.error.code} · {data.error.class} · attempt {data.attempt} of {data.max_attempts}
            </Text>
          </Alert>
        )}
      </div>
      <Gallery artifacts={data.artifacts} name={data.id} />
      {past.data && <Steps events={past.data} />}
      <details>
        <summary>The order as JSON</summary>
        <Code block mt="xs">
          {JSON.stringify({ preset: data.preset, template_id: data.template_id, options: data.options, metadata: data.metadata }, null, 2)}
        </Code>
      </details>
    </Stack>
  );
}

function Actions({ job: data, ended }: { job: JobData; ended: boolean }) {
  const queries = useQueryClient();
  const [, go] = useLocation();
  const params = { path: { job_id: data.id } };
  const cancel = useMutation({
    mutationFn: () => done(api.POST("/v1/jobs/{job_id}/cancel", { params })),
    onSuccess: (answer) => queries.setQueryData(["job", data.id], answer),
  });
  const retry = useMutation({
    mutationFn: () => done(api.POST("/v1/jobs/{job_id}/retry", { params })),
    onSuccess: (made) => go(`/jobs/${made.id}`),
  });
  return (
    <Group gap="xs">
      {!ended && (
        <Button variant="default" color="red" loading={cancel.isPending} onClick={() => cancel.mutate()}>
          Cancel
        </Button>
      )}
      {data.status === "failed" && (
        <Button loading={retry.isPending} onClick={() => retry.mutate()}>
          Retry
        </Button>
      )}
    </Group>
  );
}

/** What happened, with the time that each part took. */
function Steps({ events }: { events: JobEvent[] }) {
  const told = events.filter((event) => event.name !== "render.job.progress");
  return (
    <Timeline bulletSize={14} lineWidth={2} active={told.length}>
      {told.map((event, i) => (
        <Timeline.Item key={event.number} title={event.name.replace("render.job.", "")}>
          <Text size="xs" c="dimmed" className="numbers">
            {new Date(event.at).toLocaleTimeString()}
            {told[i + 1] && ` · ${between(event.at, told[i + 1].at)}`}
            {event.attempt > 1 && ` · attempt ${event.attempt}`}
          </Text>
        </Timeline.Item>
      ))}
    </Timeline>
  );
}
