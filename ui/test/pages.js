import { fillVideos, record } from "./media.js";

// Every page, for what is looked at on each: accessibility, scripts that must not run, screenshots.
export const pagesOf = ({ job, failed, product, batch, session, wrong, video }) => [
  { name: "mockups", where: "/mockups", ready: "[data-drawn]" },
  { name: "batches", where: "/batches", ready: "tbody tr" },
  { name: "batch", where: `/batches/${batch}`, ready: "[data-cell] img" },
  { name: "videos", where: "/videos", ready: "tbody tr" },
  { name: "session", where: `/videos/${session}`, ready: "[data-recorder]" },
  { name: "edit", where: `/videos/${session}/edit`, ready: "[data-shot]" },
  { name: "edit-wrong", where: `/videos/${session}/edit?revision=${wrong}`, ready: "[data-flagged]" },
  { name: "session-videos", where: `/videos/${session}/videos`, ready: "[data-video] video" },
  { name: "job-video", where: `/jobs/${video}`, ready: "main video" },
  { name: "jobs", where: "/jobs", ready: "tbody tr" },
  { name: "job", where: `/jobs/${job}`, ready: "figure img" },
  { name: "job-failed", where: `/jobs/${failed}`, ready: "[role=alert]" },
  { name: "products", where: "/products", ready: ".plate" },
  { name: "product", where: `/products/${product}`, ready: "[data-medium]" },
  { name: "templates", where: "/templates", ready: "figure svg" },
  { name: "operation", where: "/operation", ready: "[data-queue]" },
  { name: "keys", where: "/operation/keys", ready: "tbody tr" },
  { name: "webhooks", where: "/operation/webhooks", ready: "[data-webhook]" },
  { name: "shops", where: "/operation/shops", ready: "main h2" },
  { name: "clean-up", where: "/operation/clean-up", ready: "main button" },
  { name: "nowhere", where: "/nowhere", ready: "h2" },
];

/** A shop with a bit of everything; names are what somebody who means harm would choose, where `names` says so. */
export async function fillShop(server, names = { product: "Golden hour tee", design: "golden-hour.png", batch: "Summer", key: "Shop" }) {
  const { call } = server;
  const design = await server.uploadSample(names.design);
  const product = await call("POST", "/v1/products", { title: names.product });
  await call("POST", "/v1/products", { title: "Plain tee" });
  const orders = ["navy", "white"].map((fabric_color) => ({ design_id: design.id, product_id: product.id, preset: "chest-medium", fabric_color }));
  const batch = await call("POST", "/v1/batches", { name: names.batch, orders, apply_at_end: true, metadata: { kind: "matrix" } });
  const empty = await server.upload(Buffer.from(EMPTY, "base64"), `empty ${names.design}`);
  const failed = await call("POST", "/v1/mockups?wait=60", { design_id: empty.id, product_id: product.id, preset: "chest-small", metadata: { note: names.product } });
  await call("POST", "/v1/keys", { name: names.key, scopes: ["read"] });
  await call("POST", "/v1/webhooks", { url: "https://shop.example/hooks/tirage", description: names.key });
  let made = batch;
  for (let i = 0; i < 600 && !made.applied_at; i++) {
    await new Promise((done) => setTimeout(done, 500));
    made = await call("GET", `/v1/batches/${batch.id}`);
  }
  const { jobs } = await call("GET", `/v1/batches/${batch.id}/jobs`);
  const media = await record();
  const videos = await fillVideos(server, media, names.product).finally(() => media.stop());
  return { job: jobs[0].id, failed: failed.id, product: product.id, batch: batch.id, design: design.id, ...videos };
}

/** 16 × 16 clear pixels. */
export const EMPTY = "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAYAAAAf8/9hAAAAEklEQVR42mNgGAWjYBSMAggAAAQQAAGvRYgsAAAAAElFTkSuQmCC";
