/* A key opens the page: typed in, or in the address after #key=. */

import { Button, Center, Paper, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, type FormEvent } from "react";
import { api, done } from "../api/client";

function useOpen() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (key: string) => done(api.POST("/v1/session", { body: { key } })),
    onSuccess: (found) => queries.setQueryData(["session"], found),
  });
}

/** Opens a session with `#key=…` and takes it out of the address; true while it does. */
export function useKeyInAddress(): boolean {
  const open = useOpen();
  const [key] = useState(() => new URLSearchParams(location.hash.slice(1)).get("key"));
  const { mutate } = open;
  useEffect(() => {
    if (!key) return;
    history.replaceState(null, "", location.pathname + location.search);
    mutate(key);
  }, [key, mutate]);
  return key !== null && !open.isSuccess && !open.isError;
}

export function SignIn() {
  const open = useOpen();
  const [key, setKey] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    open.mutate(key.trim());
  };
  return (
    <Center mih="80vh" p="md">
      <Paper withBorder p="xl" maw={420} w="100%">
        <form onSubmit={submit}>
          <Stack>
            <Title order={1}>Tirage Studio</Title>
            <Text c="dimmed">
              <code>tirage serve</code> prints a key when it starts. A key of your own does as well.
            </Text>
            <PasswordInput
              label="Key"
              value={key}
              onChange={(event) => setKey(event.currentTarget.value)}
              error={open.error?.message}
              autoFocus
              autoComplete="current-password"
            />
            <Button type="submit" loading={open.isPending} disabled={!key.trim()}>
              Open
            </Button>
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}
