# SPDX-License-Identifier: Apache-2.0
"""Producers, followers and a consumer over HTTP, and a daemon that is killed in mid-request.

What is held against the store in the end:
  - what got a 2xx is there, once, at the place of its answer;
  - nothing is there that nobody sent, and nothing of a request whose body was never finished;
  - a consumer is where a 2xx left it, or at a later place that it asked for;
  - a follower that resumes by Last-Event-ID has seen each event once, in order.
"""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

from conduct import must
from http_ledger import SECRET, Ledger, judge
from oracle import Broken, Connection, Oracle, Unreachable, verify_replay


class Follower:
    """A client of server-sent events that comes back after its last id."""

    def __init__(self, stream):
        self.stream = stream
        self.last = None
        self.heard = []
        self.reason = None

    def follow(self, line):
        """Until the other end is gone or says that it ends."""
        headers = {"Authorization": "Bearer " + SECRET}
        target = f"/v1/events/follow?stream={self.stream}"
        if self.last is None:
            target += "&from=1"
        else:
            headers["Last-Event-ID"] = self.last
        try:
            line.request("GET", target, headers=headers)
            answer = line.getresponse()
            if answer.status != 200:
                raise Broken(f"GET {target} answered {answer.status}: {answer.read()[:300]}")
            block = {}
            while text := answer.readline():
                name, _, rest = text.decode().rstrip("\n").partition(": ")
                if name:
                    block[name] = rest
                    continue
                self.take(block)
                block = {}
        except (OSError, http.client.HTTPException):
            pass  # what was torn is no block
        finally:
            line.close()

    def take(self, block):
        if block.get("event") == "end":
            self.reason = json.loads(block["data"])["reason"]
        elif "data" in block:
            event = json.loads(block["data"])
            if str(event["sequence"]) != block["id"]:
                raise Broken(f"an event came under another id: {block}")
            self.heard.append(event)
        self.last = block.get("id", self.last)


