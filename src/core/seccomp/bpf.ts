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
/** Limit of instructions, far above real filters; the kernel's is 4096 (BPF_MAXINSNS). */
const LONGEST = 512;
const [YES, NO] = [2, 3];

/** A later place in the program, and the offsets of the jumps to it. */
export type Label = { readonly jumps: number[]; placed: boolean };
/** Jump targets of a comparison; the next instruction if no label is given. */
type Ways = { readonly yes?: Label | undefined; readonly no?: Label | undefined };

/** Builds a program, instruction by instruction; little endian, as both architectures are. */
export type Assembler = {
  readonly label: () => Label;
  /** Places the label at the next instruction. @throws RangeError if a jump to it is too long. */
  readonly place: (label: Label) => void;
  /** Loads the word at an offset of seccomp_data. */
  readonly load: (offset: number) => void;
  readonly and: (mask: number) => void;
  readonly ifEqual: (value: number, ways: Ways) => void;
  readonly ifGreater: (value: number, ways: Ways) => void;
  /** Returns an action of linux/seccomp.h. */
  readonly end: (action: number) => void;
  /** The program. @throws RangeError if a jump's label was never placed. */
  readonly bytes: () => Uint8Array<ArrayBuffer>;
};

export function assembler(): Assembler {
  const view = new DataView(new ArrayBuffer(LONGEST * SIZE));
  let length = 0;
  let open = 0;
  const emit = (code: number, operand: number) => {
    view.setUint16(length, code, true);
    view.setUint32(length + 4, operand, true);
    length += SIZE;
  };
  const jump = (label: Label | undefined, byte: number) => {
    if (label === undefined) return;
    if (label.placed) throw new RangeError("a filter cannot jump back");
    label.jumps.push(length + byte);
    open += 1;
  };
  const compare = (code: number, value: number, { yes, no }: Ways) => {
    jump(yes, YES);
    jump(no, NO);
    emit(code, value);
  };
  return {
    label: () => ({ jumps: [], placed: false }),
    place: (label) => {
      for (const at of label.jumps) {
        const distance = (length - (at - (at % SIZE))) / SIZE - 1;
        if (distance > 255) throw new RangeError("a jump is longer than 255 instructions");
        view.setUint8(at, distance);
        open -= 1;
      }
      label.placed = true;
    },
    load: (offset) => emit(LOAD, offset),
    and: (mask) => emit(AND, mask),
    ifEqual: (value, ways) => compare(EQUAL, value, ways),
    ifGreater: (value, ways) => compare(GREATER, value, ways),
    end: (action) => emit(RETURN, action),
    bytes: () => {
      if (open > 0) throw new RangeError("a jump leads nowhere");
      return new Uint8Array(view.buffer.slice(0, length));
    },
  };
}
