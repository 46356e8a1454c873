/* A batch: how far it is, and its mockups for review before they are published. */

import { Alert, Button, Group, Kbd, Progress, SegmentedControl, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconDownload, IconUpload } from "@tabler/icons-react";
import { useMutation, useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type KeyboardEvent } from "react";
import { api, type Batch as BatchData, type BatchOrder } from "../api/client";
import { batch, batches, batchJobs, job } from "../api/queries";
import { shownOf } from "../parts/Gallery";
import { PublishDialog } from "../parts/PublishDialog";
import { Nothing, State } from "../parts/State";
import { say } from "../parts/say";
import { ago } from "../parts/time";
import { Viewer } from "../parts/Viewer";
import { VIEWS, viewName } from "../parts/words";
import { Cell } from "../review/Cell";
import { useDecisions } from "../review/decisions";
import { nudgesOf } from "../review/nudge";
import { NudgeDialog } from "../review/NudgeDialog";
import classes from "../review/Review.module.css";
import { BatchBadge } from "./Batches";

export default function Batch({ id }: { id: string }) {
  const found = useQuery(batch(id));
  const orders = useQuery(batchJobs(id));
  const all = useQuery({
    ...batches(),
    // what was moved is a batch of its own, whose end this page waits for
    refetchInterval: ({ state }) => (nudgesOf(id, state.data?.batches ?? []).some((each) => !each.finished_at) ? 1500 : false),
  });
  const nudges = nudgesOf(id, all.data?.batches ?? []);
  return (
    <State of={found}>
      {(data) => (
        <Stack>
          <Head batch={data} nudges={nudges} />
          <State of={orders}>{(list) => <Review batch={id} orders={list} nudges={nudges} />}</State>
        </Stack>
      )}
    </State>
  );
}

function Head({ batch: data, nudges }: { batch: BatchData; nudges: BatchData[] }) {
  const [publishing, publish] = useDisclosure(false);
  const queries = useQueryClient();
  const path = { batch_id: data.id };
  const refresh = () => queries.invalidateQueries({ queryKey: ["batches"] });
  const cancel = useMutation({
    mutationFn: () => api.POST("/v1/batches/{batch_id}/cancel", { params: { path } }),
    onSuccess: refresh,
  });
  const retry = useMutation({
    mutationFn: () => api.POST("/v1/batches/{batch_id}/retry", { params: { path } }),
    onSuccess: refresh,
  });
  const back = useMutation({
    mutationFn: () => api.POST("/v1/batches/{batch_id}/rollback", { params: { path } }),
    onSuccess: () => {
      void refresh();
      say("The products show again what they did before.");
    },
  });
  const busy = !data.finished_at || nudges.some((each) => !each.finished_at);
  return (
    <>
      <Group justify="space-between">
        <Group gap="sm">
          <Title order={1}>{data.name || "Batch"}</Title>
          <BatchBadge batch={data} />
        </Group>
        <Group gap="xs">
          {!data.finished_at && (
            <Button variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()}>
              Cancel the rest
            </Button>
          )}
          {data.finished_at && Boolean(data.by_status.failed) && (
            <Button variant="default" loading={retry.isPending} onClick={() => retry.mutate()}>
              Retry {data.by_status.failed}
            </Button>
          )}
          {data.applied_at && (
            <Button variant="default" loading={back.isPending} onClick={() => back.mutate()}>
              Roll back
            </Button>
          )}
          <Button variant="default" component="a" href={`/v1/batches/${data.id}/files.zip`} download leftSection={<IconDownload size={16} />}>
            Download all
          </Button>
          <Button variant={data.applied_at ? "default" : "filled"} leftSection={<IconUpload size={16} />} disabled={busy} onClick={publish.open}>
            Publish
          </Button>
        </Group>
      </Group>
      <Text size="sm" c="dimmed">
        {data.total} mockups, ordered {ago(data.created_at)}
        {data.applied_at && `, published ${ago(data.applied_at)}`}
      </Text>
      {!data.finished_at && <Progress value={data.progress} animated aria-label={`${data.progress} % done`} />}
      <PublishDialog batches={[data.id, ...nudges.map((each) => each.id)]} opened={publishing} onClose={publish.close} />
    </>
  );
}

interface ReviewProps {
  batch: string;
  orders: BatchOrder[];
  nudges: BatchData[];
}

