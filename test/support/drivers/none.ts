import { SYSTEM_PATH } from "../front.ts";
import type { Driver } from "./driver.ts";

/** The driver for tests that start nothing; they need no engine. */
export const none: Driver = {
  prepare: () => ({ PATH: SYSTEM_PATH }),
  list: () => [],
  kill: () => {},
  sweep: () => [],
  makeForeign: () => {},
  removeForeign: () => {},
};
