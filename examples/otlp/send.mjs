// SPDX-License-Identifier: Apache-2.0
// Sends one call of a model as an OTLP span, in JSON, over the daemon's Unix socket.
//   node send.mjs SOCKET
import http from "node:http";

const text = (key, stringValue) => ({ key, value: { stringValue } });
const integer = (key, intValue) => ({ key, value: { intValue: String(intValue) } });

const span = {
  traceId: "5b8efff798038103d269b633813fc60c",
  spanId: "eee19b7ec3c1b174",
  name: "chat gpt-4o",
  kind: 3, // client
  startTimeUnixNano: "1763800000000000000",
  endTimeUnixNano: "1763800001250000000",
  attributes: [
    text("gen_ai.operation.name", "chat"),
    text("gen_ai.request.model", "gpt-4o"),
    integer("gen_ai.usage.input_tokens", 120),
    integer("gen_ai.usage.output_tokens", 34),
  ],
};
const body = JSON.stringify({
  resourceSpans: [
    {
      resource: { attributes: [text("service.name", "example")] },
      scopeSpans: [{ scope: { name: "by-hand" }, spans: [span] }],
    },
  ],
});

const request = http.request(
  {
    socketPath: process.argv[2],
    method: "POST",
    path: "/v1/traces",
    headers: { Host: "localhost", "Content-Type": "application/json" },
  },
  (answer) => {
    process.stdout.write(`${answer.statusCode} `);
    answer.pipe(process.stdout);
  },
);
request.end(body);
