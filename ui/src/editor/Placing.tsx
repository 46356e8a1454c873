/* Where the chosen design lies, in numbers: presets, centimetres, degrees. */

import { Chip, Group, NumberInput, SimpleGrid, Stack } from "@mantine/core";
import type { Place, Scene } from "../preview/bundle";
import type { DraftPrint } from "./draft";
import { presetOf, presetPlace, WIDTH_CM } from "./placing";

interface Props {
  scene: Scene;
  print: DraftPrint;
  onMove(place: Place): void;
}

export function Placing({ scene, print, onMove }: Props) {
  const { place, design } = print;
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
      <Chip.Group value={presetOf(scene, print) ?? ""}>
        <Group gap={6} aria-label="Placement" role="group">
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
    </Stack>
  );
}
