/* All jobs, newest first, live. */

import { Button, Checkbox, Group, Pagination, SegmentedControl, Select, Stack, Table, Text, TextInput, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { memo, useState } from "react";
import { Link, useLocation, useSearchParams } from "wouter";
import { api, type Job } from "../api/client";
import { ENDED, jobs, PAGE } from "../api/queries";
import { JobBadge, JobProgress } from "../parts/JobBadge";
import { Nothing, State } from "../parts/State";
import { say } from "../parts/say";
import { ago } from "../parts/time";
import { useTitles } from "../parts/titles";
import { isVideoWork, workName } from "../parts/words";

const PIPELINES = [
  { value: "", label: "all kinds" },
  { value: "mockup", label: "mockups" },
  { value: "video", label: "videos" },
  { value: "ingest", label: "recordings" },
];
const STATUSES = ["", "pending", "compositing", "rendering", "completed", "failed", "cancelled"];

export default function Jobs() {
  const [search, setSearch] = useSearchParams();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const status = search.get("status") ?? "";
  const page = Number(search.get("page") ?? 1) || 1;
  const product = search.get("product") ?? "";
  const pipeline = search.get("pipeline") ?? "";
  const text = search.get("q") ?? "";
  const [asked] = useDebouncedValue(product, 40, { leading: true });
  const [sought] = useDebouncedValue(text, 40, { leading: true });
  const filter = { status, product: asked, pipeline, text: sought };
  const filtered = Object.values(filter).some(Boolean);
  const found = useQuery(jobs({ ...nonEmpty(filter), page: page - 1 }));
  const put = (changes: Record<string, string>) =>
    setSearch((before) => {
      const next = new URLSearchParams(before);
      for (const [name, value] of Object.entries(changes)) value ? next.set(name, value) : next.delete(name);
      return next;
    });
  return (
    <Stack>
      <Group justify="space-between">
        <Title order={1}>Jobs</Title>
        <Together jobs={found.data?.jobs ?? []} chosen={chosen} clear={() => setChosen(new Set())} />
      </Group>
      <Group>
        <div className="sideways">
          <SegmentedControl
            size="xs"
            value={status}
            onChange={(value) => put({ status: value, page: "" })}
            data={STATUSES.map((value) => ({ value, label: value || "all" }))}
            aria-label="Status"
          />
        </div>
        <TextInput
          size="xs"
          leftSection={<IconSearch size={14} />}
          placeholder="Search"
          aria-label="Search"
          value={text}
          onChange={(event) => put({ q: event.currentTarget.value, page: "" })}
        />
        <Select
          size="xs"
          w={120}
          aria-label="Pipeline"
          value={pipeline}
          allowDeselect={false}
          onChange={(value) => put({ pipeline: value ?? "", page: "" })}
          data={PIPELINES}
        />
        <TextInput
          size="xs"
          placeholder="Product id"
          aria-label="Product"
          value={product}
          onChange={(event) => put({ product: event.currentTarget.value, page: "" })}
        />
      </Group>
      <State of={found}>
        {({ jobs: list, count }) =>
          count === 0 ? (
            <Nothing title={filtered ? "No job is like that" : "No jobs yet"}>
              {filtered ? "Another filter shows more." : <Link href="/mockups">Make the first mockup.</Link>}
            </Nothing>
          ) : (
            <>
              <Rows jobs={list} chosen={chosen} choose={setChosen} />
              <Group justify="space-between">
                <Text size="sm" c="dimmed" className="numbers" data-testid="count">
                  {count.toLocaleString("en")} {count === 1 ? "job" : "jobs"}
                  {count > PAGE && `, page ${page} of ${Math.ceil(count / PAGE)}`}
                </Text>
                {count > PAGE && (
                  <Pagination getControlProps={(control) => ({ "aria-label": `${control} page` })} total={Math.ceil(count / PAGE)} value={page} onChange={(to) => put({ page: String(to) })} size="sm" />
                )}
              </Group>
            </>
          )
        }
      </State>
    </Stack>
  );
}

function nonEmpty<T extends Record<string, string>>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value)) as Partial<T>;
}

