/* Where designs come from: dropped, chosen from a file, or used before. */

import { Button, FileButton, Group, Paper, SimpleGrid, Stack, Text, UnstyledButton } from "@mantine/core";
import { IconPhotoPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { Design } from "../api/client";
import { designs } from "../api/queries";

interface Props {
  uploading: boolean;
  onFile(file: File): void;
  onPick(design: Design): void;
}

export function Designs({ uploading, onFile, onPick }: Props) {
  const found = useQuery(designs());
  const known = found.data?.designs ?? [];
  return (
    <Stack gap="xs">
      <Paper withBorder p="md" style={{ borderStyle: "dashed" }}>
        <Group justify="space-between" wrap="nowrap">
          <Text size="sm" c="dimmed">
            Drop a PNG or JPEG on the garment
          </Text>
          <FileButton accept="image/png,image/jpeg" onChange={(file) => file && onFile(file)}>
            {(props) => (
              <Button {...props} size="xs" loading={uploading} leftSection={<IconPhotoPlus size={16} />}>
                Choose
              </Button>
            )}
          </FileButton>
        </Group>
      </Paper>
      {known.length > 0 && (
        <SimpleGrid cols={5} spacing={6} aria-label="Designs used before">
          {known.slice(0, 10).map((design) => (
            <UnstyledButton key={design.id} onClick={() => onPick(design)} title={`${design.name} · ${design.width} × ${design.height}`} className="plate">
              <img src={design.url} alt={design.name} loading="lazy" />
            </UnstyledButton>
          ))}
        </SimpleGrid>
      )}
    </Stack>
  );
}
