/* What was ordered here last: its progress, its pictures, and what becomes of them. */

import { ActionIcon, Alert, Anchor, Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { useDisclosure, useIntersection } from "@mantine/hooks";
import { IconColumns2, IconDownload, IconUpload, IconX } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { Link } from "wouter";
import type { Job as JobData } from "../api/client";
import { batch, batchJobs, ENDED, job } from "../api/queries";
import { Compare, type Side } from "../parts/Compare";
import { Gallery } from "../parts/Gallery";
import { JobBadge, JobProgress } from "../parts/JobBadge";
import { PublishDialog } from "../parts/PublishDialog";
import { State } from "../parts/State";

interface Props {
  batchId: string;
  /** What the stage shows of a view, to lay beside the render. */
  snapshot(view: string): Promise<string | null>;
  onClose(): void;
}

export function Result({ batchId, snapshot, onClose }: Props) {
  const orders = useQuery(batchJobs(batchId));
  const id = orders.data?.[0]?.id;
  const { ref, entry } = useIntersection();
  const seen = useRef(false);
  useEffect(() => {
    if (seen.current || !entry) return;
    seen.current = true;
    if (!entry.isIntersecting) entry.target.scrollIntoView({ behavior: "smooth", block: "nearest" });
  }, [entry]);
  return (
    <Paper ref={ref} withBorder p="md" aria-label="Result" component="section" style={{ scrollMarginBottom: "2rem" }}>
      <State of={orders}>
        {() => (id ? <One batchId={batchId} jobId={id} snapshot={snapshot} onClose={onClose} /> : <Text>It was deleted.</Text>)}
      </State>
    </Paper>
  );
}

function One({ batchId, jobId, snapshot, onClose }: Props & { jobId: string }) {
  const queries = useQueryClient();
  const found = useQuery(job(jobId));
  const whole = useQuery(batch(batchId));
  const ended = found.data ? ENDED.includes(found.data.status) : false;
  useEffect(() => {
    if (ended) void queries.invalidateQueries({ queryKey: ["batches", "one", batchId] });
  }, [ended, queries, batchId]);
  return (
    <State of={found}>
      {(made) => (
        <Stack gap="sm">
          <Group justify="space-between">
            <Group gap="sm">
              <Title order={2}>Result</Title>
              <JobBadge status={made.status} />
              <Anchor component={Link} href={`/jobs/${made.id}`} size="sm">
                Details
              </Anchor>
            </Group>
            <Group gap="xs">
              {made.status === "completed" && (
                <Actions made={made} batchId={batchId} ready={Boolean(whole.data?.finished_at)} applied={Boolean(whole.data?.applied_at)} snapshot={snapshot} />
              )}
              <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Close the result" onClick={onClose}>
                <IconX size={18} />
              </ActionIcon>
            </Group>
          </Group>
          <div aria-live="polite">
            {!ended && <Text size="sm">{made.message}</Text>}
            {made.error && (
              <Alert color="red" title={made.error.message}>
                {made.error.hint}
              </Alert>
            )}
          </div>
          <JobProgress job={made} />
          <Gallery artifacts={made.artifacts} name={made.product_id ?? made.id} />
        </Stack>
      )}
    </State>
  );
}

interface ActionsProps {
  made: JobData;
  batchId: string;
  ready: boolean;
  applied: boolean;
  snapshot: Props["snapshot"];
}

function Actions({ made, batchId, ready, applied, snapshot }: ActionsProps) {
  const [publishing, publish] = useDisclosure(false);
  const [comparing, compare] = useDisclosure(false);
  const sides: Side[] = [
    { name: "Preview", picture: snapshot },
    { name: "Render", picture: async (view) => made.artifacts.find((each) => each.role === view)?.url ?? null },
  ];
  return (
    <>
      <Button variant="default" leftSection={<IconColumns2 size={16} />} onClick={compare.open}>
        Compare
      </Button>
      <Button variant="default" component="a" href={`/v1/batches/${batchId}/files.zip`} download leftSection={<IconDownload size={16} />}>
        Download all
      </Button>
      <Button leftSection={<IconUpload size={16} />} loading={!ready} onClick={publish.open} variant={applied ? "default" : "filled"}>
        {applied ? "Published" : "Publish"}
      </Button>
      <PublishDialog batches={[batchId]} opened={publishing} onClose={publish.close} />
      <Compare sides={sides} opened={comparing} onClose={compare.close} />
    </>
  );
}
