/* A design on a garment: placed by eye, ordered, seen, published. */

import { ActionIcon, Group, Loader, Stack, Text, Title, Tooltip } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { IconArrowBackUp, IconArrowForwardUp } from "@tabler/icons-react";
import { useQueries, useQuery } from "@tanstack/react-query";
import { memo, useEffect, useReducer, useRef } from "react";
import { useSearchParams } from "wouter";
import { bundle as bundleOf, design, job } from "../api/queries";
import { begin, changed, EMPTY, keep, kept, type Change, type Draft } from "../editor/draft";
import { Drafts } from "../editor/Drafts";
import { Editor } from "../editor/Editor";
import { designsOf, draftOf } from "../editor/order";
import { useCalm } from "../parts/calm";
import { State } from "../parts/State";
import type { Scene } from "../preview/bundle";

export default function Mockups() {
  const [history, change] = useReducer(changed, null, () => begin(kept() ?? EMPTY));
  const draft = history.now;
  const calm = useCalm(draft, history.live ?? false);
  const found = useQuery(bundleOf(draft.template));
  useEffect(() => keep(calm), [calm]);
  useHotkeys([
    ["mod+Z", () => change({ do: "undo" })],
    ["mod+shift+Z", () => change({ do: "redo" })],
    ["mod+Y", () => change({ do: "redo" })],
  ]);
  return (
    <Stack gap="md">
      <Bar draft={calm} back={history.past.length > 0} forth={history.future.length > 0} change={change} />
      <State of={found}>
        {(data) => (
          <>
            <FromJob scene={data.scene} draft={calm} change={change} />
            <Editor key={draft.template} bundle={data} draft={draft} calm={calm} change={change} />
          </>
        )}
      </State>
    </Stack>
  );
}

const Bar = memo(function Bar({ draft, back, forth, change }: { draft: Draft; back: boolean; forth: boolean; change(what: Change): void }) {
  return (
    <Group justify="space-between">
      <Title order={1}>Mockups</Title>
      <Group gap="xs">
        <Step label="Undo" possible={back} onClick={() => change({ do: "undo" })} icon={<IconArrowBackUp size={18} />} />
        <Step label="Redo" possible={forth} onClick={() => change({ do: "redo" })} icon={<IconArrowForwardUp size={18} />} />
        <Drafts draft={draft} onOpen={(next) => change({ do: "open", draft: next })} />
      </Group>
    </Group>
  );
});

interface StepProps {
  label: string;
  possible: boolean;
  icon: React.ReactNode;
  onClick(): void;
}

function Step({ label, possible, icon, onClick }: StepProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="default" size="input-sm" aria-label={label} disabled={!possible} onClick={onClick}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}

/** `?job=…` opens what a job was made of, once. */
const FromJob = memo(function FromJob({ scene, draft, change }: { scene: Scene; draft: Draft; change(what: Change): void }) {
  const [search, setSearch] = useSearchParams();
  const id = search.get("job");
  const found = useQuery({ ...job(id ?? ""), enabled: id !== null });
  const ids = found.data ? designsOf(found.data) : [];
  const designs = useQueries({ queries: ids.map((each) => design(each)) });
  const done = useRef<string | null>(null);
  const ready = found.data && designs.length === ids.length && designs.every((each) => each.data);
  useEffect(() => {
    if (!ready || !found.data || done.current === id) return;
    const template = found.data.template_id ?? scene.template.id;
    if (template !== scene.template.id) {
      if (draft.template !== template) change({ do: "open", draft: { ...EMPTY, template } });
      return;
    }
    done.current = id;
    const opened = draftOf(scene, found.data, designs.flatMap((each) => (each.data ? [each.data] : [])));
    change({ do: "open", draft: opened });
    setSearch((before) => {
      const next = new URLSearchParams(before);
      next.delete("job");
      if (found.data.product_id) next.set("product", found.data.product_id);
      return next;
    }, { replace: true });
  });
  if (!id || found.isError) return null;
  return (
    <Group gap="xs">
      <Loader size="xs" />
      <Text size="sm">Opening the job’s designs…</Text>
    </Group>
  );
});
