// SPDX-License-Identifier: Apache-2.0
// Installs the pinned exporters, starts a daemon, lets them send to it, and looks at what came.
//   node run.mjs HOLDFAST PLACE
// Ends with 77 (skipped) where the packages cannot be had.
import assert from "node:assert/strict";
import { execFile, spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const [holdfast, place] = process.argv.slice(2);
const here = path.dirname(fileURLToPath(import.meta.url));

function skip(why) {
  console.log(`skipped: ${why}`);
  process.exit(77);
}

function install() {
  const lock = fs.readFileSync(path.join(here, "package-lock.json"), "utf8");
  const mark = path.join(place, "installed");
  if (fs.existsSync(mark) && fs.readFileSync(mark, "utf8") === lock) return;
  fs.mkdirSync(place, { recursive: true });
  for (const name of ["package.json", "package-lock.json"])
    fs.copyFileSync(path.join(here, name), path.join(place, name));
  const npm = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: place,
    encoding: "utf8",
    timeout: 40_000,
  });
  if (npm.error?.code === "ENOENT") skip("npm is not installed");
  if (npm.status !== 0)
    skip(`npm cannot reach its registry: ${(npm.stderr ?? "").trim().split("\n")[0]}`);
  fs.writeFileSync(mark, lock);
}

function freePort() {
  return new Promise((done) => {
    const one = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = one.address();
      one.close(() => done(port));
    });
  });
}

/// A configuration with a TCP address and a token, or nothing where this daemon knows no such key.
async function overTcp(scratch) {
  const secret = "s".repeat(40);
  const tokens = path.join(scratch, "tokens");
  fs.writeFileSync(tokens, `exporter operator ${secret}\n`, { mode: 0o600 });
  const config = path.join(scratch, "holdfast.toml");
  const port = await freePort();
  fs.writeFileSync(config, `[door]\ntcp = ["127.0.0.1:${port}"]\ntokens = "${tokens}"\n`);
  if (spawnSync(holdfast, ["config", "check", config]).status !== 0) return {};
  return { config, port, secret };
}

function serving(daemon) {
  return new Promise((done, fail) => {
    createInterface({ input: daemon.stderr }).on("line", (line) => line === "serving" && done());
    daemon.on("exit", (code) => fail(new Error(`the daemon ended with ${code}`)));
  });
}

function get(socketPath, target) {
  return new Promise((done, fail) => {
    http
      .get({ socketPath, path: target, headers: { Host: "localhost" } }, (answer) => {
        let text = "";
        answer.on("data", (more) => (text += more));
        answer.on("end", () => done(JSON.parse(text)));
      })
      .on("error", fail);
  });
}

install();
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "holdfast-otlp-"));
const socket = path.join(scratch, "s");
const tcp = await overTcp(scratch);
const words = ["run", "--init", "--data", path.join(scratch, "data"), "--socket", socket];
if (tcp.config) words.push("--config", tcp.config);
const daemon = spawn(holdfast, words, { stdio: ["ignore", "ignore", "pipe"] });
const ended = new Promise((done) => daemon.on("exit", done));
try {
  await serving(daemon);
  console.log(tcp.port ? `over TCP, port ${tcp.port}` : "over the Unix socket");
  fs.copyFileSync(path.join(here, "send.mjs"), path.join(place, "send.mjs"));
  const send = ([encoding, compression]) =>
    promisify(execFile)("node", ["send.mjs", encoding, ...(tcp.port ? [] : [socket])], {
      cwd: place,
      env: {
        ...process.env,
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://localhost${tcp.port ? `:${tcp.port}` : ""}`,
        ...(compression && { OTEL_EXPORTER_OTLP_COMPRESSION: compression }),
        ...(tcp.port && { OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer ${tcp.secret}` }),
      },
    });
  const ways = [["http"], ["proto"], ["proto", "gzip"]];
  for (const way of ways) console.log(way.join(" "), (await send(way)).stdout.trim());

  const bodies = async (stream) =>
    (await get(socket, `/v1/events?stream=${stream}&limit=1000`)).events.map((one) => one.body);
  const of = (all, name) => all.filter((one) => one.resource["service.name"] === `node-${name}`);
  const [spans, logs, metrics, usage] = [
    await bodies("otel.traces"),
    await bodies("otel.logs"),
    await bodies("otel.metrics"),
    await bodies("llm.usage.otel"),
  ];
  for (const name of ways.map((way) => way.join("-"))) {
    const [call] = of(spans, name).filter((one) => one.kind === "client");
    const [parent] = of(spans, name).filter((one) => one.kind === "server");
    assert.equal(call.parent_span_id, parent.span_id);
    assert.equal(call.trace_id, parent.trace_id);
    assert.match(call.trace_id, /^[0-9a-f]{32}$/);
    assert.equal(call.status, "error");
    assert.equal(call.status_message, "cut off");
    assert.deepEqual(call.attributes.tags, ["a", "b"]);
    assert.equal(call.attributes.ratio, 0.5);
    assert.equal(call.events[0].name, "first token");
    assert.ok(call.duration_ms >= 0);
    // Each was an export of its own, and the two may overtake one another.
    const said = Object.fromEntries(of(logs, name).map((one) => [one.severity, one.body]));
    assert.deepEqual(said, { info: "hello", error: { code: 7, what: ["x", null] } });
    const measured = Object.fromEntries(of(metrics, name).map((one) => [one.name, one]));
    assert.equal(measured.requests.points[0].value, 3);
    assert.equal(measured.requests.monotonic, true);
    assert.equal(measured.latency.points[0].sum, 12.5);
    const [counted] = usage.filter((one) => one.model === `model-${name}`);
    assert.equal(counted.input_tokens, 12);
    assert.equal(counted.output_tokens, 34);
    assert.equal(counted.outcome, "error");
  }
  const learned = await get(socket, "/v1/states/learning");
  for (const way of ways)
    assert.equal(learned.state.models[`model-${way.join("-")}`].all.input_tokens, 12);
  console.log("every span, log and metric arrived as it was sent, in both encodings, packed or not");
} finally {
  daemon.kill("SIGTERM");
  await ended;
  fs.rmSync(scratch, { recursive: true, force: true });
}
