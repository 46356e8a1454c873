/* Two pictures of the same view, one over the other, with a line to drag between them. */

import { Center, Group, Loader, Modal, SegmentedControl, Slider, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import classes from "./Compare.module.css";
import { VIEWS, viewName } from "./words";

export interface Side {
  name: string;
  /** The address of its picture of a view; null: there is none. */
  picture(view: string): Promise<string | null>;
}

export function Compare({ sides, opened, onClose }: { sides: Side[]; opened: boolean; onClose(): void }) {
  return (
    <Modal opened={opened} onClose={onClose} size="min(86vh, 1000px)" title={sides.map((side) => side.name).join(" and ")}>
      {opened && <Both sides={sides} />}
    </Modal>
  );
}

function Both({ sides }: { sides: Side[] }) {
  const [view, setView] = useState(VIEWS[0]);
  const [at, setAt] = useState(50);
  const found = useQuery({
    queryKey: ["compare", sides.map((side) => side.name), view],
    gcTime: 0,
    staleTime: 0,
    queryFn: () => Promise.all(sides.map((side) => side.picture(view))),
  });
  const [left, right] = found.data ?? [];
  return (
    <Stack gap="sm">
      <Group justify="center" className="sideways" wrap="nowrap">
        <SegmentedControl size="xs" aria-label="View" value={view} onChange={setView} data={VIEWS.map((value) => ({ value, label: viewName(value) }))} />
      </Group>
      <div className={classes.both}>
        {left && right ? (
          <>
            <img src={right} alt={`${sides[1].name}, ${viewName(view)}`} />
            <img src={left} alt={`${sides[0].name}, ${viewName(view)}`} style={{ clipPath: `inset(0 ${100 - at}% 0 0)` }} />
            <span className={classes.line} style={{ left: `${at}%` }} />
            <Text className={classes.name} data-side="left">
              {sides[0].name}
            </Text>
            <Text className={classes.name} data-side="right">
              {sides[1].name}
            </Text>
          </>
        ) : (
          <Center h="100%">{found.data ? <Text c="dimmed">One of them has no such picture.</Text> : <Loader role="status" aria-label="Loading" />}</Center>
        )}
      </div>
      <Slider value={at} onChange={setAt} label={null} thumbLabel="Where one ends and the other begins" />
    </Stack>
  );
}
