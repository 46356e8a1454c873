/* A design on a garment: placed by eye, ordered, seen. */

import { ActionIcon, Button, Grid, Group, Loader, Paper, SegmentedControl, Select, Stack, Text, Title, Tooltip } from "@mantine/core";
import { useHotkeys, useLocalStorage } from "@mantine/hooks";
import { IconArrowBackUp, IconArrowForwardUp } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useReducer, useState, type DragEvent } from "react";
import { Link, useSearchParams } from "wouter";
import { api, done, type Design } from "../api/client";
import { bundle as bundleOf, ENDED, job, products, templates } from "../api/queries";
import { Colours } from "../editor/Colours";
import { Designs } from "../editor/Designs";
import { useImages, useUpload } from "../editor/pictures";
import { begin, changed, keep, kept, type Draft, type DraftPrint } from "../editor/draft";
import { Placing, presetOf } from "../editor/Placing";
import { azimuthOf, clampPlace, presetPlace } from "../editor/placing";
import { Stage } from "../editor/Stage";
import { Gallery } from "../parts/Gallery";
import { JobBadge, JobProgress } from "../parts/JobBadge";
import { State } from "../parts/State";
import type { Bundle, Scene } from "../preview/bundle";

const EMPTY: Draft = { template: "tee", colour: "white", background: "#ffffff", prints: [] };

export default function Mockups() {
  const [history, change] = useReducer(changed, null, () => begin(kept() ?? EMPTY));
  const draft = history.now;
  const found = useQuery(bundleOf(draft.template));
  useEffect(() => keep(draft), [draft]);
  useHotkeys([
    ["mod+Z", () => change({ do: "undo" })],
    ["mod+shift+Z", () => change({ do: "redo" })],
    ["mod+Y", () => change({ do: "redo" })],
  ]);
  const undoing = (
    <Group gap={4}>
      <Tooltip label="Undo">
        <ActionIcon variant="default" size="lg" aria-label="Undo" disabled={!history.past.length} onClick={() => change({ do: "undo" })}>
          <IconArrowBackUp size={18} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label="Redo">
        <ActionIcon variant="default" size="lg" aria-label="Redo" disabled={!history.future.length} onClick={() => change({ do: "redo" })}>
          <IconArrowForwardUp size={18} />
        </ActionIcon>
      </Tooltip>
    </Group>
  );
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Title order={1}>Mockups</Title>
        {undoing}
      </Group>
      <State of={found}>{(data) => <Editor key={draft.template} bundle={data} draft={draft} change={change} />}</State>
    </Stack>
  );
}

interface EditorProps {
  bundle: Bundle;
  draft: Draft;
  change: (what: Parameters<typeof changed>[1]) => void;
}

function Editor({ bundle, draft, change }: EditorProps) {
  const { scene } = bundle;
  const [selected, select] = useState<string | null>(draft.prints[0]?.key ?? null);
  const [orbit, setOrbit] = useState({ azimuth: 0, tilt: 0 });
  const images = useImages(draft.prints.map((print) => print.design));
  const chosen = draft.prints.find((print) => print.key === selected);
  const background = useMemo(() => rgb(draft.background), [draft.background]);

  const add = useCallback(
    (design: Design) => {
      const at = { width: design.width, height: design.height };
      const preset = freePreset(scene, draft.prints, orbit.azimuth);
      const place = presetPlace(scene, preset, at)!;
      const print: DraftPrint = { key: crypto.randomUUID(), design: { id: design.id, name: design.name, url: design.url, ...at }, place };
      change({ do: "add", print });
      select(print.key);
      setOrbit({ azimuth: azimuthOf(place.panel), tilt: 0 });
    },
    [scene, draft.prints, orbit.azimuth, change],
  );
  const upload = useUpload(add);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    const file = event.dataTransfer.files[0];
    if (file) upload.mutate(file);
  };
  const view = scene.views.find((each) => Math.abs((((each.azimuth - orbit.azimuth) % 360) + 540) % 360 - 180) < 0.5 && orbit.tilt === 0);
  return (
    <Grid gap="lg">
      <Grid.Col span={{ base: 12, md: 7, xl: 8 }}>
        <div onDragOver={(event) => event.preventDefault()} onDrop={drop}>
          <Stage
            bundle={bundle}
            colour={draft.colour}
            background={background}
            prints={draft.prints}
            images={images}
            orbit={orbit}
            selected={selected}
            onSelect={select}
            onOrbit={setOrbit}
            onMove={(key, place) => change({ do: "move", key, place })}
            onSettle={() => change({ do: "settle" })}
          />
        </div>
        <Group justify="center" mt="xs">
          <SegmentedControl
            size="xs"
            aria-label="View"
            value={view?.name ?? ""}
            onChange={(name) => setOrbit({ azimuth: scene.views.find((each) => each.name === name)!.azimuth, tilt: 0 })}
            data={scene.views.map(({ name }) => ({ value: name, label: name.replace(/_/g, " ").replace(/(\d+)deg/, "$1°") }))}
          />
        </Group>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 5, xl: 4 }}>
        <Stack gap="lg">
          <Designs uploading={upload.isPending} onFile={(file) => upload.mutate(file)} onPick={add} />
          {chosen && (
            <Placing
              scene={scene}
              print={chosen}
              onMove={(place) => {
                change({ do: "move", key: chosen.key, place: clampPlace(scene, place) });
                if (place.panel !== chosen.place.panel) setOrbit({ azimuth: azimuthOf(place.panel), tilt: 0 });
              }}
              onRemove={() => change({ do: "remove", key: chosen.key })}
            />
          )}
          <Colours scene={scene} value={draft.colour} onChange={(colour) => change({ do: "set", draft: { colour } })} />
          <Garment draft={draft} change={change} />
          <Ordering scene={scene} draft={draft} />
        </Stack>
      </Grid.Col>
    </Grid>
  );
}

