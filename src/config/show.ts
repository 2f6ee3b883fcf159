import { displayPath } from "../core/paths.ts";
import { jsonWord, printable } from "../core/text/quote.ts";
import { LAYER_KEYS, type Config, type Layer, type Sourced } from "../core/config.ts";

type Value = Sourced<string | number | boolean>;
type Tree = { readonly [key: string]: Value | readonly Value[] | Tree | undefined };

/** An env entry without its value, which may be a secret. */
function hidden({ value, from }: Sourced<string>): Sourced<string> {
  return { value: value.replace(/=[^]*$/, "=…"), from };
}

function layerTree(layer: Layer): Tree {
  return Object.fromEntries(
    LAYER_KEYS.map((key) => [key, key === "env" ? layer.env.map(hidden) : layer[key]]),
  );
}

function tree(config: Config): Tree {
  const { image } = config;
  const layers = (all: Readonly<Record<string, Layer & { tool?: Value | undefined }>>) =>
    Object.fromEntries(
      Object.entries(all).map(([name, layer]) => [name, { tool: layer.tool, ...layerTree(layer) }]),
    );
  return {
    backend: config.backend,
    tool: config.tool,
    backends: config.backends,
    image: { base: image.base, toolchains: image.toolchains },
    trusted_paths: config.trusted_paths,
    ...layerTree(config),
    tools: layers(config.tools),
    repos: layers(config.repos),
  };
}

const isValue = (node: object): node is Value =>
  "from" in node && "value" in node && typeof node.from === "string";

/**
 * The merged configuration as JSONC, each value with its source. Values of env entries are left out.
 * @param unapproved files that are not approved.
 */
export function showConfig(
  config: Config,
  home: string,
  colour: boolean,
  unapproved: ReadonlySet<string> = new Set(),
): string {
  const note = (from: string) => {
    const state = unapproved.has(from) ? ", not approved" : "";
    const text = `// ${printable(displayPath(from, home)).replaceAll("\n", " ")}${state}`;
    return colour ? `\u001B[90m${text}\u001B[0m` : text;
  };
  const render = (node: Value | readonly Value[] | Tree, indent: string, tail: string): string => {
    const inner = `${indent}  `;
    if (Array.isArray(node)) {
      const items = (node as readonly Value[]).map(
        (item, i) => inner + render(item, inner, i + 1 < node.length ? "," : ""),
      );
      return items.length === 0 ? `[]${tail}` : `[\n${items.join("\n")}\n${indent}]${tail}`;
    }
    if (isValue(node)) return `${jsonWord(node.value)}${tail} ${note(node.from)}`;
    const entries = Object.entries(node as Tree).filter(
      ([, child]) => child !== undefined && !isEmpty(child),
    );
    const lines = entries.map(
      ([key, child], i) =>
        `${inner}${jsonWord(key)}: ${render(child ?? {}, inner, i + 1 < entries.length ? "," : "")}`,
    );
    return lines.length === 0 ? `{}${tail}` : `{\n${lines.join("\n")}\n${indent}}${tail}`;
  };
  return render(tree(config), "", "");
}

/** Whether there is nothing to show: an empty list, or an object with nothing but empty values. */
function isEmpty(node: Value | readonly Value[] | Tree): boolean {
  if (Array.isArray(node)) return node.length === 0;
  if (isValue(node)) return false;
  return Object.values(node as Tree).every((child) => child === undefined || isEmpty(child));
}

/** The same as data, every value with its source. */
export function configData(config: Config): unknown {
  return tree(config);
}
