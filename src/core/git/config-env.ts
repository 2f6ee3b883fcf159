import { splitKey, type GitVariable } from "./config.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Limit of GIT_CONFIG_COUNT, far above real use; git's own limit is the largest integer. */
const MOST_PAIRS = 10_000;
/** Quoted text `'…'`; a quote in it is escaped as `'\''`, an exclamation mark optionally as `'\!'`. */
const QUOTED = String.raw`'((?:[^']|'\\['!]')*)'`;
/** One entry of GIT_CONFIG_PARAMETERS: `'key=value'`, `'key'='value'` or `'key'=`. */
const PARAMETER = new RegExp(String.raw`${QUOTED}(?:(=)(?:${QUOTED})?)?(?:\s+|$)`, "y");

/**
 * Git's settings in environment variables: GIT_CONFIG_COUNT with its pairs (git-config(1), "ENVIRONMENT"),
 * then GIT_CONFIG_PARAMETERS, which `git -c` sets for the commands that it starts. Git fails if these are
 * malformed; here the settings before the mistake count.
 */
export function environmentVariables(env: Env): readonly GitVariable[] {
  return [...countedPairs(env), ...parameters(env["GIT_CONFIG_PARAMETERS"] ?? "")].flatMap(
    ([name, value]) => {
      const key = canonicalKey(name);
      return key === undefined ? [] : [{ key, value }];
    },
  );
}

type Pair = readonly [name: string, value: string | undefined];

function countedPairs(env: Env): readonly Pair[] {
  const count = Math.min(Number(env["GIT_CONFIG_COUNT"] ?? 0), MOST_PAIRS);
  const pairs: Pair[] = [];
  for (let i = 0; i < count; i++) {
    const name = env[`GIT_CONFIG_KEY_${i}`];
    const value = env[`GIT_CONFIG_VALUE_${i}`];
    if (name === undefined || value === undefined) break;
    pairs.push([name, value]);
  }
  return pairs;
}

function parameters(text: string): readonly Pair[] {
  const pairs: Pair[] = [];
  PARAMETER.lastIndex = text.length - text.trimStart().length;
  for (let match = PARAMETER.exec(text); match !== null; match = PARAMETER.exec(text)) {
    const [, first = "", equals, second] = match;
    pairs.push(
      equals === undefined
        ? oldStyle(unquoted(first))
        : [unquoted(first), second === undefined ? undefined : unquoted(second)],
    );
  }
  return pairs;
}

function oldStyle(text: string): Pair {
  const equals = text.indexOf("=");
  return equals < 0
    ? [text.trim(), undefined]
    : [text.slice(0, equals).trim(), text.slice(equals + 1)];
}

function unquoted(text: string): string {
  return text.replaceAll(/'\\(['!])'/g, "$1");
}

/** The key in the form in which git compares keys; undefined if the text is not a valid key. */
export function canonicalKey(text: string): string | undefined {
  if (!/^[A-Za-z0-9-]*(\.[^\n]*)?\.[A-Za-z][A-Za-z0-9-]*$/.test(text) || /^\.[^.]*$/.test(text)) {
    return undefined;
  }
  const { section, subsection, name } = splitKey(text);
  const middle = subsection === undefined ? "" : `${subsection}.`;
  return `${section.toLowerCase()}.${middle}${name.toLowerCase()}`;
}
