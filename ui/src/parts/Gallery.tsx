/* A job's pictures and its turntable: small beside each other, one large. */

import { Anchor, Group, SimpleGrid, Text } from "@mantine/core";
import { IconDownload, IconRotate360 } from "@tabler/icons-react";
import { useState } from "react";
import type { Artifact } from "../api/client";
import { Viewer } from "./Viewer";
import { VIEWS, viewName } from "./words";

const isShown = ({ media_type, role }: Artifact) => /^(image|video)\//.test(media_type ?? "") && role !== "design";

/** Views around the garment, then the turntable, then what is flat. */
export function shownOf(artifacts: Artifact[]): Artifact[] {
  const order = [...VIEWS, "animation"];
  const place = ({ role }: Artifact) => (order.includes(role) ? order.indexOf(role) : order.length);
  return artifacts.filter(isShown).sort((a, b) => place(a) - place(b));
}

export function isVideo(artifact: Artifact): boolean {
  return artifact.media_type?.startsWith("video/") ?? false;
}

export function Gallery({ artifacts, name }: { artifacts: Artifact[]; name: string }) {
  const shown = shownOf(artifacts);
  const [open, setOpen] = useState<number | null>(null);
  if (!shown.length) return null;
  return (
    <>
      <SimpleGrid cols={{ base: 2, xs: 3, sm: 4, xl: 8 }} spacing="sm">
        {shown.map((each, i) => (
          <figure key={each.url} style={{ margin: 0 }}>
            <button type="button" className="plate opens" aria-label={`Open ${viewName(each.role)}`} onClick={() => setOpen(i)}>
              {isVideo(each) ? <video src={each.url} muted loop playsInline autoPlay preload="metadata" /> : <img src={each.url} alt={viewName(each.role)} loading="lazy" />}
              {isVideo(each) && (
                <span className="corner">
                  <IconRotate360 size={16} />
                </span>
              )}
            </button>
            <Group component="figcaption" justify="space-between" gap={4} mt={4} wrap="nowrap">
              <Text size="xs" c="dimmed" truncate>
                {viewName(each.role)}
              </Text>
              <Anchor size="xs" href={each.url} download={`${name}-${each.role}`} aria-label={`Download ${viewName(each.role)}`}>
                <IconDownload size={15} />
              </Anchor>
            </Group>
          </figure>
        ))}
      </SimpleGrid>
      <Viewer shown={shown} at={open} onMove={setOpen} name={name} />
    </>
  );
}
