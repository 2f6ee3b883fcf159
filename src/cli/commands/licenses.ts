import text from "../../../THIRD-PARTY-LICENSES.txt" with { type: "text" };
import { print } from "../../ui/print.ts";
import type { Action } from "../grammar/command.ts";

/** `silo licenses`. */
export const licenses: Action = async () => {
  print(text.trimEnd());
  return 0;
};
