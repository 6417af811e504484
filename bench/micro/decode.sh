#!/usr/bin/env bash
# bench/micro/decode.sh [flags of Google Benchmark]: runs decode_bench, prints MB of a watch per
# second of CPU time and holds them against the bar.
set -euo pipefail
cd "$(dirname "$0")/../.."
readonly out=build/bench/decode.json

ninja -C build/release decode_bench >/dev/null
mkdir -p build/bench
build/release/bench/micro/decode_bench --benchmark_min_time=1 --benchmark_out="$out" \
  --benchmark_out_format=json "$@" >/dev/null 2>&1
jq -r '.benchmarks[] | "\(.bytes_per_second / 1e6 | round) MB/s\t\(.name), events of \(.event_bytes) bytes"' "$out"
echo
jq -r '
  .benchmarks[] | select(.name == "watch") | .bytes_per_second / 1e6 |
  "\(if . >= 100 then "PASS" else "MISS" end)\tbytes of a watch to events: \(round) MB/s, at least 100"
' "$out" | tee "$out.bars"
! grep -q ^MISS "$out.bars"
