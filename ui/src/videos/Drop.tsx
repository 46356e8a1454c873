/* A place to drop files on, with a button for those who choose them. */

import { Button, FileButton, Group, Paper, Text } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import { useState, type DragEvent, type ReactNode } from "react";
import classes from "./Drop.module.css";

interface Props {
  label: string;
  accept?: string;
  multiple?: boolean;
  loading?: boolean;
  onFiles(files: File[]): void;
  children: ReactNode;
}

export function Drop({ label, accept, multiple = false, loading, onFiles, children }: Props) {
  const [over, setOver] = useState(false);
  const take = (files: File[]) => files.length && onFiles(multiple ? files : files.slice(0, 1));
  const handlers = {
    onDragOver: (event: DragEvent) => {
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: () => setOver(false),
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      take([...event.dataTransfer.files]);
    },
  };
  return (
    <Paper withBorder p="md" className={classes.drop} data-over={over || undefined} {...handlers}>
      <Group justify="space-between" gap="sm">
        <Text size="sm" c="dimmed" flex="1 1 200px">
          {children}
        </Text>
        <FileButton accept={accept} multiple onChange={(files) => take(files)} resetRef={{ current: null }}>
          {(props) => (
            <Button {...props} variant="default" size="xs" loading={loading} leftSection={<IconUpload size={15} />}>
              {label}
            </Button>
          )}
        </FileButton>
      </Group>
    </Paper>
  );
}
