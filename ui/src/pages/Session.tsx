/* One session: its recorders, its edit, its videos; each part has an address of its own. */

import { ActionIcon, Badge, Group, Menu, Stack, Tabs, Text, Title } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useLocation } from "wouter";
import { api, type SessionDetail } from "../api/client";
import { recording, videos } from "../api/sessions";
import { State } from "../parts/State";
import { Editing } from "../videos/Editing";
import { Recorders } from "../videos/Recorders";
import { Rendering } from "../videos/Rendering";

const PARTS = [
  { name: "recorders", label: "Recorders", Part: Recorders },
  { name: "edit", label: "Edit", Part: Editing },
  { name: "videos", label: "Videos", Part: Rendering },
];

export default function Session({ id, part }: { id: string; part?: string }) {
  const found = useQuery(recording(id));
  return <State of={found}>{(data) => <Whole session={data} part={part} />}</State>;
}

function Whole({ session, part }: { session: SessionDetail; part?: string }) {
  const [, go] = useLocation();
  const here = `/videos/${encodeURIComponent(session.id)}`;
  const value = PARTS.some((each) => each.name === part) ? part : "recorders";
  const jobs = useQuery(videos(session.id));
  const ready = session.assets.filter((each) => each.ready).length;
  const current = session.edls.find((each) => each.is_current);
  const told: Record<string, string> = {
    recorders: session.assets.length ? `${ready} of ${session.assets.length} ready` : "none yet",
    edit: current ? `${current.number} is locked` : session.edls.length ? "not locked" : "none yet",
    videos: jobs.data ? String(jobs.data.jobs.filter((job) => job.status === "completed").length) : "…",
  };
  return (
    <Stack maw={1400}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div>
          <Text size="sm">
            <Link href="/videos">Videos</Link>
          </Text>
          <Title order={1} style={{ overflowWrap: "anywhere" }}>
            {session.name || session.id}
          </Title>
          <Text size="sm" c="dimmed">
            {session.rate} frames a second · sound of {session.master} ·{" "}
            <Text span size="xs" ff="monospace">
              {session.id}
            </Text>
          </Text>
        </div>
        <More session={session} />
      </Group>
      <Tabs value={value} onChange={(to) => go(to === "recorders" ? here : `${here}/${to}`)} keepMounted={false}>
        <Tabs.List mb="md">
          {PARTS.map(({ name, label }, i) => (
            <Tabs.Tab
              key={name}
              value={name}
              rightSection={
                <Badge size="sm" variant="default" tt="none" fw={450} visibleFrom="xs">
                  {told[name]}
                </Badge>
              }
            >
              {i + 1} {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {PARTS.map(({ name, Part }) => (
          <Tabs.Panel key={name} value={name}>
            <Part session={session} />
          </Tabs.Panel>
        ))}
      </Tabs>
    </Stack>
  );
}

function More({ session }: { session: SessionDetail }) {
  const queries = useQueryClient();
  const [, go] = useLocation();
  const path = { session_id: session.id };
  const remove = useMutation({
    mutationFn: () => api.DELETE("/v1/sessions/{session_id}", { params: { path } }),
    onSuccess: () => {
      go("/videos");
      void queries.invalidateQueries({ queryKey: ["sessions", "page"] });
    },
  });
  const listen = useMutation({
    mutationFn: (master: string) => api.PATCH("/v1/sessions/{session_id}", { params: { path }, body: { master } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["sessions"] }),
  });
  return (
    <Menu shadow="md" position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label="More about this session">
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {session.assets.length > 0 && <Menu.Label>Sound comes from</Menu.Label>}
        {session.assets.map(({ camera }) => (
          <Menu.Item key={camera} onClick={() => listen.mutate(camera)} rightSection={camera === session.master ? "✓" : undefined}>
            {camera}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item color="red" onClick={() => confirm("Remove the session with its recordings and edits?") && remove.mutate()}>
          Remove the session…
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
