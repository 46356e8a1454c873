/* Queues: how deep, how old, held back or not. */

import { Badge, Button, Group, Paper, SimpleGrid, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "../api/client";
import { queues } from "../api/queries";
import { State } from "../parts/State";
import { ago } from "../parts/time";

const USUAL = "mockup";

export function Queues() {
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
    <State of={found}>
      {({ queues: known }) => (
        <SimpleGrid cols={{ base: 1, sm: 2, md: 3 }}>
          {withUsual(known).map((queue) => (
            <Paper key={queue.name} withBorder p="md" data-queue={queue.name}>
              <Group justify="space-between" mb="xs">
                <Text fw={600}>{queue.name}</Text>
                {queue.paused && (
                  <Badge color="yellow" tt="none">
                    paused
                  </Badge>
                )}
              </Group>
              <Text className="numbers">
                <b>{queue.waiting.toLocaleString("en")}</b> waiting, <b>{queue.running.toLocaleString("en")}</b> running
              </Text>
              <Text size="xs" c="dimmed" mt={4}>
                {queue.oldest ? `The oldest waits since ${ago(queue.oldest)}.` : "Nothing waits."}
              </Text>
              <Button mt="sm" size="xs" variant="default" loading={turn.isPending && turn.variables.name === queue.name} onClick={() => turn.mutate(queue)}>
                {queue.paused ? "Resume" : "Pause"}
              </Button>
            </Paper>
          ))}
        </SimpleGrid>
      )}
    </State>
  );
}

type Queue = { name: string; paused: boolean; waiting: number; running: number; oldest: string | null };

/** The server names queues that have something to say; the usual one can always be paused. */
function withUsual(known: Queue[]): Queue[] {
  if (known.some((queue) => queue.name === USUAL)) return known;
  return [{ name: USUAL, paused: false, waiting: 0, running: 0, oldest: null }, ...known];
}
