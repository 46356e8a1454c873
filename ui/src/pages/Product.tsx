/* One product: its media in order, its thumbnail, its jobs and what they came to. */

import { ActionIcon, Badge, Button, Group, Menu, SimpleGrid, Stack, Table, Text, Title } from "@mantine/core";
import { IconDots, IconShirt } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type DragEvent } from "react";
import { Link, useLocation } from "wouter";
import { api, done, type Product as ProductData } from "../api/client";
import { jobs, product } from "../api/queries";
import { JobBadge } from "../parts/JobBadge";
import { Nothing, State } from "../parts/State";
import { ago } from "../parts/time";
import { presetName, viewName } from "../parts/words";

export default function Product({ id }: { id: string }) {
  const found = useQuery(product(id));
  return <State of={found}>{(data) => <Whole product={data} />}</State>;
}

function Whole({ product: data }: { product: ProductData }) {
  const [, go] = useLocation();
  return (
    <Stack maw={1400}>
      <Group justify="space-between">
        <div>
          <Title order={1}>{data.title}</Title>
          <Text size="sm" c="dimmed">
            {data.id}
            {data.variants.length > 0 && ` · ${data.variants.length} variants`}
          </Text>
        </div>
        <Button leftSection={<IconShirt size={16} />} onClick={() => go(`/mockups?product=${encodeURIComponent(data.id)}`)}>
          Make mockups
        </Button>
      </Group>
      {data.media.length ? <Media product={data} /> : <Nothing title="No pictures yet">A published mockup puts its six views and its turntable here.</Nothing>}
      <Recent id={data.id} />
    </Stack>
  );
}

type Medium = ProductData["media"][number];

