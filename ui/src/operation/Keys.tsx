/* Keys for programs and colleagues: made, shown once, revoked. */

import { Alert, Badge, Button, Checkbox, Code, CopyButton, Group, Modal, NumberInput, Stack, Table, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { api, done } from "../api/client";
import { keys } from "../api/queries";
import { State } from "../parts/State";
import { ago } from "../parts/time";

const SCOPES = {
  read: "reads everything but keys and webhooks’ secrets",
  order: "uploads designs, orders, retries and cancels",
  catalogue: "changes products, publishes",
  operate: "queues, templates, webhooks, clean-up",
  keys: "makes and revokes keys: as much as all of these",
};

export function Keys() {
  const queries = useQueryClient();
  const found = useQuery(keys());
  const [adding, dialog] = useDisclosure(false);
  const revoke = useMutation({
    mutationFn: (id: string) => api.DELETE("/v1/keys/{key_id}", { params: { path: { key_id: id } } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["keys"] }),
  });
  return (
    <Stack>
      <Group justify="flex-end">
        <Button size="xs" onClick={dialog.open}>
          Make a key
        </Button>
      </Group>
      <State of={found}>
        {({ keys: list }) =>
          list.length ? (
            <Table.ScrollContainer minWidth={560} scrollAreaProps={{ viewportProps: { tabIndex: 0, "aria-label": "Keys" } }}>
              <Table verticalSpacing={6}>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Name</Table.Th>
                    <Table.Th>Begins with</Table.Th>
                    <Table.Th>May</Table.Th>
                    <Table.Th>Made</Table.Th>
                    <Table.Th />
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {list.map((key) => (
                    <Table.Tr key={key.id}>
                      <Table.Td>{key.name}</Table.Td>
                      <Table.Td>
                        <code>{key.beginning}…</code>
                      </Table.Td>
                      <Table.Td>{key.scopes.join(", ")}</Table.Td>
                      <Table.Td>{ago(key.created_at)}</Table.Td>
                      <Table.Td ta="right">
                        {key.revoked_at ? (
                          <Badge color="gray" tt="none">
                            revoked
                          </Badge>
                        ) : (
                          <Button size="compact-xs" variant="default" onClick={() => revoke.mutate(key.id)}>
                            Revoke
                          </Button>
                        )}
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          ) : (
            <Text c="dimmed">No keys but the server’s own.</Text>
          )
        }
      </State>
      <Modal opened={adding} onClose={dialog.close} title="A key">
        {adding && <Adding />}
      </Modal>
    </Stack>
  );
}

function Adding() {
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<string[]>(["read", "order"]);
  const [days, setDays] = useState<number | string>("");
  const add = useMutation({
    mutationFn: () => done(api.POST("/v1/keys", { body: { name: name.trim(), scopes, days: typeof days === "number" ? days : null } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["keys"] }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  if (add.data) return <Secret text="Keep it now: it is shown this once." secret={add.data.secret} />;
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput label="Name" value={name} onChange={(event) => setName(event.currentTarget.value)} required data-autofocus />
        <Checkbox.Group label="What it may do" value={scopes} onChange={setScopes}>
          <Stack gap={6} mt={6}>
            {Object.entries(SCOPES).map(([scope, text]) => (
              <Checkbox key={scope} value={scope} label={scope} description={text} size="sm" />
            ))}
          </Stack>
        </Checkbox.Group>
        <NumberInput label="Good for how many days" placeholder="for ever" min={1} value={days} onChange={setDays} />
        <Button type="submit" loading={add.isPending} disabled={!name.trim() || !scopes.length}>
          Make it
        </Button>
      </Stack>
    </form>
  );
}

export function Secret({ text, secret }: { text: string; secret: string }) {
  return (
    <Stack>
      <Alert color="yellow">{text}</Alert>
      <Code block data-testid="secret">
        {secret}
      </Code>
      <CopyButton value={secret}>
        {({ copied, copy }) => <Button onClick={copy}>{copied ? "Copied" : "Copy"}</Button>}
      </CopyButton>
    </Stack>
  );
}