function Review({ batch: id, orders, nudges }: ReviewProps) {
  const [view, setView] = useState("");
  const [open, setOpen] = useState<string | null>(null);
  const [nudging, setNudging] = useState<BatchOrder | null>(null);
  const decisions = useDecisions(id);
  const moved = useQueries({ queries: nudges.map((each) => batchJobs(each.id)) }).flatMap((each) => each.data ?? []);
  const movedIds = new Set(moved.map((each) => each.id));
  const live = [...orders, ...moved];
  const gone = decisions.kept.rejected.filter((each) => !live.some((order) => order.id === each.id));
  const list = [...live, ...gone].sort((a, b) => (a.id < b.id ? -1 : 1));
  const by = (id: string | undefined) => list.find((order) => order.id === id);
  const press = (event: KeyboardEvent<HTMLElement>) => {
    const cell = (event.target as HTMLElement).closest<HTMLElement>("[data-cell]");
    const order = by(cell?.dataset.cell);
    if (!cell || !order || event.metaKey || event.ctrlKey) return;
    const done = order.status === "completed";
    const acts: Record<string, () => void> = {
      a: () => done && (decisions.decide(order, "approved"), step(event.currentTarget, cell, 1)),
      r: () => (decisions.decide(order, "rejected"), step(event.currentTarget, cell, 1)),
      u: () => decisions.decide(order, null),
      n: () => done && setNudging(order),
      Enter: () => event.target === cell && setOpen(order.id),
      ArrowRight: () => step(event.currentTarget, cell, 1),
      ArrowLeft: () => step(event.currentTarget, cell, -1),
      ArrowDown: () => step(event.currentTarget, cell, columns(event.currentTarget)),
      ArrowUp: () => step(event.currentTarget, cell, -columns(event.currentTarget)),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  if (!list.length) return <Nothing title="Nothing is left of it" />;
  const approved = list.filter((order) => decisions.of(order.id) === "approved").length;
  return (
    <>
      <Group justify="space-between">
        <div className="sideways">
          <SegmentedControl size="xs" aria-label="View" value={view} onChange={setView} data={[{ value: "", label: "its side" }, ...VIEWS.map((value) => ({ value, label: viewName(value) }))]} />
        </div>
        <Text size="sm" c="dimmed" className="numbers" aria-live="polite" data-testid="tally">
          {approved} approved, {decisions.kept.rejected.length} rejected, {list.length - approved - decisions.kept.rejected.length} open
        </Text>
      </Group>
      <Text size="xs" c="dimmed" className={classes.keys} component="div" visibleFrom="sm">
        <span>
          <Kbd size="xs">A</Kbd> approve
        </span>
        <span>
          <Kbd size="xs">R</Kbd> reject
        </span>
        <span>
          <Kbd size="xs">U</Kbd> undecided
        </span>
        <span>
          <Kbd size="xs">N</Kbd> move the design
        </span>
        <span>
          <Kbd size="xs">Enter</Kbd> large
        </span>
        <span>
          <Kbd size="xs">←→↑↓</Kbd> the next
        </span>
      </Text>
      {decisions.kept.rejected.length > 0 && (
        <Alert color="gray" p="xs" variant="light">
          What is rejected is not published; <Kbd size="xs">U</Kbd> brings it back.
        </Alert>
      )}
      <div className={classes.grid} onKeyDown={press}>
        {list.map((order) => (
          <Cell
            key={order.id}
            order={order}
            view={view}
            decision={decisions.of(order.id)}
            nudged={movedIds.has(order.id)}
            onDecide={(decision) => decisions.decide(order, decision)}
            onOpen={() => setOpen(order.id)}
            onNudge={() => setNudging(order)}
          />
        ))}
      </div>
      <Large id={open} onClose={() => setOpen(null)} />
      <NudgeDialog
        batch={id}
        order={nudging}
        onClose={() => setNudging(null)}
        onOrdered={(order) => {
          decisions.decide(order, "rejected");
          setNudging(null);
        }}
      />
    </>
  );
}

function Large({ id, onClose }: { id: string | null; onClose(): void }) {
  const found = useQuery({ ...job(id ?? ""), enabled: id !== null });
  const [at, setAt] = useState(0);
  const shown = shownOf(found.data?.artifacts ?? []);
  const close = (to: number | null) => {
    if (to !== null) return setAt(to);
    setAt(0);
    onClose();
  };
  return <Viewer shown={shown} at={id && shown.length ? Math.min(at, shown.length - 1) : null} onMove={close} name={id ?? ""} />;
}

function step(grid: HTMLElement, from: HTMLElement, by: number): void {
  const cells = [...grid.querySelectorAll<HTMLElement>("[data-cell]")];
  cells[Math.min(Math.max(cells.indexOf(from) + by, 0), cells.length - 1)]?.focus();
}

function columns(grid: HTMLElement): number {
  return getComputedStyle(grid).gridTemplateColumns.split(" ").length;
}
