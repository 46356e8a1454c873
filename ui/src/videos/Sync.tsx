/* A recorder's clock, set by hand: when it began, how it drifts, the timecode of its first frame. */

import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { api, type Recorder } from "../api/client";

interface Props {
  recorder: Recorder;
  opened: boolean;
  onClose(): void;
}

export function Sync({ recorder, opened, onClose }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} title={`Clock of ${recorder.camera}`}>
      <Form recorder={recorder} onClose={onClose} />
    </Modal>
  );
}

function Form({ recorder, onClose }: Omit<Props, "opened">) {
  const queries = useQueryClient();
  const [offset, setOffset] = useState(recorder.sync.offset);
  const [drift, setDrift] = useState(recorder.sync.drift);
  const [start, setStart] = useState(recorder.start ?? "");
  const save = useMutation({
    mutationFn: () =>
      api.PATCH("/v1/assets/{asset_id}", {
        params: { path: { asset_id: recorder.id } },
        body: { sync: { offset: offset.trim(), drift: drift.trim() }, start: start.trim() || null },
      }),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["sessions"] });
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput label="Offset, seconds" description="What the recorder's clock shows when the session begins; 1/3 is exact" value={offset} onChange={(event) => setOffset(event.currentTarget.value)} required data-autofocus />
        <TextInput label="Drift, parts per million" value={drift} onChange={(event) => setDrift(event.currentTarget.value)} required />
        <TextInput label="Timecode of its first frame" description="When the file does not say it, or says it wrongly" placeholder="01:00:00:00" value={start} onChange={(event) => setStart(event.currentTarget.value)} />
        <Text size="sm" c="dimmed">
          An edit that was locked before has to be locked again.
        </Text>
        <Group justify="flex-end">
          <Button type="submit" loading={save.isPending}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
