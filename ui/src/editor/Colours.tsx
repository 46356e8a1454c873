import { ColorSwatch, Group, Text, Tooltip, UnstyledButton } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import type { Scene } from "../preview/bundle";

export function Colours({ scene, value, onChange }: { scene: Scene; value: string; onChange(name: string): void }) {
  return (
    <div>
      <Text size="sm" fw={550} mb={6}>
        Colour <Text span c="dimmed">{value}</Text>
      </Text>
      <Group gap={8} role="radiogroup" aria-label="Fabric colour">
        {Object.entries(scene.colours).map(([name, { code }]) => (
          <Tooltip key={name} label={name}>
            <UnstyledButton role="radio" aria-checked={name === value} aria-label={name} onClick={() => onChange(name)}>
              <ColorSwatch color={code} size={30} withShadow>
                {name === value && <IconCheck size={16} color={dark(code) ? "white" : "black"} />}
              </ColorSwatch>
            </UnstyledButton>
          </Tooltip>
        ))}
      </Group>
    </div>
  );
}

function dark(code: string): boolean {
  const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(code.slice(at, at + 2), 16));
  return 0.3 * r + 0.59 * g + 0.11 * b < 140;
}
