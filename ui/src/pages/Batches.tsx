/* What was ordered as many: each with how far it is. */

import { Badge, Group, Progress, Stack, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useLocation } from "wouter";
import type { Batch } from "../api/client";
import { batches } from "../api/queries";
import { Nothing, State } from "../parts/State";
import { ago } from "../parts/time";
import { SINGLE } from "../editor/order";
import { NUDGE } from "../review/nudge";

const HIDDEN: unknown[] = [SINGLE, NUDGE];

export default function Batches() {
  const found = useQuery({ ...batches(), refetchInterval: 3000 });
  return (
    <Stack>
      <Title order={1}>Batches</Title>
      <State of={found}>
        {({ batches: all }) => {
          const list = all.filter((each) => !HIDDEN.includes(each.metadata.kind));
          return list.length ? (
            <List batches={list} />
          ) : (
            <Nothing title="No batches yet">
              Many mockups at once are ordered with <em>Matrix</em> on <Link href="/mockups">Mockups</Link>, and reviewed here before they are published.
            </Nothing>
          );
        }}
      </State>
    </Stack>
  );
}

export function BatchBadge({ batch }: { batch: Batch }) {
  const [colour, text] = batch.applied_at
    ? ["teal", "published"]
    : batch.finished_at
      ? batch.by_status.failed
        ? ["red", `${batch.by_status.failed} failed`]
        : ["blue", "to review"]
      : ["yellow", "rendering"];
  return (
    <Badge variant="light" color={colour} tt="none" miw="max-content">
      {text}
    </Badge>
  );
}

function List({ batches: list }: { batches: Batch[] }) {
  const [, go] = useLocation();
  return (
    <Table.ScrollContainer minWidth={520} scrollAreaProps={{ viewportProps: { tabIndex: 0, "aria-label": "Batches" } }}>
      <Table highlightOnHover verticalSpacing={8}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th>Status</Table.Th>
            <Table.Th>Mockups</Table.Th>
            <Table.Th w={160}>Progress</Table.Th>
            <Table.Th>Ordered</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {list.map((each) => (
            <Table.Tr key={each.id} style={{ cursor: "pointer" }} onClick={() => go(`/batches/${each.id}`)}>
              <Table.Td>
                <Link href={`/batches/${each.id}`} onClick={(event) => event.stopPropagation()}>
                  {each.name || "Without a name"}
                </Link>
              </Table.Td>
              <Table.Td>
                <BatchBadge batch={each} />
              </Table.Td>
              <Table.Td className="numbers">{each.total.toLocaleString("en")}</Table.Td>
              <Table.Td>{each.finished_at ? <Text size="sm" c="dimmed">done</Text> : <Group gap="xs"><Progress flex={1} value={each.progress} aria-label={`${each.progress} % done`} /></Group>}</Table.Td>
              <Table.Td>
                <Text size="sm" c="dimmed">
                  {ago(each.created_at)}
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