interface RowsProps {
  jobs: Job[];
  chosen: ReadonlySet<string>;
  choose(ids: ReadonlySet<string>): void;
}

/** Drawn again when there are other jobs, not with every letter that is typed. */
const Rows = memo(function Rows({ jobs: list, chosen, choose }: RowsProps) {
  const [, go] = useLocation();
  const title = useTitles();
  const all = list.length > 0 && list.every((job) => chosen.has(job.id));
  const flip = (ids: string[], on: boolean) => {
    const next = new Set(chosen);
    for (const id of ids) on ? next.add(id) : next.delete(id);
    choose(next);
  };
  return (
    <Table.ScrollContainer minWidth={640} scrollAreaProps={{ viewportProps: { tabIndex: 0, "aria-label": "Jobs" } }}>
      <Table highlightOnHover verticalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={36}>
              <Checkbox
                size="xs"
                aria-label="All on this page"
                checked={all}
                onChange={(event) => flip(list.map((job) => job.id), event.currentTarget.checked)}
              />
            </Table.Th>
            <Table.Th>Status</Table.Th>
            <Table.Th>Product</Table.Th>
            <Table.Th>Placement</Table.Th>
            <Table.Th>Colour</Table.Th>
            <Table.Th w={140}>Progress</Table.Th>
            <Table.Th>Made</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {list.map((job) => (
            <Table.Tr key={job.id} style={{ cursor: "pointer" }} onClick={() => go(`/jobs/${job.id}`)}>
              <Table.Td onClick={(event) => event.stopPropagation()}>
                <Checkbox
                  size="xs"
                  aria-label={`Job ${job.id}`}
                  checked={chosen.has(job.id)}
                  onChange={(event) => flip([job.id], event.currentTarget.checked)}
                />
              </Table.Td>
              <Table.Td>
                <Link href={`/jobs/${job.id}`} onClick={(event) => event.stopPropagation()}>
                  <JobBadge status={job.status} />
                </Link>
              </Table.Td>
              <Table.Td maw={260} style={{ overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" }} title={job.product_id ?? undefined}>{title(job.product_id)}</Table.Td>
              <Table.Td>{workName(job)}</Table.Td>
              <Table.Td>{isVideoWork(job) ? "" : String(job.options.fabric_color ?? "white")}</Table.Td>
              <Table.Td>
                <JobProgress job={job} />
              </Table.Td>
              <Table.Td>
                <Text size="sm" c="dimmed" component="time" dateTime={job.created_at} title={job.created_at}>
                  {ago(job.created_at)}
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
});

/** What can be done with several at once. */
function Together({ jobs: list, chosen, clear }: { jobs: Job[]; chosen: ReadonlySet<string>; clear(): void }) {
  const queries = useQueryClient();
  const those = list.filter((job) => chosen.has(job.id));
  const failed = those.filter((job) => job.status === "failed");
  const running = those.filter((job) => !ENDED.includes(job.status));
  const act = useMutation({
    mutationFn: async ({ what, ids }: { what: "retry" | "cancel"; ids: string[] }) => {
      for (const id of ids) {
        const params = { path: { job_id: id } };
        if (what === "retry") await api.POST("/v1/jobs/{job_id}/retry", { params });
        else await api.POST("/v1/jobs/{job_id}/cancel", { params });
      }
      return { what, count: ids.length };
    },
    onSuccess: ({ what, count }) => say(`${count} ${what === "retry" ? "ordered again" : "cancelled"}.`),
    onSettled: () => {
      clear();
      void queries.invalidateQueries({ queryKey: ["jobs"] });
    },
  });
  if (!those.length) return null;
  return (
    <Group gap="xs">
      <Button
        size="xs"
        variant="default"
        disabled={!failed.length}
        loading={act.isPending}
        onClick={() => act.mutate({ what: "retry", ids: failed.map((job) => job.id) })}
      >
        Retry {failed.length || ""}
      </Button>
      <Button
        size="xs"
        variant="default"
        disabled={!running.length}
        loading={act.isPending}
        onClick={() => act.mutate({ what: "cancel", ids: running.map((job) => job.id) })}
      >
        Cancel {running.length || ""}
      </Button>
    </Group>
  );
}
