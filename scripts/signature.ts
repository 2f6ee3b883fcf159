import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const MACHO_64 = 0xfeedfacf;
const HEADER_SIZE = 32;
const LC_CODE_SIGNATURE = 0x1d;
const SIGNATURE = 0xfade0cc0;
const CODE_DIRECTORY = 0xfade0c02;
/** Slots of code directories, one per hash type: the first is 0, alternates start at 0x1000. */
const isDirectorySlot = (slot: number) => slot === 0 || (slot >= 0x1000 && slot < 0x1005);
const HASHES: Readonly<Record<number, string>> = { 1: "sha1", 2: "sha256", 3: "sha256" };

/** Number of signed pages, and the pages whose hash differs. macOS kills a program at the first such page. */
export type PageCheck = { readonly pages: number; readonly wrong: readonly number[] };

/**
 * Compares the page hashes in a macOS executable's signature with its pages, on any system.
 * @throws Error if there is no signature.
 */
export function checkPages(file: Buffer): PageCheck {
  const { offset, size } = signaturePlace(file);
  if (offset + size !== file.length) throw new Error("the signature is not at the end of the file");
  const found = directories(file.subarray(offset, offset + size));
  if (found.length === 0) throw new Error("the signature has no page hashes");
  const checks = found.map((directory) => checkDirectory(file, offset, directory));
  return {
    pages: checks.reduce((sum, { pages }) => sum + pages, 0),
    wrong: checks.flatMap(({ wrong }) => wrong),
  };
}

function signaturePlace(file: Buffer): { offset: number; size: number } {
  if (file.readUInt32LE(0) !== MACHO_64) throw new Error("not a 64-bit Mach-O executable");
  const commands = file.readUInt32LE(16);
  for (let at = HEADER_SIZE, i = 0; i < commands; i += 1) {
    if (file.readUInt32LE(at) === LC_CODE_SIGNATURE)
      return { offset: file.readUInt32LE(at + 8), size: file.readUInt32LE(at + 12) };
    at += file.readUInt32LE(at + 4);
  }
  throw new Error("not signed");
}

/** The code directories of a signature; its numbers are big-endian. */
function directories(signature: Buffer): readonly Buffer[] {
  if (signature.readUInt32BE(0) !== SIGNATURE)
    throw new Error("invalid signature: wrong magic number");
  return Array.from({ length: signature.readUInt32BE(8) }, (_, i) => ({
    slot: signature.readUInt32BE(12 + 8 * i),
    at: signature.readUInt32BE(16 + 8 * i),
  }))
    .filter(({ slot }) => isDirectorySlot(slot))
    .map(({ at }) => signature.subarray(at, at + signature.readUInt32BE(at + 4)));
}

function checkDirectory(file: Buffer, end: number, directory: Buffer): PageCheck {
  if (directory.readUInt32BE(0) !== CODE_DIRECTORY)
    throw new Error("invalid code directory: wrong magic number");
  const first = directory.readUInt32BE(16);
  const hashes = directory.readUInt32BE(28);
  const length = directory.readUInt8(36);
  const algorithm = HASHES[directory.readUInt8(37)];
  const page = 2 ** directory.readUInt8(39);
  if (algorithm === undefined) throw new Error("unknown type of page hash");
  // A page before the signature that it does not cover counts as invalid, too.
  const pages = Math.max(hashes, Math.ceil(end / page));
  const wrong = Array.from({ length: pages }, (_, i) => i).filter((i) => {
    const said = directory.subarray(first + i * length, first + (i + 1) * length);
    const bytes = file.subarray(i * page, Math.min((i + 1) * page, end));
    const is = createHash(algorithm).update(bytes).digest().subarray(0, length);
    return i >= hashes || !is.equals(said);
  });
  return { pages, wrong };
}

if (import.meta.main) {
  for (const path of process.argv.slice(2)) {
    const { pages, wrong } = checkPages(readFileSync(path));
    const few = wrong.slice(0, 5).join(", ");
    const told = wrong.length === 0 ? "all valid" : `${wrong.length} invalid (${few} …)`;
    console.log(`${path}: ${pages} pages, ${told}`);
    if (wrong.length > 0) process.exitCode = 1;
  }
}
