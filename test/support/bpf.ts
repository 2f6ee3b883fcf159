// An interpreter for classic BPF filters, written from linux/filter.h and independent of silo's assembler.

export type Call = {
  readonly arch: number;
  readonly number: number;
  readonly args?: readonly bigint[];
};

/** struct seccomp_data: the call, the architecture, the instruction pointer, six arguments. */
function seccompData({ arch, number, args = [] }: Call): DataView {
  const view = new DataView(new ArrayBuffer(64));
  view.setInt32(0, number, true);
  view.setUint32(4, arch, true);
  for (const [i, value] of args.entries())
    view.setBigUint64(16 + 8 * i, BigInt.asUintN(64, value), true);
  return view;
}

/** Runs a filter on one call. @returns the action. @throws Error if the kernel would refuse to load the program. */
export function verdict(program: Uint8Array, call: Call): number {
  const code = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const length = program.byteLength / 8;
  const data = seccompData(call);
  if (!Number.isInteger(length) || code.getUint16((length - 1) * 8, true) !== 0x06)
    throw new Error("it must end with a return");
  let accumulator = 0;
  for (let at = 0; at < length; at += 1) {
    const operand = code.getUint32(at * 8 + 4, true);
    const jump = (holds: boolean) => {
      at += code.getUint8(at * 8 + (holds ? 2 : 3));
    };
    switch (code.getUint16(at * 8, true)) {
      case 0x20:
        if (operand % 4 !== 0 || operand > 60) throw new Error(`load of ${operand}`);
        accumulator = data.getUint32(operand, true);
        break;
      case 0x54:
        // eslint-disable-next-line no-bitwise -- the instruction is bitwise
        accumulator = (accumulator & operand) >>> 0;
        break;
      case 0x15:
        jump(accumulator === operand);
        break;
      case 0x25:
        jump(accumulator > operand);
        break;
      case 0x06:
        return operand;
      default:
        throw new Error(`unknown instruction at ${at}`);
    }
  }
  throw new Error("a jump leads out of the program");
}
