/* The designs on the garment: which is chosen, which lies on top. */

import { ActionIcon, Group, Stack, Text, UnstyledButton } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconTrash } from "@tabler/icons-react";
import type { DraftPrint } from "./draft";
import classes from "./Layers.module.css";

interface Props {
  prints: DraftPrint[];
  selected: string | null;
  onSelect(key: string): void;
  onRaise(key: string, by: 1 | -1): void;
  onRemove(key: string): void;
}

export function Layers({ prints, selected, onSelect, onRaise, onRemove }: Props) {
  if (!prints.length) return null;
  const name = (print: DraftPrint) => print.design.name || "Design";
  return (
    <Stack gap={4} component="ul" className={classes.list} aria-label="Designs on the garment">
      {prints
        .map((print, i) => (
          <Group key={print.key} component="li" gap={4} wrap="nowrap" className={classes.row} data-chosen={print.key === selected || undefined}>
            <UnstyledButton className={classes.pick} aria-pressed={print.key === selected} onClick={() => onSelect(print.key)}>
              <span className={classes.thumb}>
                <img src={print.design.url} alt="" />
              </span>
              <span className={classes.words}>
                <Text size="sm" fw={550} truncate>
                  {name(print)}
                </Text>
                <Text size="xs" c="dimmed" truncate>
                  {print.place.panel.replace(/-/g, " ")} · {print.place.width.toFixed(1)} cm
                </Text>
              </span>
            </UnstyledButton>
            {prints.length > 1 && (
              <>
                <ActionIcon variant="subtle" color="gray" aria-label={`${name(print)} further up`} disabled={i === prints.length - 1} onClick={() => onRaise(print.key, 1)}>
                  <IconArrowUp size={15} />
                </ActionIcon>
                <ActionIcon variant="subtle" color="gray" aria-label={`${name(print)} further down`} disabled={i === 0} onClick={() => onRaise(print.key, -1)}>
                  <IconArrowDown size={15} />
                </ActionIcon>
              </>
            )}
            <ActionIcon variant="subtle" color="red" aria-label={`Remove ${name(print)}`} onClick={() => onRemove(print.key)}>
              <IconTrash size={15} />
            </ActionIcon>
          </Group>
        ))
        .reverse()}
    </Stack>
  );
}
