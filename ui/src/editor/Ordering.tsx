/* For which product, and go: nothing is shown to customers before it is published. */

import { Button, Checkbox, Group, Select, Stack, Text, TextInput, Tooltip } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { IconCamera, IconGridDots } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useSearchParams } from "wouter";
import { api, done, type Batch } from "../api/client";
import { product } from "../api/queries";
import { asFound, useProducts } from "../parts/choosing";
import type { Scene } from "../preview/bundle";
import type { Draft } from "./draft";
import { batchOf, orderOf } from "./order";

interface Props {
  scene: Scene;
  draft: Draft;
  onMatrix(): void;
  onOrdered(batch: Batch): void;
}

const NEW = "";

export function Ordering({ scene, draft, onMatrix, onOrdered }: Props) {
  const queries = useQueryClient();
  const { target, list, choose, ready, seek } = useTarget();
  const [title, setTitle] = useState("My first product");
  const [replace, setReplace] = useLocalStorage({ key: "tirage.replace", defaultValue: false });
  const making = target === NEW;
  const order = useMutation({
    mutationFn: async () => {
      let product = target;
      if (making) {
        const made = await done(api.POST("/v1/products", { body: { title: title.trim() } }));
        product = made.id;
        choose(made.id);
        void queries.invalidateQueries({ queryKey: ["products"] });
      }
      return done(api.POST("/v1/batches", { body: batchOf(orderOf(scene, draft, product), replace) }));
    },
    onSuccess: (made) => onOrdered(made as Batch),
  });
  const missing = !draft.prints.length ? "Put a design on the garment first." : making && !title.trim() ? "Name the product." : null;
  return (
    <Stack gap="sm">
      <Select
        label="For the product"
        searchable
        filter={asFound}
        onSearchChange={seek}
        nothingFoundMessage="No product is called that"
        maxDropdownHeight={260}
        allowDeselect={false}
        disabled={!ready}
        value={target}
        onChange={(value) => choose(value ?? NEW)}
        data={[{ value: NEW, label: "A new product" }, ...list.map(({ id, title: name }) => ({ value: id, label: name }))]}
        comboboxProps={{ shadow: "md" }}
      />
      {making && ready && <TextInput label="Its title" value={title} onChange={(event) => setTitle(event.currentTarget.value)} />}
      <Checkbox
        size="xs"
        label="Replace the mockups that it has"
        checked={replace}
        onChange={(event) => setReplace(event.currentTarget.checked)}
      />
      <Group gap="xs" wrap="nowrap">
        <Tooltip label={missing} disabled={!missing}>
          <Button
            flex={1}
            size="md"
            leftSection={<IconCamera size={18} />}
            data-disabled={missing ? true : undefined}
            aria-disabled={missing !== null}
            loading={order.isPending}
            onClick={() => !missing && order.mutate()}
          >
            Render
          </Button>
        </Tooltip>
        <Tooltip label="Many at once: designs × colours × places">
          <Button size="md" variant="default" leftSection={<IconGridDots size={18} />} onClick={onMatrix}>
            Matrix
          </Button>
        </Tooltip>
      </Group>
      <Text size="xs" c="dimmed">
        Six views and a turntable. The product changes when you publish, not before.
      </Text>
    </Stack>
  );
}

/** The product that is ordered for: the address's, the last one, the first one, or one to be. */
export function useTarget() {
  const [search] = useSearchParams();
  const asked = search.get("product");
  const [last, setLast] = useLocalStorage<string | null>({ key: "tirage.product", defaultValue: null });
  const [chosen, setChosen] = useState<string | null>(null);
  const wanted = chosen ?? asked ?? last;
  const own = useQuery({ ...product(wanted ?? ""), enabled: Boolean(wanted) });
  const { newest, found, ready, seek } = useProducts(["A new product", ...(own.data ? [own.data.title] : [])]);
  const list = [...(own.data ? [own.data] : []), ...found.filter((each) => each.id !== own.data?.id)];
  const target = wanted === NEW ? NEW : (own.data?.id ?? chosen ?? newest[0]?.id ?? NEW);
  const choose = (id: string) => {
    setChosen(id);
    if (id) setLast(id);
  };
  return { target, list, choose, seek, ready: ready && (!wanted || !own.isPending) };
}
