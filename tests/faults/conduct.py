# SPDX-License-Identifier: Apache-2.0
"""How a daemon behaves on a bad day: what it answers, how it stops, and what an operator can do."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time

from oracle import Broken, Load, Skipped, Unreachable, verify_replay


def must(holds, story):
    if not holds:
        raise Broken(story)


def faulty_daemon(world, rule, **settings):
    """A daemon whose disk misbehaves by the rule while the file that is also answered exists."""
    switch = os.path.join(world.root, "switch")
    daemon = world.daemon(environment={**world.shim(
        f"path={world.data}/;while={switch};last=0;{rule}"), **settings})
    daemon.start(init=True)
    daemon.wait_ready()
    return daemon, switch


def turn_on(switch):
    with open(switch, "w", encoding="utf-8"):
        pass


def post(daemon, number, timeout=10.0):
    """One event; the answer's status, headers and value."""
    status, headers, text = daemon.exchange(
        "POST", "/v1/events?stream=s&durability=power", json.dumps({"n": number}), timeout=timeout)
    return status, headers, json.loads(text)


def outcome(answer):
    return answer["answers"][0]["outcome"] if "answers" in answer else "refused"


def wait_stored(daemon, number, seconds=20.0):
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        status, _, answer = post(daemon, number)
        if status == 200 and outcome(answer) in ("stored", "duplicate"):
            return
        must(status in (200, 429, 503, 507), f"answered {status} {answer} on the way back")
        time.sleep(0.02)
    raise Broken(f"it did not go on within {seconds} s\n{daemon.output()[-1500:]}")


def ended(daemon, code, says, seconds=30.0):
    found = daemon.process.wait(seconds)
    must(found == code and says in daemon.output(),
         f"ended with {found} instead of {code} and `{says}`:\n{daemon.output()[-1500:]}")


def run(world, *words, data=None, text=""):
    return subprocess.run(world.command + ["--data", data or world.data, *words], input=text,
                          capture_output=True, text=True, timeout=60, check=False)


def everything_in(directory):
    """Names, sizes and times, to see that nothing was touched."""
    found = {}
    for folder, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(folder, name)
            about = os.stat(path)
            found[path] = (about.st_size, about.st_mtime_ns)
    return found


def a_full_disk_is_said_and_passes(world):
    """N1 at the door: 507 with Retry-After while reads are served; it goes on by itself.

    RocksDB 7.8.3 as Debian builds it aborted here: its own log had met the full disk as well."""
    with mounted(world, "size=400m") as mount:
        daemon = world.daemon()
        daemon.socket = os.path.join(world.root, "door")
        daemon.start(init=True)
        daemon.wait_ready()
        must(post(daemon, 0)[0] == 200, "the first event was not taken")
        filler = os.path.join(mount, "filler")
        slowest = 0.0
        for number in range(1, 1 + world.rounds(1, 4)):
            fill_until_it_says_so(daemon, filler, number)
            watch_the_full(daemon, number)
            os.unlink(filler)
            begun = time.monotonic()
            wait_stored(daemon, number)
            slowest = max(slowest, time.monotonic() - begun)
            must(daemon.request("GET", "/readyz")[0] == 200, "readyz did not come back")
        fill_until_it_says_so(daemon, filler, 1000)
        daemon.process.send_signal(signal.SIGTERM)
        ended(daemon, 9, "the store was not closed cleanly")
        os.unlink(filler)
        daemon.start()
        daemon.wait_ready()
        for number in range(1 + world.rounds(1, 4)):
            must(outcome(post(daemon, number)[2]) == "duplicate", f"event {number} is gone")
        daemon.kill()
    return f"went on after {slowest:.2f} s, by itself"


def fill_until_it_says_so(daemon, filler, number):
    """Takes all room, and again what the daemon gives up for having room to stop in."""
    begun = time.monotonic()
    while time.monotonic() - begun < 30:
        with open(filler, "ab", buffering=0) as file:
            for size in (1 << 20, 4096):
                try:
                    while file.write(bytes(size)) == size:
                        pass
                except OSError:
                    pass
        status, _, answer = post(daemon, number)
        if status == 507:
            return
        must(status in (429, 503) or outcome(answer) in ("unknown", "stored", "duplicate"),
             f"a full disk was told by {status} {answer}")
        number = f"{number}+"
    raise Broken("a full disk is not said")


def watch_the_full(daemon, number):
    begun = time.monotonic()
    while time.monotonic() - begun < 6.5:  # RocksDB wrote its own log every five seconds
        status, headers, answer = post(daemon, number)
        must(status == 507, f"a full disk was told by {status} {answer}")
        must(answer["error"]["code"] == "no_space" and answer["error"]["help"]
             and int(headers["Retry-After"]) >= 1, f"507 without what helps: {answer}")
        must(daemon.request("GET", "/v1/events?from=1")[0] == 200, "reads are not served")
        must(daemon.request("GET", "/livez")[0] == 200, "it says that it does not live")
        ready, text = daemon.request("GET", "/readyz?verbose")
        must(ready == 503 and b"[-]writable: no_space" in text, f"readyz says {ready} {text}")
        time.sleep(0.1)


