#!/usr/bin/env bash
# bench/micro/decode.sh [flags of Google Benchmark]: runs decode_bench, prints MB of a watch per
# second of CPU time and holds them against the bar.
set -euo pipefail
source "$(dirname "$0")/measure.sh"

measure decode 1 "$@"
jq -r '.benchmarks[] | "\(.bytes_per_second / 1e6 | round) MB/s\t\(.name), events of \(.event_bytes) bytes"' "$out"
echo
judge '
  .benchmarks[] | select(.name == "watch") | .bytes_per_second / 1e6 |
  "\(if . >= 100 then "PASS" else "MISS" end)\tbytes of a watch to events: \(round) MB/s, at least 100"
'
