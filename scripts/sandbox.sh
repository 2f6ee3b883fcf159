#!/usr/bin/env bash
# Installs bubblewrap where it is missing: all that silo needs on a Linux machine without an engine.
set -euo pipefail
say() { printf 'sandbox: %s\n' "$*" >&2; }
if command -v bwrap >/dev/null; then say "$(bwrap --version) is there"; exit; fi
command -v apt-get >/dev/null || { say "install your distribution's package bubblewrap"; exit 1; }
root=()
[ "$(id -u)" = 0 ] || root=(sudo)
say "installing bubblewrap"
"${root[@]}" apt-get update >/dev/null 2>&1 || :
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends bubblewrap >/dev/null
bwrap --version >&2
