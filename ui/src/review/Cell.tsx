/* One mockup in review. */

import { ActionIcon, Badge, Center, Group, Loader, Text, Tooltip } from "@mantine/core";
import { useInViewport } from "@mantine/hooks";
import { IconArrowsMove, IconCheck, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { BatchOrder } from "../api/client";
import { job } from "../api/queries";
import { JobBadge, JobProgress } from "../parts/JobBadge";
import { useTitles } from "../parts/titles";
import { presetName } from "../parts/words";
import type { Decision } from "./decisions";
import classes from "./Review.module.css";

interface Props {
  order: BatchOrder;
  view: string;
  decision: Decision | null;
  nudged: boolean;
  onDecide(decision: Decision | null): void;
  onOpen(): void;
  onNudge(): void;
}

export function Cell({ order, view, decision, nudged, onDecide, onOpen, onNudge }: Props) {
  const { ref, inViewport } = useInViewport<HTMLDivElement>();
  const title = useTitles();
  const done = order.status === "completed";
  const found = useQuery({ ...job(order.id), enabled: done && inViewport && decision !== "rejected", staleTime: Infinity });
  const wanted = view || (order.preset?.startsWith("back") ? "back_180deg" : "front_0deg");
  const url = found.data?.artifacts.find((each) => each.role === wanted)?.url;
  const words = `${presetName(order.preset)} on ${String(order.options.fabric_color ?? "white")}`;
  return (
    <div ref={ref} className={classes.cell} data-decision={decision ?? undefined} data-cell={order.id} tabIndex={0} role="group" aria-label={`${words}, ${decision ?? order.status}`}>
      <div className="plate" onClick={onOpen} style={{ cursor: url ? "zoom-in" : undefined }}>
        {url ? (
          <img src={url} alt={words} loading="lazy" draggable={false} />
        ) : (
          <Center className={classes.empty}>
            {decision === "rejected" ? <Text c="dark.3">rejected</Text> : done ? <Loader size="sm" /> : <JobBadge status={order.status} />}
          </Center>
        )}
        {decision === "approved" && (
          <span className={classes.mark}>
            <IconCheck size={18} />
          </span>
        )}
      </div>
      <Group justify="space-between" gap={4} mt={4}>
        <div style={{ minWidth: 0, flex: "1 1 110px" }}>
          <Text size="sm" truncate>
            {words}
          </Text>
          <Text size="xs" c="dimmed" truncate>
            {title(order.product_id)} {nudged && <Badge size="xs" tt="none" variant="light">moved</Badge>}
          </Text>
        </div>
        <Group gap={2} wrap="nowrap">
          <Tooltip label="Approve (A)">
            <ActionIcon variant={decision === "approved" ? "filled" : "subtle"} color="teal.8" aria-label="Approve" disabled={!done} onClick={() => onDecide(decision === "approved" ? null : "approved")}>
              <IconCheck size={16} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label="Reject (R)">
            <ActionIcon variant={decision === "rejected" ? "filled" : "subtle"} color="red.8" aria-label="Reject" onClick={() => onDecide(decision === "rejected" ? null : "rejected")}>
              <IconX size={16} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label="Move it (N)">
            <ActionIcon variant="subtle" color="gray" aria-label="Move it" disabled={!done || decision === "rejected"} onClick={onNudge}>
              <IconArrowsMove size={16} />
            </ActionIcon>
          </Tooltip>
        </Group>
      </Group>
      <JobProgress job={order} />
      {order.error && (
        <Text size="xs" c="red">
          {order.error.message}
        </Text>
      )}
    </div>
  );
}
