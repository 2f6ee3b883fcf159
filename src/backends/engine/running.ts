import { SiloError } from "../../errors.ts";
import type { Instance } from "../backend.ts";

/** Checks that an instance is running. @throws SiloError if it has stopped. */
export function requireRunning({ name, running, status }: Instance): void {
  if (!running)
    throw new SiloError(`${name} is not running: ${status}`, { hint: `silo rm ${name}` });
}
