import type { World } from "../world.ts";

/** A container, sandbox or machine of a world. */
export type Row = {
  /** Its name as silo knows it. */
  readonly name: string;
  /** How its engine, or the kernel, knows it. */
  readonly id: string;
};

/** What the tests have to do in another way on each backend. */
export type Driver = {
  /** Prepares a new world's folder. @returns environment variables for it. */
  readonly prepare: (root: string) => Readonly<Record<string, string>>;
  /** Puts what a first run of the probe would build into a world that is otherwise ready. */
  readonly prebuild?: (world: World) => void;
  /** The command line that runs a tool on this backend. */
  readonly commandLine?: (args: readonly string[]) => readonly string[];
  /** What the project has: all, or what runs. */
  readonly list: (world: World, running: boolean) => readonly Row[];
  /** Kills what the project runs, past silo. */
  readonly kill: (world: World) => void;
  /** Deletes everything that the world has left. @returns what that was. */
  readonly sweep: (world: World) => readonly string[];
  /** Makes a container of somebody else, which is not started. */
  readonly makeForeign: (world: World, name: string) => void;
  readonly removeForeign: (world: World, name: string) => void;
};
