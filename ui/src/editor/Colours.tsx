/* The fabric's colour: the template's own ones, or any. */

import { ColorInput, ColorSwatch, Group, Popover, Text, Tooltip, UnstyledButton } from "@mantine/core";
import { IconCheck, IconPalette } from "@tabler/icons-react";
import { useId, useState } from "react";
import type { Scene } from "../preview/bundle";

interface Props {
  scene: Scene;
  value: string;
  onChange(name: string): void;
}

export function Colours({ scene, value, onChange }: Props) {
  const label = useId();
  const free = value.startsWith("#");
  return (
    <div>
      <Text size="sm" fw={550} mb={6} id={label}>
        Fabric colour{" "}
        <Text span c="dimmed" fw={400}>
          {value}
        </Text>
      </Text>
      <Group gap={8} role="radiogroup" aria-labelledby={label}>
        {Object.entries(scene.colours).map(([name, { code }]) => (
          <Tooltip key={name} label={name}>
            <UnstyledButton role="radio" aria-checked={name === value} aria-label={name} onClick={() => onChange(name)}>
              <ColorSwatch color={code} size={30} withShadow>
                {name === value && <IconCheck size={16} color={dark(code) ? "white" : "black"} />}
              </ColorSwatch>
            </UnstyledButton>
          </Tooltip>
        ))}
        <AnyColour value={free ? value : null} onChange={onChange} />
      </Group>
    </div>
  );
}

function AnyColour({ value, onChange }: { value: string | null; onChange(code: string): void }) {
  const [text, setText] = useState(value ?? "#6b7a4f");
  const put = (code: string) => {
    setText(code);
    if (/^#[0-9a-f]{6}$/i.test(code)) onChange(code.toLowerCase());
  };
  return (
    <Popover trapFocus withArrow shadow="md">
      <Popover.Target>
        <UnstyledButton aria-label={value ? `Another colour, now ${value}` : "Another colour"}>
          <ColorSwatch color={value ?? "transparent"} size={30} withShadow>
            <IconPalette size={16} color={value && dark(value) ? "white" : value ? "black" : "currentColor"} />
          </ColorSwatch>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        <ColorInput label="Any colour" value={text} format="hex" onChange={put} withEyeDropper={false} popoverProps={{ withinPortal: false }} />
      </Popover.Dropdown>
    </Popover>
  );
}

export function dark(code: string): boolean {
  const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(code.slice(at, at + 2), 16));
  return 0.3 * r + 0.59 * g + 0.11 * b < 140;
}
