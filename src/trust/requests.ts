import { dirname } from "node:path";
import { displayPath, mountPath, within } from "../core/paths.ts";
import { jsonWord } from "../core/text/quote.ts";
import { sensitive } from "../core/sensitive.ts";
import type { RealPath, RealPaths } from "./record.ts";
import type { FileConfig } from "../config/schema.ts";
import { LAYER_KEYS, type Config } from "../core/config.ts";
import { BACKEND_SETTINGS } from "../core/settings/index.ts";
import type { Setting } from "../core/settings/setting.ts";

/** One setting that exceeds the defaults and therefore needs approval. */
export type PermissionRequest = {
  readonly key: readonly string[];
  /** The setting on one line, without characters that a terminal interprets. */
  readonly text: string;
  /** A mount's path and real path. */
  readonly mount?: RealPath;
};

/** The directories and links that decide which settings need approval. */
export type RequestContext = {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The working directory, which the tool may write anyway; undefined if mounts inside it count too. */
  readonly cwd: string | undefined;
  /** The path with every link resolved; undefined if a link is dangling. */
  readonly real: (path: string) => string | undefined;
  /** Real paths of the mounts when they were approved; a changed one shows both. */
  readonly approved?: RealPaths;
};

type Leaf = string | number | boolean;
type Rule = (value: Leaf, base: string, place: RequestContext) => boolean;

const always: Rule = () => true;

/**
 * Variables that a project may set without approval: language, time zone and log level. Every other name needs
 * approval, because tools and their libraries read addresses, programs and credentials from more variables than any
 * list could name (`ANTHROPIC_BASE_URL`, `NPM_CONFIG_REGISTRY`, `NODE_OPTIONS`).
 */
const FREE_VARIABLES =
  /^(?:NODE_ENV|CI|TZ|LANG|LC_[A-Z]+|RUST_LOG|RUST_BACKTRACE|DEBUG|LOG_LEVEL)=/;

/** The backends' settings by their key in a file. */
const SETTINGS: ReadonlyMap<string, Setting> = new Map(
  Object.entries(BACKEND_SETTINGS).flatMap(([backend, settings]) =>
    Object.entries<Setting>(settings).map(
      ([name, setting]) => [`backends.${backend}.${name}`, setting] as const,
    ),
  ),
);

const freeSettings = () =>
  [...SETTINGS].flatMap(([key, { free }]): readonly [string, Rule][] =>
    free === undefined ? [] : [[key, (value) => value === free]],
  );

/**
 * Settings that need no approval, by key. Every other setting does, including any that is added later.
 *
 * `tool` is not listed, because each tool has its own credentials: a project that chooses the tool chooses
 * the credentials that its other files can reach. `mounts_rw` inside the project is not listed, because it
 * could override a `mounts_ro` of the user's.
 */
const FREE: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ["$schema", always],
  // It has no effect outside the global file.
  ["trusted_paths", always],
  // Any choice is a subset of the default, which is all of them.
  ["image.toolchains", always],
  ...freeSettings(),
  // A cache has only files of earlier runs in the same directory, and none of the host.
  ["caches", always],
  ["mounts_ro", isInside],
  ["env", (value) => FREE_VARIABLES.test(String(value))],
]);

function isInside(value: Leaf, base: string, { cwd, home, real }: RequestContext): boolean {
  const path = real(mountPath(String(value), base, home));
  return cwd !== undefined && path !== undefined && within(cwd, path);
}

/** The key of a setting's rule; the settings of one tool or repository have the same rules as the top level. */
function ruleKey([first = "", ...others]: readonly string[]): string {
  const inner = first === "tools" || first === "repos" ? others.slice(1) : [first, ...others];
  return inner.join(".");
}

/** Settings of a file in the directory `base` that exceed the defaults and therefore need approval, in file order. */
export function requestsOf(
  config: FileConfig,
  base: string,
  place: RequestContext,
): readonly PermissionRequest[] {
  const walk = (node: unknown, key: readonly string[]): readonly PermissionRequest[] => {
    if (node === undefined) return [];
    if (Array.isArray(node)) return node.flatMap((child) => walk(child, key));
    if (typeof node !== "object" || node === null) return ask(key, node as Leaf, base, place);
    return Object.entries(node).flatMap(([name, child]) => walk(child, [...key, name]));
  };
  return walk(config, []);
}

/** The mounts among the requests. */
export const mountsOf = (asks: readonly PermissionRequest[]): readonly RealPath[] =>
  asks.flatMap(({ mount }) => (mount === undefined ? [] : [mount]));

/** Requests of a repository pattern's settings, merged from all files. */
export function patternRequests(
  config: Config,
  pattern: string,
  place: RequestContext,
): readonly PermissionRequest[] {
  const layer = config.repos[pattern];
  if (layer === undefined) return [];
  const arrays = LAYER_KEYS.flatMap((key) => layer[key].map((sourced) => ({ key, ...sourced })));
  const all = [...(layer.tool === undefined ? [] : [{ key: "tool", ...layer.tool }]), ...arrays];
  return all.flatMap(({ key, value, from }) =>
    ask(["repos", pattern, key], value, dirname(from), place),
  );
}

function ask(
  key: readonly string[],
  value: Leaf,
  base: string,
  place: RequestContext,
): readonly PermissionRequest[] {
  const rule = ruleKey(key);
  if (FREE.get(rule)?.(value, base, place) === true) return [];
  const words = key.map((word) => (/^[\w$-]+$/.test(word) ? word : jsonWord(word)));
  const mount = rule.startsWith("mounts_") ? mountOf(value, base, place) : undefined;
  const note = mount === undefined ? noteOf(rule, value) : leadsTo(mount, value, place);
  const shown = rule === "env" ? String(value).replace(/=[^]*$/, "=…") : value;
  const tail = note === undefined ? "" : `   // ${note}`;
  const text = `${words.join(".")}: ${jsonWord(shown)}${tail}`;
  return [mount === undefined ? { key, text } : { key, text, mount }];
}

/** A warning shown next to the setting. */
function noteOf(rule: string, value: Leaf): string | undefined {
  if (rule !== "env") return SETTINGS.get(rule)?.warning;
  return /=/.test(String(value)) ? undefined : "your value";
}

function mountOf(value: Leaf, base: string, { home, real }: RequestContext): RealPath {
  const path = mountPath(String(value), base, home);
  return { path, real: real(path) ?? path };
}

/** A note with a mount's real path and any sensitive content; undefined if there is nothing to say. */
function leadsTo({ path, real }: RealPath, value: Leaf, place: RequestContext): string | undefined {
  const holds = sensitive(real, place.home, place.env) ?? sensitive(path, place.home, place.env);
  const notes = [
    ledTo({ path, real }, value, place),
    holds === undefined ? undefined : `gives ${holds}`,
  ];
  const shown = notes.filter((note) => note !== undefined);
  return shown.length === 0 ? undefined : shown.join("; ");
}

function ledTo({ path, real }: RealPath, value: Leaf, place: RequestContext): string | undefined {
  const plain = (target: string) => jsonWord(displayPath(target, place.home)).slice(1, -1);
  const before = place.approved?.[path];
  if (before !== undefined && before !== real)
    return `${plain(real)}, but ${plain(before)} when it was approved`;
  return displayPath(real, place.home) === value ? undefined : plain(real);
}
