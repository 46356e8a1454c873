/* The public API, typed by its own description; errors carry what the server says can be done. */

import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./schema";

type Schemas = components["schemas"];
export type Job = Schemas["JobAnswer"];
export type Artifact = Schemas["ArtifactAnswer"];
export type Design = Schemas["DesignAnswer"];
export type Product = Schemas["ProductAnswer"];
export type Template = Schemas["TemplateAnswer"];
export type Finding = Schemas["FindingAnswer"];
export type Batch = Schemas["BatchAnswer"];
export type BatchOrder = Schemas["BatchOrderAnswer"];
export type Estimate = Schemas["EstimateAnswer"];
export type Difference = Schemas["DifferenceAnswer"];
export type OrderBody = Schemas["OrderBody"];
export type BatchBody = Schemas["BatchBody"];
export type Webhook = Schemas["WebhookAnswer"];
export type Delivery = Schemas["DeliveryAnswer"];
export type Session = Schemas["SessionPage"]["sessions"][number];
export type SessionDetail = Schemas["SessionDetail"];
export type Recorder = Schemas["AssetAnswer"];
export type Recording = Schemas["FileAnswer"];
export type Revision = Schemas["EdlSummary"];
export type RevisionDetail = Schemas["EdlAnswer"];
export type Checks = Schemas["Checks"];
export type Shop = Schemas["ShopAnswer"];

/** What the server answered instead of what was asked. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly hint: string,
    readonly findings: Finding[] = [],
  ) {
    super(message);
  }
}

let csrf: string | null = null;

/** What a browser's session sends with every change. */
export function setCsrf(token: string | null): void {
  csrf = token;
}

/** For the one kind of request that is not made by `api`: large files, whose sending is watched. */
export function csrfHeaders(): Record<string, string> {
  return csrf ? { "X-CSRF-Token": csrf } : {};
}

const manners: Middleware = {
  onRequest({ request }) {
    if (csrf && !["GET", "HEAD"].includes(request.method)) request.headers.set("X-CSRF-Token", csrf);
    return request;
  },
  async onResponse({ response }) {
    if (response.ok || response.status === 304) return response;
    throw await problem(response);
  },
  onError() {
    return new ApiError(0, "OFFLINE", "The server does not answer.", "It is tried again by itself.");
  },
};

async function problem(response: Response): Promise<ApiError> {
  try {
    const said = (await response.json()) as { code?: string; detail?: string; message?: string; hint?: string; findings?: Finding[] };
    const message = said.detail ?? said.message ?? response.statusText;
    return new ApiError(response.status, said.code ?? "", message, said.hint ?? "", said.findings ?? []);
  } catch {
    return new ApiError(response.status, "", `The server answered ${response.status}.`, "");
  }
}

export const api = createClient<paths>({ credentials: "same-origin" });
api.use(manners);

/** A file as a request's body, as it is. */
export const asIs = (file: Blob) => ({
  body: file as unknown as string,
  bodySerializer: () => file,
  headers: { "Content-Type": "application/octet-stream" },
});

/** Data of an answer that was not refused. */
export async function done<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}
