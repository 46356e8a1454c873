/* A job's pictures and its turntable: small beside each other, one large. */

import { ActionIcon, Anchor, Group, Modal, SimpleGrid, Text } from "@mantine/core";
import { IconChevronLeft, IconChevronRight, IconDownload } from "@tabler/icons-react";
import { useState, type KeyboardEvent } from "react";
import type { Artifact } from "../api/client";

export function Gallery({ artifacts, name }: { artifacts: Artifact[]; name: string }) {
  const shown = artifacts.filter((each) => /^(image|video)\//.test(each.media_type ?? "") && each.role !== "design");
  const [open, setOpen] = useState<number | null>(null);
  if (!shown.length) return null;
  const step = (by: number) => setOpen((at) => (at === null ? at : (at + by + shown.length) % shown.length));
  const press = (event: KeyboardEvent) => {
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  };
  const chosen = open === null ? null : shown[open];
  return (
    <>
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 4 }} spacing="sm">
        {shown.map((each, i) => (
          <figure key={each.url} style={{ margin: 0 }}>
            <button type="button" className="plate" style={{ padding: 0, width: "100%", cursor: "zoom-in" }} onClick={() => setOpen(i)}>
              <Picture artifact={each} />
            </button>
            <Group component="figcaption" justify="space-between" gap={4} mt={4} wrap="nowrap">
              <Text size="xs" c="dimmed" truncate>
                {title(each)}
              </Text>
              <Anchor size="xs" href={each.url} download={`${name}-${each.role}`} aria-label={`Download ${title(each)}`}>
                <IconDownload size={15} />
              </Anchor>
            </Group>
          </figure>
        ))}
      </SimpleGrid>
      <Modal opened={chosen !== null} onClose={() => setOpen(null)} size="min(92vh, 1100px)" title={chosen && title(chosen)} onKeyDown={press}>
        {chosen && (
          <div style={{ position: "relative" }}>
            <div className="plate">
              <Picture artifact={chosen} large />
            </div>
            <Group justify="space-between" mt="xs">
              <ActionIcon variant="default" size="lg" aria-label="The one before" onClick={() => step(-1)}>
                <IconChevronLeft size={18} />
              </ActionIcon>
              <Text size="sm" c="dimmed" className="numbers">
                {chosen.width} × {chosen.height}
                {chosen.bytes && ` · ${(chosen.bytes / 1e6).toFixed(1)} MB`}
              </Text>
              <ActionIcon variant="default" size="lg" aria-label="The next one" onClick={() => step(1)}>
                <IconChevronRight size={18} />
              </ActionIcon>
            </Group>
          </div>
        )}
      </Modal>
    </>
  );
}

function Picture({ artifact, large = false }: { artifact: Artifact; large?: boolean }) {
  if (artifact.media_type?.startsWith("video/"))
    return <video src={artifact.url} loop muted playsInline autoPlay={large} controls={large} preload="metadata" />;
  return <img src={artifact.url} alt={title(artifact)} loading="lazy" />;
}

const WORDS: Record<string, string> = { deg: "°", animation: "turntable", composited: "flat" };

function title({ role }: Artifact): string {
  return role.replace(/_/g, " ").replace(/(\d+)deg/, "$1°").replace(/animation|composited/, (word) => WORDS[word]);
}
