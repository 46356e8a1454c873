/* Who is told what happens; what was sent, and sent again. */

import { ActionIcon, Badge, Button, Group, Menu, Modal, MultiSelect, Paper, Stack, Switch, Table, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconDots } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { api, done, type Webhook } from "../api/client";
import { deliveries, webhooks } from "../api/queries";
import { State } from "../parts/State";
import { ago } from "../parts/time";
import { Secret } from "./Keys";

const EVENTS = [
  ...["created", "compositing", "rendering", "progress", "completed", "failed", "cancelled", "retried"].map((what) => `render.job.${what}`),
  "batch.ended",
];

export function Webhooks() {
  const found = useQuery(webhooks());
  const [adding, dialog] = useDisclosure(false);
  return (
    <Stack>
      <Group justify="flex-end">
        <Button size="xs" onClick={dialog.open}>
          Add a webhook
        </Button>
      </Group>
      <State of={found}>
        {({ webhooks: list }) =>
          list.length ? list.map((hook) => <One key={hook.id} hook={hook} />) : <Text c="dimmed">Nobody is told yet.</Text>
        }
      </State>
      <Modal opened={adding} onClose={dialog.close} title="A webhook">
        {adding && <Adding />}
      </Modal>
    </Stack>
  );
}

function One({ hook }: { hook: Webhook }) {
  const queries = useQueryClient();
  const [open, { toggle }] = useDisclosure(false);
  const params = { path: { webhook_id: hook.id } };
  const refresh = () => queries.invalidateQueries({ queryKey: ["webhooks"] });
  const turn = useMutation({
    mutationFn: (enabled: boolean) => done(api.PATCH("/v1/webhooks/{webhook_id}", { params, body: { enabled } })),
    onSettled: refresh,
  });
  const remove = useMutation({ mutationFn: () => api.DELETE("/v1/webhooks/{webhook_id}", { params }), onSettled: refresh });
  const test = useMutation({ mutationFn: () => done(api.POST("/v1/webhooks/{webhook_id}/test", { params })), onSettled: refresh });
  return (
    <Paper withBorder p="md" data-webhook={hook.id}>
      <Group justify="space-between" wrap="nowrap">
        <div style={{ minWidth: 0 }}>
          <Text fw={550} truncate>
            {hook.url}
          </Text>
          <Text size="xs" c="dimmed">
            {hook.description || hook.events.map((name) => name.replace("render.job.", "")).join(", ")}
          </Text>
          {!hook.enabled && hook.disabled_reason && (
            <Badge color="red" variant="light" tt="none" mt={4}>
              {hook.disabled_reason}
            </Badge>
          )}
        </div>
        <Group gap="xs" wrap="nowrap">
          <Switch aria-label="Enabled" checked={hook.enabled} onChange={(event) => turn.mutate(event.currentTarget.checked)} />
          <Button size="xs" variant="default" onClick={toggle} aria-expanded={open}>
            Deliveries
          </Button>
          <Menu shadow="md" position="bottom-end">
            <Menu.Target>
              <ActionIcon variant="default" size="md" aria-label="More about this webhook">
                <IconDots size={16} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => test.mutate()}>Send a test</Menu.Item>
              <Menu.Item color="red" onClick={() => remove.mutate()}>
                Remove
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </Group>
      </Group>
      {open && <Deliveries id={hook.id} />}
    </Paper>
  );
}

const OUTCOMES: Record<string, string> = { delivered: "teal", failed: "red", pending: "yellow" };

function Deliveries({ id }: { id: string }) {
  const queries = useQueryClient();
  const found = useQuery(deliveries(id));
  const replay = useMutation({
    mutationFn: (delivery: string) =>
      done(api.POST("/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay", { params: { path: { webhook_id: id, delivery_id: delivery } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ["webhooks", id] }),
  });
  return (
    <State of={found}>
      {({ deliveries: list }) =>
        list.length ? (
          <Table.ScrollContainer minWidth={560} mt="sm" scrollAreaProps={{ viewportProps: { tabIndex: 0, "aria-label": "Deliveries" } }}>
            <Table verticalSpacing={4} fz="sm">
              <Table.Tbody>
                {list.map((each) => (
                  <Table.Tr key={each.id}>
                    <Table.Td>
                      <Badge variant="light" tt="none" color={OUTCOMES[each.outcome] ?? "gray"}>
                        {each.outcome}
                      </Badge>
                    </Table.Td>
                    <Table.Td>{each.event}</Table.Td>
                    <Table.Td className="numbers">
                      {each.attempts} {each.attempts === 1 ? "attempt" : "attempts"}
                    </Table.Td>
                    <Table.Td>{each.last_status ?? each.last_error ?? ""}</Table.Td>
                    <Table.Td>{ago(each.created_at)}</Table.Td>
                    <Table.Td ta="right">
                      <Button size="compact-xs" variant="default" onClick={() => replay.mutate(each.id)}>
                        Send again
                      </Button>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        ) : (
          <Text size="sm" c="dimmed" mt="sm">
            Nothing was sent yet.
          </Text>
        )
      }
    </State>
  );
}

function Adding() {
  const queries = useQueryClient();
  const [url, setUrl] = useState("");
  const [events, setEvents] = useState<string[]>(["render.job.completed", "render.job.failed", "batch.ended"]);
  const add = useMutation({
    mutationFn: () => done(api.POST("/v1/webhooks", { body: { url: url.trim(), events, description: "" } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["webhooks"] }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  if (add.data) return <Secret text="Messages are signed with this key; it is shown this once." secret={add.data.secret} />;
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput label="Address" placeholder="https://shop.example/hooks/tirage" value={url} onChange={(event) => setUrl(event.currentTarget.value)} required data-autofocus />
        <MultiSelect label="What is told" value={events} onChange={setEvents} data={EVENTS} />
        <Button type="submit" loading={add.isPending} disabled={!url.trim()}>
          Add
        </Button>
      </Stack>
    </form>
  );
}
