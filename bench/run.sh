#!/usr/bin/env bash
# bench/run.sh NAME [flags]: runs a benchmark, NAME is one of those that it lists
# without a name. ./dev bench builds first what is measured.
set -euo pipefail
cd "$(dirname "$0")/.."
readonly cache=${HOLMES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/holmes}

readonly name=${1:-}
case $name in
  operator | pair | schedules | sync | server) shift ;;
  cron | decode | queue | store)
    shift
    exec "bench/micro/$name.sh" "$@"
    ;;
  '')
    cat <<'TEXT'
operator    2,000 HealthChecks at once on a real API server, side by side with a controller-runtime operator (about 12 minutes)
pair        CPU of two holmes operators at once on one API server: tells apart 1 or 2 %; BENCH_OTHER="/path/to/another/holmes operator" (about 3 minutes)
schedules   1,000 every-minute schedules side by side with it; then 5,000 on one minute, and 10,000 that are not due (about 16 minutes)
sync        memory with 50,000 HealthChecks, from the first list to their deletion, side by side with it (about 15 minutes)
server      1,000 checks at once in one server process, and how long it takes to start (a minute)
decode      how fast the bytes of a watch become events (half a minute)
cron        how long a schedule takes to find its ticks (half a minute)
store       how many objects a second the embedded API's store takes, in memory and in its file (half a minute)
queue       how many keys a second the work queue takes in and hands out (half a minute)
TEXT
    exit 0
    ;;
  *)
    echo "bench/run.sh: no benchmark '$name'; without a name it lists them" >&2
    exit 2
    ;;
esac

# Or another command to be measured instead.
if [[ $name == server ]]; then
  ours=${BENCH_SERVER:-build/release/holmes server}
else
  ours=${BENCH_OPERATOR:-build/release/holmes operator}
fi
if [[ ! -x ${ours%% *} ]]; then
  echo "bench/run.sh: there is no ${ours%% *}; ./dev bench $name builds it" >&2
  exit 1
fi
other=$cache/bench/operator
if [[ $name == pair ]]; then
  other=${BENCH_OTHER:?is the operator to compare with, as in BENCH_OTHER="/path/to/another/holmes operator"}
fi
go=$(tests/cluster/go.sh)
export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost
mkdir -p "$cache/bench"
if [[ $name == server ]]; then
  (cd bench && CGO_ENABLED=0 GOTOOLCHAIN=local "$go" build -buildvcs=false -o "$cache/bench/" ./kload)
  exec "$cache/bench/kload" server --out build/bench --ours "$ours" "$@"
fi
testcluster=$(tests/cluster/build.sh)
echo "building the peer and the harness (a minute, the first time) ..." >&2
(cd bench && CGO_ENABLED=0 GOTOOLCHAIN=local "$go" build -buildvcs=false -o "$cache/bench/" ./kload ./peer/operator)
exec "$cache/bench/kload" "$name" --testcluster "$testcluster" --crds "${BENCH_CRDS:-deploy/crds}" --out build/bench \
  --ours "$ours" --peer "$other" "$@"