class Story:
    """One store with everybody who speaks to it, over any number of kills."""

    def __init__(self, world, number):
        shutil.rmtree(world.data, ignore_errors=True)
        tokens = os.path.join(world.root, "tokens")
        with open(tokens, "w", encoding="utf-8") as made:
            made.write(f"ci operator {SECRET}\n")
        os.chmod(tokens, 0o600)
        self.world = world
        self.random = world.random
        self.ledger = Ledger(f"{world.options.seed}/http/{number}")
        self.oracle = Oracle(f"{world.options.seed}/http/{number}")  # for its consumer
        self.followers = [Follower(""), Follower("otel.traces")]
        self.pending = {}  # producer -> what it has sent and got no answer for
        self.problems = []
        self.daemon = world.daemon(environment={"HOLDFAST_DOOR_TCP": "127.0.0.1:0",
                                                "HOLDFAST_DOOR_TOKENS": tokens})
        self.begin(init=True)

    def begin(self, init=False):
        self.daemon.start(init=init)
        self.daemon.wait_ready()
        self.address = json.loads(self.daemon.request("GET", "/v1/status")[1])["tcp"][0]
        self.stopping = threading.Event()
        work = [(self.produce, n) for n in range(4)] + [(self.consume, "billing")]
        work += [(self.listen, n) for n in range(len(self.followers))]
        self.threads = [threading.Thread(target=self.guarded, args=one) for one in work]

    def guarded(self, work, which):
        try:
            work(which)
        except Unreachable:
            pass
        except Exception as problem:  # reported by the main thread
            self.problems.append(problem)

    def run(self):
        for thread in self.threads:
            thread.start()

    def ended(self):
        for thread in self.threads:
            thread.join()
        if self.problems:
            raise self.problems[0]

    def line(self, number):
        """To the socket or over TCP, by turns."""
        if number % 2:
            host, port = self.address.split(":")
            return http.client.HTTPConnection(host, int(port), timeout=20)
        return Connection(self.daemon.socket, 20)

    def by_hand(self, number):
        if number % 2:
            host, port = self.address.split(":")
            return socket.create_connection((host, int(port)), 20), self.address
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.connect(self.daemon.socket)
        return made, "localhost"

    def produce(self, number):
        line = self.line(number)
        while not self.stopping.is_set() or number in self.pending:
            if number not in self.pending:
                self.pending[number] = self.ledger.make(number)
            if self.say(line, self.pending[number]):
                del self.pending[number]

    def say(self, line, sending):
        whole = False
        try:
            line.request("POST", sending.target, sending.body, sending.headers)
            whole = True
            answer = line.getresponse()
            status, text = answer.status, answer.read()
        except (OSError, http.client.HTTPException) as problem:
            self.ledger.owed += whole
            line.close()
            raise Unreachable(str(problem)) from problem
        return self.ledger.note(sending, status, text)

    def consume(self, name):
        while not self.stopping.is_set():
            self.oracle.commit(self.daemon, name)
            time.sleep(0.005)

    def listen(self, number):
        self.followers[number].follow(self.line(number))

    def kill(self, how):
        """In the middle of what the producers say, and of some more requests: their bodies cut in
        half, or their answers not read; or as soon as one of them was answered."""
        if how == "just answered":
            return self.kill_behind_an_answer()
        cut, lines = [], []
        for number in range(8):
            sending = self.ledger.make(f"x{number}")
            line, host = self.by_hand(number)
            said = sending.text(host)
            if how == "half a body":
                # Cut between two lines where there are some: what stands there is whole by itself.
                body = len(said) - len(sending.body)
                ends = [at + 1 for at in range(body, len(said) - 1) if said[at:at + 1] == b"\n"]
                said = said[:self.random.choice(ends or range(body, len(said)))]
                cut += sending.names
            line.sendall(said)
            lines.append(line)
            self.pending[f"x{number}"] = sending
        time.sleep(self.random.uniform(0, 0.02) if cut else self.random.uniform(0, 0.004))
        self.daemon.kill()
        self.ledger.halves += len(lines) if cut else 0
        self.ledger.owed += 0 if cut else len(lines)
        for line in lines:
            line.close()
        self.come_back(cut)

    def kill_behind_an_answer(self):
        with self.ledger.lock:
            sending = self.ledger.lines("x", 400)
        line = self.line(1)
        line.request("POST", sending.target, sending.body, sending.headers)
        answer = line.getresponse()
        self.daemon.kill()
        try:
            done = self.ledger.note(sending, answer.status, answer.read())
        except (OSError, http.client.HTTPException):
            done = False
        line.close()
        if not done:
            self.pending["x"] = sending
        self.come_back([])

    def come_back(self, cut):
        self.ended()
        self.begin()
        head = json.loads(self.daemon.request("GET", "/v1/head")[1])["last"]
        self.ledger.after.update((name, head) for name in cut)
        self.send_again()

    def send_again(self):
        """Those that no producer comes back to by itself."""
        line = self.line(self.random.randrange(2))
        for number in [one for one in self.pending if isinstance(one, str)]:
            while not self.say(line, self.pending[number]):
                time.sleep(0.01)
            del self.pending[number]

    def finish(self):
        """Holds everything against the store, and closes it. Answers how many events it has."""
        self.run()
        time.sleep(0.1)
        self.stopping.set()
        for thread in self.threads[:5]:
            thread.join()
        stored = [one for one in self.oracle.read_all(self.daemon)
                  if not one["stream"].startswith("$")]
        waits = time.monotonic() + 20
        while len(self.followers[0].heard) < len(stored) and time.monotonic() < waits:
            time.sleep(0.01)
        self.oracle.check_consumers(self.daemon)
        self.daemon.stop()
        self.ended()
        judge(self.ledger, stored, [(one.stream, one.heard) for one in self.followers])
        for one in self.followers:
            if one.reason != "stopping":
                raise Broken(f"a follower was told {one.reason} at the stop")
        verify_replay(self.world.command, self.world.data)
        return len(stored)


def http_keeps_its_word_over_kills(world):
    """K1 at the doors: killed while bodies are half sent and while answers are owed; what was not
    answered is sent again."""
    kills = world.rounds(6, 100)
    events = halves = owed = known = commits = 0
    for number in range(kills):
        if number % 10 == 0:
            story = Story(world, number)
        story.run()
        time.sleep(world.random.uniform(0.05, 0.3))
        story.kill(("half a body", "owed answers", "just answered")[number % 3])
        if number % 10 == 9 or number == kills - 1:
            events += story.finish()
            halves += story.ledger.halves
            owed += story.ledger.owed
            known += story.ledger.known
            commits += len(story.oracle.commit_tries["billing"])
    if not (halves and owed and known and commits):
        raise Broken(f"too little happened: {halves} halves, {owed} owed, {known} known again")
    return (f"{kills} kills, {events} events, {halves} requests cut, {owed} answers owed, "
            f"{known} events known again, {commits} commits")


