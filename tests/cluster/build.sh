#!/bin/sh
# Builds testcluster once and prints its path, the only line on stdout. Does
# nothing when the cache folder has it already. kubectl beside it is the same program.
set -eu
cd "$(dirname "$0")"
key=$(find . -name '*.go' -o -name 'go.mod' -o -name 'go.sum' | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c1-16)
cache=${HOLMES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/holmes}
out=$cache/testcluster-$key
if [ -x "$out/testcluster" ]; then
  echo "$out/testcluster"
  exit 0
fi
go=$(./go.sh)
version=$(sed -n 's/^\tk8s.io\/kubernetes v//p' go.mod)
minor=${version#1.}
minor=${minor%%.*}
x=k8s.io/component-base/version
mkdir -p "$out"
echo "building the test control plane, Kubernetes $version (minutes, the first time) ..." >&2
# Made under another name first: a build that was cut short leaves nothing that looks done.
CGO_ENABLED=0 GOTOOLCHAIN=local "$go" build -buildvcs=false \
  -ldflags "-s -w -X $x.gitVersion=v$version -X $x.gitMajor=1 -X $x.gitMinor=$minor" -o "$out/testcluster.$$" . >&2
ln -sf testcluster "$out/kubectl"
mv "$out/testcluster.$$" "$out/testcluster"
# Those of sources long gone.
find "$cache" -maxdepth 1 -name 'testcluster-*' ! -path "$out" -mtime +7 -exec rm -rf {} +
echo "$out/testcluster"
