import * as v from "valibot";
import { CACHE_NAMES } from "../core/caches.ts";
import { BACKENDS, TOOLCHAINS } from "../core/types.ts";
import { TOOL_NAMES } from "../core/tool-names.ts";

/** A field with the sentence that people read in their editor. */
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
const count = v.pipe(
  v.number(),
  v.integer("expected a whole number"),
  v.minValue(1, "expected a number above 0"),
);
const cpus = v.pipe(v.number(), v.gtValue(0, "expected a number above 0"));
const name = text("a name without white space", /^\S+$/);
// A relative path would mean another program in each directory.
const command = text("a command's name or its absolute path", /^([^\s/]+|\/\S+)$/);

const layer = {
  mounts_ro: about(v.optional(v.array(path)), "Host paths that the tool may read."),
  mounts_rw: about(v.optional(v.array(path)), "Host paths that the tool may read and write."),
  caches: about(
    v.optional(v.array(v.picklist(CACHE_NAMES))),
    "Package caches that this directory's runs keep for each other, apart from the host's.",
  ),
  env: about(v.optional(v.array(envEntry)), "NAME passes the host's value, NAME=value sets it."),
  post_build_hooks: about(
    v.optional(v.array(hook)),
    "Shell commands that run as the user when the image is built.",
  ),
  pre_run_hooks: about(
    v.optional(v.array(hook)),
    "Shell commands that run before the tool, in one bash.",
  ),
  ports: about(
    v.optional(v.array(port)),
    "Published ports: [hostIP:]host:guest[/udp]; 127.0.0.1 without an address.",
  ),
};

const tool = v.picklist(TOOL_NAMES);
const size = {
  cpus: about(v.optional(cpus), "Number of processors."),
  memory: about(v.optional(memory), "Memory, such as 4g."),
};

/** One silo.jsonc. The types of the configuration and the published JSON schema come from here. */
export const fileSchema = v.strictObject({
  $schema: about(v.optional(v.string()), "The address of this schema, for editors."),
  backend: about(
    v.optional(v.picklist(BACKENDS)),
    "Where tools run; chosen by itself when not set.",
  ),
  tool: about(v.optional(tool), "The tool that `silo` without a word runs."),
  backends: about(
    v.optional(
      v.strictObject({
        docker: v.optional(
          v.strictObject({
            command: about(v.optional(command), "The engine's command: docker or podman."),
            socket: about(
              v.optional(v.boolean()),
              "Shares the host's engine socket: root on the host.",
            ),
            keep: about(
              v.optional(v.boolean()),
              "A closed terminal leaves the tool running, for `silo reconnect`.",
            ),
            runtime: about(
              v.optional(name),
              "The engine's runtime, such as kata or runsc; its default when not set.",
            ),
            ...size,
            memory: about(
              v.optional(memoryOrNone),
              "Memory, such as 4g; three quarters of the machine's when not set, none for no limit.",
            ),
            processes: about(v.optional(count), "The most processes and threads at once."),
            log: about(
              v.optional(v.boolean()),
              "Lets the engine keep all output in its log, for `docker logs`.",
            ),
            core_dumps: about(
              v.optional(v.boolean()),
              "Lets programs that crash write their memory to a file.",
            ),
          }),
        ),
        container: v.optional(v.strictObject(size)),
        bwrap: v.optional(
          v.strictObject({
            memory: about(
              v.optional(memoryOrNone),
              "Memory, such as 4g; three quarters of the machine's when not set, if that can be held; none for no limit.",
            ),
            processes: about(
              v.optional(v.pipe(v.number(), v.integer(), v.minValue(16, "expected at least 16"))),
              "Most processes and threads; 4096 when not set.",
            ),
            tmp: about(
              v.optional(memory),
              "Size of /tmp and of each other file system in memory, such as 2g.",
            ),
          }),
        ),
        fly: v.optional(
          v.strictObject({
            app: about(v.optional(name), "The Fly.io app that machines belong to."),
            region: about(v.optional(name), "The region of new machines."),
            ignore: about(
              v.optional(v.array(path)),
              "What is not synchronised, as in .gitignore: node_modules, /dist.",
            ),
            persist: about(
              v.optional(v.picklist(["tmux", "none"])),
              "tmux keeps the tool running when the link is lost; none gives it the plain terminal.",
            ),
            ...size,
          }),
        ),
      }),
    ),
    "Settings of each backend.",
  ),
  image: about(
    v.optional(
      v.strictObject({
        base: about(v.optional(name), "The image that all else is built on; Debian or Ubuntu."),
        toolchains: about(
          v.optional(v.array(v.picklist(TOOLCHAINS))),
          "The toolchains that the image carries.",
        ),
      }),
    ),
    "What the image is made of.",
  ),
  trusted_paths: about(
    v.optional(v.array(path)),
    "Directories whose silo.jsonc files are obeyed without asking.",
  ),
  ...layer,
  tools: about(
    v.optional(v.strictObject(v.entriesFromList(TOOL_NAMES, v.optional(v.strictObject(layer))))),
    "Settings of one tool.",
  ),
  repos: about(
    v.optional(v.record(v.string(), v.strictObject({ tool: v.optional(tool), ...layer }))),
    "Settings of repositories, by a part of a remote's address.",
  ),
});

/** The content of one file. */
export type FileConfig = v.InferOutput<typeof fileSchema>;
