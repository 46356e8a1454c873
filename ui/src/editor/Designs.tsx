/* Where designs come from: dropped, chosen from a file, used before, or the sample. */

import { Button, FileButton, Group, Paper, ScrollArea, Stack, Text, UnstyledButton } from "@mantine/core";
import { IconPhotoPlus, IconSparkles } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import sample from "../../../examples/design.png?url";
import type { Design } from "../api/client";
import { designs } from "../api/queries";
import classes from "./Designs.module.css";

interface Props {
  uploading: boolean;
  onFile(file: File): void;
  onPick(design: Design): void;
}

export const ACCEPTED = "image/png,image/jpeg";

export function Designs({ uploading, onFile, onPick }: Props) {
  const found = useQuery(designs());
  const known = found.data?.designs ?? [];
  return (
    <Stack gap="xs">
      <Paper withBorder p="sm" className={classes.drop}>
        <Group justify="space-between" gap="xs">
          <Text size="sm" c="dimmed">
            Drop a PNG or JPEG on the garment
          </Text>
          <Choose uploading={uploading} onFile={onFile} size="xs" />
        </Group>
      </Paper>
      {known.length > 0 && (
        <ScrollArea type="auto" offsetScrollbars="x" viewportProps={{ tabIndex: 0, "aria-label": "Designs used before" }}>
          <Group gap={6} wrap="nowrap">
            {known.map((design) => (
              <UnstyledButton key={design.id} onClick={() => onPick(design)} title={`${design.name} · ${design.width} × ${design.height}`} className={classes.design}>
                <img src={design.url} alt={`Add ${design.name || "design"}`} loading="lazy" />
              </UnstyledButton>
            ))}
          </Group>
        </ScrollArea>
      )}
    </Stack>
  );
}

/** What an empty garment offers. */
export function FirstDesign({ uploading, onFile }: Omit<Props, "onPick">) {
  const take = useSample(onFile);
  return (
    <div className={classes.first}>
      <Paper shadow="md" p="lg" radius="lg" className={classes.card}>
        <Stack align="center" gap="sm">
          <Text fw={650} fz="lg">
            Drop a design here
          </Text>
          <Text size="sm" c="dimmed" ta="center">
            PNG or JPEG, best with a clear background
          </Text>
          <Group justify="center" gap="xs">
            <Choose uploading={uploading} onFile={onFile} size="sm" />
            <Button variant="default" leftSection={<IconSparkles size={16} />} loading={take.isPending} onClick={() => take.mutate()}>
              Try the sample
            </Button>
          </Group>
        </Stack>
      </Paper>
    </div>
  );
}

function Choose({ uploading, onFile, size }: Pick<Props, "uploading" | "onFile"> & { size: "xs" | "sm" }) {
  return (
    <FileButton accept={ACCEPTED} onChange={(file) => file && onFile(file)} resetRef={{ current: null }}>
      {(props) => (
        <Button {...props} size={size} loading={uploading} leftSection={<IconPhotoPlus size={16} />}>
          Choose a file
        </Button>
      )}
    </FileButton>
  );
}

function useSample(onFile: (file: File) => void) {
  return useMutation({
    mutationFn: async () => new File([await (await fetch(sample)).blob()], "sample.png", { type: "image/png" }),
    onSuccess: onFile,
  });
}
