#!/usr/bin/env bash
# Installs bubblewrap and perl if they are missing, which suffice to run silo on Linux without an engine.
set -euo pipefail
say() { printf 'sandbox: %s\n' "$*" >&2; }
if command -v bwrap >/dev/null && command -v perl >/dev/null; then say "$(bwrap --version) is there"; exit; fi
command -v apt-get >/dev/null || { say "install your distribution's packages bubblewrap and perl"; exit 1; }
root=()
[ "$(id -u)" = 0 ] || root=(sudo)
say "installing bubblewrap and perl"
"${root[@]}" apt-get update >/dev/null 2>&1 || :
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends bubblewrap perl-base >/dev/null
bwrap --version >&2
