/* What the pages about videos ask the server for. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, done, type Checks, type SessionDetail } from "./client";
import { PAGE } from "./queries";

export const sessions = (page = 0) =>
  queryOptions({
    queryKey: ["sessions", "page", page],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => done(api.GET("/v1/sessions", { signal, params: { query: { limit: PAGE, offset: page * PAGE } } })),
  });

/** A session with recorders and revisions; asked for while a recording is looked into. */
export const recording = (id: string) =>
  queryOptions({
    queryKey: ["sessions", "one", id],
    queryFn: ({ signal }): Promise<SessionDetail> => done(api.GET("/v1/sessions/{session_id}", { signal, params: { path: { session_id: id } } })),
    refetchInterval: ({ state }) => (state.data?.assets.some((each) => each.ingest_job_id && !each.ready) ? 3000 : false),
  });

export const revision = (id: string) =>
  queryOptions({
    queryKey: ["sessions", "edl", id],
    queryFn: ({ signal }) => done(api.GET("/v1/edls/{edl_id}", { signal, params: { path: { edl_id: id } } })),
  });

/** Everything that is wrong with a revision; of a locked one, all that stands in its render's way. */
export const checks = (session: string, edl: string, locked: boolean) =>
  queryOptions({
    queryKey: ["sessions", "checks", session, edl, locked],
    queryFn: ({ signal }): Promise<Checks> =>
      locked
        ? done(api.GET("/v1/sessions/{session_id}/preflight", { signal, params: { path: { session_id: session }, query: { edl_id: edl } } }))
        : done(api.POST("/v1/edls/{edl_id}/validate", { signal, params: { path: { edl_id: edl } } })),
  });

export const changes = (edl: string, against: string) =>
  queryOptions({
    queryKey: ["sessions", "diff", edl, against],
    queryFn: ({ signal }) => done(api.GET("/v1/edls/{edl_id}/diff", { signal, params: { path: { edl_id: edl }, query: { against } } })),
  });

export const videos = (session: string) =>
  queryOptions({
    queryKey: ["sessions", "jobs", session],
    queryFn: ({ signal }) => done(api.GET("/v1/sessions/{session_id}/jobs", { signal, params: { path: { session_id: session } } })),
  });

export const shops = () =>
  queryOptions({ queryKey: ["shops"], refetchInterval: 5000, queryFn: ({ signal }) => done(api.GET("/v1/shops", { signal })) });
