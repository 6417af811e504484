#!/usr/bin/env bash
# bench/micro/queue.sh [flags of Google Benchmark]: runs queue_bench, prints its figures and holds
# them against the bar. Per second of CPU time: other work on the machine is not the queue's.
set -euo pipefail
source "$(dirname "$0")/measure.sh"

measure queue 1 "$@"
judge '
  .benchmarks[] | .items_per_second as $rate |
  "\(if $rate >= 1000000 then "PASS" else "MISS" end)\t\(.name): \($rate | round) add/get/done per CPU second, at least 1000000"
'
