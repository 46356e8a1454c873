/* A failed job ordered again, with what shall be different. */

import { Button, Group, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, done, type Job } from "../api/client";
import { template } from "../api/queries";
import { isVideoWork, presetName } from "./words";

interface Props {
  job: Job;
  opened: boolean;
  onClose(): void;
  onMade(job: Job): void;
}

export function RetryDialog({ job, opened, onClose, onMade }: Props) {
  const about = useQuery({ ...template(job.template_id ?? ""), enabled: opened && job.template_id !== null });
  const [preset, setPreset] = useState(job.preset);
  const [colour, setColour] = useState(String(job.options.fabric_color ?? ""));
  const retry = useMutation({
    mutationFn: () => {
      const body = {
        ...(preset && preset !== job.preset ? { preset } : {}),
        ...(colour && colour !== job.options.fabric_color ? { fabric_color: colour } : {}),
      };
      return done(api.POST("/v1/jobs/{job_id}/retry", { params: { path: { job_id: job.id } }, body }));
    },
    onSuccess: (made) => {
      onClose();
      onMade(made);
    },
  });
  return (
    <Modal opened={opened} onClose={onClose} title="Order it again">
      <Stack>
        <Text size="sm" c="dimmed">
          {isVideoWork(job) ? "The same job once more; what was rendered already is kept." : "A new job with the same design. Change what was wrong."}
        </Text>
        {job.preset && (
          <Select
            label="Placement"
            value={preset}
            onChange={setPreset}
            data={(about.data?.available_presets ?? [job.preset]).map((value) => ({ value, label: presetName(value) }))}
          />
        )}
        {!isVideoWork(job) && <TextInput label="Fabric colour" value={colour} onChange={(event) => setColour(event.currentTarget.value)} placeholder="white" />}
        <Group justify="flex-end">
          <Button loading={retry.isPending} onClick={() => retry.mutate()} data-autofocus>
            Retry
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
