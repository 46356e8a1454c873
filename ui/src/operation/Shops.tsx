/* Connected shops: whether they answer, what waits to be told to them. */

import { Alert, Badge, Button, Code, Group, Paper, SimpleGrid, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, done, type Shop } from "../api/client";
import { shops } from "../api/sessions";
import { say } from "../parts/say";
import { Nothing, State } from "../parts/State";
import { ago } from "../parts/time";

export function Shops() {
  const found = useQuery(shops());
  return (
    <State of={found}>
      {({ shops: list }) =>
        list.length ? (
          <SimpleGrid cols={{ base: 1, md: 2 }}>
            {list.map((each) => (
              <Card key={each.name} shop={each} />
            ))}
          </SimpleGrid>
        ) : (
          <Nothing title="No shop is connected">
            On the server's own machine, <Code>tirage shops add</Code> connects one; its products and what they show are then kept in step.
          </Nothing>
        )
      }
    </State>
  );
}

function Card({ shop }: { shop: Shop }) {
  const queries = useQueryClient();
  const params = { path: { name: shop.name } };
  const refresh = { onSettled: () => queries.invalidateQueries({ queryKey: ["shops"] }) };
  const check = useMutation({ mutationFn: () => done(api.POST("/v1/shops/{name}/check", { params })), onSuccess: ({ answer }) => say(`${shop.name}: ${answer}`), ...refresh });
  const sync = useMutation({
    mutationFn: () => done(api.POST("/v1/shops/{name}/sync", { params })),
    onSuccess: ({ added, changed, gone }) => {
      say(`${added} products are new, ${changed} changed, ${gone} are gone.`);
      void queries.invalidateQueries({ queryKey: ["products"] });
    },
    ...refresh,
  });
  return (
    <Paper withBorder p="md" data-shop={shop.name}>
      <Group justify="space-between" mb="xs">
        <Text fw={600}>{shop.name}</Text>
        <Badge variant="light" tt="none" color={shop.problem ? "red" : "teal"}>
          {shop.problem ? "does not answer as it should" : shop.kind}
        </Badge>
      </Group>
      <Text size="sm" className="numbers">
        {shop.products.toLocaleString("en")} products · {shop.waiting.toLocaleString("en")} wait to be told · {shop.failing.toLocaleString("en")} fail
      </Text>
      <Text size="xs" c="dimmed" mt={4}>
        {shop.checked_at ? `Asked ${ago(shop.checked_at)}` : "Not asked yet"}
      </Text>
      {shop.problem && (
        <Alert color="red" p="xs" mt="xs">
          {shop.problem}
        </Alert>
      )}
      <Group mt="sm" gap="xs">
        <Button size="xs" variant="default" loading={check.isPending} onClick={() => check.mutate()}>
          Check
        </Button>
        <Button size="xs" variant="default" loading={sync.isPending} onClick={() => sync.mutate()}>
          Fetch its products
        </Button>
      </Group>
    </Paper>
  );
}
