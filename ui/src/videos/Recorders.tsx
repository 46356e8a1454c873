/* A session's recorders: their recordings on the way, being looked into, and what is known of them. */

import { ActionIcon, Alert, Anchor, Badge, Button, FileButton, Group, Paper, Progress, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconAdjustments, IconTrash, IconUpload } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, done, type Recorder, type Recording, type SessionDetail } from "../api/client";
import { ENDED, job } from "../api/queries";
import { JobProgress } from "../parts/JobBadge";
import { size, span } from "../parts/words";
import { MEDIA, nameOf } from "./NewSession";
import { Drop } from "./Drop";
import { Sync } from "./Sync";
import { forget, send, useUploads } from "./uploads";

export function Recorders({ session }: { session: SessionDetail }) {
  return (
    <Stack>
      <AddRecorders session={session} />
      <SimpleGrid cols={{ base: 1, md: 2, xl: 3 }}>
        {session.assets.map((each) => (
          <Card key={each.id} recorder={each} master={each.camera === session.master} />
        ))}
      </SimpleGrid>
      {session.assets.length > 0 && session.assets.every((each) => each.ready) && session.edls.length === 0 && (
        <Text>
          Everything is here. <Link href={`/videos/${encodeURIComponent(session.id)}/edit`}>Bring the edit</Link>.
        </Text>
      )}
    </Stack>
  );
}

/** New recorders, each with a file. */
function AddRecorders({ session }: { session: SessionDetail }) {
  const queries = useQueryClient();
  const add = useMutation({
    mutationFn: async (files: File[]) => {
      for (const file of files) {
        const camera = nameOf(file);
        const there = session.assets.find((each) => each.camera === camera);
        const recorder = there ?? (await done(api.POST("/v1/sessions/{session_id}/assets", { params: { path: { session_id: session.id } }, body: { camera } })));
        send(recorder.id, file, queries);
      }
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["sessions"] }),
  });
  return (
    <Drop accept={MEDIA} multiple label="Add recordings" loading={add.isPending} onFiles={(files) => add.mutate(files)}>
      Drop recordings here: each makes a recorder named after its file, or goes to the one of that name.
    </Drop>
  );
}

