#!/usr/bin/env bash
# All tests. With an engine (started here where that is possible) the end-to-end tests run too.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"
bun test test/unit
