import type { ConsolaInstance } from "consola/core";
import { printable } from "../core/text/quote.ts";
import { paint } from "./colour.ts";
import { printStderr } from "./print.ts";

const STYLES = { warn: "yellow", error: "red", info: "cyan" } as const;
const NAMES = { warn: "warning", error: "error", info: "note" } as const;
type Level = keyof typeof NAMES;

let logger: Promise<ConsolaInstance> | undefined;

/** consola is loaded by the first message, because most runs log nothing. */
async function write(level: Level, texts: readonly string[]): Promise<void> {
  if (texts.length === 0) return;
  const consola = await (logger ??= create());
  for (const text of texts) consola[level](text);
}

async function create(): Promise<ConsolaInstance> {
  const { createConsola } = await import("consola/core");
  return createConsola({
    level: 3,
    reporters: [
      {
        log: ({ type, args }) => {
          // Paths and an engine's messages in it may come from the project.
          const text = printable(args.map(String).join(" "));
          const kind = type === "warn" || type === "error" || type === "info" ? type : undefined;
          const head =
            kind === undefined ? "" : `${paint(STYLES[kind], NAMES[kind], process.stderr)}: `;
          printStderr(`${head}${text}`);
        },
      },
    ],
  });
}

/** Logs each text as one message on standard error, because standard output is for data. */
export const log: { readonly [L in Level]: (...texts: readonly string[]) => Promise<void> } = {
  warn: (...texts) => write("warn", texts),
  error: (...texts) => write("error", texts),
  info: (...texts) => write("info", texts),
};
