// A session's recordings and edits, small ones: made by the FFmpeg that renders, cut in Tirage's own JSON.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { ROOT } from "./harness.js";

const run = promisify(execFile);
const PYTHON = process.env.PYTHON ?? path.join(ROOT, ".venv/bin/python");
export const SECONDS = 8;
const RATE = 25;
const BT709 = ["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv"];
const CAMERAS = { wide: "c0=#1f3f6d:c1=#7b95c4", close: "c0=#7d3b2f:c1=#e0a07d" };

/** Two cameras and a recorder in a folder; `stop` takes it away. */
export async function record() {
  const folder = await mkdtemp(path.join(tmpdir(), "tirage-media-"));
  const { stdout } = await run(PYTHON, ["-c", "from tirage.media.ffmpeg import find_ffmpeg; print(find_ffmpeg().program)"]);
  const ffmpeg = (...words) => run(stdout.trim(), ["-v", "error", "-y", ...words]);
  const files = [];
  for (const [name, colours] of Object.entries(CAMERAS)) {
    const file = path.join(folder, `${name}.mp4`);
    await ffmpeg("-f", "lavfi", "-i", `gradients=s=640x360:r=${RATE}:d=${SECONDS}:${colours}:seed=3:speed=0.02`, "-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p", ...BT709, file);
    files.push(file);
  }
  const sound = path.join(folder, "recorder.wav");
  await ffmpeg("-f", "lavfi", "-i", `sine=frequency=220:sample_rate=48000:duration=${SECONDS}`, "-ac", "2", sound);
  files.push(sound);
  return {
    folder,
    files,
    async write(name, value) {
      const file = path.join(folder, name);
      await writeFile(file, typeof value === "string" ? value : JSON.stringify(value));
      return file;
    },
    stop: () => rm(folder, { recursive: true, force: true }),
  };
}

/** An edit of 6 s; `wrong`: its last shot goes on after the recording's end. */
export function edit({ wrong = false } = {}) {
  const last = wrong ? 190 : 100;
  return {
    tirage_edl: 1,
    rate: String(RATE),
    clock: "session",
    events: [
      { name: "001", camera: "wide", source_in: 0, source_out: 50, record_in: 0 },
      { name: "002", camera: "close", source_in: 50, source_out: 100, record_in: 50, dissolve: 10 },
      { name: "003", camera: "wide", source_in: last, source_out: last + 50, record_in: 100 },
    ],
    markers: [
      { kind: "chapter", frame: 0, name: "Welcome" },
      { kind: "chapter", frame: 75, name: "The song" },
      { kind: "thumbnail", frame: 60 },
      { kind: "range", frame: 25, length: 75, name: "best" },
    ],
    graphics: [{ template: "title", fields: { title: "Evening" }, record_in: 5, record_out: 40, fade: 5 }],
    captions: [{ language: "en", cues: [{ start: 2200, end: 3600, text: "Good evening." }] }],
    outputs: { short_9_16: [{ marker: "best" }] },
  };
}

/** A session with all of that, locked, and one small video of it; by the API. */
export async function fillVideos(server, media, name = "Golden evening") {
  const { call } = server;
  const raw = async (method, where, file) => {
    const { readFile } = await import("node:fs/promises");
    const answer = await fetch(server.url + where, { method, headers: { Authorization: `Bearer ${server.key}`, "Content-Type": "application/octet-stream" }, body: await readFile(file) });
    if (!answer.ok) throw new Error(`${where}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const cameras = media.files.map((file) => path.parse(file).name);
  const session = await call("POST", "/v1/sessions", { name, rate: String(RATE), master: "recorder", assets: cameras.map((camera) => ({ camera })) });
  for (const [i, file] of media.files.entries()) {
    const sent = await raw("PUT", `/v1/assets/${session.assets[i].id}/files/${path.basename(file)}`, file);
    await call("GET", `/v1/jobs/${sent.ingest_job_id}?wait=60`);
  }
  const revisions = [];
  for (const [file, value] of [["first.json", edit({ wrong: true })], ["second.json", edit()]])
    revisions.push(await raw("POST", `/v1/sessions/${session.id}/edls?name=${file}`, await media.write(file, value)));
  await call("POST", `/v1/edls/${revisions[1].id}/lock`);
  const { jobs } = await call("POST", "/v1/videos", { session_id: session.id, formats: ["short_9_16", "thumbnail"], options: { short_side: 180 } });
  for (const { id } of jobs) {
    let job = await call("GET", `/v1/jobs/${id}?wait=60`);
    for (let i = 0; i < 4 && !["completed", "failed"].includes(job.status); i++) job = await call("GET", `/v1/jobs/${id}?wait=60`);
    if (job.status !== "completed") throw new Error(`${id}: ${job.status} ${JSON.stringify(job.error)}`);
  }
  return { session: session.id, wrong: revisions[0].id, video: jobs[0].id };
}
