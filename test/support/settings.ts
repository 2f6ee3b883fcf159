import { join } from "node:path";

/** The compiled binary, because that is what users run. */
export const SILO = join(import.meta.dir, "../../dist/silo");
export const BASE_IMAGE = "silo-test-base:latest";
export const DOUBLES = join(import.meta.dir, "../contract/doubles");

/** A user whose ids are not used elsewhere, to check that ids are passed. */
export const TESTER = { name: "tester", uid: 12_345, gid: 12_345 };
export type User = typeof TESTER;

/**
 * Replaces Codex by a probe: `silo codex -- probe '<bash>'` runs a script in the guest exactly as a tool. The real Codex
 * is still installed as `codex-real`.
 */
const PROBE_HOOK = [
  "set -e",
  'tool="$(command -v codex)"',
  'mv "$tool" "$tool-real"',
  `printf '%s\\n' '#!/bin/bash' 'while [ $# -gt 0 ] && [ "$1" != probe ]; do shift; done' 'shift' 'exec bash -c "$@"' > "$tool"`,
  'chmod 755 "$tool"',
].join("\n");

/** The configuration of all tests: the local base image, and no toolchains, which would have to be downloaded. */
export const BASE_CONFIG = { image: { base: BASE_IMAGE, toolchains: [] } };
export const PROBE_CONFIG = {
  ...BASE_CONFIG,
  tools: { codex: { post_build_hooks: [PROBE_HOOK] } },
};
