# SPDX-License-Identifier: Apache-2.0
"""What was sent over HTTP, what was answered, and what the store and its followers may say then."""

import gzip
import json
import random
import threading

from oracle import Broken

SECRET = "s" * 40


class Sending:
    """One request and the names of what is in it."""

    def __init__(self, names, target, headers, body):
        self.names = names
        self.target = target
        self.headers = {**headers, "Authorization": "Bearer " + SECRET}
        self.body = body

    def pack(self):
        self.body = gzip.compress(self.body)
        self.headers["Content-Encoding"] = "gzip"

    def text(self, host):
        """The bytes of the request, for a client that speaks by hand."""
        fields = {"Host": host, "Content-Length": len(self.body), **self.headers}
        lines = "".join(f"{name}: {text}\r\n" for name, text in fields.items())
        return f"POST {self.target} HTTP/1.1\r\n{lines}\r\n".encode() + self.body


class Ledger:
    """What was sent, and what was answered; each answer is written down before it is counted."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.sent = {}  # name -> what the record of it must say
        self.told = {}  # name -> its sequence; None: a 2xx that names none
        self.after = {}  # name -> the head when the half of it that was sent was thrown away
        self.owed = self.halves = self.known = 0

    def make(self, producer):
        """A new request of any kind."""
        with self.lock:
            made = self.random.choice((self.lines, self.lines, self.single, self.spans))(producer)
            if self.random.random() < 0.4:
                made.pack()
            return made

    def name(self, producer, says):
        name = f"p{producer}-{len(self.sent)}"
        self.sent[name] = says
        says.setdefault("body", {})["name"] = name
        return name

    def lines(self, producer, count=None):
        names, lines = [], []
        for _ in range(count or self.random.choice((1, 3, 40))):
            says = {"stream": f"orders.{producer}", "body": {"n": self.random.randrange(1000)}}
            names.append(self.name(producer, says))
            if self.random.random() < 0.3:
                says["key"] = "line-" + names[-1]
            lines.append(json.dumps(says))
        level = self.random.choice(("process", "power"))
        return Sending(names, f"/v1/events?durability={level}",
                       {"Content-Type": "application/x-ndjson"}, "\n".join(lines).encode())

    def single(self, producer):
        says = {"stream": "llm.usage", "body": {"model": "m", "input_tokens": 7}}
        name = self.name(producer, says)
        says["key"] = "single-" + name
        level = self.random.choice(("process", "power"))
        return Sending([name], "/v1/events",
                       {"Content-Type": "application/json", "Idempotency-Key": says["key"],
                        "Holdfast-Stream": "llm.usage", "Holdfast-Durability": level},
                       json.dumps(says["body"]).encode())

    def spans(self, producer):
        """Some of them calls of a model: those are two events."""
        names, spans = [], []
        for _ in range(self.random.choice((1, 8))):
            ids = {"trace_id": f"{self.random.getrandbits(128) | 1:032x}",
                   "span_id": f"{self.random.getrandbits(64) | 1:016x}"}
            names.append(self.name(producer, {"stream": "otel.traces", "body": dict(ids)}))
            span = {"traceId": ids["trace_id"], "spanId": ids["span_id"], "name": names[-1],
                    "startTimeUnixNano": "1754051696000000000",
                    "endTimeUnixNano": "1754051697000000000"}
            if self.random.random() < 0.5:
                span["attributes"] = [{"key": "gen_ai.request.model",
                                       "value": {"stringValue": "m-otel"}}]
                call = "call " + ids["span_id"]
                names.append(call)
                self.sent[call] = {"stream": "llm.usage.otel", "body": {**ids, "model": "m-otel"},
                                   "key": f"{ids['trace_id']}-{ids['span_id']}"}
            spans.append(span)
        return Sending(names, "/v1/traces", {"Content-Type": "application/json"}, json.dumps(
            {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode())

    def note(self, sending, status, text):
        """Answers whether the request is done: everything in it is known to be there."""
        if status in (429, 503, 507):
            return False
        if status != 200:
            raise Broken(f"POST {sending.target} answered {status}: {text[:300]}")
        answer = json.loads(text)
        if sending.target == "/v1/traces":
            if answer:
                raise Broken(f"POST /v1/traces answered {answer}")
            places = [None] * len(sending.names)
        else:
            if len(answer["answers"]) != len(sending.names):
                raise Broken(f"{len(sending.names)} events sent, answered {text[:300]}")
            places = [self.place(name, one) for name, one in zip(sending.names, answer["answers"])]
            self.known += answer["duplicate"]
        with self.lock:
            for name, at in zip(sending.names, places):
                if at != "unknown" and self.told.setdefault(name, at) != at:
                    raise Broken(f"{name} was acknowledged at {self.told[name]}, now at {at}")
        return "unknown" not in places

    @staticmethod
    def place(name, answer):
        if answer["outcome"] == "unknown":
            return "unknown"
        if answer["outcome"] not in ("stored", "duplicate"):
            raise Broken(f"{name} was answered {answer}")
        return answer["sequence"]


def name_of(event):
    if event["stream"] == "llm.usage.otel":
        return "call " + event["body"]["span_id"]
    return event["body"]["name"]


def judge(ledger, stored, followed):
    """`stored`: every event there is. `followed`: a stream, empty for all, and what was heard."""
    places = {}
    for event in stored:
        name = name_of(event)
        says = ledger.sent.get(name)
        if says is None:
            raise Broken(f"{name} was never sent")
        if name in places:
            raise Broken(f"{name} is stored twice, at {places[name]} and {event['sequence']}")
        body = event["body"]
        if event["stream"] in ("otel.traces", "llm.usage.otel"):
            body = {name: body.get(name) for name in says["body"]}  # it has what we gave and more
        if (event["stream"], event.get("key"), body) != (
                says["stream"], says.get("key"), says["body"]):
            raise Broken(f"{name} came back changed: {event}")
        places[name] = event["sequence"]
        if event["sequence"] <= ledger.after.get(name, 0):
            raise Broken(f"half of a body was taken: {name} stands at {event['sequence']}")
    if ledger.told.keys() != ledger.sent.keys():
        raise Broken(f"never answered: {ledger.sent.keys() - ledger.told.keys()}")
    for name, at in ledger.told.items():
        if name not in places or at not in (None, places[name]):
            raise Broken(f"{name} was acknowledged at {at}, found at {places.get(name)}")
    for stream, heard in followed:
        there = [event for event in stored if stream in ("", event["stream"])]
        for place, (one, other) in enumerate(zip(heard + [None], there)):
            if one != other:
                raise Broken(f"a follower heard {one} as number {place}, not {other}")
        if len(heard) != len(there):
            raise Broken(f"a follower heard {len(heard)} of {len(there)} events")
