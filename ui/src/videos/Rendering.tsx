/* A session's videos: what is to be rendered, what is being rendered, what there is. */

import { Anchor, Button, Checkbox, Group, Paper, Select, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { api, ApiError, done, type SessionDetail } from "../api/client";
import { checks, revision, videos } from "../api/sessions";
import { Nothing, State } from "../parts/State";
import { editOf, FORMATS, lasts, together } from "./edit";
import { Findings } from "./Findings";
import { clock } from "./timecode";
import { Video } from "./Video";

const CAPTIONS = [
  { value: "", label: "as usual" },
  { value: "burnt", label: "burnt in" },
  { value: "soft", label: "to be switched on" },
  { value: "both", label: "both" },
  { value: "none", label: "none" },
];
const SIZES = [
  { value: "", label: "full size" },
  { value: "360", label: "draft, 360 lines" },
  { value: "180", label: "smallest draft" },
];

export function Rendering({ session }: { session: SessionDetail }) {
  const found = useQuery(videos(session.id));
  const current = session.edls.find((each) => each.is_current);
  const here = `/videos/${encodeURIComponent(session.id)}`;
  return (
    <Stack>
      {current ? (
        <Order session={session} edl={current.id} number={current.number} />
      ) : (
        <Paper withBorder p="md">
          <Text>
            {session.edls.length ? "The edit is not locked yet. " : "There is no edit yet. "}
            <Anchor component={Link} href={`${here}/edit`}>
              {session.edls.length ? "Lock it" : "Bring one"}
            </Anchor>
            {session.edls.length ? ", and it can be rendered." : ", lock it, and it can be rendered."}
          </Text>
        </Paper>
      )}
      <State of={found}>
        {({ jobs }) =>
          jobs.length ? (
            <SimpleGrid cols={{ base: 1, lg: 2 }} style={{ alignItems: "start" }}>
              {jobs.map((job) => (
                <Video key={job.id} job={job} session={session} />
              ))}
            </SimpleGrid>
          ) : (
            <Nothing title="No videos yet">They appear here while they are rendered, to be watched and downloaded.</Nothing>
          )
        }
      </State>
    </Stack>
  );
}

function Order({ session, edl, number }: { session: SessionDetail; edl: string; number: number }) {
  const queries = useQueryClient();
  const [, go] = useLocation();
  const [formats, setFormats] = useState<string[]>(["full_16_9"]);
  const [side, setSide] = useState("");
  const [captions, setCaptions] = useState("");
  const whole = useQuery(revision(edl));
  const checked = useQuery(checks(session.id, edl, true));
  const edit = whole.data && editOf(whole.data, session.assets.map((each) => each.camera));
  const order = useMutation({
    mutationFn: () => {
      const options = { ...(side ? { short_side: Number(side) } : {}), ...(captions ? { captions } : {}) };
      return done(api.POST("/v1/videos", { body: { session_id: session.id, formats, options } }));
    },
    onSuccess: (made) => {
      for (const job of made.jobs) queries.setQueryData(["job", job.id], job);
      void queries.invalidateQueries({ queryKey: ["sessions"] });
    },
  });
  const refused = order.error instanceof ApiError ? order.error.findings : [];
  const standing = together(checked.data?.findings.filter((each) => each.severity === "error") ?? [], refused);
  return (
    <Paper withBorder p="md" component="section">
      <Title order={2} mb="sm">
        Render revision {number}
      </Title>
      <Checkbox.Group value={formats} onChange={setFormats} aria-label="Formats">
        <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="sm">
          {FORMATS.map(({ id, label, shape, about }) => (
            <Checkbox
              key={id}
              value={id}
              label={`${label} ${shape}`}
              description={id === "thumbnail" || !edit ? about : `${about}, ${clock(lasts(edit, id))}`}
            />
          ))}
        </SimpleGrid>
      </Checkbox.Group>
      <Group mt="md" align="flex-end" gap="sm">
        <Select label="Size" w={170} data={SIZES} value={side} onChange={(value) => setSide(value ?? "")} allowDeselect={false} />
        <Select label="Captions" w={170} data={CAPTIONS} value={captions} onChange={(value) => setCaptions(value ?? "")} allowDeselect={false} />
        <Button leftSection={<IconPlayerPlay size={16} />} loading={order.isPending} disabled={!formats.length || standing.length > 0} onClick={() => order.mutate()}>
          Render
        </Button>
      </Group>
      {standing.length > 0 && (
        <Stack mt="md" gap="xs">
          <Text size="sm">This stands in the way:</Text>
          <Findings findings={standing} jump={(where) => () => go(`/videos/${encodeURIComponent(session.id)}${where.startsWith("camera") && !where.includes("event") ? "" : "/edit"}`)} />
        </Stack>
      )}
    </Paper>
  );
}
