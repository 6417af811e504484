#!/usr/bin/env bash
# ./dev run until a check of its sample cluster has passed; then ends it, with its exit code.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

coproc run { exec ./dev run; }
readonly pid=$run_PID
exec {out}<&"${run[0]}"
passed=
while [[ ! $passed ]] && IFS= read -r line <&"$out"; do
  printf '%s\n' "$line"
  [[ $line != *' Completed pass '* ]] || passed=1
done
[[ ! $passed ]] || kill "$pid"
cat <&"$out"
wait "$pid"
[[ $passed ]]
