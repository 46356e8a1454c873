/* What a check found, the worst first; each leads to where it stands. */

import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import type { Finding } from "../api/client";
import { recorderOf } from "./edit";

const COLOURS: Record<string, string> = { error: "red", warning: "yellow" };

interface Props {
  findings: Finding[];
  /** What goes to a finding's place; null where it has none. */
  jump?(where: string): (() => void) | null;
  onRecorder?(): void;
}

export function Findings({ findings, jump, onRecorder }: Props) {
  return (
    <Stack gap={6} component="ul" m={0} p={0} style={{ listStyle: "none" }}>
      {findings.map((each) => {
        const act = jump?.(each.where) ?? (recorderOf(each.where) ? onRecorder : null);
        return (
          <li key={`${each.code} ${each.where} ${each.message}`}>
            <Alert color={COLOURS[each.severity] ?? "blue"} p="xs" variant="light">
              <Group justify="space-between" gap="xs" align="flex-start">
                <Text size="sm" flex="1 1 240px">
                  <b>{each.severity === "error" ? "Error: " : each.severity === "warning" ? "Warning: " : ""}</b>
                  {each.message} {each.hint}
                </Text>
                {act && (
                  <Button size="compact-xs" variant="default" onClick={act} aria-label={`Show ${each.where}`}>
                    Show
                  </Button>
                )}
              </Group>
            </Alert>
          </li>
        );
      })}
    </Stack>
  );
}
