import { readdir, readFile } from "node:fs/promises";
import { rejoin, same } from "../../core/reconcile.ts";
import { SiloError } from "../../errors.ts";
import { exchange } from "../files/exchange.ts";
import { fileOf, forget, FOUND, freshOf, journalOf, replaceKept, tuck } from "./kept.ts";
import type { Kept, Spot } from "./kept.ts";
import { readStamped, remove, replace, changeStamp, type Reading } from "../files/stamped.ts";

/** How long to wait for writers. */
export type Patience = {
  /** Debounce: in-place writers are assumed done after this. */
  readonly quietMs: number;
  /** How long a displaced file is watched, because a writer may have it open. */
  readonly graceMs: number;
};

/** Size limit of one side's displaced files in bytes; the oldest ones are checked a last time and deleted. */
const MOST = 64 * 1024 * 1024;
/** Shortest time between two checks of a displaced file; an older file waits as long as its age. */
const LOOK_MS = 250;

/** Files displaced by the swaps of one stage. Merges later writes to them, because a program may have one open. */
export class Displaced {
  readonly #directory: string;
  readonly #patience: Patience;
  readonly #save: (spot: Spot, content: Uint8Array) => Promise<void>;
  #kept: readonly Kept[] = [];

  /**
   * @param directory private to silo, on the guest copies' file system; holds a journal of each swap.
   * @param save saves a version that neither side has any more.
   */
  constructor(
    directory: string,
    patience: Patience,
    save: (spot: Spot, content: Uint8Array) => Promise<void>,
  ) {
    this.#directory = directory;
    this.#patience = patience;
    this.#save = save;
  }

  /** Takes over the displaced files of a killed process, and deletes its unfinished ones. */
  async load(spots: readonly Spot[]): Promise<void> {
    for (const name of await readdir(this.#directory).catch(() => [])) {
      const id = /^(.+)\.was$/.exec(name)?.[1];
      const spot = spots.find(({ key }) => id?.startsWith(`${key}.`) === true);
      if (id === undefined || spot === undefined) continue;
      await remove(freshOf(spot, id));
      const was = await readFile(journalOf(this.#directory, id));
      this.#kept = [...this.#kept, { ...FOUND, id, spot, was }];
    }
  }

  /**
   * Compare-and-swap: replaces a file if it is still as it was read. A write during the swap is merged.
   * @returns false if the file had changed, so that nothing was written.
   * @throws if the file cannot be replaced or is no longer a regular file.
   */
  async swap(spot: Spot, content: Uint8Array, expected: Reading): Promise<boolean> {
    const result = await this.#replace(spot, content, expected);
    if (result === "moved") return false;
    if (result === "placed") return true;
    await this.#look(result, false);
    await tuck(this.#directory, result);
    return true;
  }

  /** Whether a displaced file of a side has changed or is old enough to be deleted. */
  async due(spot: Spot): Promise<boolean> {
    const now = Date.now();
    for (const kept of this.#of(spot)) {
      if (this.#over(kept, this.#patience.graceMs)) return true;
      if (now < kept.dueMs) continue;
      kept.dueMs = now + Math.max(LOOK_MS, now - kept.sinceMs);
      if (await this.#changed(kept)) return true;
    }
    return false;
  }

  /**
   * Merges writes to the displaced files of a side, and deletes those whose grace period is over.
   * @param final no swap follows, so each is deleted as soon as it is quiet.
   */
  async settle(spot: Spot, final: boolean): Promise<void> {
    const { quietMs, graceMs } = this.#patience;
    for (const kept of this.#of(spot)) {
      const over = this.#over(kept, final ? quietMs : graceMs);
      // The last check compares the content, because a stamp is only as fine as the clock of the file system.
      if (!over && !(await this.#changed(kept))) continue;
      if ((await this.#look(kept, over)) !== "same" || !over) continue;
      await forget(this.#directory, kept);
      this.#kept = this.#kept.filter((other) => other !== kept);
    }
  }

  /** Whether a side has no displaced file left. */
  empty(spot: Spot): boolean {
    return this.#of(spot).length === 0;
  }

  #of(spot: Spot): readonly Kept[] {
    return this.#kept.filter((kept) => kept.spot.key === spot.key);
  }

  #over(kept: Kept, graceMs: number): boolean {
    if (Date.now() - kept.sinceMs >= graceMs) return true;
    const newer = this.#of(kept.spot).filter(({ sinceMs }) => sinceMs > kept.sinceMs);
    return newer.reduce((sum, { was }) => sum + was.length, 0) > MOST;
  }

  async #changed(kept: Kept): Promise<boolean> {
    return (await changeStamp(await fileOf(this.#directory, kept))) !== kept.stamp;
  }

  async #replace(spot: Spot, content: Uint8Array, expected: Reading) {
    const result = await replaceKept(this.#directory, spot, content, expected);
    if (typeof result !== "string") this.#kept = [...this.#kept, result];
    return result;
  }

  /** @param final a half-written file will not be completed any more. */
  async #look(kept: Kept, final: boolean): Promise<"same" | "merged" | "waits"> {
    const late = await this.#read(kept);
    kept.stamp = "";
    if (late.torn) return "waits";
    if (late.content === undefined || same(late.content, kept.was)) {
      kept.stamp = late.stamp;
      return "same";
    }
    // A file that was renamed into place is complete; a file that is written in place may not be.
    if (!final && late.inode === kept.inode && late.ageMs < this.#patience.quietMs) return "waits";
    if (!(await this.#merge(kept, late.content, final))) return "waits";
    await replace(journalOf(this.#directory, kept.id), late.content);
    kept.was = late.content;
    return "merged";
  }

  async #merge(kept: Kept, late: Uint8Array, final: boolean): Promise<boolean> {
    const { spot, was, put } = kept;
    const now = await readStamped(spot.path);
    if (now.torn) return false;
    const wins = spot.wins && put !== undefined && same(now.content, put);
    const joined = rejoin({ was, late, now: now.content }, wins, final);
    if (joined === undefined) return false;
    // Saved before the swap, because a process that takes over after it would no longer see a conflict.
    if (joined.saved !== undefined && !same(joined.saved, kept.saved)) {
      await this.#save(spot, joined.saved);
      kept.saved = joined.saved;
    }
    if (joined.now === undefined || same(joined.now, now.content)) return true;
    return (await this.#replace(spot, joined.now, now)) !== "moved";
  }

  /** @throws SiloError if it is not a regular file, after moving it back to its path. */
  async #read(kept: Kept): Promise<Reading> {
    const file = await fileOf(this.#directory, kept);
    try {
      return await readStamped(file);
    } catch (error) {
      if (!(error instanceof SiloError) || kept.put === undefined) throw error;
      await replace(journalOf(this.#directory, kept.id), kept.put);
      kept.was = kept.put;
      await exchange(file, kept.spot.path);
      throw error;
    }
  }
}
