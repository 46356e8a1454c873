/* A session from the files that were recorded: each becomes a recorder, and is sent at once. */

import { Button, Group, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { useLocation } from "wouter";
import { api, done } from "../api/client";
import { size } from "../parts/words";
import { Drop } from "./Drop";
import { send } from "./uploads";

const RATES = ["23.976", "24", "25", "29.97", "30", "50", "59.94", "60"] as const;
type Rate = (typeof RATES)[number];
export const MEDIA = "video/*,audio/*,.mov,.mxf,.mkv,.mts,.wav";

/** What a recorder is called after its file. */
export const nameOf = (file: File) => file.name.replace(/\.[^.]*$/, "").slice(0, 100) || file.name;
const isSound = (file: File) => file.type.startsWith("audio/") || /\.(wav|aif|aiff|flac|m4a|mp3)$/i.test(file.name);

export function NewSession({ opened, onClose }: { opened: boolean; onClose(): void }) {
  return (
    <Modal opened={opened} onClose={onClose} title="New session" size="lg">
      <Form />
    </Modal>
  );
}

function Form() {
  const queries = useQueryClient();
  const [, go] = useLocation();
  const [name, setName] = useState("");
  const [rate, setRate] = useState<Rate>("25");
  const [files, setFiles] = useState<File[]>([]);
  const [chosen, setMaster] = useState<string | null>(null);
  const cameras = [...new Set(files.map(nameOf))];
  const usual = files.find(isSound) ?? files[0];
  const master = chosen && cameras.includes(chosen) ? chosen : usual && nameOf(usual);
  const make = useMutation({
    mutationFn: () =>
      done(api.POST("/v1/sessions", { body: { name: name.trim(), rate, master: master ?? "master", assets: cameras.map((camera) => ({ camera })) } })),
    onSuccess: (made) => {
      for (const file of files) {
        const recorder = made.assets.find((each) => each.camera === nameOf(file));
        if (recorder) send(recorder.id, file, queries);
      }
      void queries.invalidateQueries({ queryKey: ["sessions"] });
      go(`/videos/${encodeURIComponent(made.id)}`);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput label="Name" value={name} onChange={(event) => setName(event.currentTarget.value)} required maxLength={200} data-autofocus />
        <Drop accept={MEDIA} multiple label="Choose recordings" onFiles={(more) => setFiles((before) => [...before, ...more])}>
          Drop what every camera and recorder took; each file is a recorder, named after it.
        </Drop>
        {files.length > 0 && (
          <Stack component="ul" gap={2} m={0} pl="md" aria-label="Recordings">
            {files.map((file, i) => (
              <Text component="li" size="sm" key={`${file.name} ${i}`}>
                {nameOf(file)}{" "}
                <Text span c="dimmed" size="xs">
                  {size(file.size)}
                </Text>
              </Text>
            ))}
          </Stack>
        )}
        <Group grow align="flex-start">
          <Select label="Frames a second" data={RATES} value={rate} onChange={(value) => value && setRate(value as Rate)} allowDeselect={false} />
          {cameras.length > 0 && <Select label="Sound comes from" data={cameras} value={master ?? null} onChange={setMaster} allowDeselect={false} />}
        </Group>
        <Button type="submit" loading={make.isPending} disabled={!name.trim()}>
          {files.length ? `Make it and send ${files.length === 1 ? "the recording" : `${files.length} recordings`}` : "Make it, recordings later"}
        </Button>
      </Stack>
    </form>
  );
}
