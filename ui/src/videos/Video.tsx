/* One video: how far it is, then to be watched and downloaded; or why it failed. */

import { Alert, Anchor, Badge, Button, Group, Paper, Text, Title } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, type Job, type SessionDetail } from "../api/client";
import { ENDED, job } from "../api/queries";
import { JobBadge, JobProgress } from "../parts/JobBadge";
import { ago, between } from "../parts/time";
import { size } from "../parts/words";
import { formatName } from "./edit";
import { isFilm, Player } from "./Player";

export function Video({ job: listed, session }: { job: Job; session: SessionDetail }) {
  const queries = useQueryClient();
  const found = useQuery({ ...job(listed.id), initialData: listed });
  const data = found.data;
  const path = { job_id: data.id };
  const settle = { onSettled: () => queries.invalidateQueries({ queryKey: ["job", data.id] }) };
  const cancel = useMutation({ mutationFn: () => api.POST("/v1/jobs/{job_id}/cancel", { params: { path } }), ...settle });
  const retry = useMutation({ mutationFn: () => api.POST("/v1/jobs/{job_id}/retry", { params: { path } }), ...settle });
  const name = formatName(String(data.options.format));
  const revision = session.edls.find((each) => each.id === data.options.edl_id);
  return (
    <Paper withBorder p="md" component="article" aria-label={`${name}, ${data.status}`} data-video={data.id}>
      <Group justify="space-between" mb="xs" gap="xs">
        <Group gap="xs">
          <Title order={2}>{name}</Title>
          <JobBadge status={data.status} />
          {data.options.short_side ? (
            <Badge variant="default" tt="none" fw={450}>
              draft
            </Badge>
          ) : null}
        </Group>
        <Text size="xs" c="dimmed">
          {revision && `revision ${revision.number} · `}
          {ago(data.created_at)}
          {data.completed_at && data.started_at && ` · took ${between(data.started_at, data.completed_at)}`}
        </Text>
      </Group>
      {!ENDED.includes(data.status) && (
        <>
          <Group justify="space-between" mb={4}>
            <Text size="sm">{data.message}</Text>
            <Text size="sm" className="numbers">
              {data.progress} %
            </Text>
          </Group>
          <JobProgress job={data} />
        </>
      )}
      {data.error && (
        <Alert color="red" title={data.error.message} p="xs">
          <Text size="sm">{data.error.hint}</Text>
        </Alert>
      )}
      {data.status === "completed" && <Player artifacts={data.artifacts} name={`${session.name || session.id}, ${name}`} />}
      <Group mt="sm" gap="sm" justify="space-between">
        <Group gap="sm">
          {data.artifacts.map((each) => (
            <Anchor key={each.role} size="sm" href={each.url} download>
              <Group gap={4} component="span" wrap="nowrap">
                <IconDownload size={14} /> {isFilm(each) ? "video" : each.role}
                {each.bytes ? `, ${size(each.bytes)}` : ""}
              </Group>
            </Anchor>
          ))}
        </Group>
        <Group gap="xs">
          {!ENDED.includes(data.status) && (
            <Button size="compact-sm" variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()}>
              Cancel
            </Button>
          )}
          {data.status === "failed" && (
            <Button size="compact-sm" loading={retry.isPending} onClick={() => retry.mutate()}>
              Try again
            </Button>
          )}
          <Anchor component={Link} href={`/jobs/${data.id}`} size="sm">
            Its job
          </Anchor>
        </Group>
      </Group>
    </Paper>
  );
}
