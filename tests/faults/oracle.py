#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The oracle: a process outside Holdfast that knows what was submitted and what was acknowledged,
breaks the daemon, and holds what comes back against the eight rules (O1-O8) below.

  O1 every acknowledged event of the promised level is present, at the sequence of its answer
  O2 no hole: sequences are contiguous, and each producer's events are in its order
  O3 nothing is present that was never submitted
  O4 everything submitted again: the count does not change, each answer names the first sequence
  O5 the state is the fold of the records: `replay verify` agrees
  O6 a start that cannot serve what was acknowledged refuses with exit code 8 and names the range
  O7 killed again during recovery, any number of times, it ends in the same place
  O8 it is ready within the stated time
"""

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import tempfile
import threading
import time

READY_SECONDS = 30.0


class Broken(AssertionError):
    """A rule does not hold."""


class Skipped(Exception):
    """The scenario needs what this machine does not have."""


class Unreachable(Exception):
    """The daemon gave no answer: the outcome is unknown."""


class Refused(Exception):
    """The daemon ended by itself while it was starting."""

    def __init__(self, code, text):
        super().__init__(f"exit code {code}: {text.strip()[-600:]}")
        self.code = code
        self.text = text


class Connection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Daemon:
    """One `holdfast run`, in a process group of its own."""

    def __init__(self, command, data, prefix=(), environment=None):
        self.command = command
        self.data = data
        self.socket = os.path.join(os.path.dirname(data), "door")
        self.prefix = list(prefix)
        self.environment = environment or {}
        self.process = None
        self.log = None

    def start(self, init=False, environment=None):
        self.log = tempfile.TemporaryFile(mode="w+")
        arguments = self.prefix + self.command + ["run", "--data", self.data,
                                                  "--socket", self.socket]
        if init:
            arguments.append("--init")
        self.process = subprocess.Popen(
            arguments, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, **self.environment, **(environment or {})})

    def output(self):
        self.log.seek(0)
        return self.log.read()

    def wait_ready(self, seconds=READY_SECONDS):
        """Returns how long it took; raises Refused when the daemon ended instead (O6, O8)."""
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            if self.process.poll() is not None:
                raise Refused(self.process.returncode, self.output())
            try:
                if self.request("GET", "/readyz", timeout=1)[0] == 200:
                    return time.monotonic() - begun
            except Unreachable:
                pass
            time.sleep(0.01)
        raise Broken(f"O8: not ready within {seconds} s\n{self.output()[-2000:]}")

    def request(self, method, path, body=None, kind="application/json", timeout=10.0):
        status, _, text = self.exchange(method, path, body, kind, timeout)
        return status, text

    def exchange(self, method, path, body=None, kind="application/json", timeout=10.0):
        """As `request`, with the answer's headers."""
        connection = Connection(self.socket, timeout)
        try:
            headers = {"Content-Type": kind} if body is not None else {}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        except (OSError, http.client.HTTPException) as problem:
            raise Unreachable(str(problem)) from problem
        finally:
            connection.close()

    def kill(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds=30):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired as problem:
            self.kill()
            raise Broken(f"it did not stop within {seconds} s") from problem


