/* What an operator looks after: queues, keys, webhooks. */

import { Badge, Button, Group, Paper, SimpleGrid, Stack, Table, Text, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "../api/client";
import { keys, queues, webhooks } from "../api/queries";
import { State } from "../parts/State";
import { ago } from "../parts/time";

export default function Operation() {
  return (
    <Stack gap="xl" maw={1100}>
      <Title order={1}>Operation</Title>
      <Queues />
      <Keys />
      <Webhooks />
    </Stack>
  );
}

function Queues() {
  const queries = useQueryClient();
  const found = useQuery(queues());
  const turn = useMutation({
    mutationFn: ({ name, paused }: { name: string; paused: boolean }) => {
      const params = { path: { name } };
      return paused ? api.POST("/v1/queues/{name}/resume", { params }) : api.POST("/v1/queues/{name}/pause", { params });
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["queues"] }),
  });
  return (
    <section>
      <Title order={2} mb="xs">
        Queues
      </Title>
      <State of={found}>
        {({ queues: list }) => (
          <SimpleGrid cols={{ base: 1, sm: 2, md: 3 }}>
            {list.map((queue) => (
              <Paper key={queue.name} withBorder p="md">
                <Group justify="space-between" mb="xs">
                  <Text fw={600}>{queue.name}</Text>
                  {queue.paused && (
                    <Badge color="yellow" tt="none">
                      paused
                    </Badge>
                  )}
                </Group>
                <Group gap="xl" className="numbers">
                  <Figure value={queue.waiting} label="waiting" />
                  <Figure value={queue.running} label="running" />
                </Group>
                <Text size="xs" c="dimmed" mt={4}>
                  {queue.oldest ? `The oldest waits since ${ago(queue.oldest)}.` : "Nothing waits."}
                </Text>
                <Button mt="sm" size="xs" variant="default" loading={turn.isPending} onClick={() => turn.mutate(queue)}>
                  {queue.paused ? "Resume" : "Pause"}
                </Button>
              </Paper>
            ))}
          </SimpleGrid>
        )}
      </State>
    </section>
  );
}

function Figure({ value, label }: { value: number; label: string }) {
  return (
    <div>
      <Text fz={26} fw={650} lh={1.1}>
        {value.toLocaleString("en")}
      </Text>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
    </div>
  );
}

function Keys() {
  const found = useQuery(keys());
  return (
    <section>
      <Title order={2} mb="xs">
        Keys
      </Title>
      <State of={found}>
        {({ keys: list }) =>
          list.length ? (
            <Table>
              <Table.Tbody>
                {list.map((key) => (
                  <Table.Tr key={key.id}>
                    <Table.Td>{key.name}</Table.Td>
                    <Table.Td>
                      <code>{key.beginning}…</code>
                    </Table.Td>
                    <Table.Td>{key.scopes.join(", ")}</Table.Td>
                    <Table.Td>{key.revoked_at ? "revoked" : ago(key.created_at)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          ) : (
            <Text c="dimmed">No keys but the server's own.</Text>
          )
        }
      </State>
    </section>
  );
}

function Webhooks() {
  const found = useQuery(webhooks());
  return (
    <section>
      <Title order={2} mb="xs">
        Webhooks
      </Title>
      <State of={found}>
        {({ webhooks: list }) =>
          list.length ? (
            <Table>
              <Table.Tbody>
                {list.map((hook) => (
                  <Table.Tr key={hook.id}>
                    <Table.Td>{hook.url}</Table.Td>
                    <Table.Td>{hook.events.join(", ")}</Table.Td>
                    <Table.Td>{hook.enabled ? <Badge color="teal">on</Badge> : <Badge color="red">{hook.disabled_reason}</Badge>}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          ) : (
            <Text c="dimmed">Nobody is told.</Text>
          )
        }
      </State>
    </section>
  );
}
