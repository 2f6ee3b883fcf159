import { and, assemble, end, ifEqual, ifGreater, label, load, type Line } from "./bpf.ts";
import { ERRNO, RULES, type Errno, type Rule, type Test } from "./rules.ts";
import { ARCH_WORDS, callNumber, LAST_CALL, type Arch } from "./table.ts";

/** SECCOMP_RET_* of linux/seccomp.h. */
const ALLOW = 0x7fff_0000;
const REFUSE = 0x0005_0000;
const KILL = 0x8000_0000;

/** Offsets in struct seccomp_data: the call, the architecture, and the low half of each argument. */
const CALL = 0;
const ARCH = 4;
const ARGUMENTS = 16;

const WHOLE = 0xffff_ffff;

const refuse = (errno: Errno): Line => end(REFUSE + ERRNO[errno]);

/**
 * The filter of a box as seccomp(2) and `bwrap --seccomp` take it: an array of struct sock_filter.
 * It allows what the rules do not name. It works alone with no_new_privs, which the caller sets (bwrap always does).
 *
 * A call by another architecture's convention ends the process: refused calls would keep a 32-bit program in an
 * endless loop at its exit. A call that is newer than the table is refused as an older kernel would (ENOSYS), since no
 * rule knows what it does; the calls of x32, which begin at 0x40000000, are refused by the same comparison.
 * @param arch the architecture of the kernel, as `process.arch` names it.
 */
export function filterFor(arch: Arch): Uint8Array<ArrayBuffer> {
  return assemble([
    load(ARCH),
    ifEqual(ARCH_WORDS[arch], { yes: "native" }),
    end(KILL),
    label("native"),
    load(CALL),
    ifGreater(LAST_CALL, { no: "known" }),
    refuse("ENOSYS"),
    label("known"),
    ...RULES.flatMap((rule) => rule.calls.flatMap((name) => callLines(name, rule, arch))),
    end(ALLOW),
  ]);
}

/** The lines of one call. Each of its ways ends, so the number of the call is still loaded after them. */
function callLines(name: string, rule: Rule, arch: Arch): readonly Line[] {
  const number = callNumber(name, arch);
  if (number === undefined) return [];
  const { unless = [], only = [] } = rule;
  return [
    ifEqual(number, { no: `not ${name}` }),
    ...unless.flatMap((tests, i) => [
      ...tests.flatMap((test) => testLines(test, { no: `${name} ${i + 1}` })),
      end(ALLOW),
      label(`${name} ${i + 1}`),
    ]),
    ...only.flatMap((test) => testLines(test, { yes: `refuse ${name}` })),
    ...(only.length > 0 ? [end(ALLOW)] : []),
    label(`refuse ${name}`),
    refuse(rule.refuse),
    label(`not ${name}`),
  ];
}

function testLines(
  { arg, mask, value }: Test,
  to: { readonly yes?: string; readonly no?: string },
): readonly Line[] {
  return [load(ARGUMENTS + 8 * arg), ...(mask === WHOLE ? [] : [and(mask)]), ifEqual(value, to)];
}