class Oracle:
    """What was submitted and what was acknowledged, outside the store under test."""

    LEVELS = ("process", "power")

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.submitted = {}  # name -> (producer, order, stream)
        self.order = {}  # producer -> next order
        self.acknowledged = {}  # name -> (sequence, level)
        self.refused = set()  # refused or unknown once: their place is where they got in
        self.commits = {}  # consumer -> (acknowledged position, state)
        self.commit_tries = {}  # consumer -> positions tried

    def make_batch(self, producer, size):
        """A batch of new events with about a fifth repeated, so that every round deduplicates."""
        with self.lock:
            mine = [name for name, made in self.submitted.items() if made[0] == producer]
            batch = []
            for _ in range(size):
                if mine and self.random.random() < 0.2:
                    batch.append(self.random.choice(mine[-200:]))
                    continue
                order = self.order.get(producer, 0)
                self.order[producer] = order + 1
                name = f"p{producer}-{order}"
                stream = "llm.usage" if order % 3 else f"orders.{producer}"
                self.submitted[name] = (producer, order, stream)
                mine.append(name)
                batch.append(name)
            return batch

    def line(self, name):
        producer, order, stream = self.submitted[name]
        body = {"name": name, "model": f"m{order % 5}", "input_tokens": order % 4096,
                "output_tokens": (order * 7) % 512, "latency_ms": 5 + order % 900,
                "outcome": "ok" if order % 11 else "error", "pad": "x" * (order % 200)}
        made = {"stream": stream, "type": "usage", "body": body}
        if order % 4 == 0:
            made["key"] = "key-" + name
        return json.dumps(made)

    def submit(self, daemon, batch, level):
        """Sends a batch; notes each acknowledgement. Raises Unreachable when nobody can say."""
        status, text = daemon.request("POST", f"/v1/events?durability={level}",
                                      "\n".join(map(self.line, batch)), "application/x-ndjson")
        if status in (429, 503, 507):
            return "busy"
        if status != 200:
            raise Broken(f"POST /v1/events answered {status}: {text[:300]}")
        answers = json.loads(text)["answers"]
        if len(answers) != len(batch):
            raise Broken(f"{len(batch)} events sent, {len(answers)} answered")
        with self.lock:
            for name, answer in zip(batch, answers):
                self.note(name, answer)
        return "ok"

    def note(self, name, answer):
        what = answer["outcome"]
        if what == "unknown":
            self.refused.add(name)  # sent again, it may stand behind what was sent after it
            return
        if what not in ("stored", "duplicate"):
            raise Broken(f"{name} answered {answer}")
        known = self.acknowledged.get(name)
        if known and known[0] != answer["sequence"]:
            raise Broken(f"O4: {name} was acknowledged at {known[0]}, now at {answer['sequence']}")
        level = answer["durability"]
        if known and self.LEVELS.index(known[1]) > self.LEVELS.index(level):
            level = known[1]
        self.acknowledged[name] = (answer["sequence"], level)

    def commit(self, daemon, consumer):
        """Moves a consumer and its state together."""
        status, text = daemon.request("GET", f"/v1/consumers/{consumer}/next?limit=20")
        if status != 200:
            return
        page = json.loads(text)
        if not page["events"]:
            return
        position = page["events"][-1]["sequence"]
        with self.lock:
            before = self.commits.get(consumer, (0, {"sum": 0}))
        state = {"sum": position * 3, "position": position, "after": before[0]}
        with self.lock:
            self.commit_tries.setdefault(consumer, {})[position] = state
        status, text = daemon.request("POST", f"/v1/consumers/{consumer}/commit",
                                      json.dumps({"position": position, "state": state}))
        if status == 200:
            with self.lock:
                self.commits[consumer] = (position, state)

    def read_all(self, daemon):
        events, following = [], 1
        while True:
            status, text = daemon.request(
                "GET", f"/v1/events?from={following}&limit=5000&internal=true", timeout=30)
            if status != 200:
                raise Broken(f"GET /v1/events answered {status}: {text[:300]}")
            page = json.loads(text)
            events += page["events"]
            following = page["next"]
            if following > page["head"]:
                return events

    def forgive_what_power_loss_may_take(self):
        """Only what was acknowledged at `power` has to be where it was."""
        self.acknowledged = {name: told for name, told in self.acknowledged.items()
                             if told[1] == "power"}

    def check(self, daemon, level, resubmit=True):
        """Holds what the daemon serves against O1-O4. `level`: what must have survived."""
        events = self.read_all(daemon)
        floor = json.loads(daemon.request("GET", "/v1/head")[1]).get("floor", 0)
        for number, event in enumerate(events, floor + 1):
            if event["sequence"] != number:
                raise Broken(f"O2: sequence {number} is missing, {event['sequence']} comes next")
        present, last_order = {}, {}
        for event in events:
            if event["stream"].startswith("$"):
                continue
            name = event["body"]["name"]
            if name not in self.submitted:
                raise Broken(f"O3: {name} was never submitted")
            if name in present:
                raise Broken(f"O4: {name} is stored twice, at {present[name]} and "
                             f"{event['sequence']}")
            if event["body"] != json.loads(self.line(name))["body"]:
                raise Broken(f"O3: {name} came back changed")
            producer, order, _ = self.submitted[name]
            if name not in self.refused:
                if order < last_order.get(producer, -1):
                    raise Broken(f"O2: {name} stands after a later event of its producer")
                last_order[producer] = order
            present[name] = event["sequence"]
        for name, (at, reached) in self.acknowledged.items():
            if self.LEVELS.index(reached) < self.LEVELS.index(level) or at <= floor:
                continue
            if present.get(name) != at:
                raise Broken(f"O1: {name} was acknowledged at {at} ({reached}), "
                             f"found at {present.get(name)}")
        self.check_consumers(daemon)
        if resubmit:
            self.resubmit(daemon, present)
        return len(present)

    def check_consumers(self, daemon):
        for consumer, tried in self.commit_tries.items():
            acknowledged = self.commits.get(consumer, (0, None))[0]
            status, text = daemon.request("GET", f"/v1/consumers/{consumer}")
            if status == 404 and acknowledged == 0:
                continue
            if status != 200:
                raise Broken(f"O1: consumer {consumer} answered {status}")
            position = json.loads(text)["position"]
            if position < acknowledged or (position not in tried and position != 0):
                raise Broken(f"O1: consumer {consumer} committed {acknowledged}, is at {position}")
            status, text = daemon.request("GET", f"/v1/checkpoints/{consumer}/latest")
            if status != 200 or json.loads(text)["state"] != tried[position]:
                raise Broken(f"O5: the state of {consumer} is not that of position {position}: "
                             f"{status} {text[:200]}")

    def resubmit(self, daemon, present):
        """O4: a second time changes nothing, and fills in what was unknown."""
        names = list(self.submitted)
        by_producer = sorted(names, key=lambda name: self.submitted[name][:2])
        for first in range(0, len(by_producer), 500):
            batch = by_producer[first:first + 500]
            while self.submit(daemon, batch, "power") == "busy":
                time.sleep(0.02)
        for name, at in present.items():
            if self.acknowledged[name][0] != at:
                raise Broken(f"O4: {name} stands at {at}, answered {self.acknowledged[name][0]}")
        status, text = daemon.request("GET", "/v1/head")
        if status != 200 or json.loads(text)["events"] != len(self.submitted):
            raise Broken(f"O4: {len(self.submitted)} distinct events were submitted, "
                         f"the head says {text[:300]}")


