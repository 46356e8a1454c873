/* What an operator looks after; each part has an address of its own. */

import { Stack, Tabs, Title } from "@mantine/core";
import { useLocation } from "wouter";
import { CleanUp } from "../operation/CleanUp";
import { Figures } from "../operation/Figures";
import { Keys } from "../operation/Keys";
import { Queues } from "../operation/Queues";
import { Shops } from "../operation/Shops";
import { Webhooks } from "../operation/Webhooks";

const PARTS = [
  { name: "now", label: "Now", Part: Now },
  { name: "keys", label: "Keys", Part: Keys },
  { name: "webhooks", label: "Webhooks", Part: Webhooks },
  { name: "shops", label: "Shops", Part: Shops },
  { name: "clean-up", label: "Clean-up", Part: CleanUp },
];

export default function Operation({ part }: { part?: string }) {
  const [, go] = useLocation();
  const value = PARTS.some((each) => each.name === part) ? part : "now";
  return (
    <Stack maw={1200}>
      <Title order={1}>Operation</Title>
      <Tabs value={value} onChange={(to) => go(to === "now" ? "/operation" : `/operation/${to}`)} keepMounted={false}>
        <Tabs.List mb="md" className="sideways one-line">
          {PARTS.map(({ name, label }) => (
            <Tabs.Tab key={name} value={name}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {PARTS.map(({ name, Part }) => (
          <Tabs.Panel key={name} value={name}>
            <Part />
          </Tabs.Panel>
        ))}
      </Tabs>
    </Stack>
  );
}

function Now() {
  return (
    <Stack>
      <Figures />
      <Title order={2}>Queues</Title>
      <Queues />
    </Stack>
  );
}
