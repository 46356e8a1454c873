/* The stage, and everything beside it. */

import { Grid, Group, Paper, SegmentedControl, Select, Stack } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState, type DragEvent } from "react";
import { useSearchParams } from "wouter";
import type { Design } from "../api/client";
import { design as designOf, templates } from "../api/queries";
import { viewName } from "../parts/words";
import type { Bundle } from "../preview/bundle";
import { codes } from "../preview/dye";
import { Checks } from "./Checks";
import { Colours } from "./Colours";
import { Designs, FirstDesign } from "./Designs";
import type { Change, Draft, DraftPrint } from "./draft";
import classes from "./Editor.module.css";
import { Layers } from "./Layers";
import { MatrixDialog } from "./MatrixDialog";
import { keptDesign } from "./order";
import { Ordering } from "./Ordering";
import { useImages, useUpload } from "./pictures";
import { azimuthOf, clampPlace, freePreset, presetPlace, viewsAround } from "./placing";
import { Placing } from "./Placing";
import { Result } from "./Result";
import { Stage, type StageHandle } from "./Stage";

interface Props {
  bundle: Bundle;
  draft: Draft;
  change(what: Change): void;
}

export function Editor({ bundle, draft, change }: Props) {
  const { scene } = bundle;
  const [search, setSearch] = useSearchParams();
  const [picked, select] = useState<string | null>(draft.prints[0]?.key ?? null);
  const [orbit, setOrbit] = useState({ azimuth: 0, tilt: 0 });
  const [matrix, matrixDialog] = useDisclosure(false);
  const stage = useRef<StageHandle>(null);
  const images = useImages(draft.prints.map((print) => print.design));
  const keys = draft.prints.map((print) => print.key).join();
  useEffect(() => {
    // a draft was opened, or the chosen design is gone
    select((key) => (keys.split(",").includes(key ?? "") ? key : keys.split(",")[0] || null));
  }, [keys]);
  const chosen = draft.prints.find((print) => print.key === picked);
  const background = useMemo(() => codes(draft.background), [draft.background]);
  const made = search.get("made");
  const show = (batch: string | null) =>
    setSearch((before) => {
      const next = new URLSearchParams(before);
      if (batch) next.set("made", batch);
      else next.delete("made");
      return next;
    });

  const add = useCallback(
    (found: Design) => {
      const design = keptDesign(found);
      const place = presetPlace(scene, freePreset(scene, draft.prints, orbit.azimuth), design)!;
      const print: DraftPrint = { key: crypto.randomUUID(), design, place };
      change({ do: "add", print });
      select(print.key);
      setOrbit({ azimuth: azimuthOf(place.panel), tilt: 0 });
    },
    [scene, draft.prints, orbit.azimuth, change],
  );
  const upload = useUpload(add);
  const cutOut = useUpload((found) => chosen && change({ do: "swap", key: chosen.key, design: keptDesign(found) }));
  const about = useQuery({ ...designOf(chosen?.design.id ?? ""), enabled: chosen !== undefined });
  const file = (found: File) => upload.mutate(found);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    const dropped = event.dataTransfer.files[0];
    if (dropped) file(dropped);
  };
  const face = (panel: string) => setOrbit({ azimuth: azimuthOf(panel), tilt: 0 });
  return (
    <Stack gap="lg">
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, md: 7, xl: 8 }}>
          <div className={classes.beside}>
          <div className={classes.stage} onDragOver={(event) => event.preventDefault()} onDrop={drop}>
            <Stage
              ref={stage}
              bundle={bundle}
              colour={draft.colour}
              background={background}
              prints={draft.prints}
              images={images}
              orbit={orbit}
              selected={picked}
              onSelect={select}
              onOrbit={setOrbit}
              onMove={(key, place) => change({ do: "move", key, place })}
              onSettle={() => change({ do: "settle" })}
              onRemove={(key) => change({ do: "remove", key })}
            />
            {!draft.prints.length && <FirstDesign uploading={upload.isPending} onFile={file} />}
          </div>
          <Views bundle={bundle} orbit={orbit} onOrbit={setOrbit} />
          </div>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5, xl: 4 }}>
          <Stack gap="md">
            <Paper withBorder p="md" component="section" aria-label="Designs">
              <Stack gap="sm">
                <Designs uploading={upload.isPending} onFile={file} onPick={add} />
                <Layers
                  prints={draft.prints}
                  selected={picked}
                  onSelect={(key) => {
                    select(key);
                    face(draft.prints.find((print) => print.key === key)!.place.panel);
                  }}
                  onRaise={(key, by) => change({ do: "raise", key, by })}
                  onRemove={(key) => change({ do: "remove", key })}
                />
                {chosen && (
                  <>
                    <Placing
                      scene={scene}
                      print={chosen}
                      onMove={(place) => {
                        change({ do: "move", key: chosen.key, place: clampPlace(scene, place) });
                        if (place.panel !== chosen.place.panel) face(place.panel);
                      }}
                    />
                    <Checks
                      scene={scene}
                      print={chosen}
                      image={images.get(chosen.design.id)}
                      colour={draft.colour}
                      findings={about.data?.findings ?? []}
                      onMove={(place) => change({ do: "move", key: chosen.key, place: clampPlace(scene, place) })}
                      onCutOut={(cut) => cutOut.mutate(cut)}
                    />
                  </>
                )}
              </Stack>
            </Paper>
            <Paper withBorder p="md" component="section" aria-label="Garment">
              <Stack gap="sm">
                <Colours scene={scene} value={draft.colour} onChange={(colour) => change({ do: "set", about: "colour", draft: { colour } })} />
                <Garment draft={draft} change={change} />
              </Stack>
            </Paper>
            <Paper withBorder p="md" component="section" aria-label="Order" className={classes.order}>
              <Ordering scene={scene} draft={draft} onMatrix={matrixDialog.open} onOrdered={(batch) => show(batch.id)} />
            </Paper>
          </Stack>
        </Grid.Col>
      </Grid>
      {made && <Result key={made} batchId={made} snapshot={(view) => stage.current!.snapshot(view)} onClose={() => show(null)} />}
      <MatrixDialog scene={scene} draft={draft} opened={matrix} onClose={matrixDialog.close} />
    </Stack>
  );
}

