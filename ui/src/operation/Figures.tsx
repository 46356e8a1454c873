/* How the server does, at a glance. */

import { Badge, Group, Paper, SimpleGrid, Stack, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { overview } from "../api/queries";
import { State } from "../parts/State";
import { size, span } from "../parts/words";

export function Figures() {
  const found = useQuery(overview());
  return (
    <State of={found}>
      {(now) => (
        <Stack>
          <SimpleGrid cols={{ base: 2, sm: 4 }}>
            <Figure value={now.workers.length} label={now.workers.length === 1 ? "worker alive" : "workers alive"} alarm={now.workers.length === 0} />
            <Figure value={now.by_status.completed ?? 0} label="jobs completed" />
            <Figure value={now.by_status.failed ?? 0} label="jobs failed" to="/jobs?status=failed" />
            <Figure value={size(now.stored_bytes)} label="in results" />
          </SimpleGrid>
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <Paper withBorder p="md">
              <Title order={3} mb="xs">
                Slowest steps
              </Title>
              {now.steps.length ? (
                <Table verticalSpacing={4} fz="sm" className="numbers">
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>Step</Table.Th>
                      <Table.Th ta="right">half take</Table.Th>
                      <Table.Th ta="right">nine tenths</Table.Th>
                      <Table.Th ta="right">runs</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {now.steps.map((step) => (
                      <Table.Tr key={step.name}>
                        <Table.Td>{step.name}</Table.Td>
                        <Table.Td ta="right">{span(step.p50)}</Table.Td>
                        <Table.Td ta="right">{span(step.p90)}</Table.Td>
                        <Table.Td ta="right">{step.runs.toLocaleString("en")}</Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              ) : (
                <Text size="sm" c="dimmed">
                  Nothing has run yet.
                </Text>
              )}
            </Paper>
            <Paper withBorder p="md">
              <Title order={3} mb="xs">
                Failures of the last day
              </Title>
              {Object.keys(now.failures).length ? (
                <Group gap="xs">
                  {Object.entries(now.failures).map(([name, count]) => (
                    <Badge key={name} color="red" variant="light" tt="none" size="lg">
                      {name.replace(/_/g, " ")} {count}
                    </Badge>
                  ))}
                </Group>
              ) : (
                <Text size="sm" c="dimmed">
                  None.
                </Text>
              )}
              <Title order={3} mt="md" mb="xs">
                Workers
              </Title>
              {now.workers.map((worker) => (
                <Text key={worker.name} size="sm" ff="monospace" truncate>
                  {worker.name} <span className="quiet">{worker.jobs ? `makes ${worker.jobs}` : "waits"}</span>
                </Text>
              ))}
              {!now.workers.length && <Text size="sm">None: jobs wait until one is started.</Text>}
            </Paper>
          </SimpleGrid>
        </Stack>
      )}
    </State>
  );
}

interface FigureProps {
  value: number | string;
  label: string;
  alarm?: boolean;
  to?: string;
}

export function Figure({ value, label, alarm, to }: FigureProps) {
  const text = (
    <Paper withBorder p="md" h="100%">
      <Text fz={26} fw={650} lh={1.1} className="numbers" c={alarm ? "red" : undefined}>
        {typeof value === "number" ? value.toLocaleString("en") : value}
      </Text>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
    </Paper>
  );
  return to ? (
    <Link href={to} className="card-link">
      {text}
    </Link>
  ) : (
    text
  );
}
