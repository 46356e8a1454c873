/* The stage, and what is beside and below it. */

import { Grid, Group, SegmentedControl, Stack } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { memo, useCallback, useEffect, useMemo, useRef, useState, type DragEvent } from "react";
import { useSearchParams } from "wouter";
import type { Batch, Design } from "../api/client";
import { useLate } from "../parts/calm";
import { viewName } from "../parts/words";
import type { Bundle } from "../preview/bundle";
import type { Orbit } from "../preview/camera";
import { codes } from "../preview/dye";
import { FirstDesign } from "./Designs";
import type { Change, Draft, DraftPrint } from "./draft";
import classes from "./Editor.module.css";
import { MatrixDialog } from "./MatrixDialog";
import { keptDesign } from "./order";
import { useImages, useUpload } from "./pictures";
import { azimuthOf, freePreset, presetPlace, viewsAround } from "./placing";
import { Result } from "./Result";
import { Side } from "./Side";
import { Stage, type StageHandle } from "./Stage";

interface Props {
  bundle: Bundle;
  draft: Draft;
  /** The draft for what need not follow a hand frame by frame. */
  calm: Draft;
  change(what: Change): void;
}

export function Editor({ bundle, draft, calm, change }: Props) {
  const { scene } = bundle;
  const [search, setSearch] = useSearchParams();
  const [picked, select] = useState<string | null>(draft.prints[0]?.key ?? null);
  const [orbit, setOrbit] = useState<Orbit>(FRONT);
  const [matrix, matrixDialog] = useDisclosure(false);
  const late = useLate();
  const stage = useRef<StageHandle>(null);
  const images = useImages(draft.prints.map((print) => print.design));
  const keys = draft.prints.map((print) => print.key).join();
  useEffect(() => {
    // a draft was opened, or the chosen design is gone
    select((key) => (keys.split(",").includes(key ?? "") ? key : keys.split(",")[0] || null));
  }, [keys]);
  const background = useMemo(() => codes(draft.background), [draft.background]);
  const made = search.get("made");
  const show = useCallback(
    (batch: string | null) =>
      setSearch((before) => {
        const next = new URLSearchParams(before);
        if (batch) next.set("made", batch);
        else next.delete("made");
        return next;
      }),
    [setSearch],
  );
  const add = useCallback(
    (found: Design) => {
      const design = keptDesign(found);
      const place = presetPlace(scene, freePreset(scene, calm.prints, orbit.azimuth), design)!;
      const print: DraftPrint = { key: crypto.randomUUID(), design, place };
      change({ do: "add", print });
      select(print.key);
      setOrbit({ azimuth: azimuthOf(place.panel), tilt: 0 });
    },
    [scene, calm.prints, orbit.azimuth, change],
  );
  const { mutate: upload, isPending: uploading } = useUpload(add);
  const file = useCallback((found: File) => upload(found), [upload]);
  const face = useCallback((panel: string) => setOrbit({ azimuth: azimuthOf(panel), tilt: 0 }), []);
  const ordered = useCallback((batch: Batch) => show(batch.id), [show]);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    const dropped = event.dataTransfer.files[0];
    if (dropped) file(dropped);
  };
  return (
    <Stack gap="lg">
      <Grid gap="lg">
        <Grid.Col span={STAGE}>
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
                onMove={(key, place, live) => change({ do: "move", key, place, live })}
                onSettle={() => change({ do: "settle" })}
                onRemove={(key) => change({ do: "remove", key })}
              />
              {!draft.prints.length && <FirstDesign uploading={uploading} onFile={file} />}
            </div>
            <Views bundle={bundle} orbit={orbit} onOrbit={setOrbit} />
          </div>
        </Grid.Col>
        <Grid.Col span={SIDE}>
          {late && (
            <Side
              scene={scene}
              draft={calm}
              images={images}
              picked={picked}
              uploading={uploading}
              change={change}
              onFile={file}
              onPick={add}
              onSelect={select}
              onFace={face}
              onMatrix={matrixDialog.open}
              onOrdered={ordered}
            />
          )}
        </Grid.Col>
      </Grid>
      {made && <Result key={made} batchId={made} snapshot={(view) => stage.current!.snapshot(view)} onClose={() => show(null)} />}
      <Matrix scene={scene} draft={calm} opened={matrix} onClose={matrixDialog.close} />
    </Stack>
  );
}

const FRONT: Orbit = { azimuth: 0, tilt: 0 };
const STAGE = { base: 12, md: 7, xl: 8 };
const SIDE = { base: 12, md: 5, xl: 4 };
const Matrix = memo(MatrixDialog);

const Views = memo(function Views({ bundle, orbit, onOrbit }: { bundle: Bundle; orbit: Orbit; onOrbit(orbit: Orbit): void }) {
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
});
