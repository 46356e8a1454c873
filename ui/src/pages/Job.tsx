/* One job: where it is, what it made, why it failed, what can be done. */

import { Alert, Anchor, Button, Code, Group, Menu, Paper, SimpleGrid, Stack, Table, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconColumns2, IconPencil } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { api, done, type Job as JobData } from "../api/client";
import { ENDED, history, job, jobs } from "../api/queries";
import { designsOf } from "../editor/order";
import { Compare, type Side } from "../parts/Compare";
import { Gallery } from "../parts/Gallery";
import { Log } from "../parts/Log";
import { JobBadge, JobProgress } from "../parts/JobBadge";
import { RetryDialog } from "../parts/RetryDialog";
import { State } from "../parts/State";
import { Steps } from "../parts/Steps";
import { ago, between } from "../parts/time";
import { useTitles } from "../parts/titles";
import { isVideoWork, presetName, size, viewName, workName } from "../parts/words";
import { Player } from "../videos/Player";

export default function Job({ id }: { id: string }) {
  const found = useQuery(job(id));
  return <State of={found}>{(data) => <Whole job={data} />}</State>;
}

function Whole({ job: data }: { job: JobData }) {
  const ended = ENDED.includes(data.status);
  const past = useQuery(history(data.id));
  const noticed = past.data?.steps.flatMap((step) => step.findings) ?? [];
  return (
    <Stack maw={1200}>
      <Group justify="space-between">
        <Group gap="sm">
          <Title order={1} style={{ overflowWrap: "anywhere" }}>
            {workName(data)}
            {!isVideoWork(data) && ` on ${data.template_id ?? "tee"}`}
          </Title>
          <JobBadge status={data.status} />
        </Group>
        <Actions job={data} ended={ended} />
      </Group>
      <Facts job={data} />
      <JobProgress job={data} />
      <div aria-live="polite">
        {!ended && <Text>{data.message}</Text>}
        {data.error && (
          <Alert color="red" title={data.error.message}>
            <Text size="sm">{data.error.hint}</Text>
            <Text size="xs" c="dimmed">
              {data.error.code} · {data.error.class.replace(/_/g, " ")} · attempt {data.attempt} of {data.max_attempts}
            </Text>
          </Alert>
        )}
      </div>
      {noticed.map((each) => (
        <Alert key={each.code + each.where} color={each.severity === "error" ? "red" : each.severity === "warning" ? "yellow" : "blue"} p="xs" variant="light">
          <Text size="sm">
            {each.message} {each.hint}
          </Text>
        </Alert>
      ))}
      {isVideoWork(data) ? data.artifacts.length > 0 && <Player artifacts={data.artifacts} name={workName(data)} /> : <Gallery artifacts={data.artifacts} name={data.product_id ?? data.id} />}
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Paper withBorder p="md" component="section">
          <Title order={2} mb="sm">
            Steps
          </Title>
          <State of={past}>{(found) => <Steps history={found} job={data} />}</State>
        </Paper>
        <Paper withBorder p="md" component="section">
          <Title order={2} mb="sm">
            Files
          </Title>
          <Files job={data} />
        </Paper>
      </SimpleGrid>
      {past.data && (
        <details>
          <summary>Log</summary>
          <Log history={past.data} job={data} />
        </details>
      )}
      <details>
        <summary>The order as JSON</summary>
        <Code block mt="xs" tabIndex={0}>
          {JSON.stringify({ preset: data.preset, template_id: data.template_id, options: data.options, metadata: data.metadata }, null, 2)}
        </Code>
      </details>
    </Stack>
  );
}

function Facts({ job: data }: { job: JobData }) {
  const title = useTitles();
  return (
    <Text c="dimmed" size="sm">
      {data.product_id && (
        <>
          For{" "}
          <Anchor component={Link} href={`/products/${encodeURIComponent(data.product_id)}`} size="sm" underline="always">
            {title(data.product_id)}
          </Anchor>{" "}
          ·{" "}
        </>
      )}
      {data.pipeline === "video" && (
        <>
          <Anchor component={Link} href={`/videos/${encodeURIComponent(String(data.options.session_id))}/videos`} size="sm" underline="always">
            Its session
          </Anchor>{" "}
          ·{" "}
        </>
      )}
      {!isVideoWork(data) && `${String(data.options.fabric_color ?? "white")} · `}ordered {ago(data.created_at)}
      {data.completed_at && data.started_at && ` · took ${between(data.started_at, data.completed_at)}`} ·{" "}
      <Text span size="xs" ff="monospace">
        {data.id}
      </Text>
    </Text>
  );
}

function Actions({ job: data, ended }: { job: JobData; ended: boolean }) {
  const queries = useQueryClient();
  const [, go] = useLocation();
  const [retrying, retry] = useDisclosure(false);
  const [other, setOther] = useState<JobData | null>(null);
  const cancel = useMutation({
    mutationFn: () => done(api.POST("/v1/jobs/{job_id}/cancel", { params: { path: { job_id: data.id } } })),
    onSuccess: (answer) => queries.setQueryData(["job", data.id], answer),
  });
  const side = (each: JobData): Side => ({
    name: `${presetName(each.preset)}, ${String(each.options.fabric_color ?? "white")}, ${ago(each.created_at)}`,
    picture: async (view) => each.artifacts.find((artifact) => artifact.role === view)?.url ?? null,
  });
  return (
    <Group gap="xs">
      {data.status === "completed" && !isVideoWork(data) && <CompareMenu job={data} onChoose={setOther} />}
      {designsOf(data).length > 0 && (
        <Button variant="default" leftSection={<IconPencil size={16} />} onClick={() => go(`/mockups?job=${data.id}`)}>
          Open in the editor
        </Button>
      )}
      {!ended && (
        <Button variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()}>
          Cancel
        </Button>
      )}
      {data.status === "failed" && <Button onClick={retry.open}>Retry…</Button>}
      <RetryDialog job={data} opened={retrying} onClose={retry.close} onMade={(made) => go(`/jobs/${made.id}`)} />
      {other && <Compare sides={[side(data), side(other)]} opened onClose={() => setOther(null)} />}
    </Group>
  );
}

/** Other completed jobs of the same product. */
function CompareMenu({ job: data, onChoose }: { job: JobData; onChoose(other: JobData): void }) {
  const found = useQuery(jobs({ product: data.product_id ?? undefined, status: "completed", page: 0 }));
  const others = (found.data?.jobs ?? []).filter((each) => each.id !== data.id).slice(0, 12);
  if (!others.length) return null;
  return (
    <Menu shadow="md">
      <Menu.Target>
        <Button variant="default" leftSection={<IconColumns2 size={16} />}>
          Compare with…
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {others.map((each) => (
          <Menu.Item key={each.id} onClick={() => onChoose(each)}>
            {presetName(each.preset)}, {String(each.options.fabric_color ?? "white")}, {ago(each.created_at)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Files({ job: data }: { job: JobData }) {
  if (!data.artifacts.length) return <Text c="dimmed">None yet.</Text>;
  return (
    <Table verticalSpacing={4} fz="sm">
      <Table.Tbody>
        {data.artifacts.map((each) => (
          <Table.Tr key={each.role}>
            <Table.Td>
              <Anchor size="sm" href={each.url} download>
                {viewName(each.role)}
              </Anchor>
            </Table.Td>
            <Table.Td className="numbers">{each.width ? `${each.width} × ${each.height}` : ""}</Table.Td>
            <Table.Td className="numbers" ta="right">
              {each.bytes ? size(each.bytes) : ""}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
