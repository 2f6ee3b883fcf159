import { SYSTEM_PATH } from "../front.ts";
import type { Driver } from "./driver.ts";

/** For tests that start nothing, on a machine with or without an engine. */
export const none: Driver = {
  prepare: () => ({ PATH: SYSTEM_PATH }),
  list: () => [],
  kill: () => {},
  sweep: () => [],
  makeForeign: () => {},
  removeForeign: () => {},
};