function Media({ product: data }: { product: ProductData }) {
  const queries = useQueryClient();
  const [held, setHeld] = useState<string | null>(null);
  const [over, setOver] = useState<string | null>(null);
  const path = { product_id: data.id };
  const put = (made: ProductData) => {
    queries.setQueryData(["products", "one", data.id], made);
    void queries.invalidateQueries({ queryKey: ["products"] });
  };
  const order = useMutation({
    mutationFn: (ids: string[]) => done(api.PUT("/v1/products/{product_id}/media/order", { params: { path }, body: { media: ids } })),
    onMutate: (ids) => {
      const media = ids.flatMap((id) => data.media.filter((each) => each.id === id));
      queries.setQueryData(["products", "one", data.id], { ...data, media });
      return data;
    },
    onError: (_error, _ids, before) => queries.setQueryData(["products", "one", data.id], before),
    onSuccess: put,
  });
  const thumbnail = useMutation({
    mutationFn: (id: string) => done(api.PUT("/v1/products/{product_id}/thumbnail", { params: { path }, body: { media_id: id } })),
    onSuccess: put,
  });
  const remove = useMutation({
    mutationFn: (id: string) => done(api.DELETE("/v1/products/{product_id}/media/{media_id}", { params: { path: { ...path, media_id: id } } })),
    onSuccess: put,
  });
  const ids = data.media.map((each) => each.id);
  const moved = (id: string, to: number) => {
    const rest = ids.filter((each) => each !== id);
    rest.splice(Math.min(Math.max(to, 0), rest.length), 0, id);
    if (rest.join() !== ids.join()) order.mutate(rest);
  };
  const drop = (target: string) => (event: DragEvent) => {
    event.preventDefault();
    setOver(null);
    if (held && held !== target) moved(held, ids.indexOf(target));
    setHeld(null);
  };
  return (
    <>
      <Text size="sm" c="dimmed">
        Drag to put them in order; with the keyboard, Alt and the arrow keys.
      </Text>
      <SimpleGrid cols={{ base: 2, sm: 3, md: 4, lg: 6 }}>
        {data.media.map((each, i) => (
          <figure
            key={each.id}
            data-medium={each.id}
            style={{ margin: 0 }}
            tabIndex={0}
            aria-label={`${viewName(each.role ?? "")}, ${i + 1} of ${ids.length}`}
            draggable
            onDragStart={() => setHeld(each.id)}
            onDragEnd={() => setHeld(null)}
            onDragOver={(event) => {
              event.preventDefault();
              setOver(each.id);
            }}
            onDrop={drop(each.id)}
            onKeyDown={(event) => {
              const by = event.altKey && { ArrowLeft: -1, ArrowRight: 1 }[event.key];
              if (!by) return;
              event.preventDefault();
              moved(each.id, i + by);
            }}
          >
            <div className="plate" style={{ cursor: "grab", opacity: held === each.id ? 0.4 : 1, outline: over === each.id && held ? "3px solid var(--mantine-primary-color-filled)" : undefined }}>
              {isVideo(each) ? <video src={each.url} muted loop playsInline preload="metadata" onPointerEnter={(event) => void event.currentTarget.play().catch(() => undefined)} onPointerLeave={(event) => event.currentTarget.pause()} /> : <img src={each.url} alt={viewName(each.role ?? "")} loading="lazy" draggable={false} />}
            </div>
            <Group component="figcaption" justify="space-between" mt={4} gap={4} wrap="nowrap">
              <Text size="xs" c="dimmed" truncate>
                {viewName(each.role ?? "")}
              </Text>
              <Group gap={4} wrap="nowrap">
                {each.url === data.thumbnail && (
                  <Badge size="sm" tt="none" variant="light">
                    thumbnail
                  </Badge>
                )}
                <Menu shadow="md" position="bottom-end">
                  <Menu.Target>
                    <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`More about ${viewName(each.role ?? "")}`}>
                      <IconDots size={15} />
                    </ActionIcon>
                  </Menu.Target>
                  <Menu.Dropdown>
                    {!isVideo(each) && each.url !== data.thumbnail && <Menu.Item onClick={() => thumbnail.mutate(each.id)}>Make it the thumbnail</Menu.Item>}
                    <Menu.Item onClick={() => moved(each.id, 0)}>To the front</Menu.Item>
                    <Menu.Item component="a" href={each.url} download>
                      Download
                    </Menu.Item>
                    <Menu.Item color="red" onClick={() => remove.mutate(each.id)}>
                      Take it off the product
                    </Menu.Item>
                  </Menu.Dropdown>
                </Menu>
              </Group>
            </Group>
          </figure>
        ))}
      </SimpleGrid>
    </>
  );
}

function isVideo(medium: Medium): boolean {
  return medium.media_type.startsWith("video");
}

function Recent({ id }: { id: string }) {
  const found = useQuery(jobs({ product: id, page: 0 }));
  if (!found.data?.count) return null;
  const { jobs: list, count } = found.data;
  const by = (status: string) => list.filter((job) => job.status === status).length;
  return (
    <section>
      <Group gap="sm" mb="xs" align="baseline">
        <Title order={2}>Jobs</Title>
        <Text size="sm" c="dimmed" className="numbers">
          {count.toLocaleString("en")} in all{count > list.length ? `; of the last ${list.length}` : ""}: {by("completed")} completed, {by("failed")} failed
        </Text>
      </Group>
      <Table verticalSpacing={6}>
        <Table.Tbody>
          {list.slice(0, 10).map((job) => (
            <Table.Tr key={job.id}>
              <Table.Td>
                <Link href={`/jobs/${job.id}`}>
                  <JobBadge status={job.status} />
                </Link>
              </Table.Td>
              <Table.Td>{presetName(job.preset)}</Table.Td>
              <Table.Td>{String(job.options.fabric_color ?? "white")}</Table.Td>
              <Table.Td>{ago(job.created_at)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {count > 10 && <Link href={`/jobs?product=${encodeURIComponent(id)}`}>All of them</Link>}
    </section>
  );
}