class Load:
    """Producers and consumers that run until told to stop or until the daemon is gone."""

    def __init__(self, oracle, daemon, producers=4, consumers=1):
        self.stopping = threading.Event()
        self.problems = []
        work = [(self.produce, n) for n in range(producers)]
        work += [(self.consume, n) for n in range(consumers)]
        self.threads = [threading.Thread(target=self.guarded, args=(what, oracle, daemon, n))
                        for what, n in work]
        for thread in self.threads:
            thread.start()

    def guarded(self, work, oracle, daemon, number):
        try:
            work(oracle, daemon, number)
        except Unreachable:
            pass
        except Exception as problem:  # reported by the main thread in stop()
            self.problems.append(problem)

    def produce(self, oracle, daemon, number):
        while not self.stopping.is_set():
            with oracle.lock:
                size = oracle.random.choice((1, 1, 10, 100))
                level = oracle.random.choice(Oracle.LEVELS)
            batch = oracle.make_batch(number, size)
            while oracle.submit(daemon, batch, level) == "busy" and not self.stopping.is_set():
                time.sleep(0.01)

    def consume(self, oracle, daemon, number):
        while not self.stopping.is_set():
            oracle.commit(daemon, f"consumer{number}")
            time.sleep(0.005)

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        if self.problems:
            raise self.problems[0]


def verify_replay(command, data):
    """O5, on the stopped store."""
    done = subprocess.run(command + ["replay", "verify", "--data", data, "--json"],
                          capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        raise Broken(f"O5: replay verify ended with {done.returncode}: "
                     f"{done.stdout[-500:]}{done.stderr[-500:]}")
