#!/usr/bin/env bash
# Proves that ./dev setup forgets nothing: makes an empty Debian 12 with debootstrap, clones HEAD
# into it, and runs both commands of the README there to the end. Needs root, debootstrap, about
# 15 GB under $TMPDIR (default /var/tmp) and the time of two cold builds.
#
# run.sh [COMMAND...]: runs the given shell lines instead of the two (`run.sh './dev setup'`).
# HOLMES_FRESH_KEEP=1 leaves the root standing for a look.
#
# How this machine reaches its registries is handed on: proxy, pip, npm and Go settings, apt's
# sources and options, certificates.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

readonly run_seconds=3600
readonly test_seconds=4500
readonly handed_on='^((https?|no|all|ftp)_proxy|(HTTPS?|NO|ALL|FTP)_PROXY|GO(PROXY|FLAGS|SUMDB|NOSUMDB|PRIVATE|NOPROXY|INSECURE)|PIP_[A-Z_]+|UV_[A-Z_]+|NODE_EXTRA_CA_CERTS|(NPM_CONFIG|npm_config)_[A-Za-z_]+)='

root=

fail() {
  printf 'test fresh: %s\n' "$*" >&2
  exit 1
}
say() { printf '== %s\n' "$*" >&2; }

make_root() {
  local root=$1 mirror
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' 2>/dev/null |
    head -n 1) || true
  say "debootstrap bookworm into $root"
  # Without a mirror debootstrap uses its own default.
  debootstrap --variant=minbase bookworm "$root" ${mirror:+"$mirror"} >"$root.log" 2>&1 ||
    fail "debootstrap failed: $(tail -n 5 "$root.log")"
  cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
}

# Copies settings of this machine, none of which the project itself may depend on.
hand_on_settings() {
  local root=$1 file
  apt-config dump Acquire | grep -E '^Acquire::(https?|Check-|Retries)' >"$root/etc/apt/apt.conf.d/90host" || true
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources /etc/pip.conf; do
    [[ -f $file ]] && cp "$file" "$root$file"
  done
  # Taken up when ./dev setup installs ca-certificates.
  mkdir -p "$root/usr/local/share/ca-certificates"
  cp -L /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
  [[ -f ${HOME:-/root}/.npmrc ]] && cp "${HOME:-/root}/.npmrc" "$root/root/"
  if file=$(go env GOENV 2>/dev/null) && [[ -f $file ]]; then
    mkdir -p "$root/root/.config/go"
    cp "$file" "$root/root/.config/go/env"
  fi
}

# Runs a shell line in the root, alone in its process and mount namespaces: what it starts ends
# with it, and its mounts are never seen outside. The root is the namespace's own (pivot_root): in a
# mere chroot the kernel lets nobody make a user namespace, which some tests need.
in_root() {
  local root=$1 seconds=$2 line=$3 settings
  mapfile -t settings < <(env | grep -E "$handed_on" || true)
  say "in the fresh root: $line (at most $seconds s)"
  timeout --kill-after=60 "$seconds" unshare --mount --pid --fork --kill-child bash -euc '
    root=$1 line=$2
    shift 2
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro sysfs "$root/sys"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs tmpfs "$root/run"
    mkdir "$root/run/outside"
    cd "$root"
    pivot_root . run/outside
    umount --lazy /run/outside
    rmdir /run/outside
    exec /usr/bin/env -i HOME=/root LANG=C.UTF-8 CI=true \
      PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@" \
      /bin/bash -c "cd /src/holmes && $line"
  ' - "$root" "$line" "${settings[@]}" </dev/null
}

main() {
  local line
  [[ $(id -u) -eq 0 ]] || fail "needs root, for namespaces and mounts"
  command -v debootstrap >/dev/null || fail "needs debootstrap: apt-get install debootstrap"
  git rev-parse --verify -q HEAD >/dev/null || fail "nothing is committed; it tests HEAD"
  [[ -z $(git status --porcelain) ]] || say "uncommitted changes are not part of this test"

  root=$(mktemp -d "${TMPDIR:-/var/tmp}/holmes-fresh.XXXXXX")
  [[ ${HOLMES_FRESH_KEEP:-} ]] || trap 'rm -rf --one-file-system "$root" "$root.log"' EXIT
  chmod 755 "$root"  # apt's own user must reach it.
  make_root "$root"
  hand_on_settings "$root"
  git clone -q --no-hardlinks . "$root/src/holmes"

  if [[ $# -gt 0 ]]; then
    for line in "$@"; do in_root "$root" "$test_seconds" "$line"; done
  else
    in_root "$root" "$run_seconds" tests/fresh/run_demo.sh
    in_root "$root" "$test_seconds" './dev test'
  fi
  say "the fresh root passed"
}

main "$@"
