import type { World } from "../world.ts";

/** A container, sandbox or machine of a world. */
export type Row = {
  /** Its name in silo. */
  readonly name: string;
  /** Its id in the engine, or its process id. */
  readonly id: string;
};

/** The parts of the tests that depend on the backend. */
export type Driver = {
  /** Prepares the directory of a new world. @returns environment variables for it. */
  readonly prepare: (root: string) => Readonly<Record<string, string>>;
  /** Copies the build of the probe into a prepared world. */
  readonly prebuild?: (world: World) => void;
  /** The command line that runs a tool on this backend. */
  readonly commandLine?: (args: readonly string[]) => readonly string[];
  /** The project's containers: all, or only the running ones. */
  readonly list: (world: World, running: boolean) => readonly Row[];
  /** Kills the project's containers, without silo. */
  readonly kill: (world: World) => void;
  /** Deletes the leftovers of the world. @returns their names. */
  readonly sweep: (world: World) => readonly string[];
  /** Creates a container that is not silo's, without starting it. */
  readonly makeForeign: (world: World, name: string) => void;
  readonly removeForeign: (world: World, name: string) => void;
};
