/* From a draft to an order, and from a job back to a draft. */

import type { BatchBody, BatchOrder, Design, Job, OrderBody } from "../api/client";
import type { Place, Scene } from "../preview/bundle";
import type { Draft, DraftDesign, DraftPrint } from "./draft";
import { presetOf, presetPlace } from "./placing";

/** Single mockups in the list of batches are marked so. */
export const SINGLE = "studio-single";

/** The order that makes what is on the stage. */
export function orderOf(scene: Scene, draft: Draft, product: string): OrderBody {
  const [first] = draft.prints;
  const preset = draft.prints.length === 1 ? presetOf(scene, first) : null;
  const look = {
    design_id: first.design.id,
    product_id: product,
    template_id: draft.template,
    fabric_color: draft.colour,
    background_color: draft.background ?? "transparent",
    render_mode: "all", // said as a matrix says it, so that what was rendered before is known again
  };
  if (preset) return { ...look, preset };
  return { ...look, placements: draft.prints.map(({ design, place }) => ({ design_id: design.id, ...place })) };
}

/** That order as a batch of its own: its pictures are shown with the product when it is published, not before. */
export function batchOf(order: OrderBody, replace: boolean): BatchBody {
  return { name: "", orders: [order], replace, priority: 0, apply_at_end: false, metadata: { kind: SINGLE } };
}

type Ordered = Pick<Job | BatchOrder, "template_id" | "preset" | "options">;

interface FreePlace extends Place {
  design_file_url?: string;
}

const STORED = /dsgn_[0-9A-Z]{26}/;

/** The ids of the stored designs that a job was ordered with; empty when they were not stored by themselves. */
export function designsOf(job: Pick<Job, "design_file_url" | "options">): string[] {
  const places = (job.options.placements as FreePlace[] | undefined) ?? [{ design_file_url: job.design_file_url ?? "" }];
  const found = places.map((place) => STORED.exec(place.design_file_url ?? job.design_file_url ?? "")?.[0]);
  return found.every((id) => id !== undefined) ? found : [];
}

/** The draft that a job was made of. */
export function draftOf(scene: Scene, job: Ordered, designs: Design[]): Draft {
  const places = job.options.placements as FreePlace[] | undefined;
  const prints = designs.flatMap((design, i): DraftPrint[] => {
    const kept = keptDesign(design);
    const free = places?.[i];
    const place = free
      ? { panel: free.panel, x: free.x, y: free.y, width: free.width, rotation: free.rotation ?? 0 }
      : presetPlace(scene, job.preset ?? "", kept);
    return place ? [{ key: crypto.randomUUID(), design: kept, place }] : [];
  });
  const background = String(job.options.background_color ?? "#ffffff");
  return {
    template: job.template_id ?? scene.template.id,
    colour: String(job.options.fabric_color ?? Object.keys(scene.colours)[0]),
    background: background === "transparent" ? null : background,
    prints,
  };
}

export function keptDesign({ id, name, url, width, height }: Design): DraftDesign {
  return { id, name, url, width, height };
}
