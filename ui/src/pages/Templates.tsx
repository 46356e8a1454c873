/* What can be printed on: colours and the places for designs on the flat pattern. */

import { Badge, Group, SimpleGrid, Stack, Text, Title, Tooltip } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { Scene } from "../preview/bundle";
import { scene as sceneOf, templates } from "../api/queries";
import { viewsAround } from "../editor/placing";
import { State } from "../parts/State";
import { presetName, viewName } from "../parts/words";

export default function Templates() {
  const found = useQuery(templates());
  return (
    <Stack>
      <Title order={1}>Templates</Title>
      <State of={found}>
        {({ templates: list }) => (
          <Stack gap="xl">
            {list.map((each) => (
              <section key={each.id}>
                <Group gap="sm" mb="xs">
                  <Title order={2}>{each.name}</Title>
                  {!each.is_active && <Badge color="gray">not on offer</Badge>}
                </Group>
                <Pattern id={each.id} />
              </section>
            ))}
          </Stack>
        )}
      </State>
    </Stack>
  );
}

function Pattern({ id }: { id: string }) {
  const found = useQuery(sceneOf(id));
  return (
    <State of={found}>
      {(scene) => (
        <Stack>
          <Group gap={6}>
            {Object.entries(scene.colours).map(([name, { code }]) => (
              <Tooltip key={name} label={`${name} ${code}`}>
                <span role="img" aria-label={name} style={{ width: 22, height: 22, borderRadius: 99, background: code, border: "1px solid #adb5bd" }} />
              </Tooltip>
            ))}
          </Group>
          <SimpleGrid cols={{ base: 1, sm: 2, lg: 4 }}>
            {scene.panels
              .filter((panel) => panel.print_area)
              .map((panel) => (
                <Panel key={panel.name} scene={scene} panel={panel} />
              ))}
          </SimpleGrid>
          <Text size="xs" c="dimmed">
            {scene.template.id} {scene.template.version} · {scene.views.length} views: {viewsAround(scene).map(({ name }) => viewName(name)).join(", ")}
          </Text>
        </Stack>
      )}
    </State>
  );
}

function Panel({ scene, panel }: { scene: Scene; panel: Scene["panels"][number] }) {
  const [left, top, right, bottom] = panel.bounds;
  const area = panel.print_area!;
  const presets = Object.entries(scene.presets).filter(([, rule]) => rule.panel === panel.name);
  return (
    <figure style={{ margin: 0 }}>
      <svg viewBox={`${left - 1} ${top - 1} ${right - left + 2} ${bottom - top + 2}`} style={{ width: "100%", maxHeight: 320 }} role="img" aria-label={panel.name}>
        <rect x={left} y={top} width={right - left} height={bottom - top} rx={2} fill="var(--mantine-color-default-hover)" />
        <rect x={area[0]} y={area[1]} width={area[2] - area[0]} height={area[3] - area[1]} fill="none" stroke="var(--mantine-color-dimmed)" strokeWidth={0.25} strokeDasharray="1 .6" />
        {presets.map(([name, rule]) => {
          const y =
            rule.anchor === "top" ? rule.distance : rule.anchor === "middle" ? rule.distance - rule.max_height / 2 : (panel.hem_y ?? bottom) - rule.distance - rule.max_height;
          return (
            <g key={name}>
              <title>{name}</title>
              <rect x={rule.x - rule.width / 2} y={y} width={rule.width} height={rule.max_height} fill="var(--mantine-primary-color-filled)" fillOpacity={0.08} stroke="var(--mantine-primary-color-filled)" strokeWidth={0.3} />
              <text x={rule.x - rule.width / 2 + 0.5} y={y + 1.9} fontSize={1.5} fill="currentColor">
                {presetName(name).replace(/^(chest|back) /, "")}
              </text>
            </g>
          );
        })}
      </svg>
      <Text component="figcaption" size="sm" ta="center">
        {panel.name}
        <Text span c="dimmed" size="xs">
          {" "}
          {area[2] - area[0]} × {area[3] - area[1]} cm
        </Text>
      </Text>
    </figure>
  );
}
