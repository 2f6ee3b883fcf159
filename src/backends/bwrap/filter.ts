import { inhabitantOf } from "../../core/seccomp/inhabitant.ts";

/** Names all forms of the filter, held by a test: a prefix whose filter has another name gets this one. */
export const FILTER = "6416c1e91d2582bf";

/** The system call filter of every sandbox, in hex. Making it takes longer than a start, so prefixes keep it. */
export async function filterHex(uid: number): Promise<string> {
  const { filterFor } = await import("../../core/seccomp/filter.ts");
  return hex(filterFor(process.arch === "arm64" ? "arm64" : "x64", inhabitantOf(uid)));
}

/** Bytes as two lower-case digits each. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
