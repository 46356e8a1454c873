/* Recording sessions: what was recorded together, and becomes videos. */

import { Badge, Button, Group, Pagination, Stack, Table, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconMovie } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import type { Session } from "../api/client";
import { PAGE } from "../api/queries";
import { sessions } from "../api/sessions";
import { Nothing, State } from "../parts/State";
import { ago } from "../parts/time";
import { NewSession } from "../videos/NewSession";

export default function Videos() {
  const [page, setPage] = useState(1);
  const [making, { open, close }] = useDisclosure(false);
  const found = useQuery(sessions(page - 1));
  return (
    <Stack maw={1100}>
      <Group justify="space-between">
        <Title order={1}>Videos</Title>
        <Button leftSection={<IconMovie size={16} />} onClick={open}>
          New session
        </Button>
      </Group>
      <State of={found}>
        {({ sessions: list, count }) =>
          count === 0 ? (
            <Nothing title="No sessions yet">
              A session is what several cameras and a recorder took together. <em>New session</em> takes their files; an edit from any editor then says which camera is
              seen when.
            </Nothing>
          ) : (
            <>
              <List sessions={list} />
              {count > PAGE && <Pagination total={Math.ceil(count / PAGE)} value={page} onChange={setPage} />}
            </>
          )
        }
      </State>
      <NewSession opened={making} onClose={close} />
    </Stack>
  );
}

function List({ sessions: list }: { sessions: Session[] }) {
  const [, go] = useLocation();
  return (
    <Table.ScrollContainer minWidth={460} scrollAreaProps={{ viewportProps: { tabIndex: 0, "aria-label": "Sessions" } }}>
      <Table highlightOnHover verticalSpacing={8}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Session</Table.Th>
            <Table.Th>Frames a second</Table.Th>
            <Table.Th>Sound of</Table.Th>
            <Table.Th>Changed</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {list.map((each) => (
            <Table.Tr key={each.id} style={{ cursor: "pointer" }} onClick={() => go(`/videos/${encodeURIComponent(each.id)}`)}>
              <Table.Td>
                <Link href={`/videos/${encodeURIComponent(each.id)}`} onClick={(event) => event.stopPropagation()}>
                  {each.name || each.id}
                </Link>
              </Table.Td>
              <Table.Td className="numbers">{each.rate}</Table.Td>
              <Table.Td>
                <Badge variant="default" tt="none" fw={450}>
                  {each.master}
                </Badge>
              </Table.Td>
              <Table.Td>
                <Text size="sm" c="dimmed">
                  {ago(each.updated_at)}
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
