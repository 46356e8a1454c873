/* What one revision changes of another; what stands in the programme can be jumped to. */

import { Anchor, Badge, Group, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { Revision } from "../api/client";
import { changes } from "../api/sessions";
import { State } from "../parts/State";

const COLOURS: Record<string, string> = { added: "teal", removed: "red", changed: "blue" };

interface Props {
  revision: Revision;
  against: string;
  jump(where: string): (() => void) | null;
}

export function Changes({ revision, against, jump }: Props) {
  const found = useQuery(changes(revision.id, against));
  return (
    <section aria-label="Changes" aria-live="polite">
      <Title order={2} mb="xs">
        Changes
      </Title>
      <State of={found}>
        {({ changes: list, frames }) => (
          <Stack gap={6}>
            <Text size="sm">
              {frames.toLocaleString("en")} of {revision.frames.toLocaleString("en")} frames show something else.
            </Text>
            {list.map(({ kind, what }, i) => {
              // what was taken out stands nowhere in this revision
              const act = kind === "removed" ? null : jump(what);
              return (
                <Group key={i} gap="xs" wrap="nowrap" align="flex-start">
                  <Badge variant="light" tt="none" color={COLOURS[kind] ?? "gray"} flex="none" miw={76}>
                    {kind}
                  </Badge>
                  {act ? (
                    <Anchor component="button" type="button" size="sm" ta="left" onClick={act}>
                      {what}
                    </Anchor>
                  ) : (
                    <Text size="sm">{what}</Text>
                  )}
                </Group>
              );
            })}
          </Stack>
        )}
      </State>
    </section>
  );
}
