/* Drafts that were put aside in this browser. */

import { ActionIcon, Button, Group, Menu, Text } from "@mantine/core";
import { IconFolder, IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { ago } from "../parts/time";
import { EMPTY, forget, shelve, shelved, type Draft } from "./draft";

export function Drafts({ draft, onOpen }: { draft: Draft; onOpen(draft: Draft): void }) {
  const [list, setList] = useState(shelved);
  return (
    <Menu shadow="md" width={300} position="bottom-end" onOpen={() => setList(shelved())} closeOnItemClick>
      <Menu.Target>
        <Button variant="default" leftSection={<IconFolder size={16} />}>
          Drafts
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<IconPlus size={16} />}
          onClick={() => {
            setList(shelve(draft));
            onOpen({ ...EMPTY, template: draft.template });
          }}
        >
          New, and keep this one
        </Menu.Item>
        {list.length > 0 && <Menu.Divider />}
        {list.map((each) => (
          <Group key={each.key} gap={4} wrap="nowrap">
            <Menu.Item
              flex={1}
              miw={0}
              onClick={() => {
                shelve(draft);
                onOpen(each.draft);
              }}
              leftSection={<img src={each.draft.prints[0]?.design.url} alt="" width={28} height={28} style={{ objectFit: "contain" }} />}
            >
              <Text size="sm" truncate>
                {each.draft.prints.map((print) => print.design.name || "Design").join(", ")}
              </Text>
              <Text size="xs" c="dimmed">
                {each.draft.colour} · {ago(each.at)}
              </Text>
            </Menu.Item>
            <ActionIcon variant="subtle" color="gray" aria-label="Forget this draft" onClick={() => setList(forget(each.key))}>
              <IconTrash size={15} />
            </ActionIcon>
          </Group>
        ))}
        {list.length === 0 && <Menu.Label>What is on the garment is kept by itself; drafts put aside appear here.</Menu.Label>}
      </Menu.Dropdown>
    </Menu>
  );
}
