#!/usr/bin/env bash
# Installs the shells of the completion tests, tmux and bubblewrap, if that is possible. Tests of missing programs are
# skipped.
set -euo pipefail
missing=()
for shell in zsh fish tmux; do command -v "$shell" >/dev/null || missing+=("$shell"); done
command -v bwrap >/dev/null || missing+=(bubblewrap)
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  printf 'shells: WHAT NEEDS %s IS NOT TESTED HERE\n' "${missing[*]}" >&2
  exit 0
fi
printf 'shells: installing %s\n' "${missing[*]}" >&2
apt-get update >/dev/null 2>&1 || :
DEBIAN_FRONTEND=noninteractive \
  apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}" >/dev/null
