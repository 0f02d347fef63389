#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every ```sh block of docs/http.md against a daemon on a new store.

  run.py HOLDFAST PAGE

A block fails when it ends with a code or when an answer is no 2xx, unless a comment in it says
`# answers STATUS`. The page fails when a route of /v1/openapi.json is in no block.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

# Each curl says what it asked and what came. A block that ends itself with --max-time did not fail.
PRELUDE = r"""set -euo pipefail
curl() {
  local code=0
  command curl -sS --max-time 60 -w '%{stderr}asked %{method} %{url_effective} %{http_code}\n' \
    "$@" || code=$?
  [ "$code" = 28 ] && [[ " $* " == *' --max-time '* ]] && return 0
  return "$code"
}
"""
ASKED = re.compile(r"^asked (\S+) \S+?://[^/]*(/[^?\s]*)\S* (\d{3})$", re.M)


def start(holdfast, place):
    secret = "s" * 40
    tokens = os.path.join(place, "tokens")
    with open(os.open(tokens, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write(f"reader read-only {secret}\n")
    config = os.path.join(place, "holdfast.toml")
    with open(config, "w") as file:
        file.write(f'[door]\ntcp = ["127.0.0.1:0"]\ntokens = "{tokens}"\n')
    socket = os.path.join(place, "s")
    daemon = subprocess.Popen(
        [holdfast, "run", "--init", "--config", config, "--data", os.path.join(place, "data"),
         "--socket", socket],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in daemon.stdout:
        if line == "serving\n":
            return daemon, {"SOCKET": socket, "TOKEN": secret}
    sys.exit(f"the daemon ended with {daemon.wait()}")


def run(block, names):
    """The requests that the block made, and why it failed."""
    done = subprocess.run(["bash", "-c", PRELUDE + block], env=os.environ | names,
                          capture_output=True, text=True, timeout=90)
    asked = ASKED.findall(done.stderr)
    expected = re.findall(r"# answers (\d{3})", block)
    bad = [one for one in asked if one[2] not in expected and (expected or one[2][0] != "2")]
    if done.returncode or bad or not asked:
        return asked, f"code {done.returncode}\n{done.stdout[-2000:]}{done.stderr}"
    return asked, ""


def main():
    holdfast, page = sys.argv[1:]
    with open(page) as file:
        blocks = re.findall(r"^```sh\n(.*?)^```$", file.read(), re.M | re.S)
    failed = 0
    seen = set()
    with tempfile.TemporaryDirectory() as place:
        daemon, names = start(holdfast, place)
        try:
            def get(path):
                return json.loads(subprocess.check_output(
                    ["curl", "-sS", "--unix-socket", names["SOCKET"], "http://localhost" + path]))

            names["TCP"] = get("/v1/status")["tcp"][0]
            for block in blocks:
                asked, why = run(block, names)
                seen.update(asked)
                if why:
                    failed += 1
                    print(f"FAILED: {why}\n{block}")
            paths = get("/v1/openapi.json")["paths"]
        finally:
            daemon.terminate()
            daemon.wait()
    # A path without a name in it is no other path's example.
    plain = {path for path in paths if "{" not in path}
    for path, methods in paths.items():
        form = re.compile(re.sub(r"{[^}]*}", "[^/]+", path))
        fits = {method for method, at, _ in seen
                if form.fullmatch(at) and (path in plain or at not in plain)}
        for method in methods:
            if method.upper() not in fits:
                failed += 1
                print(f"FAILED: no block asks {method.upper()} {path}")
    print(f"{len(blocks)} blocks, {len(seen)} requests, {failed} failures")
    sys.exit(1 if failed or not blocks else 0)


main()
