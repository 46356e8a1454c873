/* The same mockup with its design a little elsewhere, rendered again in its place. */

import { Button, Group, Loader, Modal, Stack, Text } from "@mantine/core";
import { useMutation, useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { api, done, type BatchOrder, type Job } from "../api/client";
import { bundle as bundleOf, design, job } from "../api/queries";
import type { Draft } from "../editor/draft";
import { designsOf, draftOf, orderOf } from "../editor/order";
import { useImages } from "../editor/pictures";
import { azimuthOf } from "../editor/placing";
import { Stage } from "../editor/Stage";
import { State } from "../parts/State";
import type { Bundle } from "../preview/bundle";
import { nudgeOf } from "./nudge";

interface Props {
  batch: string;
  order: BatchOrder | null;
  onClose(): void;
  onOrdered(order: BatchOrder): void;
}

export function NudgeDialog({ order, onClose, ...rest }: Props) {
  return (
    <Modal opened={order !== null} onClose={onClose} size="lg" title="Move the design">
      {order && <Loading order={order} onClose={onClose} {...rest} />}
    </Modal>
  );
}

function Loading(props: Props & { order: BatchOrder }) {
  const found = useQuery(job(props.order.id));
  const bundle = useQuery(bundleOf(props.order.template_id ?? "tee"));
  return <State of={bundle}>{(data) => <State of={found}>{(made) => <Designs {...props} bundle={data} made={made} />}</State>}</State>;
}

function Designs(props: Props & { order: BatchOrder; bundle: Bundle; made: Job }) {
  const ids = designsOf(props.made);
  const found = useQueries({ queries: ids.map((id) => design(id)) });
  const there = found.flatMap((each) => (each.data ? [each.data] : []));
  if (!ids.length) return <Text>Its design is not stored by itself; order it anew instead.</Text>;
  if (there.length < ids.length) return <Loader />;
  return <Moving {...props} start={draftOf(props.bundle.scene, props.made, there)} />;
}

interface MovingProps extends Props {
  order: BatchOrder;
  bundle: Bundle;
  start: Draft;
}

const WHITE: [number, number, number] = [255, 255, 255];

function Moving({ batch, order, bundle, start, onClose, onOrdered }: MovingProps) {
  const queries = useQueryClient();
  const [begun] = useState(start);
  const [prints, setPrints] = useState(begun.prints);
  const [selected, select] = useState<string | null>(begun.prints[0]?.key ?? null);
  const [orbit, setOrbit] = useState({ azimuth: azimuthOf(begun.prints[0]?.place.panel ?? "front"), tilt: 0 });
  const images = useImages(useMemo(() => begun.prints.map((print) => print.design), [begun]));
  const again = useMutation({
    mutationFn: () => {
      const body = orderOf(bundle.scene, { ...begun, prints }, order.product_id!);
      return done(api.POST("/v1/batches", { body: nudgeOf(batch, order.id, body) }));
    },
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["batches"] });
      onOrdered(order);
    },
  });
  return (
    <Stack onKeyDown={(event) => event.key === "Enter" && (event.target as HTMLElement).role === "application" && again.mutate()}>
      <Stage
        bundle={bundle}
        colour={begun.colour}
        background={WHITE}
        prints={prints}
        images={images}
        orbit={orbit}
        selected={selected}
        onSelect={select}
        onOrbit={setOrbit}
        onMove={(key, place) => setPrints((before) => before.map((print) => (print.key === key ? { ...print, place } : print)))}
        onSettle={() => undefined}
        onRemove={() => undefined}
        autoFocus
      />
      <Text size="xs" c="dimmed">
        Drag it, or use the arrow keys, plus, minus and brackets. Enter renders it again.
      </Text>
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          As it was
        </Button>
        <Button loading={again.isPending} onClick={() => again.mutate()}>
          Render again
        </Button>
      </Group>
    </Stack>
  );
}
