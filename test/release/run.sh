#!/usr/bin/env bash
# Runs all tests of a release: builds the binary and archive of every system, starts those for this machine, and installs
# them in every way.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"

if ! command -v ruby >/dev/null; then
  printf 'release: installing ruby\n' >&2
  apt-get update >/dev/null 2>&1 || :
  DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 ruby >/dev/null
fi
# The workflows run only in CI, so only their content is checked here.
if GOBIN=$PWD/dist/tools go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12 2>/dev/null; then
  dist/tools/actionlint
else
  printf 'release: THE WORKFLOWS ARE NOT LOOKED AT HERE: that takes Go\n' >&2
fi
bash test/release/roots.sh
bun scripts/release.ts
bun test --timeout 60000 test/release
bash test/release/newcomer.sh
