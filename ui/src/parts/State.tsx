/* A query's answer, or what there is instead of it: waiting, refused, nothing yet. */

import { Alert, Button, Center, Stack, Text, Title } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ApiError } from "../api/client";
import { Waiting } from "./Waiting";

export function State<T>({ of, children }: { of: UseQueryResult<T>; children: (data: T) => ReactNode }) {
  if (of.data !== undefined) return <>{children(of.data)}</>;
  if (of.isError)
    return (
      <Alert color="red" title={of.error.message} role="alert">
        <Stack align="flex-start" gap="xs">
          {of.error instanceof ApiError && of.error.hint && <Text size="sm">{of.error.hint}</Text>}
          <Button size="xs" variant="default" onClick={() => void of.refetch()}>
            Try again
          </Button>
        </Stack>
      </Alert>
    );
  return <Waiting height={240} />;
}

export function Nothing({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <Center mih={280}>
      <Stack align="center" gap="sm" maw={420} ta="center">
        <Title order={2}>{title}</Title>
        <Text c="dimmed" component="div">
          {children}
        </Text>
      </Stack>
    </Center>
  );
}
