#!/usr/bin/env bash
# bench/micro/queue.sh [flags of Google Benchmark]: runs queue_bench, prints its figures and holds
# them against the bar. Per second of CPU time: other work on the machine is not the queue's.
set -euo pipefail
cd "$(dirname "$0")/../.."
readonly out=build/bench/queue.json

ninja -C build/release queue_bench >/dev/null
mkdir -p build/bench
build/release/bench/micro/queue_bench --benchmark_min_time=1 --benchmark_out="$out" \
  --benchmark_out_format=json "$@" >/dev/null 2>&1
jq -r '
  .benchmarks[] | .items_per_second as $rate |
  "\(if $rate >= 1000000 then "PASS" else "MISS" end)\t\(.name): \($rate | round) add/get/done per CPU second, at least 1000000"
' "$out" | tee "$out.bars"
! grep -q ^MISS "$out.bars"
