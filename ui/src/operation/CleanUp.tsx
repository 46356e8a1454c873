/* The regular clean-up, now: first what would go, then done. */

import { Button, Group, Paper, Stack, Table, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { api, done } from "../api/client";

const WHAT = [
  ["folders", "folders of attempts that nobody works in"],
  ["files", "stored files of no job"],
  ["steps", "recorded steps of jobs that ended long ago"],
  ["jobs", "failed jobs that are hidden (they can be restored)"],
] as const;

export function CleanUp() {
  const clean = useMutation({
    mutationFn: (dryRun: boolean) => done(api.POST("/v1/cleanup", { params: { query: { dry_run: dryRun } } })),
  });
  const doing = clean.isPending ? (clean.variables ? "asking" : "cleaning") : null;
  const found = clean.data;
  const total = found ? WHAT.reduce((sum, [name]) => sum + found[name], 0) : 0;
  return (
    <Paper withBorder p="md">
      <Stack gap="sm">
        <Text size="sm">Workers do this every night at two. It never touches jobs that wait or run.</Text>
        <Group>
          <Button variant="default" loading={doing === "asking"} onClick={() => clean.mutate(true)}>
            What would go?
          </Button>
          {found?.dry_run && total > 0 && (
            <Button color="red" loading={doing === "cleaning"} onClick={() => clean.mutate(false)}>
              Clean up now
            </Button>
          )}
        </Group>
        {found && (
          <div aria-live="polite" data-testid="cleaned">
            <Text size="sm" fw={550}>
              {total === 0 ? "Nothing is old enough." : found.dry_run ? "This would go:" : "This went:"}
            </Text>
            {total > 0 && (
              <Table verticalSpacing={4} fz="sm" w="auto">
                <Table.Tbody>
                  {WHAT.map(([name, text]) => (
                    <Table.Tr key={name}>
                      <Table.Td ta="right" className="numbers">
                        {found[name].toLocaleString("en")}
                      </Table.Td>
                      <Table.Td>{text}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            )}
          </div>
        )}
      </Stack>
    </Paper>
  );
}
