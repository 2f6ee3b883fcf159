import { createConsola } from "consola/core";
import { printable } from "../core/text/quote.ts";
import { paint } from "./colour.ts";
import { say } from "./print.ts";

const STYLES = { warn: "yellow", error: "red", info: "cyan" } as const;
const NAMES = { warn: "warning", error: "error", info: "note" } as const;

/** Messages for people: all to standard error, since standard output is for data. */
export const log = createConsola({
  level: 3,
  reporters: [
    {
      log: ({ type, args }) => {
        // Paths and an engine's words stand in it, in which a project may have had a say.
        const text = printable(args.map(String).join(" "));
        const kind = type === "warn" || type === "error" || type === "info" ? type : undefined;
        const head =
          kind === undefined ? "" : `${paint(STYLES[kind], NAMES[kind], process.stderr)}: `;
        say(`${head}${text}`);
      },
    },
  ],
});
