/* Errors and good news, in the corner. */

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
