/* What pages ask the server for; keys are what live.ts refreshes. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { loadBundle } from "../preview/bundle";
import { api, done } from "./client";

export const ENDED = ["completed", "failed", "cancelled"];

export interface JobFilter {
  status?: string;
  product?: string;
  page: number;
}

export const PAGE = 50;

export const jobs = ({ status, product, page }: JobFilter) =>
  queryOptions({
    queryKey: ["jobs", { status, product, page }],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      done(
        api.GET("/v1/jobs", {
          signal,
          params: { query: { limit: PAGE, offset: page * PAGE, product_id: product, status } },
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

export interface JobEvent {
  number: number;
  name: string;
  at: string;
  status: string;
  attempt: number;
  progress: number;
  data: Record<string, unknown>;
}

/** A job's whole history, once it has ended: the stream of its events ends then, too. */
export const history = (id: string, ended: boolean) =>
  queryOptions({
    queryKey: ["job", id, "history"],
    enabled: ended,
    staleTime: Infinity,
    queryFn: async ({ signal }) => {
      const answer = await fetch(`/v1/jobs/${encodeURIComponent(id)}/events?after=0`, { signal });
      const lines = (await answer.text()).split("\n").filter((line) => line.startsWith("data:"));
      return lines.map((line) => JSON.parse(line.slice(5)) as JobEvent);
    },
  });

export const designs = () =>
  queryOptions({
    queryKey: ["designs"],
    queryFn: ({ signal }) => done(api.GET("/v1/designs", { signal, params: { query: { limit: 24 } } })),
  });

export const products = (page = 0) =>
  queryOptions({
    queryKey: ["products", page],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => done(api.GET("/v1/products", { signal, params: { query: { limit: PAGE, offset: page * PAGE } } })),
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
    queryFn: ({ signal }) => loadBundle(`/v1/templates/${encodeURIComponent(template)}/preview/`, signal),
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