def the_judge_of_http_finds_each_lie(world):
    """Evidence that is wrong in one way at a time."""
    ledger = Ledger(world.options.seed)
    ledger.sent = {name: {"stream": "s", "body": {"name": name}, "key": "k" + name}
                   for name in "abcd"}
    ledger.told = {"a": 1, "b": 2, "c": None, "d": None}
    ledger.after = {"d": 3}

    def event(name, at, **other):
        return {"sequence": at, "stream": "s", "key": "k" + name, "body": {"name": name}, **other}

    right = [event(name, at) for at, name in enumerate("abcd", 1)]
    judge(ledger, right, [("", right), ("t", [])])
    stored = {
        "lost": right[1:], "lost without a place": right[:2] + right[3:],
        "stranger": right + [event("x", 5)],
        "twice": right + [event("b", 5)], "elsewhere": [event("a", 9)] + right[1:],
        "another key": [event("a", 1, key="x")] + right[1:],
        "another body": [event("a", 1, body={"name": "a", "n": 1})] + right[1:],
        "half a body": right[:2] + [event("d", 3)] + right[2:3]}
    heard = {"missed": right[1:], "again": right + right[3:], "turned": right[::-1],
             "end missed": right[:3], "changed": [event("a", 1, key="x")] + right[1:]}
    for lie, evidence in [*((lie, (one, [])) for lie, one in stored.items()),
                          *((lie, (right, [("", one)])) for lie, one in heard.items())]:
        try:
            judge(ledger, *evidence)
        except Broken:
            continue
        raise Broken(f"the judge did not notice: {lie}")
    return f"{len(stored) + len(heard)} lies"


class Tail:
    """`holdfast events tail -f` as a person has it open."""

    def __init__(self, world, daemon):
        self.seen = os.path.join(world.root, "seen")
        self.said = os.path.join(world.root, "said")
        with open(self.seen, "w", encoding="utf-8") as seen, \
                open(self.said, "w", encoding="utf-8") as said:
            self.process = subprocess.Popen(
                world.command + ["--data", world.data, "--socket", daemon.socket, "--json",
                                 "events", "tail", "-f", "--limit", "0"],
                stdin=subprocess.DEVNULL, stdout=seen, stderr=said)

    def numbers(self):
        with open(self.seen, encoding="utf-8") as seen:
            return [json.loads(line)["event"]["body"]["n"] for line in seen if line[-1] == "\n"]

    def shows(self, numbers, seconds=20):
        begun = time.monotonic()
        while self.numbers() != numbers and time.monotonic() - begun < seconds:
            time.sleep(0.02)
        must(self.numbers() == numbers, f"tail -f shows {self.numbers()}, not {numbers}")

    def ends(self, code, says, seconds=60):
        try:
            found = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            found = "nothing"
        with open(self.said, encoding="utf-8") as said:
            text = said.read()
        must(found == code and says in text,
             f"tail -f ended with {found} instead of {code} and `{says}`: {text}")


def a_tail_goes_on_behind_kills(world):
    """`events tail -f` shows each event once, whatever becomes of the daemon; where it cannot go on
    it says why: what comes next was retired, or no daemon comes back."""
    daemon = world.daemon()
    daemon.start(init=True)
    daemon.wait_ready()
    sent = []

    def post(count):
        for _ in range(count):
            sent.append(len(sent))
            status, text = daemon.request("POST", "/v1/events?stream=s",
                                          json.dumps({"n": sent[-1]}))
            must(status == 200, f"an event was answered {status}: {text[:300]}")
        return json.loads(daemon.request("GET", "/v1/head")[1])["last"]

    def restart(how):
        daemon.kill() if how == "kill" else daemon.stop()
        daemon.start()
        daemon.wait_ready()

    post(3)
    tail = Tail(world, daemon)
    try:
        tail.shows(sent)
        for how in ["kill", "stop"] * world.rounds(1, 10):
            post(5)
            restart(how)
            post(5)
            tail.shows(sent)
        tail.process.send_signal(signal.SIGSTOP)
        seen = list(sent)
        restart("stop")  # nothing more reaches the tail
        head = post(20)
        restart("stop")  # it may be retired now: it stands before the anchor
        status, text = daemon.request("POST", "/v1/retention", json.dumps(
            {"floor": head, "force": True, "reason": "old"}))
        must(status == 200, f"retiring was answered {status}: {text[:300]}")
        tail.process.send_signal(signal.SIGCONT)
        tail.ends(4, "retired")
        must(tail.numbers() == seen, f"tail -f shows {tail.numbers()}, not {seen}")
        tail = Tail(world, daemon)
        time.sleep(0.3)
        tail.process.send_signal(signal.SIGINT)
        tail.ends(130, "")
        if world.options.campaign:  # it waits half a minute for a daemon
            tail = Tail(world, daemon)
            time.sleep(0.3)
            daemon.kill()
            tail.ends(3, "")
    finally:
        tail.process.kill()
        tail.process.wait()
    return f"{len(sent)} events over {2 * world.rounds(1, 10)} restarts"


SCENARIOS = [the_judge_of_http_finds_each_lie, http_keeps_its_word_over_kills,
             a_tail_goes_on_behind_kills]
