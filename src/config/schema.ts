import * as v from "valibot";
import { CACHE_NAMES } from "../core/caches.ts";
import { BACKENDS, TOOLCHAINS } from "../core/types.ts";
import { BACKEND_SETTINGS, type FileBackends } from "../core/settings/index.ts";
import type { Setting, Settings } from "../core/settings/setting.ts";
import { TOOL_NAMES } from "../core/tool-names.ts";

/** Adds the description that editors show for a setting. */
const about = <T extends v.GenericSchema>(schema: T, text: string) =>
  v.pipe(schema, v.description(text));

const text = (expected: string, form: RegExp) =>
  v.pipe(v.string(), v.regex(form, `expected ${expected}`));

const path = text("a path without line breaks", /^[^\0\n\r]+$/);
const envEntry = text("NAME or NAME=value", /^[A-Za-z_][A-Za-z0-9_]*(=[^\0]*)?$/);
const hook = text("a shell command", /^\s*[^\s\0][^\0]*$/);
const PORT = "([1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])";
const port = text(
  "[hostIP:]host:guest[/udp] with ports from 1 to 65535",
  new RegExp(`^((\\[[0-9a-fA-F:.%]+\\]|[^:[\\]]+):)?${PORT}:${PORT}(/(tcp|udp))?$`),
);
const memory = text("an amount such as 512m or 4g", /^[1-9]\d*(\.\d+)?[bkmg]?$/i);
const memoryOrNone = text(
  "an amount such as 512m or 4g, or none",
  /^([1-9]\d*(\.\d+)?[bkmgBKMG]?|none)$/,
);
const count = (least: number) =>
  v.pipe(v.number(), v.integer("expected a whole number"), v.minValue(least));
const cpus = v.pipe(v.number(), v.gtValue(0));
const name = text("a name without white space", /^\S+$/);
// No relative path, because it would mean a different program in each directory.
const command = text("a command's name or its absolute path", /^([^\s/]+|\/\S+)$/);

const layer = {
  mounts_ro: about(v.optional(v.array(path)), "Host paths to mount read-only."),
  mounts_rw: about(v.optional(v.array(path)), "Host paths to mount read-write."),
  caches: about(
    v.optional(v.array(v.picklist(CACHE_NAMES))),
    "Package caches to keep for the next run in this directory; separate from the host's.",
  ),
  env: about(
    v.optional(v.array(envEntry)),
    "Environment variables: NAME passes the host's value, NAME=value sets it.",
  ),
  post_build_hooks: about(
    v.optional(v.array(hook)),
    "Shell commands to run as the user when the image is built.",
  ),
  pre_run_hooks: about(
    v.optional(v.array(hook)),
    "Shell commands to run before the tool starts, all in one bash.",
  ),
  ports: about(
    v.optional(v.array(port)),
    "Ports to publish, as [hostIP:]host:guest[/udp]; hostIP defaults to 127.0.0.1.",
  ),
};

const tool = v.picklist(TOOL_NAMES);

const FORMS = {
  boolean: v.boolean(),
  command,
  name,
  memory,
  "memory or none": memoryOrNone,
  cpus,
  count: count(1),
  paths: v.array(path),
};

const mapValues = <T, R>(record: Readonly<Record<string, T>>, change: (value: T) => R) =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));

function formOf({ type, least }: Setting): v.GenericSchema {
  if (typeof type !== "string") return v.picklist(type);
  return least === undefined ? FORMS[type] : count(least);
}

const entriesOf = (settings: Settings) =>
  mapValues(settings, (setting) => about(v.optional(formOf(setting)), setting.about));

/** One silo.jsonc. The types of the configuration and the published JSON schema come from here. */
export const fileSchema = v.strictObject({
  $schema: about(v.optional(v.string()), "URL of the JSON schema, for editors."),
  backend: about(
    v.optional(v.picklist(BACKENDS)),
    "Backend that runs the tools; detected if not set.",
  ),
  tool: about(v.optional(tool), "Tool that plain `silo` runs."),
  backends: about(
    v.optional(
      v.strictObject(
        mapValues(BACKEND_SETTINGS, (settings) => v.optional(v.strictObject(entriesOf(settings)))),
      ),
    ),
    "Settings of the backends.",
  ),
  image: about(
    v.optional(
      v.strictObject({
        base: about(
          v.optional(name),
          "Base image; Debian, Ubuntu or an image based on one of them.",
        ),
        toolchains: about(
          v.optional(v.array(v.picklist(TOOLCHAINS))),
          "Toolchains to install in the image.",
        ),
      }),
    ),
    "Contents of the image.",
  ),
  trusted_paths: about(
    v.optional(v.array(path)),
    "Directories whose silo.jsonc files need no approval. Only in your own file.",
  ),
  ...layer,
  tools: about(
    v.optional(v.strictObject(v.entriesFromList(TOOL_NAMES, v.optional(v.strictObject(layer))))),
    "Settings for one tool only.",
  ),
  repos: about(
    v.optional(v.record(v.string(), v.strictObject({ tool: v.optional(tool), ...layer }))),
    "Settings for matching repositories, by segments of a remote's address, such as github.com/acme.",
  ),
});

/** The content of one file. The types of the backends' settings come from the same data as their schema. */
export type FileConfig = Omit<v.InferOutput<typeof fileSchema>, "backends"> & {
  readonly backends?: FileBackends | undefined;
};
