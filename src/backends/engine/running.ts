import { SiloError } from "../../errors.ts";
import type { Instance } from "../backend.ts";

/** @throws SiloError where the instance has stopped. */
export function requireRunning({ name, running, status }: Instance): void {
  if (!running)
    throw new SiloError(`${name} is not running: ${status}`, { hint: `silo rm ${name}` });
}
