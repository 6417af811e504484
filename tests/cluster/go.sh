#!/bin/sh
# Prints the Go to use: the one on PATH, HOLMES_GO or the one that ./dev installed, whichever is
# recent enough.
cache=${HOLMES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/holmes}
for go in go "${HOLMES_GO:-}" "$cache/go/bin/go"; do
  if [ -n "$go" ] && command -v "$go" >/dev/null && GOTOOLCHAIN=local "$go" version |
    awk '{split(substr($3, 3), v, "."); exit !(v[1] > 1 || v[1] == 1 && v[2] + 0 >= 26)}'; then
    command -v "$go"
    exit 0
  fi
done
echo "needs Go 1.26 or later on PATH or in HOLMES_GO; ./dev cluster up installs one" >&2
exit 1
