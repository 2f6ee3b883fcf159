import { ALLOWED, TRACING, TRACING_SINCE } from "./allowed.ts";
import type { Inhabitant } from "./inhabitant.ts";
import { ERRNO, rulesFor, type Rule, type Test } from "./rules.ts";

/** One entry of an engine's profile, as Docker, podman and the runtime specification read it. */
type Entry = {
  readonly names: readonly string[];
  readonly action: "SCMP_ACT_ALLOW" | "SCMP_ACT_ERRNO";
  readonly errnoRet?: number;
  readonly args?: readonly object[];
  readonly includes?: { readonly minKernel: string };
};

/** Where the engine finds its own here, and no other, runc answers a call that it does not know with ENOSYS. */
const ENGINES = ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"];

/**
 * The seccomp profile for Docker (20.10 and newer) and podman, as JSON.
 *
 * The engine, which may be on another machine, takes its own architecture from the map, and no 32-bit one. A call that
 * is not named fails with EPERM, and one that is newer than all that the engine knows with ENOSYS (runc 1.0). One entry
 * never tests the same argument twice: engines would read that as "or".
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

/** A call that is always refused with EPERM needs no entry; one that is refused by its argument alone cannot have one. */
function ruleEntries({ calls, refuse, unless, only }: Rule): readonly Entry[] {
  if (unless !== undefined)
    return unless.map((tests) => ({ ...allow(calls), args: tests.map(argument) }));
  if (only !== undefined || refuse === "EPERM") return [];
  return [{ names: calls, action: "SCMP_ACT_ERRNO", errnoRet: ERRNO[refuse] }];
}

/** libseccomp's masked comparison: `value` is the mask, `valueTwo` what must be left. */
function argument({ arg, mask, value }: Test): object {
  return { index: arg, value: mask, valueTwo: value, op: "SCMP_CMP_MASKED_EQ" };
}
