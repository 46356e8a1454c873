/* The chosen design in numbers: presets, centimetres, what a printer would say about it. */

import { ActionIcon, Alert, Badge, Button, Chip, Group, NumberInput, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import type { Place, Scene } from "../preview/bundle";
import type { DraftPrint } from "./draft";
import { dpi, outside, presetPlace, WIDTH_CM } from "./placing";

interface Props {
  scene: Scene;
  print: DraftPrint;
  onMove(place: Place): void;
  onRemove(): void;
}

const SHARP_DPI = 150;
const COARSE_DPI = 72;

export function Placing({ scene, print, onMove, onRemove }: Props) {
  const { place, design } = print;
  const now = presetOf(scene, print);
  const number = (label: string, name: "x" | "y" | "width" | "rotation", step: number, unit: string) => (
    <NumberInput
      label={label}
      size="xs"
      value={Math.round(place[name] * 100) / 100}
      step={step}
      decimalScale={2}
      suffix={unit}
      min={name === "width" ? WIDTH_CM[0] : undefined}
      max={name === "width" ? WIDTH_CM[1] : undefined}
      onChange={(value) => typeof value === "number" && onMove({ ...place, [name]: value })}
    />
  );
  return (
    <Stack gap="sm">
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm" fw={550} truncate>
          {design.name || "Design"}
        </Text>
        <ActionIcon variant="subtle" color="red" aria-label="Remove this design" onClick={onRemove}>
          <IconTrash size={16} />
        </ActionIcon>
      </Group>
      <Chip.Group value={now ?? ""}>
        <Group gap={6} aria-label="Placement">
          {Object.keys(scene.presets).map((name) => (
            <Chip key={name} value={name} size="xs" onClick={() => onMove(presetPlace(scene, name, design)!)}>
              {name.replace(/-/g, " ")}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
      <SimpleGrid cols={4} spacing="xs">
        {number("Width", "width", 0.5, " cm")}
        {number("Across", "x", 0.5, " cm")}
        {number("Down", "y", 0.5, " cm")}
        {number("Turned", "rotation", 5, "°")}
      </SimpleGrid>
      <Checks scene={scene} print={print} onMove={onMove} />
    </Stack>
  );
}

/** The preset that puts a design exactly there. */
export function presetOf(scene: Scene, { place, design }: DraftPrint): string | null {
  const same = (a: number, b: number) => Math.abs(a - b) < 0.005;
  return (
    Object.keys(scene.presets).find((name) => {
      const preset = presetPlace(scene, name, design);
      return (
        preset?.panel === place.panel &&
        same(preset.x, place.x) &&
        same(preset.y, place.y) &&
        same(preset.width, place.width) &&
        same(preset.rotation, place.rotation)
      );
    }) ?? null
  );
}

function Checks({ scene, print, onMove }: Pick<Props, "scene" | "print" | "onMove">) {
  const { place, design } = print;
  const density = dpi(place, design);
  const beyond = outside(scene, place, design);
  const fitting = (design.width / SHARP_DPI) * 2.54;
  return (
    <Stack gap="xs">
      <Group gap="xs">
        <Badge variant="light" tt="none" color={density >= SHARP_DPI ? "teal" : density >= COARSE_DPI ? "yellow" : "red"}>
          {Math.round(density)} DPI
        </Badge>
        <Badge variant="light" tt="none" color={beyond > 0.001 ? "yellow" : "teal"}>
          {beyond > 0.001 ? `${Math.ceil(beyond * 100)} % outside the print area` : "inside the print area"}
        </Badge>
      </Group>
      {density < SHARP_DPI && (
        <Alert p="xs" color={density < COARSE_DPI ? "red" : "yellow"}>
          <Group justify="space-between" gap="xs">
            <Text size="sm">Printed this large it looks soft.</Text>
            <Button size="compact-xs" variant="default" onClick={() => onMove({ ...place, width: fitting })}>
              Make it {fitting.toFixed(1)} cm
            </Button>
          </Group>
        </Alert>
      )}
    </Stack>
  );
}
