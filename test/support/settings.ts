import { join } from "node:path";

/** The compiled binary: what people run is what is tested. */
export const SILO = join(import.meta.dir, "../../dist/silo");
export const BASE_IMAGE = "silo-test-base:latest";
export const DOUBLES = join(import.meta.dir, "../contract/doubles");

/** A user that exists nowhere else, to see ids pass. */
export const TESTER = { name: "tester", uid: 12_345, gid: 12_345 };
export type User = typeof TESTER;

/**
 * Codex replaced by a probe: `silo codex -- probe '<bash>'` runs a script in the guest with the whole
 * treatment of a tool. The real one stays installed as `codex-real`.
 */
const PROBE_HOOK = [
  "set -e",
  'tool="$(command -v codex)"',
  'mv "$tool" "$tool-real"',
  `printf '%s\\n' '#!/bin/bash' 'while [ $# -gt 0 ] && [ "$1" != probe ]; do shift; done' 'shift' 'exec bash -c "$@"' > "$tool"`,
  'chmod 755 "$tool"',
].join("\n");

/** The configuration of all tests: the local base image, and no toolchain that would have to be fetched. */
export const BASE_CONFIG = { image: { base: BASE_IMAGE, toolchains: [] } };
export const PROBE_CONFIG = {
  ...BASE_CONFIG,
  tools: { codex: { post_build_hooks: [PROBE_HOOK] } },
};
