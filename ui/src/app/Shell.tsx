/* What is around every page: where one can go, and whether the server is there. */

import { ActionIcon, AppShell, Badge, Burger, Group, NavLink, Text, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconGauge, IconHanger, IconLayoutGrid, IconListDetails, IconMoon, IconMovie, IconPhoto, IconShirt, IconSun } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";

const PLACES = [
  { to: "/mockups", label: "Mockups", icon: IconShirt },
  { to: "/batches", label: "Batches", icon: IconLayoutGrid },
  { to: "/videos", label: "Videos", icon: IconMovie },
  { to: "/jobs", label: "Jobs", icon: IconListDetails },
  { to: "/products", label: "Products", icon: IconPhoto },
  { to: "/templates", label: "Templates", icon: IconHanger },
  { to: "/operation", label: "Operation", icon: IconGauge },
];

export function Shell({ live, children }: { live: boolean; children: ReactNode }) {
  const [opened, { toggle, close }] = useDisclosure(false);
  const [at] = useLocation();
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme("light") === "dark";
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 190, breakpoint: "sm", collapsed: { mobile: !opened } }}
      padding={{ base: "sm", sm: "lg" }}
    >
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Navigation" />
            <img src="/studio/mark.svg" alt="" width={26} height={26} />
            <Text fw={700}>Tirage Studio</Text>
          </Group>
          <Group gap="sm" wrap="nowrap">
            {!live && (
              <Badge color="yellow" variant="light" tt="none" role="status">
                Reconnecting…
              </Badge>
            )}
            <ActionIcon
              variant="default"
              size="lg"
              aria-label={dark ? "Light colours" : "Dark colours"}
              onClick={() => setColorScheme(dark ? "light" : "dark")}
            >
              {dark ? <IconSun size={18} /> : <IconMoon size={18} />}
            </ActionIcon>
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs">
        {PLACES.map(({ to, label, icon: Icon }) => (
          <NavLink
            key={to}
            component={Link}
            href={to}
            label={label}
            active={at.startsWith(to)}
            aria-current={at.startsWith(to) ? "page" : undefined}
            leftSection={<Icon size={18} stroke={1.6} />}
            onClick={close}
          />
        ))}
      </AppShell.Navbar>
      <AppShell.Main>{children}</AppShell.Main>
    </AppShell>
  );
}
