/* Errors and good news, in the corner. */

import { Anchor, Group, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { ApiError } from "../api/client";

export function sayError(error: Error): void {
  notifications.show({
    color: "red",
    title: error.message,
    message: error instanceof ApiError ? [...error.findings.map((found) => found.message), error.hint].join(" ") : "",
    autoClose: 12_000,
  });
}

export function say(message: string): void {
  notifications.show({ color: "teal", message });
}

/** Good news that can be taken back. */
export function offer(message: string, what: string, act: () => void): void {
  const id = notifications.show({
    color: "teal",
    autoClose: 15_000,
    message: (
      <Group justify="space-between">
        <Text size="sm">{message}</Text>
        <Anchor
          component="button"
          size="sm"
          onClick={() => {
            notifications.hide(id);
            act();
          }}
        >
          {what}
        </Anchor>
      </Group>
    ),
  });
}
