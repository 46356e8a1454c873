/* What was decided in review.  Rejected jobs are deleted on the server, which can be taken back; that they were, and what
   was approved, this browser remembers. */

import { useLocalStorage } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, type BatchOrder } from "../api/client";

export type Decision = "approved" | "rejected";

interface Kept {
  approved: string[];
  /** With what they were, since the server does not list them any more. */
  rejected: BatchOrder[];
}

const NOTHING: Kept = { approved: [], rejected: [] };

export function useDecisions(batch: string) {
  const queries = useQueryClient();
  const [kept, setKept] = useLocalStorage<Kept>({ key: `tirage.review.${batch}`, defaultValue: NOTHING, getInitialValueInEffect: false });
  const change = useMutation({
    mutationFn: async ({ order, decision }: { order: BatchOrder; decision: Decision | null }) => {
      const params = { path: { job_id: order.id } };
      const was = kept.rejected.some((each) => each.id === order.id);
      if (decision === "rejected" && !was) await api.DELETE("/v1/jobs/{job_id}", { params });
      if (decision !== "rejected" && was) await api.POST("/v1/jobs/{job_id}/restore", { params });
    },
    onMutate: ({ order, decision }) =>
      setKept((before) => ({
        approved: [...before.approved.filter((id) => id !== order.id), ...(decision === "approved" ? [order.id] : [])],
        rejected: [...before.rejected.filter((each) => each.id !== order.id), ...(decision === "rejected" ? [order] : [])],
      })),
    onSettled: () => queries.invalidateQueries({ queryKey: ["batches"] }),
  });
  const of = (id: string): Decision | null =>
    kept.rejected.some((each) => each.id === id) ? "rejected" : kept.approved.includes(id) ? "approved" : null;
  return { of, kept, decide: (order: BatchOrder, decision: Decision | null) => change.mutate({ order, decision }) };
}
