/** Limit of the work for a hostile repository's files (DoS); one step is about one character. */
export type Budget = { steps: number };

/** An element of a pattern: matches one character, matches any number, or may skip ahead to another token. */
type Token =
  | { readonly kind: "one"; readonly fits: (char: string) => boolean }
  | { readonly kind: "many"; readonly slash: boolean }
  | { readonly kind: "skip"; readonly to: number };

type Fits = (char: string) => boolean;

const CLASSES: Readonly<Record<string, RegExp>> = {
  alnum: /[A-Za-z0-9]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  cntrl: /\p{Cc}/u,
  digit: /[0-9]/,
  graph: /[!-~]/,
  lower: /[a-z]/,
  print: /[ -~]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[ \t\r\n]/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
};

/**
 * Whether a path-like text matches a pattern as in git (gitignore(5), "PATTERN FORMAT"): `*`, `?` and `[…]`
 * do not match slashes, `**` between slashes does. All states advance together, so that no pattern takes
 * longer than its length times the text's. Compares UTF-16 units and not bytes, so `?` can differ from git
 * beyond ASCII.
 */
export function gitGlob(
  pattern: string,
  text: string,
  budget: Budget,
  ignoreCase = false,
): boolean {
  budget.steps -= (pattern.length + 1) * (text.length + 1);
  if (budget.steps < 0) return false;
  const tokens = compile(pattern, ignoreCase);
  if (tokens === undefined) return false;
  let states = reach(tokens, new Set([0]));
  for (let i = 0; i < text.length && states.size > 0; i++) {
    states = reach(tokens, advance(tokens, states, text.charAt(i)));
  }
  return states.has(tokens.length);
}

/** Epsilon closure: adds the states reachable without consuming a character. All such steps lead forward. */
function reach(tokens: readonly Token[], states: Set<number>): Set<number> {
  for (const at of states) {
    const token = tokens[at];
    if (token === undefined || token.kind === "one") continue;
    states.add(at + 1);
    if (token.kind === "skip") states.add(token.to);
  }
  return states;
}

function advance(tokens: readonly Token[], states: Set<number>, char: string): Set<number> {
  const next = new Set<number>();
  for (const at of states) {
    const token = tokens[at];
    if (token?.kind === "one" && token.fits(char)) next.add(at + 1);
    if (token?.kind === "many" && (token.slash || char !== "/")) next.add(at);
  }
  return next;
}

function compile(pattern: string, ignoreCase: boolean): readonly Token[] | undefined {
  const tokens: Token[] = [];
  const one = (fits: Fits) => {
    const folded: Fits = (char) => fits(char) || fits(swapCase(char));
    tokens.push({ kind: "one", fits: ignoreCase ? folded : fits });
  };
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern.charAt(at);
    if (char === "*") {
      const end = afterStars(pattern, at);
      stars(tokens, pattern, at, end);
      at = end - 1;
    } else if (char === "?") {
      tokens.push({ kind: "one", fits: (other) => other !== "/" });
    } else if (char === "[") {
      const set = readSet(pattern, at + 1, ignoreCase);
      if (set === undefined) return undefined;
      tokens.push({ kind: "one", fits: (other) => other !== "/" && set.fits(other) });
      at = set.end;
    } else {
      if (char === "\\") at++;
      const literal = pattern.charAt(at);
      one((other) => other === literal);
    }
  }
  return tokens;
}

function afterStars(pattern: string, at: number): number {
  let end = at;
  while (pattern.charAt(end) === "*") end++;
  return end;
}

/** Adds a run of stars. `**` as a whole path segment matches slashes too, and `**` with its slash may match nothing. */
function stars(tokens: Token[], pattern: string, at: number, end: number): void {
  const rest = pattern.slice(end);
  const whole = (at === 0 || pattern.charAt(at - 1) === "/") && /^($|\\?\/)/.test(rest);
  const slash = end - at > 1 && whole;
  if (slash && rest.startsWith("/")) tokens.push({ kind: "skip", to: tokens.length + 3 });
  tokens.push({ kind: "many", slash });
}

function swapCase(char: string): string {
  if (/[a-z]/.test(char)) return char.toUpperCase();
  return /[A-Z]/.test(char) ? char.toLowerCase() : char;
}

/** Parses `[…]` from after its opening bracket; undefined if it is not closed or a class is unknown. */
function readSet(
  pattern: string,
  start: number,
  ignoreCase: boolean,
): { fits: Fits; end: number } | undefined {
  const negated = /[!^]/.test(pattern.charAt(start));
  const members: Fits[] = [];
  let at = negated ? start + 1 : start;
  // A closing bracket that comes first is a member.
  for (const first = at; at === first || pattern.charAt(at) !== "]";) {
    const named = /^\[:([^\]]*):\]/.exec(pattern.slice(at, at + 12));
    if (named !== null) {
      const known = CLASSES[named[1] ?? ""];
      if (known === undefined) return undefined;
      members.push((char) => known.test(char));
      at += named[0].length;
      continue;
    }
    const range = readRange(pattern, at);
    if (range === undefined) return undefined;
    members.push((char) => char >= range.low && char <= range.high);
    at = range.end;
  }
  const inside: Fits = (char) => members.some((member) => member(char));
  const folded: Fits = (char) => inside(char) || inside(swapCase(char));
  const fits = ignoreCase ? folded : inside;
  return { fits: (char) => fits(char) !== negated, end: at };
}

/** Parses one character of a set, or the range that it starts; undefined at the end of the pattern. */
function readRange(
  pattern: string,
  start: number,
): { low: string; high: string; end: number } | undefined {
  const low = readMember(pattern, start);
  if (low === undefined) return undefined;
  const closing = pattern.charAt(low.end + 1);
  if (pattern.charAt(low.end) !== "-" || closing === "]" || closing === "") {
    return { low: low.char, high: low.char, end: low.end };
  }
  const high = readMember(pattern, low.end + 1);
  return high && { low: low.char, high: high.char, end: high.end };
}

function readMember(pattern: string, start: number): { char: string; end: number } | undefined {
  const at = pattern.charAt(start) === "\\" ? start + 1 : start;
  const char = pattern.charAt(at);
  return char === "" ? undefined : { char, end: at + 1 };
}