function Garment({ draft, change }: Pick<EditorProps, "draft" | "change">) {
  const found = useQuery(templates());
  const list = found.data?.templates.filter((each) => each.is_active) ?? [];
  return (
    <Group grow align="flex-start">
      {list.length > 1 && (
        <Select
          label="Template"
          size="xs"
          allowDeselect={false}
          value={draft.template}
          data={list.map(({ id, name }) => ({ value: id, label: name }))}
          onChange={(template) => template && change({ do: "set", draft: { template, prints: [] } })}
        />
      )}
      <Select
        label="Background"
        size="xs"
        allowDeselect={false}
        value={draft.background ?? "none"}
        data={[
          { value: "#ffffff", label: "White" },
          { value: "#f1f3f5", label: "Light grey" },
          { value: "#212529", label: "Dark" },
          { value: "none", label: "Transparent" },
        ]}
        onChange={(value) => change({ do: "set", draft: { background: value === "none" ? null : value } })}
      />
    </Group>
  );
}

function Ordering({ scene, draft }: { scene: Scene; draft: Draft }) {
  const queries = useQueryClient();
  const [search] = useSearchParams();
  const [last, setLast] = useLocalStorage<string | null>({ key: "tirage.product", defaultValue: null });
  const [made, setMade] = useState<string | null>(null);
  const known = useQuery(products());
  const asked = search.get("product") ?? last;
  const list = known.data?.products ?? [];
  const target = list.find((each) => each.id === asked)?.id ?? null;
  const order = useMutation({
    mutationFn: () => done(api.POST("/v1/mockups", { body: orderOf(scene, draft, target!) })),
    onSuccess: (job) => {
      queries.setQueryData(["job", job.id], job);
      setMade(job.id);
    },
  });
  return (
    <Stack gap="sm">
      <Select
        label="For the product"
        placeholder={list.length ? "Choose a product" : "No products yet"}
        searchable
        value={target}
        onChange={setLast}
        data={list.map(({ id, title }) => ({ value: id, label: title }))}
        description={
          list.length === 0 && !known.isPending ? (
            <Link href="/products">Add one first.</Link>
          ) : (
            "Its pictures in the shop become these."
          )
        }
      />
      <Button size="md" disabled={!draft.prints.length || !target} loading={order.isPending} onClick={() => order.mutate()}>
        Render and publish
      </Button>
      {made && <Result id={made} />}
    </Stack>
  );
}

function Result({ id }: { id: string }) {
  const found = useQuery(job(id));
  const made = found.data;
  if (!made) return <Loader size="sm" />;
  return (
    <Paper withBorder p="sm" aria-live="polite">
      <Stack gap="xs">
        <Group justify="space-between">
          <JobBadge status={made.status} />
          <Link href={`/jobs/${id}`}>Details</Link>
        </Group>
        <JobProgress job={made} />
        <Text size="sm" c={made.error ? "red" : "dimmed"}>
          {made.error ? `${made.error.message} ${made.error.hint}` : made.message}
        </Text>
        {ENDED.includes(made.status) && <Gallery artifacts={made.artifacts} name={id} />}
      </Stack>
    </Paper>
  );
}

/** The order that makes what is on the stage. */
function orderOf(scene: Scene, draft: Draft, product: string) {
  const [first] = draft.prints;
  const preset = draft.prints.length === 1 ? presetOf(scene, first) : null;
  const look = { product_id: product, template_id: draft.template, fabric_color: draft.colour, background_color: draft.background ?? "transparent" };
  if (preset) return { ...look, design_id: first.design.id, preset };
  return { ...look, placements: draft.prints.map(({ design, place }) => ({ design_id: design.id, ...place })) };
}

/** The usual place, or the first on the side that is seen without a design. */
function freePreset(scene: Scene, prints: DraftPrint[], azimuth: number): string {
  const names = Object.keys(scene.presets);
  const seen = Math.abs((((azimuth % 360) + 540) % 360) - 180) > 90 ? "back" : "front";
  const taken = new Set(prints.map((print) => print.place.panel));
  const usual = ["chest-medium", "back-medium", ...names].filter((name) => names.includes(name));
  return usual.find((name) => scene.presets[name].panel === seen && !taken.has(seen)) ?? usual.find((name) => !taken.has(scene.presets[name].panel)) ?? usual[0];
}

function rgb(code: string | null): [number, number, number] | null {
  if (!code) return null;
  return [1, 3, 5].map((at) => Number.parseInt(code.slice(at, at + 2), 16)) as [number, number, number];
}
