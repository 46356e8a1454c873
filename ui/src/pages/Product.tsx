/* One product: its media in order, its thumbnail, its jobs. */

import { Badge, Button, Group, SimpleGrid, Stack, Table, Text, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type DragEvent } from "react";
import { Link, useLocation } from "wouter";
import { api, done, type Product as ProductData } from "../api/client";
import { jobs, product } from "../api/queries";
import { JobBadge } from "../parts/JobBadge";
import { Nothing, State } from "../parts/State";
import { ago } from "../parts/time";

export default function Product({ id }: { id: string }) {
  const found = useQuery(product(id));
  return <State of={found}>{(data) => <Whole product={data} />}</State>;
}

function Whole({ product: data }: { product: ProductData }) {
  const [, go] = useLocation();
  return (
    <Stack maw={1200}>
      <Group justify="space-between">
        <div>
          <Title order={1}>{data.title}</Title>
          <Text size="sm" c="dimmed">
            {data.id}
          </Text>
        </div>
        <Button onClick={() => go(`/mockups?product=${encodeURIComponent(data.id)}`)}>Make mockups</Button>
      </Group>
      {data.media.length ? <Media product={data} /> : <Nothing title="No pictures yet">A mockup puts its six views here.</Nothing>}
      <Recent id={data.id} />
    </Stack>
  );
}

function Media({ product: data }: { product: ProductData }) {
  const queries = useQueryClient();
  const [held, setHeld] = useState<string | null>(null);
  const path = { product_id: data.id };
  const put = (made: ProductData) => queries.setQueryData(["products", "one", data.id], made);
  const order = useMutation({
    mutationFn: (ids: string[]) => done(api.PUT("/v1/products/{product_id}/media/order", { params: { path }, body: { media: ids } })),
    onSuccess: put,
  });
  const thumbnail = useMutation({
    mutationFn: (id: string) => done(api.PUT("/v1/products/{product_id}/thumbnail", { params: { path }, body: { media_id: id } })),
    onSuccess: put,
  });
  const drop = (before: string) => (event: DragEvent) => {
    event.preventDefault();
    if (!held || held === before) return;
    const rest = data.media.map((each) => each.id).filter((id) => id !== held);
    rest.splice(rest.indexOf(before), 0, held);
    order.mutate(rest);
    setHeld(null);
  };
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, md: 4 }}>
      {data.media.map((each) => {
        const first = each.url === data.thumbnail;
        return (
          <div
            key={each.id}
            draggable
            onDragStart={() => setHeld(each.id)}
            onDragOver={(event) => event.preventDefault()}
            onDrop={drop(each.id)}
          >
            <div className="plate" style={{ cursor: "grab", opacity: held === each.id ? 0.4 : 1 }}>
              {each.media_type.startsWith("video") ? (
                <video src={each.url} muted loop controls playsInline preload="metadata" />
              ) : (
                <img src={each.url} alt={each.role ?? ""} loading="lazy" draggable={false} />
              )}
            </div>
            <Group justify="space-between" mt={4} gap={4}>
              <Text size="xs" c="dimmed">
                {each.role?.replace(/_/g, " ")}
              </Text>
              {first ? (
                <Badge size="xs" tt="none">
                  thumbnail
                </Badge>
              ) : (
                !each.media_type.startsWith("video") && (
                  <Button size="compact-xs" variant="subtle" onClick={() => thumbnail.mutate(each.id)}>
                    Make thumbnail
                  </Button>
                )
              )}
            </Group>
          </div>
        );
      })}
    </SimpleGrid>
  );
}

function Recent({ id }: { id: string }) {
  const found = useQuery(jobs({ product: id, page: 0 }));
  if (!found.data?.count) return null;
  return (
    <div>
      <Title order={2} mb="xs">
        Jobs
      </Title>
      <Table>
        <Table.Tbody>
          {found.data.jobs.slice(0, 10).map((job) => (
            <Table.Tr key={job.id}>
              <Table.Td>
                <Link href={`/jobs/${job.id}`}>
                  <JobBadge status={job.status} />
                </Link>
              </Table.Td>
              <Table.Td>{job.preset ?? "free"}</Table.Td>
              <Table.Td>{String(job.options.fabric_color ?? "white")}</Table.Td>
              <Table.Td>{ago(job.created_at)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
