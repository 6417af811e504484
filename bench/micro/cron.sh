#!/usr/bin/env bash
# bench/micro/cron.sh [flags of Google Benchmark]: runs cron_bench, prints its figures and holds them
# against the bars. CPU times: other work on the machine is not the schedule's.
set -euo pipefail
source "$(dirname "$0")/measure.sh"

measure cron 0.1 "$@"
jq -r '.benchmarks[] | "\(.cpu_time | round) ns\t\(.name)"' "$out"
echo
judge '
  def times(kind): [.benchmarks[] | select(.name | test(kind)) | .cpu_time] | sort;
  def bar(what; value; most):
    if value == null then empty
    else "\(if value <= most then "PASS" else "MISS" end)\t\(what): \(value | round) ns, at most \(most)" end;
  bar("median of next and previous"; times("^(next|previous)/") | .[length / 2 | floor]; 1000),
  bar("slowest search"; times("^(worst_)?(next|previous)/") | last; 50000),
  bar("slowest count of ten years"; times("^count") | last; 1000000)
'