def a_failing_disk_is_said_and_the_store_reopened(world):
    """E2 at the door: once, the event is `unknown` and the store reopened in the same process; for
    ever, 503 until the store is given up with exit code 9."""
    daemon, failing = faulty_daemon(world, "ops=write,sync;action=eio")
    must(outcome(post(daemon, 1)[2]) == "stored", "the first event was not stored")
    turn_on(failing)
    status, _, answer = post(daemon, 2)
    must(status == 200 and outcome(answer) == "unknown",
         f"a failed commit was told by {status} {answer}")
    ready, text = daemon.request("GET", "/readyz?verbose")
    must(ready == 503 and b"[-]writable: reopening" in text, f"readyz says {ready} {text}")
    must(daemon.request("GET", "/livez")[0] == 200, "it says that it does not live")
    os.unlink(failing)
    wait_stored(daemon, 2)
    must(outcome(post(daemon, 1)[2]) == "duplicate", "what was acknowledged is not known any more")
    turn_on(failing)
    refused = 0
    try:
        while True:
            status, headers, answer = post(daemon, 3, timeout=30)
            must(status == 503 or (status == 200 and outcome(answer) == "unknown"),
                 f"a failing disk was told by {status} {answer}")
            if status == 503:
                refused += 1
                must(int(headers["Retry-After"]) >= 1 and answer["error"]["help"],
                     f"503 without what helps: {answer}")
    except Unreachable:
        pass
    ended(daemon, 9, "Input/output error")
    starts_again_knowing(daemon, failing, 2)
    return f"reopened once, then {refused} answers 503 and exit code 9"


def starts_again_knowing(daemon, failing, number):
    """With the disk sound again, a start still knows the event of that number."""
    os.unlink(failing)
    daemon.start()
    daemon.wait_ready()
    must(outcome(post(daemon, number)[2]) == "duplicate",
         "what was acknowledged is not known any more")


def a_disk_that_turns_read_only_ends_it(world):
    """Writing is forbidden under a running daemon: exit code 9, saying what to do."""
    daemon, forbidden = faulty_daemon(world, "ops=write,sync,create,allocate;action=erofs")
    must(outcome(post(daemon, 1)[2]) == "stored", "the first event was not stored")
    turn_on(forbidden)
    try:
        for _ in range(100):
            status, _, answer = post(daemon, 2)
            must(status in (429, 503) or outcome(answer) == "unknown",
                 f"a read-only disk was told by {status} {answer}")
    except Unreachable:
        pass
    ended(daemon, 9, "mount that file system for writing")
    starts_again_knowing(daemon, forbidden, 1)
    return "ended with exit code 9"


def a_stuck_disk_stops_nothing_else(world):
    """While nothing of the disk comes back: /livez answers at once, /readyz that a commit hangs, a
    full queue is told by 429 with Retry-After, a stop ends at its deadline saying who stayed, a
    second signal at once."""
    slowest = 0.0
    for forced in (False, True):
        shutil.rmtree(world.data, ignore_errors=True)
        daemon, stuck = faulty_daemon(
            world, "ops=write,sync,rename,unlink,truncate,allocate,create,read;action=hang",
            HOLDFAST_RUN_STOP_DEADLINE="1 s", HOLDFAST_EVENTS_WAITING_MAX="4")
        must(outcome(post(daemon, 1)[2]) == "stored", "the first event was not stored")
        turn_on(stuck)
        answered = []
        waiting = [threading.Thread(target=unanswered, args=(daemon, number, answered))
                   for number in range(2, 6)]
        for one in waiting:
            one.start()
        slowest = max(slowest, watch_the_stuck(daemon))
        if not forced:
            wait_not_ready(daemon, "a commit has been on its way for")
        begun = time.monotonic()
        daemon.process.send_signal(signal.SIGTERM)
        if forced:
            while "once more forces it" not in daemon.output():
                time.sleep(0.01)
            daemon.process.send_signal(signal.SIGTERM)
            ended(daemon, 130, "forced", 5)
        else:
            ended(daemon, 1, "did not leave in time: root/committer (worker), handles", 10)
        took = time.monotonic() - begun
        must(took < (0.9 if forced else 5), f"the stop took {took:.1f} s")
        for one in waiting:
            one.join()
        must(not answered, f"answered while the disk was stuck: {answered}")
        os.unlink(stuck)
        daemon.start()
        daemon.wait_ready()
        must(outcome(post(daemon, 1)[2]) == "duplicate", "what was acknowledged is gone")
        daemon.kill()
    return f"/livez within {slowest * 1000:.0f} ms, both stops ended"