function Views({ bundle, orbit, onOrbit }: { bundle: Bundle; orbit: { azimuth: number; tilt: number }; onOrbit(orbit: { azimuth: number; tilt: number }): void }) {
  const views = viewsAround(bundle.scene);
  const now = views.find((each) => Math.abs(((((each.azimuth - orbit.azimuth) % 360) + 540) % 360) - 180) < 0.5 && orbit.tilt === 0);
  return (
    <Group justify="center" mt="xs" className="sideways" wrap="nowrap">
      <SegmentedControl
        size="xs"
        aria-label="View"
        value={now?.name ?? ""}
        onChange={(name) => onOrbit({ azimuth: views.find((each) => each.name === name)!.azimuth, tilt: 0 })}
        data={views.map(({ name }) => ({ value: name, label: viewName(name) }))}
      />
    </Group>
  );
}

const BACKGROUNDS = [
  { value: "#ffffff", label: "White" },
  { value: "#f1f3f5", label: "Light grey" },
  { value: "#212529", label: "Dark" },
  { value: "none", label: "Transparent" },
];

function Garment({ draft, change }: Pick<Props, "draft" | "change">) {
  const found = useQuery(templates());
  const list = found.data?.templates.filter((each) => each.is_active) ?? [];
  return (
    <Group grow align="flex-start">
      <Select
        label="Template"
        size="xs"
        allowDeselect={false}
        disabled={list.length < 2}
        value={draft.template}
        data={list.length ? list.map(({ id, name }) => ({ value: id, label: name })) : [draft.template]}
        onChange={(template) => template && change({ do: "set", draft: { template, prints: [], colour: "white" } })}
      />
      <Select
        label="Background"
        size="xs"
        allowDeselect={false}
        value={draft.background ?? "none"}
        data={BACKGROUNDS}
        onChange={(value) => change({ do: "set", draft: { background: value === "none" ? null : value } })}
      />
    </Group>
  );
}
