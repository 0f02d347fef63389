#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Breaks a running Holdfast in every way the tests know and asks the oracle what came back.

  scenarios.py --binary build/release/tools/holdfast --shim build/release/tests/faults/libshim.so
               [--seed N] [--campaign] [SCENARIO ...]

Prints the seed first; the same seed and scenario repeat the same decisions. Ends with
`N passed, N failed, N skipped`.
"""

import argparse
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import conduct  # noqa: E402
import http_story  # noqa: E402
import mutant  # noqa: E402
from oracle import (Broken, Daemon, Load, Oracle, Refused, Skipped, Unreachable,  # noqa: E402
                    verify_replay)  # noqa: E402

READY_AFTER_DAMAGE = 60


class World:
    """What every scenario gets: the program, a seed, a directory of its own."""

    def __init__(self, options, name):
        self.options = options
        self.command = [options.binary]
        self.random = random.Random(f"{options.seed}/{name}")
        self.oracle = Oracle(f"{options.seed}/{name}/oracle")
        self.root = tempfile.mkdtemp(prefix=f"holdfast-{name}-", dir=options.scratch)
        self.data = os.path.join(self.root, "data")
        self.daemons = []

    def daemon(self, data=None, **how):
        made = Daemon(self.command, data or self.data, **how)
        self.daemons.append(made)
        return made

    def rounds(self, quick, campaign):
        return campaign if self.options.campaign else quick

    def shim(self, rule, count=None):
        environment = {"LD_PRELOAD": self.options.shim, "HOLDFAST_FAULT": rule}
        if count:
            environment["HOLDFAST_FAULT_COUNT"] = count
        return environment

    def clean_up(self):
        for daemon in self.daemons:
            if daemon.process is not None:
                daemon.kill()
        shutil.rmtree(self.root, ignore_errors=True)

    def killed_store(self, seconds=0.4):
        """A store whose writer was killed under load."""
        daemon = self.daemon()
        daemon.start(init=True)
        daemon.wait_ready()
        load = Load(self.oracle, daemon)
        time.sleep(seconds)
        daemon.kill()
        load.stop()
        return daemon


def kill_at_random_moments(world):
    """K1, D1, O7: kill -9 under load, sometimes again while it recovers.

    After ten kills a new store: every check reads and sends everything again, which would make a
    long campaign on one store take the square of its kills."""
    rounds = world.rounds(6, 200)
    slowest, events = 0.0, 0
    for number in range(rounds):
        if number % 10 == 0:
            shutil.rmtree(world.data, ignore_errors=True)
            world.oracle = Oracle(f"{world.options.seed}/kill/{number}")
            daemon = world.daemon()
            daemon.start(init=True)
            daemon.wait_ready()
        load = Load(world.oracle, daemon)
        time.sleep(world.random.uniform(0.05, 0.5))
        daemon.kill()
        load.stop()
        for _ in range(world.random.choice((0, 0, 1, 3, 5))):
            daemon.start()
            time.sleep(world.random.uniform(0.0, 0.15))
            daemon.kill()
        daemon.start()
        slowest = max(slowest, daemon.wait_ready())
        stored = world.oracle.check(daemon, "process")
        if number % 10 == 9 or number == rounds - 1:
            events += stored
            daemon.stop()
            verify_replay(world.command, world.data)
    return f"{rounds} kills, {events} events, slowest start {slowest * 1000:.0f} ms"


def script(world, daemon):
    """A short run that makes every kind of durable change once."""
    for size, level in ((1, "power"), (20, "process"), (1, "process"), (60, "power")):
        world.oracle.submit(daemon, world.oracle.make_batch(0, size), level)
    world.oracle.commit(daemon, "consumer0")
    daemon.request("POST", "/v1/checkpoints/learning", "{}")
    world.oracle.submit(daemon, world.oracle.make_batch(0, 30), "power")
    daemon.request("POST", "/v1/retention",
                   json.dumps({"floor": 5, "force": True, "reason": "test"}))


def count_operations(world, run):
    count = os.path.join(world.root, "count")
    run(world.shim("path=/data;when=1000000000", count))
    with open(count, "rb") as counted:
        return struct.unpack("<Q", counted.read(8))[0]


def chosen(world, total, quick):
    """Every index in the campaign, else a seeded sample that holds the first and the last."""
    if world.options.campaign or total <= quick:
        return range(1, total + 1)
    return sorted({1, total, *world.random.sample(range(1, total + 1), quick)})


def kill_at_each_operation_of_init(world):
    """K2: killed at the N-th file operation of `init`; init again must finish the work."""
    def run(environment):
        shutil.rmtree(world.data, ignore_errors=True)
        return subprocess.run(world.command + ["init", "--data", world.data], check=False,
                              env={**os.environ, **environment}, capture_output=True, text=True)

    total = count_operations(world, run)
    for number in chosen(world, total, 25):
        action = world.random.choice(("kill", "tear"))
        run(world.shim(f"path=/data;when={number};action={action}"))
        again = subprocess.run(world.command + ["init", "--data", world.data], check=False,
                               capture_output=True, text=True)
        if again.returncode not in (0, 7):
            raise Broken(f"init killed at operation {number}: a second init ended with "
                         f"{again.returncode}: {again.stderr}")
        daemon = world.daemon()
        daemon.start()
        try:
            daemon.wait_ready()
        except Refused as problem:
            raise Broken(f"init killed at operation {number}, init again, then run: "
                         f"{problem}") from problem
        daemon.kill()
    return f"{total} operations"


def kill_at_each_operation_of_a_run(world):
    """K2: killed or torn at the N-th operation of start, appends, commit, checkpoint, stop."""
    daemon = world.daemon()
    daemon.start(init=True)
    daemon.wait_ready()
    daemon.stop()
    kept = os.path.join(world.root, "kept")
    shutil.copytree(world.data, kept)

    def run(environment, oracle=None):
        shutil.rmtree(world.data)
        shutil.copytree(kept, world.data)
        world.oracle = oracle or Oracle(world.options.seed)
        daemon = world.daemon()
        daemon.start(environment=environment)
        try:
            daemon.wait_ready()
            script(world, daemon)
            daemon.stop()
        except (Refused, Unreachable):
            pass
        daemon.kill()

    total = count_operations(world, run)
    for number in chosen(world, total, 25):
        action = world.random.choice(("kill", "tear"))
        run(world.shim(f"path=/data;when={number};action={action}"), Oracle(world.options.seed))
        check_start(world, f"killed ({action}) at operation {number} of {total}")
    return f"{total} operations"


def kill_at_each_operation_of_recovery(world):
    """K2, O7: killed at the N-th operation of a start after a crash."""
    world.killed_store()
    kept = os.path.join(world.root, "kept")
    shutil.copytree(world.data, kept)
    count = os.path.join(world.root, "count")
    daemon = world.daemon()
    daemon.start(environment=world.shim("path=/data;when=1000000000", count))
    daemon.wait_ready()
    daemon.kill()
    with open(count, "rb") as counted:
        total = struct.unpack("<Q", counted.read(8))[0]
    for number in chosen(world, total, 15):
        shutil.rmtree(world.data)
        shutil.copytree(kept, world.data)
        daemon = world.daemon()
        daemon.start(environment=world.shim(f"path=/data;when={number};action=kill"))
        try:
            daemon.wait_ready()
        except Refused:
            pass
        daemon.kill()
        check_start(world, f"recovery killed at operation {number} of {total}", resubmit=False)
    return f"{total} operations"


def check_start(world, story, level="process", resubmit=True):
    daemon = world.daemon()
    daemon.start()
    try:
        daemon.wait_ready(READY_AFTER_DAMAGE)
        world.oracle.check(daemon, level, resubmit)
    except Refused as problem:
        raise Broken(f"{story}: {problem}") from problem
    except Broken as problem:
        raise Broken(f"{story}: {problem}\n{daemon.output()[-1500:]}") from problem
    daemon.kill()


def fail_each_kind_of_write(world):
    """E2: EIO on log, mirror, superblock, table files, MANIFEST, CURRENT, directories."""
    cases = [("write,sync", "/db/0"), ("sync", ".log"), ("write", ".log"), ("write,sync", "/tail/"),
             ("write,sync", "/superblock"), ("write,sync", "MANIFEST"), ("rename", "CURRENT"),
             ("write,sync", ".sst"), ("sync", "/db")]
    for ops, path in cases:
        for when in world.rounds((2,), (1, 2, 3, 5, 8, 13, 40)):
            shutil.rmtree(world.data, ignore_errors=True)
            world.oracle = Oracle(f"{world.options.seed}/{ops}{path}{when}")
            daemon = world.daemon()
            daemon.start(init=True)
            daemon.wait_ready()
            daemon.kill()
            daemon.start(environment=world.shim(f"ops={ops};path={path};when={when};action=eio"))
            try:
                daemon.wait_ready()
                script(world, daemon)
            except (Refused, Unreachable):
                pass
            except Broken as problem:
                if "answered 5" not in str(problem):
                    raise
            daemon.kill()
            check_start(world, f"EIO on {ops} of {path}, occurrence {when}")
    return f"{len(cases)} kinds"


def disk_full_and_freed(world):
    """N1: no space on everything of the store; reads work, and it goes on once there is room."""
    full = os.path.join(world.root, "full")
    daemon = world.daemon()
    daemon.start(init=True, environment=world.shim(
        f"ops=write,allocate,create;path=/data/;while={full};when=1;last=0;action=enospc"))
    daemon.wait_ready()
    world.oracle.submit(daemon, world.oracle.make_batch(0, 50), "power")
    for _ in range(world.rounds(2, 7)):
        with open(full, "w", encoding="utf-8"):
            pass
        for _ in range(5):
            name = world.oracle.make_batch(0, 1)[0]
            world.oracle.refused.add(name)
            status, _ = daemon.request("POST", "/v1/events?durability=power",
                                       world.oracle.line(name))
            if status not in (200, 429, 503, 507):
                raise Broken(f"a full disk was answered with {status}")
        if daemon.request("GET", "/v1/events?from=1&limit=10")[0] != 200:
            raise Broken("reads do not work while the disk is full")
        os.unlink(full)
        begun = time.monotonic()
        while True:
            batch = world.oracle.make_batch(0, 1)
            world.oracle.refused.update(batch)
            if world.oracle.submit(daemon, batch, "power") == "ok" \
                    and batch[0] in world.oracle.acknowledged:
                break
            if time.monotonic() - begun > 45:  # a disk that fills up again is asked every 30 s
                raise Broken(f"it did not go on once there was room\n{daemon.output()[-1500:]}")
            time.sleep(0.1)
    world.oracle.check(daemon, "process")
    daemon.kill()
    check_start(world, "after a full disk")
    return "reads worked, went on without a restart"


def power_cut(world):
    """P1: what was not synced is gone, data and names; `power` appends are there."""
    if os.geteuid() != 0 or not os.path.exists("/dev/loop-control") or not shutil.which("xfs_io"):
        raise Skipped("needs root, loop devices and xfs_io")
    cycles = 0
    for kind in ("ext4", "xfs"):
        maker = shutil.which(f"mkfs.{kind}")
        if not maker:
            raise Skipped(f"needs mkfs.{kind}")
        image = os.path.join(world.root, f"{kind}.img")
        mount = os.path.join(world.root, kind)
        os.mkdir(mount)
        with open(image, "wb") as made:
            made.truncate(512 << 20)
        subprocess.run([maker, "-q", image], check=True)
        if subprocess.run(["mount", "-o", "loop", image, mount], check=False).returncode != 0:
            raise Skipped("cannot mount a loop device here")
        try:
            world.oracle = Oracle(f"{world.options.seed}/{kind}")
            data = os.path.join(mount, "data")
            daemon = world.daemon(data)
            daemon.socket = os.path.join(world.root, "door")
            daemon.start(init=True)
            daemon.wait_ready()
            for _ in range(world.rounds(2, 30)):
                load = Load(world.oracle, daemon, consumers=0)
                time.sleep(world.random.uniform(0.1, 0.6))
                subprocess.run(["xfs_io", "-x", "-c", "shutdown", mount], check=True)
                daemon.kill()
                load.stop()
                world.oracle.forgive_what_power_loss_may_take()
                subprocess.run(["umount", mount], check=True)
                wait_until_released(image)
                subprocess.run(["mount", "-o", "loop", image, mount], check=True)
                daemon.prefix = another_boot(world, cycles)
                daemon.start()
                daemon.wait_ready()
                world.oracle.check(daemon, "power")
                cycles += 1
            daemon.kill()
        finally:
            subprocess.run(["umount", "-l", mount], check=False)
    return f"{cycles} cuts"


def wait_until_released(image):
    """The killed daemon's own mount namespace ends a little later than its process; until then a
    new mount would show the file system that was shut down, where every operation fails."""
    begun = time.monotonic()
    while subprocess.run(["losetup", "-j", image], check=True, capture_output=True).stdout:
        if time.monotonic() - begun > 30:
            raise Broken(f"{image} is still in use after 30 s")
        time.sleep(0.02)


def another_boot(world, number):
    """A prefix that shows the daemon another boot id: the machine did not really restart."""
    boot = os.path.join(world.root, f"boot-{number}")
    with open(boot, "w", encoding="utf-8") as made:
        made.write(f"00000000-0000-0000-0000-{number:012d}\n")
    return ["unshare", "-m", "sh", "-c",
            f'mount --bind {boot} /proc/sys/kernel/random/boot_id && exec "$@"', "sh"]


def damage_one_file(world):
    """W4, O6: bits, holes, garbage and truncation in log, mirror, superblock, MANIFEST, CURRENT."""
    world.killed_store(0.3)
    kept = os.path.join(world.root, "kept")
    shutil.copytree(world.data, kept)
    served = refused = 0
    for number in range(world.rounds(30, 1500)):
        shutil.rmtree(world.data)
        shutil.copytree(kept, world.data)
        story = damage(world, number)
        first = verdict(world, story)
        if verdict(world, story + ", started again") != first:
            raise Broken(f"{story}: a second start decides differently")
        served += first == "served"
        refused += first == "refused"
    return f"{served} served, {refused} refused"


def damage(world, number):
    """Damages one file of the store and says how."""
    files = []
    for folder, _, names in os.walk(world.data):
        files += [os.path.join(folder, name) for name in names
                  if name not in ("LOCK", "LOG", "holdfast.lock", "ballast")
                  and not name.startswith(("OPTIONS", "LOG.")) and "telemetry" not in folder
                  and "quarantine" not in folder]
    path = world.random.choice(sorted(files))
    size = os.path.getsize(path)
    if "/tail/" in path:
        size = min(size, 1 << 20)
    name = os.path.relpath(path, world.data)
    kind = world.random.choice(("flip", "flip", "zeros", "truncate", "garbage", "remove"))
    with open(path, "r+b") as damaged:
        if kind == "flip" and size:
            offset, bit = world.random.randrange(size), world.random.randrange(8)
            damaged.seek(offset)
            byte = damaged.read(1)[0]
            damaged.seek(offset)
            damaged.write(bytes([byte ^ (1 << bit)]))
            return f"case {number}: bit {bit} of byte {offset} of {name} flipped"
        if kind == "zeros" and size:
            offset = world.random.randrange(size) & ~4095
            damaged.seek(offset)
            damaged.write(bytes(min(4096, size - offset)))
            return f"case {number}: 4 KiB of {name} zeroed at {offset}"
        if kind == "truncate" and size:
            at = world.random.randrange(size)
            damaged.truncate(at)
            return f"case {number}: {name} cut to {at} of {size} bytes"
        if kind == "garbage":
            damaged.seek(0, os.SEEK_END)
            damaged.write(world.random.randbytes(world.random.randrange(1, 9000)))
            return f"case {number}: garbage behind {name}"
    os.unlink(path)
    return f"case {number}: {name} removed"


def verdict(world, story):
    before = data_files(world.data)
    daemon = world.daemon()
    daemon.start()
    try:
        daemon.wait_ready(READY_AFTER_DAMAGE)
    except Refused as problem:
        if problem.code != 8 or "holdfast" not in problem.text:
            raise Broken(f"{story}: refused with {problem}") from problem
        if data_files(world.data) != before:
            raise Broken(f"{story}: a refused start changed the files of the store")
        return "refused"
    try:
        world.oracle.check(daemon, "process", resubmit=False)
    except Broken as problem:
        raise Broken(f"{story}: {problem}\n{daemon.output()[-1500:]}") from problem
    daemon.kill()
    return "served"


def data_files(data):
    found = {}
    for folder in ("db", "tail"):
        top = os.path.join(data, folder)
        if os.path.isdir(top):
            for name in os.listdir(top):
                if not name.startswith(("LOG", "OPTIONS")):
                    found[f"{folder}/{name}"] = os.path.getsize(os.path.join(top, name))
    return found


def second_writer_is_refused(world):
    """L1, L3: a second daemon is refused with the owner's pid; a dead one's lock is no obstacle."""
    daemon = world.daemon()
    daemon.start(init=True)
    daemon.wait_ready()
    other = world.daemon()
    other.socket += "-other"
    other.start()
    code = other.process.wait(20)
    if code != 7 or str(daemon.process.pid) not in other.output():
        raise Broken(f"a second daemon ended with {code}: {other.output()}")
    daemon.kill()
    check_start(world, "stale lock of a killed daemon")
    return "refused with exit code 7"


def clock_jumps(world):
    """C1: the clock a day back, ten years ahead, fifty back: nothing expires or is lost."""
    if not shutil.which("faketime"):
        raise Skipped("needs faketime")
    daemon = world.daemon()
    daemon.start(init=True)
    daemon.wait_ready()
    world.oracle.submit(daemon, world.oracle.make_batch(0, 50), "power")
    daemon.kill()
    for jump in ("-1d", "+3650d", "-18250d"):
        daemon = world.daemon(prefix=["faketime", "-f", jump])
        daemon.start()
        daemon.wait_ready()
        world.oracle.submit(daemon, world.oracle.make_batch(0, 50), "power")
        world.oracle.check(daemon, "process")
        daemon.kill()
    check_start(world, "after clock jumps")
    return "3 jumps"


def the_oracle_finds_each_mutant(world):
    """The harness must fail against stores that are wrong on purpose, and pass the right one."""
    found = []
    for name in mutant.MUTATIONS:
        problem = run_mutant(world, name)
        if problem is None:
            raise Broken(f"the oracle did not notice the mutant {name}")
        found.append(f"{name} ({problem})")
    problem = run_mutant(world, "none")
    if problem is not None:
        raise Broken(f"the oracle finds fault with a right store: {problem}")
    return ", ".join(found)


def run_mutant(world, name):
    here = os.path.dirname(os.path.abspath(__file__))
    data = os.path.join(world.root, f"mutant-{name}", "data")
    os.makedirs(os.path.dirname(data))
    oracle = Oracle(f"{world.options.seed}/{name}")
    daemon = Daemon([sys.executable, os.path.join(here, "mutant.py"), name], data)
    world.daemons.append(daemon)
    try:
        daemon.start(init=True)
        daemon.wait_ready()
        for _ in range(6):
            load = Load(oracle, daemon, producers=2, consumers=0)
            time.sleep(world.random.uniform(0.2, 0.4))
            daemon.kill()
            load.stop()
            daemon.start()
            daemon.wait_ready()
            oracle.check(daemon, "process")
    except Broken as problem:
        return str(problem)[:2]
    finally:
        daemon.kill()
    return None


SCENARIOS = [the_oracle_finds_each_mutant, kill_at_random_moments, kill_at_each_operation_of_init,
             kill_at_each_operation_of_a_run, kill_at_each_operation_of_recovery,
             fail_each_kind_of_write, disk_full_and_freed, damage_one_file, power_cut,
             second_writer_is_refused, clock_jumps, *conduct.SCENARIOS,
             *http_story.SCENARIOS]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--shim", required=True)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--scratch", help="directory for the stores (default: a temporary one)")
    parser.add_argument("--campaign", action="store_true", help="the long form of every scenario")
    parser.add_argument("scenario", nargs="*")
    options = parser.parse_args()
    options.binary = os.path.abspath(options.binary)
    options.shim = os.path.abspath(options.shim)
    print(f"seed {options.seed}", flush=True)
    passed = failed = skipped = 0
    for scenario in SCENARIOS:
        name = scenario.__name__
        if options.scenario and name not in options.scenario:
            continue
        begun = time.monotonic()
        world = World(options, name)
        try:
            what = scenario(world)
            passed += 1
            verdict_text = "passed"
        except Skipped as problem:
            skipped += 1
            verdict_text, what = "skipped", problem
        except (Broken, Refused, Unreachable) as problem:
            failed += 1
            verdict_text, what = "FAILED", problem
        finally:
            world.clean_up()
        print(f"{verdict_text} {name} ({time.monotonic() - begun:.1f} s): {what}", flush=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
