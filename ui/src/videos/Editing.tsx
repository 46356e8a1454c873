/* A session's edit: bring it, look at it, see what is wrong with it, lock it. */

import { Badge, Button, FileButton, Group, Menu, Paper, Select, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconDownload, IconLock, IconMessage } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation, useSearchParams } from "wouter";
import { api, asIs, done, type Revision, type SessionDetail } from "../api/client";
import { checks, revision } from "../api/sessions";
import { say } from "../parts/say";
import { Nothing, State } from "../parts/State";
import { ago } from "../parts/time";
import { Changes } from "./Changes";
import { Drop } from "./Drop";
import { editOf, placeOf, together, type Place } from "./edit";
import { Findings } from "./Findings";
import { Timeline } from "./Timeline";

const EDITS = ".otio,.edl,.xml,.fcpxml,.drp,.json";
const CAPTIONS = ".srt,.vtt,.ass";

export function Editing({ session }: { session: SessionDetail }) {
  const queries = useQueryClient();
  const [search, setSearch] = useSearchParams();
  const shown = session.edls.find((each) => each.id === search.get("revision")) ?? session.edls[0];
  const show = (id: string) => setSearch({ revision: id }, { replace: true });
  const bring = useMutation({
    mutationFn: (file: File) =>
      done(api.POST("/v1/sessions/{session_id}/edls", { params: { path: { session_id: session.id }, query: { name: file.name } }, ...asIs(file) })),
    onSuccess: async (made) => {
      await queries.invalidateQueries({ queryKey: ["sessions"] });
      show(made.id);
      say(`${made.name} is revision ${made.number}.`);
    },
  });
  const refused = bring.error && "findings" in bring.error ? together((bring.error as { findings: [] }).findings) : [];
  return (
    <Stack>
      <Drop accept={EDITS} label={session.edls.length ? "Bring another revision" : "Choose the edit"} loading={bring.isPending} onFiles={([file]) => bring.mutate(file)}>
        Drop an edit: OpenTimelineIO, CMX 3600 (.edl), Final Cut (.xml, .fcpxml), ATEM (.drp) or Tirage's JSON.
      </Drop>
      {refused.length > 0 && (
        <div role="alert">
          <Text fw={600} mb={4}>
            {bring.error!.message}
          </Text>
          <Findings findings={refused} />
        </div>
      )}
      {shown ? (
        <OneRevision key={shown.id} session={session} shown={shown} onShow={show} />
      ) : (
        <Nothing title="No edit yet">It says which camera is seen when. Export it from the program that it was cut with, and drop it above.</Nothing>
      )}
    </Stack>
  );
}

interface Props {
  session: SessionDetail;
  shown: Revision;
  onShow(id: string): void;
}

function OneRevision({ session, shown, onShow }: Props) {
  const [, go] = useLocation();
  const found = useQuery(revision(shown.id));
  const checked = useQuery(checks(session.id, shown.id, shown.locked));
  const [place, setPlace] = useState<Place | null>(null);
  const [against, setAgainst] = useState<string | null>(null);
  return (
    <Stack>
      <Toolbar session={session} shown={shown} onShow={onShow} against={against} onCompare={setAgainst} wrong={checked.data?.ok === false} />
      <State of={found}>
        {(whole) => {
          const edit = editOf(whole, session.assets.map((each) => each.camera));
          const findings = together(whole.findings, checked.data?.findings ?? []);
          const jump = (where: string) => {
            const to = placeOf(edit, where);
            return to && (() => setPlace({ ...to }));
          };
          const recorder = () => go(`/videos/${encodeURIComponent(session.id)}`);
          const flagged = new Set(findings.flatMap((each) => placeOf(edit, each.where)?.shot ?? []));
          return (
            <>
              <Timeline edit={edit} place={place} flagged={flagged} onPlace={setPlace} />
              {against && <Changes revision={shown} against={against} jump={jump} />}
              <section aria-label="Findings">
                <Title order={2} mb="xs">
                  Preflight
                </Title>
                <State of={checked}>
                  {({ ok }) =>
                    findings.length ? (
                      <Findings findings={findings} jump={jump} onRecorder={recorder} />
                    ) : (
                      <Text c="dimmed">{ok ? "Nothing is wrong with this revision." : "It was refused without a reason."}</Text>
                    )
                  }
                </State>
              </section>
            </>
          );
        }}
      </State>
    </Stack>
  );
}

