/* What pages ask the server for; keys are what live.ts refreshes. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { loadBundle, loadScene, type Bundle, type Scene } from "../preview/bundle";
import { api, done, type Batch } from "./client";

export const ENDED = ["completed", "failed", "cancelled"];

export interface JobFilter {
  status?: string;
  product?: string;
  pipeline?: string;
  text?: string;
  page: number;
}

export const PAGE = 50;

export const jobs = ({ status, product, pipeline, text, page }: JobFilter) =>
  queryOptions({
    queryKey: ["jobs", { status, product, pipeline, text, page }],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      done(
        api.GET("/v1/jobs", {
          signal,
          params: { query: { limit: PAGE, offset: page * PAGE, product_id: product, status, pipeline, q: text } },
        }),
      ),
  });

export const job = (id: string) =>
  queryOptions({
    queryKey: ["job", id],
    queryFn: ({ signal }) => done(api.GET("/v1/jobs/{job_id}", { signal, params: { path: { job_id: id } } })),
    // the stream of events is faster; this is for when it is down
    refetchInterval: ({ state }) => (state.data && ENDED.includes(state.data.status) ? false : 5000),
  });

/** How a job went: attempts, steps and what they noticed; asked for again whenever the job moves on. */
export const history = (id: string) =>
  queryOptions({
    queryKey: ["job", id, "history"],
    queryFn: ({ signal }) => done(api.GET("/v1/jobs/{job_id}/history", { signal, params: { path: { job_id: id } } })),
  });

export const designs = () =>
  queryOptions({
    queryKey: ["designs"],
    queryFn: ({ signal }) => done(api.GET("/v1/designs", { signal, params: { query: { limit: 60 } } })),
  });

/** Products, the newest first; with a text those whose title or id contains it. */
export const products = (page = 0, text = "") =>
  queryOptions({
    queryKey: ["products", page, text],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => done(api.GET("/v1/products", { signal, params: { query: { limit: PAGE, offset: page * PAGE, q: text || undefined } } })),
  });

export const product = (id: string) =>
  queryOptions({
    queryKey: ["products", "one", id],
    queryFn: ({ signal }) => done(api.GET("/v1/products/{product_id}", { signal, params: { path: { product_id: id } } })),
  });

export const templates = () =>
  queryOptions({
    queryKey: ["templates"],
    staleTime: 60_000,
    queryFn: ({ signal }) => done(api.GET("/v1/templates", { signal })),
  });

export const bundle = (template: string) =>
  queryOptions({
    queryKey: ["bundle", template],
    staleTime: Infinity,
    gcTime: Infinity,
    queryFn: ({ signal }) => {
      const asked = early.get(template);
      early.delete(template);
      return asked ?? loadBundle(previewOf(template), signal);
    },
  });

const previewOf = (template: string) => `/v1/templates/${encodeURIComponent(template)}/preview/`;
const early = new Map<string, Promise<Bundle>>();

/** Asks for a template's data before there is anything to show them with; the first to want them gets these. */
export function askEarly(template: string): { scene: Promise<Scene>; bundle: Promise<Bundle> } {
  const scene = loadScene(previewOf(template));
  const bundle = loadBundle(previewOf(template), undefined, scene);
  bundle.catch(() => early.delete(template)); // who wants them asks again, and says what is wrong
  early.set(template, bundle);
  return { scene, bundle };
}

/** What a template says of itself to browsers, without its pictures and mesh. */
export const scene = (id: string) =>
  queryOptions({
    queryKey: ["scene", id],
    staleTime: Infinity,
    queryFn: async ({ signal }) => {
      const answer = await fetch(`/v1/templates/${encodeURIComponent(id)}/preview/scene.json`, { signal });
      if (!answer.ok) throw new Error(`The template could not be read (${answer.status}).`);
      return (await answer.json()) as Scene;
    },
  });

export const queues = () =>
  queryOptions({
    queryKey: ["queues"],
    refetchInterval: 3000,
    queryFn: ({ signal }) => done(api.GET("/v1/queues", { signal })),
  });

export const keys = () =>
  queryOptions({ queryKey: ["keys"], queryFn: ({ signal }) => done(api.GET("/v1/keys", { signal })) });

export const webhooks = () =>
  queryOptions({ queryKey: ["webhooks"], queryFn: ({ signal }) => done(api.GET("/v1/webhooks", { signal })) });

export const session = () =>
  queryOptions({
    queryKey: ["session"],
    retry: false,
    staleTime: Infinity,
    queryFn: ({ signal }) => done(api.GET("/v1/session", { signal })),
  });

export const design = (id: string) =>
  queryOptions({
    queryKey: ["designs", "one", id],
    staleTime: Infinity,
    queryFn: ({ signal }) => done(api.GET("/v1/designs/{design_id}", { signal, params: { path: { design_id: id } } })),
  });

export const batches = (page = 0) =>
  queryOptions({
    queryKey: ["batches", page],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => done(api.GET("/v1/batches", { signal, params: { query: { limit: 100, offset: page * 100 } } })),
  });

/** A batch; asked for until it has ended, since that is told a moment after its last job. */
export const batch = (id: string) =>
  queryOptions({
    queryKey: ["batches", "one", id],
    queryFn: ({ signal }): Promise<Batch> => done(api.GET("/v1/batches/{batch_id}", { signal, params: { path: { batch_id: id } } })),
    refetchInterval: ({ state }) => (state.data?.finished_at ? false : 700),
  });

const REVIEWED = 1000;

/** The jobs of a batch, in its order; of very long ones the first. */
export const batchJobs = (id: string) =>
  queryOptions({
    queryKey: ["batches", "jobs", id],
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const path = { batch_id: id };
      const all = [];
      for (let offset = 0, count = 1; offset < Math.min(count, REVIEWED); offset += 100) {
        const page = await done(api.GET("/v1/batches/{batch_id}/jobs", { signal, params: { path, query: { limit: 100, offset } } }));
        all.push(...page.jobs);
        count = page.count;
      }
      return all;
    },
  });

/** What publishing a batch changes. */
export const difference = (id: string) =>
  queryOptions({
    queryKey: ["batches", "diff", id],
    staleTime: 0,
    queryFn: ({ signal }) => done(api.GET("/v1/batches/{batch_id}/diff", { signal, params: { path: { batch_id: id } } })),
  });

export const overview = () =>
  queryOptions({
    queryKey: ["overview"],
    refetchInterval: 5000,
    queryFn: ({ signal }) => done(api.GET("/v1/overview", { signal })),
  });

export const deliveries = (webhook: string) =>
  queryOptions({
    queryKey: ["webhooks", webhook, "deliveries"],
    refetchInterval: 3000,
    queryFn: ({ signal }) =>
      done(api.GET("/v1/webhooks/{webhook_id}/deliveries", { signal, params: { path: { webhook_id: webhook }, query: { limit: 20 } } })),
  });

export const template = (id: string) =>
  queryOptions({
    queryKey: ["templates", id],
    staleTime: 60_000,
    queryFn: ({ signal }) => done(api.GET("/v1/templates/{template_id}", { signal, params: { path: { template_id: id } } })),
  });