def wait_not_ready(daemon, why, seconds=15.0):
    begun = time.monotonic()
    status, text = 200, b""
    while time.monotonic() - begun < seconds:
        status, text = daemon.request("GET", "/readyz?verbose", timeout=5)
        if status == 503 and why.encode() in text:
            return
        time.sleep(0.1)
    raise Broken(f"/readyz answers {status} {text} after {seconds} s")


def unanswered(daemon, number, answered):
    try:
        status, _, answer = post(daemon, number, timeout=30)
        # The one that asks whether the queue is full may have taken this one's place in it.
        if status != 429:
            answered.append((number, status, answer))
    except Unreachable:
        pass


def watch_the_stuck(daemon):
    """Until the queue is full. Answers how long /livez took at most."""
    slowest = 0.0
    begun = time.monotonic()
    while time.monotonic() - begun < 20:
        asked = time.monotonic()
        must(daemon.request("GET", "/livez", timeout=2) == (200, b"ok\n"), "/livez does not answer")
        slowest = max(slowest, time.monotonic() - asked)
        try:
            status, headers, answer = post(daemon, 100, timeout=0.2)
        except Unreachable:
            continue  # there was room: it waits with the others
        must(status == 429 and answer["error"]["code"] == "busy"
             and int(headers["Retry-After"]) >= 1, f"a full queue was told by {status} {answer}")
        return slowest
    raise Broken("the queue has no limit")


def a_stop_does_not_wait_for_a_start(world):
    """A stop that waited for recovery would never end where recovery waits for the disk."""
    daemon, stuck = faulty_daemon(world, "ops=write,sync;action=hang")
    must(outcome(post(daemon, 1)[2]) == "stored", "the first event was not stored")
    daemon.kill()
    turn_on(stuck)
    daemon.start()
    time.sleep(0.5)
    daemon.process.send_signal(signal.SIGTERM)
    ended(daemon, 130, "stopped while it was starting", 5)
    os.unlink(stuck)
    daemon.start()
    daemon.wait_ready()
    must(outcome(post(daemon, 1)[2]) == "duplicate", "what was acknowledged is gone")
    return "ended at once"


@contextlib.contextmanager
def mounted(world, options):
    """A file system of its own, which holds the data directory."""
    if os.geteuid() != 0:
        raise Skipped("needs root, to mount")
    mount = os.path.join(world.root, "mount")
    os.mkdir(mount)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "holdfast-test", mount],
                      check=False, capture_output=True).returncode != 0:
        raise Skipped("cannot mount here")
    world.data = os.path.join(mount, "data")
    try:
        yield mount
    finally:
        subprocess.run(["umount", "-l", mount], check=False)


def a_read_only_disk_can_be_read(world):
    """Everything that only reads works on a store that was killed; everything else is refused with
    exit code 5, and no byte changes."""
    with mounted(world, "size=600m") as mount:
        daemon = world.daemon()
        daemon.socket = os.path.join(world.root, "door")
        daemon.start(init=True)
        daemon.wait_ready()
        load = Load(world.oracle, daemon)
        time.sleep(0.4)
        daemon.kill()
        load.stop()
        subprocess.run(["mount", "-o", "remount,ro", mount], check=True)
        read_and_refuse(world, daemon, mount)
        subprocess.run(["mount", "-o", "remount,rw", mount], check=True)
        daemon.start()
        daemon.wait_ready()
        stored = world.oracle.check(daemon, "process")
        daemon.kill()
    return f"{stored} events read and kept"


def read_and_refuse(world, daemon, mount):
    before = everything_in(mount)
    for words in (["store", "verify"], ["store", "verify", "--deep"], ["store", "stats"],
                  ["events", "tail"], ["events", "export", "-q"], ["replay", "verify"],
                  ["state", "learning"], ["checkpoints", "ls"]):
        done = run(world, *words)
        must(done.returncode == 0,
             f"{' '.join(words)} ended with {done.returncode}: {done.stderr}")
    exported = run(world, "events", "export", "-q").stdout.splitlines()
    present = {json.loads(line)["body"]["name"] for line in exported}
    must(set(world.oracle.acknowledged) <= present, "an acknowledged event was not read")
    name = os.path.basename(world.data)
    for words in (["ingest", "-"], ["init"], ["store", "accept-loss", "--reason", "x",
                                              "--confirm", name],
                  ["replay", "fork", "--at", "1", "--to", os.path.join(mount, "fork")]):
        made = os.path.join(mount, "other") if words == ["init"] else world.data
        done = run(world, *words, data=made, text='{"n":1}\n')
        must(done.returncode == 5 and "Read-only file system" in done.stderr
             and "mount that file system for writing" in done.stderr,
             f"{' '.join(words)} ended with {done.returncode}: {done.stderr}")
    daemon.start()
    ended(daemon, 5, "mount that file system for writing")
    must(everything_in(mount) == before, "a read-only disk changed")


