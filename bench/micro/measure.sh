# Sourced by the scripts of this folder, which hold one benchmark each against its bars.

cd "$(dirname "$0")/../.."

# measure NAME SECONDS [flags of Google Benchmark]: builds and runs NAME_bench, at least so long for
# each figure; they are then in $out, as JSON.
measure() {
  out=build/bench/$1.json
  ninja -C build/release "$1_bench" >/dev/null
  mkdir -p build/bench
  "build/release/bench/micro/$1_bench" --benchmark_min_time="$2" --benchmark_out="$out" \
    --benchmark_out_format=json "${@:3}" >/dev/null 2>&1
}

# judge FILTER: prints the lines PASS or MISS that the jq filter makes of $out; fails when one is a MISS.
judge() {
  jq -r "$1" "$out" | tee "$out.bars"
  ! grep -q ^MISS "$out.bars"
}
