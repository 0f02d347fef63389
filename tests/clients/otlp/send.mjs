// SPDX-License-Identifier: Apache-2.0
// What an instrumented Node program sends: one model call with its parent, two logs, two metrics.
// Where to is said by OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_HEADERS alone, and whether
// packed by OTEL_EXPORTER_OTLP_COMPRESSION.
//   node send.mjs http|proto [SOCKET]
import diagnostics from "node:diagnostics_channel";
import http from "node:http";
import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";

const [encoding, socketPath] = process.argv.slice(2);
const compression = process.env.OTEL_EXPORTER_OTLP_COMPRESSION;
const name = compression ? `${encoding}-${compression}` : encoding;
const load = (signal) => import(`@opentelemetry/exporter-${signal}-otlp-${encoding}`);
const options = socketPath ? { httpAgentOptions: () => new http.Agent({ socketPath }) } : {};

// What leaves this process, to see that it is packed.
const packed = [];
diagnostics.subscribe("http.client.request.start", ({ request }) =>
  packed.push(request.getHeader("Content-Encoding")),
);

// An export that fails is otherwise only a line in a diagnostic log.
const results = [];
const watched = (exporter) => {
  const send = exporter.export.bind(exporter);
  exporter.export = (items, done) =>
    send(items, (result) => {
      results.push(result);
      done(result);
    });
  return exporter;
};

const resource = resourceFromAttributes({ "service.name": `node-${name}` });
const { OTLPTraceExporter } = await load("trace");
const tracing = new BasicTracerProvider({
  resource,
  spanProcessors: [new BatchSpanProcessor(watched(new OTLPTraceExporter(options)))],
});
const tracer = tracing.getTracer("holdfast-clients", "1.0.0");
const parent = tracer.startSpan("answer", { kind: SpanKind.SERVER });
const call = tracer.startSpan(
  "chat gpt-4o",
  {
    kind: SpanKind.CLIENT,
    attributes: {
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": `model-${name}`,
      "gen_ai.usage.input_tokens": 12,
      "gen_ai.usage.output_tokens": 34,
      "server.port": 443,
      ratio: 0.5,
      tags: ["a", "b"],
    },
  },
  trace.setSpan(context.active(), parent),
);
call.addEvent("first token", { "token.index": 0 });
call.setStatus({ code: SpanStatusCode.ERROR, message: "cut off" });
call.end();
parent.end();
await tracing.shutdown();

const { OTLPLogExporter } = await load("logs");
const logging = new LoggerProvider({
  resource,
  processors: [new SimpleLogRecordProcessor({ exporter: watched(new OTLPLogExporter(options)) })],
});
const logger = logging.getLogger("holdfast-clients");
logger.emit({ severityNumber: 9, severityText: "INFO", body: "hello", attributes: { n: 1 } });
logger.emit({ severityNumber: 17, body: { code: 7, what: ["x", null] } });
await logging.shutdown();

const { OTLPMetricExporter } = await load("metrics");
const metering = new MeterProvider({
  resource,
  readers: [
    new PeriodicExportingMetricReader({ exporter: watched(new OTLPMetricExporter(options)) }),
  ],
});
const meter = metering.getMeter("holdfast-clients");
meter.createCounter("requests", { unit: "1" }).add(3, { route: "/a" });
meter.createHistogram("latency", { unit: "ms" }).record(12.5);
await metering.shutdown();

const failed = results.filter((result) => result.code !== 0);
for (const { error } of failed) console.error(error);
console.log(`${results.length} exports, ${failed.length} failed`);
if (packed.length === 0 || packed.some((one) => one !== compression)) {
  console.error(`sent with the encodings ${packed}`);
  process.exit(1);
}
process.exit(failed.length === 0 && results.length >= 4 ? 0 : 1);
