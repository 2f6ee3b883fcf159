import { candidates } from "../../config/files.ts";
import { existingFiles, loadConfig } from "../../config/load.ts";
import { mergeConfig } from "../../config/merge.ts";
import { configData, showConfig } from "../../config/show.ts";
import { readText } from "../../sys/fs.ts";
import { place } from "../../sys/place.ts";
import { hasColour } from "../../ui/colour.ts";
import { print } from "../../ui/print.ts";
import type { Action } from "../tree.ts";

function shown(text: string): number {
  print(text);
  return 0;
}

/** `silo config show`. */
export const show: Action = async ({ flags }) => {
  const here = place();
  const config = await loadConfig(here, readText);
  if (flags["json"] === true) return shown(JSON.stringify(configData(config), undefined, 2));
  return shown(showConfig(config, here.home, hasColour(process.stdout)));
};

/** `silo config default`. */
export const defaults: Action = async () =>
  shown(showConfig(mergeConfig([], {}), place().home, false));

/** `silo config paths`; works with files that are not valid too. */
export const paths: Action = async ({ flags }) => {
  const here = place();
  const all = candidates(here.cwd, here.home, here.env);
  const existing = (await existingFiles(here, readText)).map(({ path }) => path);
  const wanted = flags["verbose"] === true ? all : existing;
  return wanted.length === 0 ? 0 : shown(wanted.join("\n"));
};

/** `silo config schema`. */
export const schema: Action = async () => {
  const { default: text } = await import("../../../silo.schema.json", { with: { type: "json" } });
  return shown(JSON.stringify(text, undefined, 2));
};
