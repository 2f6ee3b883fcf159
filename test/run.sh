#!/usr/bin/env bash
# Runs all tests, also on a fresh machine: compiles the binary, starts an engine if none is running, makes the base image.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"

bun scripts/compile.ts
bash test/e2e/shells.sh
SILO_SOAK=20 npm run --silent test:fast

if bash test/e2e/engine.sh && bash test/e2e/base-image.sh; then
  bash test/e2e/buildx.sh >/dev/null || :
  bash test/e2e/fly-tools.sh >/dev/null
  # The timeout also applies to hooks, which may delete a tool with all its packages.
  SILO_TEST_LOG=$(mktemp) && export SILO_TEST_LOG
  results=$(mktemp)
  trap 'rm -f "$SILO_TEST_LOG" "$results"' EXIT
  if ! bun test --timeout 300000 test/contract/engine test/e2e test/pty test/escape 2>&1 | tee "$results"; then
    printf '\nWhat the last silos said, the failed ones among them:\n%s\n' "$(tail -n 400 "$SILO_TEST_LOG")"
    # Printed last, since the end of a long log is read first.
    printf '\nThe failed tests, each with the lines before it:\n%s\n' "$(grep --before-context=30 '^(fail)' "$results")"
    exit 1
  fi
else
  printf '\n*** THE END-TO-END TESTS DID NOT RUN: there is no Docker engine here and none could be started. ***\n\n' >&2
  [ "${CI:-}" != true ] || exit 1
fi
