/* Everything beside the stage: designs, where the chosen one lies, the garment, the order. */

import { Group, Paper, Select, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { memo } from "react";
import type { Batch, Design } from "../api/client";
import { design as designOf, templates } from "../api/queries";
import type { Place, Scene } from "../preview/bundle";
import { Checks } from "./Checks";
import { Colours } from "./Colours";
import { Designs } from "./Designs";
import type { Change, Draft } from "./draft";
import classes from "./Editor.module.css";
import { Layers } from "./Layers";
import { keptDesign } from "./order";
import { Ordering } from "./Ordering";
import { useUpload } from "./pictures";
import { clampPlace } from "./placing";
import { Placing } from "./Placing";

interface Props {
  scene: Scene;
  draft: Draft;
  images: Map<string, ImageBitmap>;
  picked: string | null;
  uploading: boolean;
  change(what: Change): void;
  onFile(file: File): void;
  onPick(design: Design): void;
  onSelect(key: string): void;
  /** Turns the garment so that a panel is seen. */
  onFace(panel: string): void;
  onMatrix(): void;
  onOrdered(batch: Batch): void;
}

/** Drawn again only when one of these changes: not with every frame of a drag. */
export const Side = memo(function Side({ scene, draft, images, picked, change, ...props }: Props) {
  const chosen = draft.prints.find((print) => print.key === picked);
  const about = useQuery({ ...designOf(chosen?.design.id ?? ""), enabled: chosen !== undefined });
  const cutOut = useUpload((found) => chosen && change({ do: "swap", key: chosen.key, design: keptDesign(found) }));
  const move = (key: string, place: Place) => change({ do: "move", key, place: clampPlace(scene, place) });
  return (
    <Stack gap="md">
      <Paper withBorder p="md" component="section" aria-label="Designs">
        <Stack gap="sm">
          <Designs uploading={props.uploading} onFile={props.onFile} onPick={props.onPick} />
          <Layers
            prints={draft.prints}
            selected={picked}
            onSelect={(key) => {
              props.onSelect(key);
              props.onFace(draft.prints.find((print) => print.key === key)!.place.panel);
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
                  move(chosen.key, place);
                  if (place.panel !== chosen.place.panel) props.onFace(place.panel);
                }}
              />
              <Checks
                scene={scene}
                print={chosen}
                image={images.get(chosen.design.id)}
                colour={draft.colour}
                findings={about.data?.findings ?? []}
                onMove={(place) => move(chosen.key, place)}
                onCutOut={(cut) => cutOut.mutate(cut)}
              />
            </>
          )}
        </Stack>
      </Paper>
      <Garment scene={scene} template={draft.template} colour={draft.colour} background={draft.background} change={change} />
      <Paper withBorder p="md" component="section" aria-label="Order" className={classes.order}>
        <Ordering scene={scene} draft={draft} onMatrix={props.onMatrix} onOrdered={props.onOrdered} />
      </Paper>
    </Stack>
  );
});

const BACKGROUNDS = [
  { value: "#ffffff", label: "White" },
  { value: "#f1f3f5", label: "Light grey" },
  { value: "#212529", label: "Dark" },
  { value: "none", label: "Transparent" },
];

type GarmentProps = Pick<Props, "scene" | "change"> & Pick<Draft, "template" | "colour" | "background">;

const Garment = memo(function Garment({ scene, template, colour, background, change }: GarmentProps) {
  const found = useQuery(templates());
  const list = found.data?.templates.filter((each) => each.is_active) ?? [];
  return (
    <Paper withBorder p="md" component="section" aria-label="Garment">
      <Stack gap="sm">
        <Colours scene={scene} value={colour} onChange={(name) => change({ do: "set", about: "colour", draft: { colour: name } })} />
        <Group grow align="flex-start">
          <Select
            label="Template"
            size="xs"
            allowDeselect={false}
            disabled={list.length < 2}
            value={template}
            data={list.length ? list.map(({ id, name }) => ({ value: id, label: name })) : [template]}
            onChange={(id) => id && change({ do: "set", draft: { template: id, prints: [], colour: "white" } })}
          />
          <Select
            label="Background"
            size="xs"
            allowDeselect={false}
            value={background ?? "none"}
            data={BACKGROUNDS}
            onChange={(value) => change({ do: "set", draft: { background: value === "none" ? null : value } })}
          />
        </Group>
      </Stack>
    </Paper>
  );
});