def an_operator_gives_up_what_is_lost(world):
    """Log and mirror both lose records in the middle: start refuses and names them; giving them up
    needs a reason and the directory's name, is on the record, and gives up nothing else."""
    world.killed_store(0.3)
    ruin(os.path.join(world.data, "db"), ".log")
    ruin(os.path.join(world.data, "tail"), "")
    refused = run(world, "run")
    must(refused.returncode == 8 and "accept-loss" in refused.stderr,
         f"start ended with {refused.returncode}: {refused.stderr}")
    before = everything_in(world.data)
    for words, says in ((["--confirm", "data"], "--reason"),
                        (["--reason", "r"], "--confirm=data"),
                        (["--reason", "r", "--confirm", "dta"], "--confirm=data")):
        done = run(world, "store", "accept-loss", *words)
        must(done.returncode == 2 and says in done.stderr,
             f"accept-loss {words} ended with {done.returncode}: {done.stderr}")
    tried = run(world, "store", "accept-loss", "--dry-run")
    must(tried.returncode == 0 and tried.stdout and "Nothing was changed" in tried.stderr,
         f"a dry run ended with {tried.returncode}: {tried.stdout}{tried.stderr}")
    must(everything_in(world.data) == before, "a refused or dry accept-loss changed the store")
    given = run(world, "--json", "store", "accept-loss", "--reason", "two disks died",
                "--confirm", "data")
    must(given.returncode == 0, f"accept-loss ended with {given.returncode}: {given.stderr}")
    lost = json.loads(given.stdout)
    first, last = lost["from"], lost["to"]
    daemon = world.daemon()
    daemon.start()
    daemon.wait_ready()
    kept = check_around_the_gap(world, daemon, first, last)
    must(run(world, "store", "accept-loss", "--reason", "r", "--confirm", "data").returncode == 7,
         "records were given up under a running daemon")
    daemon.stop()
    verify_replay(world.command, world.data)
    again = run(world, "store", "accept-loss", "--reason", "r", "--confirm", "data")
    must(again.returncode == 0 and "Nothing had to be given up" in again.stdout,
         f"a second time ended with {again.returncode}: {again.stdout}{again.stderr}")
    return f"{first}..{last} given up, {kept} events kept"


def check_around_the_gap(world, daemon, first, last):
    events = world.oracle.read_all(daemon)
    kept = {e["body"]["name"]: e["sequence"] for e in events if not e["stream"].startswith("$")}
    must(not any(first <= at <= last for at in kept.values()), "a record given up is there")
    for name, (at, _) in world.oracle.acknowledged.items():
        must(kept.get(name) == at or first <= at <= last,
             f"{name} was acknowledged at {at}, outside of {first}..{last}, and is gone")
    must(any("two disks died" in json.dumps(e["body"]) for e in events
             if e["stream"].startswith("$")), "the reason is not on the record")
    # What was lost can be sent again, and gets new numbers; what was kept is known.
    names = list(world.oracle.submitted)
    for at in range(0, len(names), 500):
        batch = names[at:at + 500]
        status, text = daemon.request("POST", "/v1/events?durability=power",
                                      "\n".join(map(world.oracle.line, batch)),
                                      "application/x-ndjson")
        must(status == 200, f"sending again was answered {status}: {text[:300]}")
        for name, answer in zip(batch, json.loads(text)["answers"]):
            expected = "duplicate" if name in kept else "stored"
            must(answer["outcome"] in (expected, "duplicate"), f"{name} was answered {answer}")
            must(name in kept or answer["sequence"] > last, f"{name} got a lost number: {answer}")
    return len(kept)


def ruin(directory, ending):
    """Overwrites the middle third of what each file of that ending holds."""
    for name in os.listdir(directory):
        if not re.fullmatch(r"\d+" + re.escape(ending), name):
            continue
        with open(os.path.join(directory, name), "r+b") as damaged:
            content = damaged.read().rstrip(b"\0")
            if len(content) < 8192:
                continue
            damaged.seek(len(content) // 3)
            damaged.write(b"\xff\x00" * (len(content) // 6))


SCENARIOS = [a_full_disk_is_said_and_passes, a_failing_disk_is_said_and_the_store_reopened,
             a_disk_that_turns_read_only_ends_it, a_stuck_disk_stops_nothing_else,
             a_stop_does_not_wait_for_a_start, a_read_only_disk_can_be_read,
             an_operator_gives_up_what_is_lost]