function Card({ recorder, master }: { recorder: Recorder; master: boolean }) {
  const queries = useQueryClient();
  const [syncing, sync] = useDisclosure(false);
  const sending = useUploads(recorder.id);
  const path = { asset_id: recorder.id };
  const refresh = () => queries.invalidateQueries({ queryKey: ["sessions"] });
  const remove = useMutation({ mutationFn: () => api.DELETE("/v1/assets/{asset_id}", { params: { path } }), onSettled: refresh });
  const ingest = useMutation({ mutationFn: () => api.POST("/v1/assets/{asset_id}/ingest", { params: { path } }), onSettled: refresh });
  const { offset, drift } = recorder.sync;
  const files = recorder.files;
  return (
    <Paper withBorder p="md" component="section" aria-label={`Recorder ${recorder.camera}`} data-recorder={recorder.camera}>
      <Group justify="space-between" wrap="nowrap" mb="xs">
        <Group gap="xs" wrap="wrap">
          <Title order={2} style={{ overflowWrap: "anywhere" }}>
            {recorder.camera}
          </Title>
          {master && (
            <Badge variant="outline" tt="none">
              sound
            </Badge>
          )}
          <Badge variant="light" tt="none" color={recorder.ready ? "teal" : files.some((each) => each.error) ? "red" : "yellow"}>
            {recorder.ready ? "ready" : files.some((each) => each.error) ? "not usable" : files.length ? "being looked into" : sending.length ? "being sent" : "no recording"}
          </Badge>
        </Group>
        <Group gap={4} wrap="nowrap">
          <ActionIcon variant="subtle" color="gray" aria-label={`Sync of ${recorder.camera}`} onClick={sync.open}>
            <IconAdjustments size={17} />
          </ActionIcon>
          <ActionIcon variant="subtle" color="gray" aria-label={`Remove ${recorder.camera}`} onClick={() => confirm(`Remove ${recorder.camera} with its recordings?`) && remove.mutate()}>
            <IconTrash size={17} />
          </ActionIcon>
        </Group>
      </Group>
      <Stack gap="xs">
        {files.map((file) => (
          <Facts key={file.name} file={file} />
        ))}
        {sending.map((each) =>
          each.problem ? (
            <Alert key={each.name} color="red" p="xs" title={each.name} withCloseButton closeButtonLabel="Close" onClose={() => forget(recorder.id, each.name)}>
              {each.problem}
            </Alert>
          ) : (
            <div key={each.name}>
              <Text size="sm" truncate>
                {each.name}{" "}
                <Text span c="dimmed" size="xs" className="numbers">
                  {Math.round(each.sent * 100)} % sent
                </Text>
              </Text>
              <Progress value={each.sent * 100} animated aria-label={`${Math.round(each.sent * 100)} % of ${each.name} sent`} />
            </div>
          ),
        )}
        {recorder.ingest_job_id && !recorder.ready && <Looking id={recorder.ingest_job_id} />}
        <Text size="sm" c="dimmed" className="numbers">
          Offset {seconds(offset)} · drift {Number(value(drift).toFixed(2))} ppm{recorder.start && ` · starts ${recorder.start}`}
          {recorder.lut_sha256 && " · LUT"}
          {recorder.focus.length > 0 && ` · ${recorder.focus.length} points of focus`}
        </Text>
        <Group gap="xs">
          <FileButton accept={MEDIA} onChange={(file) => file && send(recorder.id, file, queries)} resetRef={{ current: null }}>
            {(props) => (
              <Button {...props} size="compact-sm" variant="default" leftSection={<IconUpload size={14} />}>
                {files.length ? "Send another file" : "Send its recording"}
              </Button>
            )}
          </FileButton>
          {files.some((each) => each.error) && (
            <Button size="compact-sm" variant="default" loading={ingest.isPending} onClick={() => ingest.mutate()}>
              Look again
            </Button>
          )}
        </Group>
      </Stack>
      <Sync recorder={recorder} opened={syncing} onClose={sync.close} />
    </Paper>
  );
}

function Facts({ file }: { file: Recording }) {
  const facts = [
    file.codec && `${file.codec} ${file.width} × ${file.height}`,
    file.fps && `${Number(file.fps.toFixed(3))} fps`,
    file.audio_codec && `${file.audio_codec} ${(file.sample_rate ?? 0) / 1000} kHz`,
    file.duration !== null && span(file.duration),
    file.bytes && size(file.bytes),
    file.timecode && `timecode ${file.timecode}`,
    file.mezzanine_url && "mezzanine made",
  ].filter(Boolean);
  return (
    <div>
      <Text size="sm" fw={550} style={{ overflowWrap: "anywhere" }}>
        {file.url ? (
          <Anchor href={file.url} size="sm" download>
            {file.name}
          </Anchor>
        ) : (
          file.name
        )}
      </Text>
      <Text size="xs" c="dimmed" className="numbers">
        {facts.join(" · ")}
      </Text>
      {file.error && (
        <Alert color="red" p="xs" mt={4}>
          {file.error}
        </Alert>
      )}
    </div>
  );
}

/** The job that looks into a recording. */
function Looking({ id }: { id: string }) {
  const found = useQuery(job(id));
  if (!found.data) return null;
  if (found.data.error)
    return (
      <Text size="sm">
        {found.data.error.message} <Link href={`/jobs/${id}`}>Its job</Link>
      </Text>
    );
  return ENDED.includes(found.data.status) ? null : <JobProgress job={found.data} />;
}

/** A number that may be written as a fraction. */
export function value(exact: string): number {
  const [over, under = "1"] = exact.split("/");
  return Number(over) / Number(under);
}

function seconds(exact: string): string {
  const number = value(exact);
  return `${number > 0 ? "+" : ""}${Number(number.toFixed(4))} s`;
}
