/* What publishing changes, product by product, before it is done; and how it is taken back. */

import { Alert, Anchor, Badge, Button, Group, Loader, Modal, ScrollArea, Stack, Text } from "@mantine/core";
import { useMutation, useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, done, type Difference } from "../api/client";
import { difference, product } from "../api/queries";
import { offer, say } from "./say";
import { State } from "./State";
import classes from "./Publish.module.css";

interface Props {
  /** Published one after the other, as one. */
  batches: string[];
  opened: boolean;
  onClose(): void;
}

export function PublishDialog({ batches, opened, onClose }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} size="xl" title="What changes">
      {opened && <Inside batches={batches} onClose={onClose} />}
    </Modal>
  );
}

function Inside({ batches, onClose }: Omit<Props, "opened">) {
  const found = useQueries({ queries: batches.map(difference) });
  const pending = found.find((each) => each.data === undefined);
  const changes = found.flatMap((each) => each.data?.products ?? []);
  const publish = usePublish(batches, onClose);
  if (pending) return <State of={pending}>{() => null}</State>;
  if (!changes.length)
    return (
      <Stack>
        <Text>Nothing: the products show all of these pictures.</Text>
        <Group justify="flex-end">
          <Button onClick={onClose}>Good</Button>
        </Group>
      </Stack>
    );
  return (
    <Stack>
      {changes.map((change, i) => (
        <Change key={`${change.product_id}${i}`} change={change} />
      ))}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Not now
        </Button>
        <Button loading={publish.isPending} onClick={() => publish.mutate()} data-autofocus>
          Publish
        </Button>
      </Group>
    </Stack>
  );
}

function usePublish(batches: string[], onDone: () => void) {
  const queries = useQueryClient();
  const refresh = () => {
    void queries.invalidateQueries({ queryKey: ["products"] });
    void queries.invalidateQueries({ queryKey: ["batches"] });
  };
  const undo = async () => {
    for (const id of [...batches].reverse()) await api.POST("/v1/batches/{batch_id}/rollback", { params: { path: { batch_id: id } } });
    refresh();
    say("As it was before.");
  };
  return useMutation({
    mutationFn: async () => {
      for (const id of batches) await done(api.POST("/v1/batches/{batch_id}/apply", { params: { path: { batch_id: id } } }));
    },
    onSuccess: () => {
      refresh();
      onDone();
      offer("Published.", "Undo", () => void undo());
    },
  });
}

function Change({ change }: { change: Difference }) {
  const found = useQuery(product(change.product_id));
  const title = found.data?.title ?? change.product_id;
  const gone = new Set(change.removed);
  const before = found.data?.media.map((each) => each.url) ?? [];
  const after = [...before.filter((url) => !gone.has(url)), ...change.added.filter((url) => !before.includes(url))];
  const added = new Set(change.added);
  return (
    <section>
      <Group gap="xs" mb={6}>
        <Anchor component={Link} href={`/products/${encodeURIComponent(change.product_id)}`} fw={600}>
          {title}
        </Anchor>
        <Badge variant="light" color="teal" tt="none">
          + {change.added.length}
        </Badge>
        {change.removed.length > 0 && (
          <Badge variant="light" color="red" tt="none">
            − {change.removed.length}
          </Badge>
        )}
        {!found.data && <Loader size="xs" />}
      </Group>
      <Row label="Now" urls={before} mark={(url) => (gone.has(url) ? "gone" : undefined)} thumbnail={change.thumbnail_before} />
      <Row label="Then" urls={after} mark={(url) => (added.has(url) ? "new" : undefined)} thumbnail={change.thumbnail_after} />
    </section>
  );
}

interface RowProps {
  label: string;
  urls: string[];
  mark(url: string): "gone" | "new" | undefined;
  thumbnail: string | null;
}

function Row({ label, urls, mark, thumbnail }: RowProps) {
  return (
    <Group wrap="nowrap" gap="sm" mb={4}>
      <Text size="xs" c="dimmed" w={36} flex="none">
        {label}
      </Text>
      {urls.length ? (
        <ScrollArea type="auto" offsetScrollbars="x" viewportProps={{ tabIndex: 0, "aria-label": `Pictures ${label.toLowerCase()}` }}>
          <Group gap={6} wrap="nowrap">
            {urls.map((url) => (
              <div key={url} className={classes.picture} data-mark={mark(url)}>
                {/\.mp4$/.test(url) ? <video src={url} muted preload="metadata" /> : <img src={url} alt="" loading="lazy" />}
                {url === thumbnail && <span className={classes.thumbnail}>thumbnail</span>}
              </div>
            ))}
          </Group>
        </ScrollArea>
      ) : (
        <Alert p={6} color="gray" variant="light">
          <Text size="xs">no pictures</Text>
        </Alert>
      )}
    </Group>
  );
}
