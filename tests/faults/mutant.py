#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A tiny store behind the same door, wrong in one chosen way, to see that the oracle notices.

  mutant.py MUTATION run --data DIR --socket PATH [--init]
"""

import json
import os
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlparse

MUTATIONS = {
    "acknowledges_before_writing": "the answer leaves before the log is written (sync=false)",
    "drops_its_tail_silently": "a start throws the last records away (point-in-time recovery)",
    "marks_before_it_stores": "the dedup entry is durable before its event",
    "forgets_duplicates": "a restart forgets what was seen",
    "leaves_holes": "a start skips a record in the middle",
}


class Store:
    def __init__(self, mutation, data):
        self.mutation = mutation
        self.lock = threading.Lock()
        self.path = os.path.join(data, "log")
        os.makedirs(data, exist_ok=True)
        self.events, self.seen, self.unwritten = [], {}, []
        if os.path.exists(self.path):
            with open(self.path, "rb") as log:
                text = log.read()
            # A line that a kill tore is gone for good, or the next one would be written behind it.
            os.truncate(self.path, text.rfind(b"\n") + 1)
            for line in text[: text.rfind(b"\n") + 1].splitlines():
                self.restore(json.loads(line))
        if mutation == "drops_its_tail_silently" and len(self.events) > 3:
            self.events = self.events[:-3]
            self.seen = {e["body"]["name"]: e["sequence"] for e in self.events}
        if mutation == "leaves_holes" and len(self.events) > 3:
            del self.events[len(self.events) // 2]
        if mutation == "forgets_duplicates":
            self.seen = {}
        self.log = open(self.path, "a", encoding="utf-8")

    def restore(self, line):
        if "mark" in line:
            self.seen[line["mark"]] = line["sequence"]
        else:
            self.events.append(line)
            self.seen[line["body"]["name"]] = line["sequence"]

    def write(self, lines):
        self.log.write("".join(json.dumps(line) + "\n" for line in lines))
        self.log.flush()

    def append(self, made, level):
        with self.lock:
            answers, new = [], []
            for one in made:
                name = one["body"]["name"]
                if name in self.seen:
                    answers.append({"sequence": self.seen[name], "outcome": "duplicate",
                                    "durability": level})
                    continue
                at = len(self.events) + len(new) + 1
                self.seen[name] = at
                new.append({"sequence": at, "stream": one["stream"], "body": one["body"]})
                answers.append({"sequence": at, "outcome": "stored", "durability": level})
            if self.mutation == "marks_before_it_stores":
                self.write([{"mark": e["body"]["name"], "sequence": e["sequence"]} for e in new])
                self.unwritten += new
                new, old = self.unwritten[-100:], self.unwritten[:-100]
                self.unwritten = new
                self.events += [e for e in old]
                self.write(old)
            elif self.mutation == "acknowledges_before_writing":
                self.events += new
                self.unwritten += new
                if len(self.unwritten) > 500:
                    self.write(self.unwritten)
                    self.unwritten = []
            else:
                self.write(new)
                self.events += new
            return answers


class Handler(BaseHTTPRequestHandler):
    store = None

    def address_string(self):
        return "local"

    def log_message(self, *_):
        pass

    def answer(self, value):
        text = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        asked = urlparse(self.path)
        store = self.store
        if asked.path == "/readyz":
            self.answer({})
        elif asked.path == "/v1/head":
            self.answer({"events": len(store.events)})
        elif asked.path == "/v1/events":
            first = int(parse_qs(asked.query)["from"][0])
            with store.lock:
                page = store.events[first - 1:first + 4999]
                self.answer({"events": page, "next": first + max(len(page), 1),
                             "head": len(store.events)})

    def do_POST(self):
        lines = self.rfile.read(int(self.headers["Content-Length"])).decode().splitlines()
        level = parse_qs(urlparse(self.path).query)["durability"][0]
        self.answer({"answers": self.store.append([json.loads(line) for line in lines], level)})


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


def main():
    arguments = sys.argv[1:]
    value = {name: arguments[arguments.index(name) + 1] for name in ("--data", "--socket")}
    Handler.store = Store(arguments[0], value["--data"])
    if os.path.exists(value["--socket"]):
        os.unlink(value["--socket"])
    Server(value["--socket"], Handler).serve_forever()


if __name__ == "__main__":
    main()
