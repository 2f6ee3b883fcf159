import { inhabitantOf } from "../../core/seccomp/inhabitant.ts";

/** Hash of the filter in all its variants, checked by a test. A prefix with another hash gets a new filter. */
export const FILTER = "6416c1e91d2582bf";

/** The system call filter of every sandbox, hex-encoded. It is stored in prefixes, because making it takes longer than a start. */
export async function filterHex(uid: number): Promise<string> {
  const { filterFor } = await import("../../core/seccomp/filter.ts");
  return hex(filterFor(process.arch === "arm64" ? "arm64" : "x64", inhabitantOf(uid)));
}

/** Bytes in lower-case hex. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