interface ToolbarProps extends Props {
  against: string | null;
  onCompare(id: string | null): void;
  wrong: boolean;
}

function Toolbar({ session, shown, onShow, against, onCompare, wrong }: ToolbarProps) {
  const queries = useQueryClient();
  const [, go] = useLocation();
  const path = { edl_id: shown.id };
  const refresh = () => queries.invalidateQueries({ queryKey: ["sessions"] });
  const lock = useMutation({ mutationFn: () => api.POST("/v1/edls/{edl_id}/lock", { params: { path } }), onSettled: refresh });
  const remove = useMutation({ mutationFn: () => api.DELETE("/v1/edls/{edl_id}", { params: { path } }), onSettled: refresh });
  const others = session.edls.filter((each) => each.id !== shown.id);
  const name = (each: Revision) => `Revision ${each.number}${each.locked ? ", locked" : ""}${each.is_current ? ", renders" : ""}`;
  return (
    <Paper withBorder p="sm">
      <Group gap="sm" align="flex-end">
        <Select label="Revision" w={220} data={session.edls.map((each) => ({ value: each.id, label: name(each) }))} value={shown.id} onChange={(id) => id && onShow(id)} allowDeselect={false} />
        {others.length > 0 && (
          <Select label="Compare with" w={200} placeholder="nothing" clearable data={others.map((each) => ({ value: each.id, label: name(each) }))} value={against} onChange={onCompare} />
        )}
        <Captions edl={shown.id} onMade={onShow} />
        <Menu shadow="md">
          <Menu.Target>
            <Button variant="default" leftSection={<IconDownload size={16} />}>
              Export
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {["otio", "edl", "xml", "json"].map((format) => (
              <Menu.Item key={format} component="a" href={`/v1/edls/${encodeURIComponent(shown.id)}/export?format=${format}`} download>
                .{format}
              </Menu.Item>
            ))}
            {!shown.locked && (
              <>
                <Menu.Divider />
                <Menu.Item color="red" onClick={() => remove.mutate()}>
                  Remove this revision
                </Menu.Item>
              </>
            )}
          </Menu.Dropdown>
        </Menu>
        {shown.locked ? (
          <Button onClick={() => go(`/videos/${encodeURIComponent(session.id)}/videos`)}>Render it</Button>
        ) : (
          <Button leftSection={<IconLock size={16} />} loading={lock.isPending} disabled={wrong} onClick={() => lock.mutate()}>
            Lock
          </Button>
        )}
      </Group>
      <Text size="sm" c="dimmed" mt="xs">
        {shown.name} · {shown.events} events · {ago(shown.created_at)}
        {shown.created_by && ` by ${shown.created_by}`} ·{" "}
        {shown.locked ? "locked: it never changes" : wrong ? "it can be locked when what is marked as an error below is mended" : "locking makes it the one that renders"}
        {shown.is_current && (
          <Badge ml="xs" size="sm" variant="light" color="teal" tt="none">
            renders
          </Badge>
        )}
      </Text>
    </Paper>
  );
}

/** Captions make another revision. */
function Captions({ edl, onMade }: { edl: string; onMade(id: string): void }) {
  const queries = useQueryClient();
  const [language, setLanguage] = useState("en");
  const add = useMutation({
    mutationFn: (file: File) =>
      done(api.POST("/v1/edls/{edl_id}/captions", { params: { path: { edl_id: edl }, query: { language: language.trim(), name: file.name } }, ...asIs(file) })),
    onSuccess: async (made) => {
      await queries.invalidateQueries({ queryKey: ["sessions"] });
      onMade(made.id);
      say(`With these captions it is revision ${made.number}.`);
    },
  });
  return (
    <Menu shadow="md" closeOnItemClick={false}>
      <Menu.Target>
        <Button variant="default" leftSection={<IconMessage size={16} />}>
          Captions
        </Button>
      </Menu.Target>
      <Menu.Dropdown p="sm">
        <Stack gap="xs">
          <TextInput label="Language" size="xs" value={language} onChange={(event) => setLanguage(event.currentTarget.value)} maxLength={40} />
          <FileButton accept={CAPTIONS} onChange={(file) => file && add.mutate(file)} resetRef={{ current: null }}>
            {(props) => (
              <Button {...props} size="xs" loading={add.isPending} disabled={!language.trim()}>
                Choose .srt, .vtt or .ass
              </Button>
            )}
          </FileButton>
        </Stack>
      </Menu.Dropdown>
    </Menu>
  );
}
