#!/usr/bin/env bash
# bench/micro/store.sh [flags of Google Benchmark]: runs store_bench, prints its figures and holds
# them against the bars. What waits for the disk is in real time, beside one fsync after the other
# on the same disk, taken in turn; the rest per second of CPU time. Medians; memory is measured by
# itself, in a new process.
set -euo pipefail
source "$(dirname "$0")/measure.sh"

measure store 0.1 --benchmark_filter=memory/
bytes=$(jq '.benchmarks[0].bytes_per_object | round' "$out")
measure store_api 0.1 --benchmark_filter=list
list=$(jq '.benchmarks[0] | "\(.real_time | round) \(.rss / 1048576 | round) \(.bytes / 1000000 | round)"' -r "$out")
read -r list_ms list_rss list_mb <<<"$list"
measure store_api 0.1 --benchmark_filter=create
creates=$(jq '.benchmarks[0].items_per_second | round' "$out")

# Milliseconds from the start of `holmes local` until it has said how to reach it: the fastest of
# nine, since the others wait for what else the machine does. Each has a new folder, if one is named.
start_ms() {
  local began line pid
  for _ in {1..9}; do
    rm -rf build/bench/local
    line=
    began=${EPOCHREALTIME/./}
    exec {words}< <(exec build/release/holmes local "$@")
    pid=$!
    until [[ $line == Ctrl-C* ]]; do IFS= read -r line <&"$words"; done
    echo $(((${EPOCHREALTIME/./} - began) / 1000))
    kill "$pid"
    wait "$pid"
    exec {words}<&-
  done | sort -n | sed -n 1p
}
start=$(start_ms)
start_folder=$(start_ms --data build/bench/local)
measure store 0.5 --benchmark_filter=-memory/ --benchmark_repetitions=5 --benchmark_enable_random_interleaving=true "$@"
judge '
  def figures(name; field):
    [.benchmarks[] | select(.run_type == "iteration" and (.name | startswith(name))) | .[field]] | sort;
  def figure(name; field): figures(name; field) | .[length / 2 | floor];
  def bar(pass; what): "\(if pass then "PASS" else "MISS" end)\t\(what)";
  figure("in_memory"; "items_per_second") as $memory |
  figure("one_by_one_fsync"; "items_per_second") as $fsync |
  figure("one_writer"; "items_per_second") as $one |
  figure("group_commit"; "items_per_second") as $group |
  '"$bytes"' as $bytes |
  bar('"$creates"' >= 20000; "creates through the API in process: '"$creates"' per CPU second, at least 20000"),
  bar('"$list_ms"' <= 250; "10000 HealthChecks, '"$list_mb"' MB, listed over TLS: '"$list_ms"' ms, at most 250"),
  bar('"$list_rss"' <= 60; "... in a process, its client included, of '"$list_rss"' MiB, at most 60"),
  bar('"$start"' <= 50; "holmes local, from its start to ready: '"$start"' ms, at most 50"),
  bar('"$start_folder"' <= 50; "... with a new folder: '"$start_folder"' ms, at most 50"),
  if $memory then bar($memory >= 20000; "in memory: \($memory | round) puts per CPU second, at least 20000") else empty end,
  if $group and $fsync then bar($group >= 20 * $fsync;
    "in a file, 1000 writers: \($group | round)/s, \($group / $fsync | round) times the \($fsync | round)/s of one fsync after the other, at least 20 times") else empty end,
  if $one then "\tin a file, one writer that waits each time: \($one | round)/s" else empty end,
  bar($bytes <= 3500; "memory of an object of 2000 bytes: \($bytes) bytes, at most 3500")
'
