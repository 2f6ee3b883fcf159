import { ALLOWED, TRACING, TRACING_SINCE } from "./allowed.ts";
import type { Inhabitant } from "./inhabitant.ts";
import { ERRNO, rulesFor, type Rule, type Test } from "./rules.ts";

/** An entry of `syscalls` in a profile, in the JSON format of Docker, podman and the OCI runtime specification. */
type Entry = {
  readonly names: readonly string[];
  readonly action: "SCMP_ACT_ALLOW" | "SCMP_ACT_ERRNO";
  readonly errnoRet?: number;
  readonly args?: readonly object[];
  readonly includes?: { readonly minKernel: string };
};

/** Architectures of the profile. An engine takes its own alone; runc then returns ENOSYS for calls that it does not know. */
const ENGINES = ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"];

/**
 * The seccomp profile for Docker (20.10 and newer) and podman, as JSON.
 *
 * The engine, which may be on another machine, picks its own architecture from the map, which has no 32-bit ones. A call
 * that is not listed fails with EPERM, or with ENOSYS if it is newer than all calls that the engine knows (runc 1.0). No
 * entry tests the same argument twice, because engines would treat that as "or".
 */
export function engineProfile(inhabitant: Inhabitant): string {
  const entries: readonly Entry[] = [
    allow(Object.values(ALLOWED).flatMap((names) => names.split(/\s+/))),
    { ...allow(TRACING), includes: { minKernel: TRACING_SINCE } },
    ...rulesFor(inhabitant).flatMap(ruleEntries),
  ];
  const profile = {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: ERRNO.EPERM,
    archMap: ENGINES.map((architecture) => ({ architecture, subArchitectures: [] })),
    syscalls: entries,
  };
  return `${JSON.stringify(profile)}\n`;
}

const allow = (names: readonly string[]): Entry => ({ names, action: "SCMP_ACT_ALLOW" });

/** The entries of a rule; none if it always refuses with EPERM, the default, or has `only`, which JSON cannot express. */
function ruleEntries({ calls, refuse, unless, only }: Rule): readonly Entry[] {
  if (unless !== undefined)
    return unless.map((tests) => ({ ...allow(calls), args: tests.map(argument) }));
  if (only !== undefined || refuse === "EPERM") return [];
  return [{ names: calls, action: "SCMP_ACT_ERRNO", errnoRet: ERRNO[refuse] }];
}

/** libseccomp's masked comparison: `value` is the mask, `valueTwo` the expected result. */
function argument({ arg, mask, value }: Test): object {
  return { index: arg, value: mask, valueTwo: value, op: "SCMP_CMP_MASKED_EQ" };
}
