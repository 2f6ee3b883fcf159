// A small assembler of classic BPF, the language of seccomp(2) filters (linux/filter.h, linux/bpf_common.h).

/** BPF_LD | BPF_W | BPF_ABS: loads a 32-bit word of seccomp_data. */
const LOAD = 0x20;
/** BPF_ALU | BPF_AND | BPF_K. */
const AND = 0x54;
/** BPF_JMP | BPF_JEQ | BPF_K. */
const EQUAL = 0x15;
/** BPF_JMP | BPF_JGT | BPF_K, unsigned. */
const GREATER = 0x25;
/** BPF_RET | BPF_K. */
const RETURN = 0x06;

/** struct sock_filter: code (16 bits), two relative jumps (8 bits each), operand (32 bits). */
const SIZE = 8;
/** BPF_MAXINSNS. */
const LONGEST = 4096;

/** An instruction, or a label for the instruction after it. A jump without a label goes to the next instruction. */
export type Line =
  | { readonly label: string }
  | { readonly code: number; readonly k: number; readonly yes?: string; readonly no?: string };

export const label = (name: string): Line => ({ label: name });
/** Loads the word at an offset of seccomp_data. */
export const load = (offset: number): Line => ({ code: LOAD, k: offset });
export const and = (mask: number): Line => ({ code: AND, k: mask });
/** Ends with an action of linux/seccomp.h. */
export const end = (action: number): Line => ({ code: RETURN, k: action });
type Jumps = { readonly yes?: string; readonly no?: string };
export const ifEqual = (k: number, to: Jumps): Line => ({ code: EQUAL, k, ...to });
export const ifGreater = (k: number, to: Jumps): Line => ({ code: GREATER, k, ...to });

/**
 * Assembles a program, little endian as on both architectures.
 * @throws RangeError for a label that is missing, behind, or more than 255 instructions ahead, and for a program
 * that the kernel would refuse for its length.
 */
export function assemble(lines: readonly Line[]): Uint8Array<ArrayBuffer> {
  const places = new Map<string, number>();
  const code: Exclude<Line, { label: string }>[] = [];
  for (const line of lines) {
    if ("label" in line) places.set(line.label, code.length);
    else code.push(line);
  }
  if (code.length > LONGEST) throw new RangeError("the filter is too long");
  const view = new DataView(new ArrayBuffer(code.length * SIZE));
  for (const [i, line] of code.entries()) {
    view.setUint16(i * SIZE, line.code, true);
    view.setUint8(i * SIZE + 2, distance(places, i, line.yes));
    view.setUint8(i * SIZE + 3, distance(places, i, line.no));
    view.setUint32(i * SIZE + 4, line.k, true);
  }
  return new Uint8Array(view.buffer);
}

function distance(places: ReadonlyMap<string, number>, from: number, to?: string): number {
  if (to === undefined) return 0;
  const found = (places.get(to) ?? -1) - from - 1;
  if (found < 0 || found > 255) throw new RangeError(`the label ${to} is out of reach`);
  return found;
}
