# SPDX-License-Identifier: Apache-2.0
# Sourced by tools/check and tools/quickstart: packages, stages with their minutes, the build.
# shellcheck shell=bash

build_packages=(
  g++ cmake ninja-build pkg-config ccache python3
  libcaf-dev librocksdb-dev libmsgpack-cxx-dev libspdlog-dev
  libboost-dev libboost-test-dev nlohmann-json3-dev libsimdjson-dev libtomlplusplus-dev libcli11-dev
  libhowardhinnant-date-dev prometheus-cpp-dev
  libssl-dev zlib1g-dev libzstd-dev libbz2-dev liblz4-dev libsnappy-dev libgflags-dev
  protobuf-compiler libprotobuf-dev
  libncurses-dev
  libbenchmark-dev libsqlite3-dev
)
check_packages=(clang-format-14 curl python3 strace faketime xfsprogs e2fsprogs)
campaign_packages=(clang-14 libclang-rt-14-dev)

say() { printf '%s\n' "$*"; }

minutes() { # seconds -> minutes with one decimal
  printf '%d.%d' $(($1 / 60)) $(($1 % 60 / 6))
}

# Runs a command with its output in a log, and says every half minute how far it is.
#   stage "TITLE" LOG COMMAND...
stage() {
  local title=$1 log=$2 began=$SECONDS said=$SECONDS code=0
  shift 2
  mkdir -p "$(dirname "$log")"
  say "== $title (log: $log)"
  "$@" >"$log" 2>&1 </dev/null &
  stage_pid=$!
  while kill -0 "$stage_pid" 2>/dev/null; do
    sleep 0.2
    if ((SECONDS - said >= 30)); then
      said=$SECONDS
      say "   $(minutes $((SECONDS - began))) min: $(tail -n 1 "$log" | tr -d '\r' | cut -c 1-100)"
    fi
  done
  wait "$stage_pid" || code=$?
  stage_pid=
  if ((code == 0)); then
    say "   done in $(minutes $((SECONDS - began))) min"
  else
    say "   FAILED with code $code after $(minutes $((SECONDS - began))) min; the log ends:"
    tail -n 40 "$log" | sed 's/^/   | /'
  fi
  return "$code"
}

stage_pid=
stop_stage() {
  [ -z "$stage_pid" ] || kill "$stage_pid" 2>/dev/null || true
  exit 130
}
trap stop_stage INT TERM

missing_packages() {
  local name
  for name in "$@"; do
    dpkg-query -W -f='${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed ||
      say "$name"
  done
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

apt_install() {
  as_root apt-get update &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

# Installs what is missing of the named packages; touches nothing when all are there.
install_packages() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "Holdfast is built on Debian 12 (or a system with its packages): no apt-get here."
    return 1
  fi
  local missing
  mapfile -t missing < <(missing_packages "$@")
  if ((${#missing[@]} == 0)); then
    say "== Packages: all $# are installed"
    return 0
  fi
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    say "These Debian packages are missing, and there is no sudo to install them with."
    say "As root: apt-get install ${missing[*]}"
    return 1
  fi
  # sudo asks for its password here, where a person can see it, and not inside a log.
  [ "$(id -u)" = 0 ] || sudo true || return 1
  stage "Installing ${#missing[@]} Debian packages: ${missing[*]}" build/logs/packages.log \
    apt_install "${missing[@]}"
}

# Configures a preset and builds the named targets of it (all, when none is named).
#   build_tree PRESET [TARGET...]
build_tree() {
  local preset=$1
  shift
  stage "Configuring build/$preset" "build/logs/$preset-configure.log" \
    cmake --preset "$preset" &&
    stage "Building build/$preset${*:+ ($*)}" "build/logs/$preset-build.log" \
      cmake --build "build/$preset" --parallel "$(nproc)" ${*:+--target "$@"}
}

# Real input for tests and the main job, where this checkout has some beside it.
if [ -z "${HOLDFAST_DATA:-}" ] && [ -d ../shared/data ]; then
  HOLDFAST_DATA=$(cd ../shared/data && pwd)
  export HOLDFAST_DATA
fi
