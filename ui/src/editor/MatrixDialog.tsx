/* Designs × colours × places × products as one batch: what it comes to is said before it is ordered. */

import { Alert, Button, Chip, ColorSwatch, Group, Loader, Modal, MultiSelect, SegmentedControl, SimpleGrid, Stack, Text, TextInput, UnstyledButton } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconCheck } from "@tabler/icons-react";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useLocation } from "wouter";
import { api, done, type Batch, type BatchBody } from "../api/client";
import { designs } from "../api/queries";
import { asFound, useProducts } from "../parts/choosing";
import { presetName, span } from "../parts/words";
import type { Scene } from "../preview/bundle";
import { dark } from "./Colours";
import type { Draft } from "./draft";
import classes from "./Designs.module.css";
import { presetOf } from "./placing";

interface Props {
  scene: Scene;
  draft: Draft;
  opened: boolean;
  onClose(): void;
}

export function MatrixDialog({ opened, onClose, ...rest }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} size="xl" title="Many mockups at once">
      {opened && <Inside {...rest} />}
    </Modal>
  );
}

const PICTURES = { all: 7, "images-only": 6 } as const;

function Inside({ scene, draft }: Pick<Props, "scene" | "draft">) {
  const [, go] = useLocation();
  const queries = useQueryClient();
  const known = useQuery(designs()).data?.designs ?? [];
  const { newest, found, seek } = useProducts();
  const titles = useRef(new Map<string, string>());
  for (const each of [...newest, ...found]) titles.current.set(each.id, each.title);
  const presets = Object.keys(scene.presets);
  const usual = draft.prints.map((print) => presetOf(scene, print)).filter((name) => name !== null);
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<string[]>([...new Set(draft.prints.map((print) => print.design.id))]);
  const [colours, setColours] = useState<string[]>(draft.colour.startsWith("#") ? ["white"] : [draft.colour]);
  const [places, setPlaces] = useState<string[]>(usual.length ? usual.slice(0, 1) : presets.filter((each) => each === "chest-medium"));
  const [targets, setTargets] = useState<string[]>(newest.slice(0, 1).map((each) => each.id));
  const offered = [...new Set([...targets, ...found.map((each) => each.id)])];
  const [mode, setMode] = useState<keyof typeof PICTURES>("all");
  const count = chosen.length * colours.length * places.length * targets.length;
  const body: BatchBody = {
    name: name.trim(),
    matrix: {
      designs: chosen,
      products: targets,
      presets: places,
      colors: colours,
      templates: [draft.template],
      background_color: draft.background ?? "transparent",
      render_mode: mode,
    },
    metadata: { kind: "matrix" },
  };
  const [asked] = useDebouncedValue(JSON.stringify({ ...body, name: "" }), 200);
  const cost = useQuery({
    queryKey: ["estimate", asked],
    enabled: count > 0,
    staleTime: 0,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => done(api.POST("/v1/estimates", { signal, body: JSON.parse(asked) as BatchBody })),
  });
  const order = useMutation({
    mutationFn: () => done(api.POST("/v1/batches", { body })),
    onSuccess: (made) => {
      void queries.invalidateQueries({ queryKey: ["batches"] });
      go(`/batches/${(made as Batch).id}`);
    },
  });
  const flip = (list: string[], each: string) => (list.includes(each) ? list.filter((other) => other !== each) : [...list, each]);
  return (
    <Stack>
      <Part title="Designs" count={chosen.length}>
        <Group gap={6} role="group" aria-label="Designs">
          {known.map((design) => {
            const on = chosen.includes(design.id);
            return (
              <UnstyledButton key={design.id} className={classes.design} data-on={on || undefined} aria-pressed={on} aria-label={design.name || "Design"} onClick={() => setChosen(flip(chosen, design.id))}>
                <img src={design.url} alt="" loading="lazy" />
                {on && (
                  <span className={classes.tick}>
                    <IconCheck size={14} />
                  </span>
                )}
              </UnstyledButton>
            );
          })}
          {!known.length && (
            <Text size="sm" c="dimmed">
              Put a design on the garment first; it is listed here then.
            </Text>
          )}
        </Group>
      </Part>
      <Part title="Fabric colours" count={colours.length}>
        <Group gap={8} role="group" aria-label="Fabric colours">
          {Object.entries(scene.colours).map(([colour, { code }]) => (
            <UnstyledButton key={colour} aria-pressed={colours.includes(colour)} aria-label={colour} title={colour} onClick={() => setColours(flip(colours, colour))}>
              <ColorSwatch color={code} size={30} withShadow>
                {colours.includes(colour) && <IconCheck size={16} color={dark(code) ? "white" : "black"} />}
              </ColorSwatch>
            </UnstyledButton>
          ))}
        </Group>
      </Part>
      <Part title="Places" count={places.length}>
        <Chip.Group multiple value={places} onChange={setPlaces}>
          <Group gap={6} role="group" aria-label="Places">
            {presets.map((each) => (
              <Chip key={each} value={each} size="xs">
                {presetName(each)}
              </Chip>
            ))}
          </Group>
        </Chip.Group>
      </Part>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <MultiSelect label="Products" searchable filter={asFound} onSearchChange={seek} hidePickedOptions value={targets} onChange={setTargets} data={offered.map((id) => ({ value: id, label: titles.current.get(id) ?? id }))} placeholder={targets.length ? "" : "Choose at least one"} />
        <TextInput label="Name of the batch" placeholder="Summer 2027" value={name} onChange={(event) => setName(event.currentTarget.value)} maxLength={200} />
      </SimpleGrid>
      <SegmentedControl aria-label="What is made" value={mode} onChange={(value) => setMode(value as typeof mode)} data={[{ value: "all", label: "Six views and turntable" }, { value: "images-only", label: "Six views" }]} />
      <Alert color="gray" variant="light" aria-live="polite" data-testid="cost">
        {count === 0 ? (
          <Text size="sm">Choose a design, a colour, a place and a product.</Text>
        ) : cost.isError ? (
          <Text size="sm">{cost.error.message}</Text>
        ) : cost.data ? (
          <Group gap="lg" className="numbers">
            <Fact value={`${cost.data.total}`} label={`${cost.data.total === 1 ? "mockup" : "mockups"}, ${(cost.data.total * PICTURES[mode]).toLocaleString("en")} files`} />
            <Fact value={`${cost.data.rendered}`} label="rendered before" />
            <Fact value={cost.data.seconds ? `≈ ${span(cost.data.seconds.p50)}` : "–"} label={cost.data.seconds ? `at most ${span(cost.data.seconds.p90)}, ${cost.data.ahead} ahead` : "no runs to go by yet"} />
          </Group>
        ) : (
          <Loader size="xs" />
        )}
      </Alert>
      <Group justify="flex-end">
        <Button loading={order.isPending} disabled={count === 0} onClick={() => order.mutate()}>
          Order {count.toLocaleString("en")} {count === 1 ? "mockup" : "mockups"}
        </Button>
      </Group>
    </Stack>
  );
}

function Part({ title, count, children }: { title: string; count: number; children: React.ReactNode }) {
  return (
    <div>
      <Text size="sm" fw={550} mb={6}>
        {title}{" "}
        <Text span c="dimmed" fw={400}>
          {count}
        </Text>
      </Text>
      {children}
    </div>
  );
}

function Fact({ value, label }: { value: string; label: string }) {
  return (
    <div>
      <Text fw={650} fz="lg">
        {value}
      </Text>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
    </div>
  );
}
