/* A mockup that was moved a little in review is a batch of one, which names the batch that it belongs to. */

import type { Batch, BatchBody, OrderBody } from "../api/client";

export const NUDGE = "studio-nudge";

export function nudgeOf(batch: string, instead: string, order: OrderBody): BatchBody {
  return { name: "", orders: [order], priority: 0, replace: false, apply_at_end: false, metadata: { kind: NUDGE, of: batch, instead } };
}

/** Those that belong to a batch, the oldest first. */
export function nudgesOf(batch: string, all: Batch[]): Batch[] {
  return all.filter((each) => each.metadata.kind === NUDGE && each.metadata.of === batch).reverse();
}
