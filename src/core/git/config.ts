/** One setting of git's configuration. */
export type GitVariable = {
  /** `section.name` or `section.Subsection.name`; lower case except for the subsection. */
  readonly key: string;
  /** Undefined for a key without `=`, which means true. */
  readonly value: string | undefined;
};

type Cursor = { readonly text: string; at: number };

const SPACE = /[ \t\r\n]/;
const BLANK = /[ \t\r]/;
const LETTER = /[A-Za-z]/;
const KEY_CHARACTER = /[A-Za-z0-9-]/;
const ESCAPES: Readonly<Record<string, string>> = {
  t: "\t",
  b: "\b",
  n: "\n",
  "\\": "\\",
  '"': '"',
  "\n": "",
};

/**
 * Parses a configuration file by git-config(1), "CONFIGURATION FILE".
 * Git rejects a whole file for one mistake; here the settings before the mistake count.
 */
export function parseGitConfig(text: string): readonly GitVariable[] {
  const variables: GitVariable[] = [];
  // Ends the last line, which may lack a line end, and skips one byte order mark.
  const cursor = { text: `${text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n")}\n`, at: 0 };
  let section = "";
  for (;;) {
    skipBlank(cursor);
    if (peek(cursor) === "[") {
      const header = readHeader(cursor);
      if (header === undefined) return variables;
      section = `${header}.`;
    } else {
      const variable = LETTER.test(peek(cursor)) ? readVariable(cursor, section) : undefined;
      if (variable === undefined) return variables;
      variables.push(variable);
    }
  }
}

function peek({ text, at }: Cursor): string {
  return text.charAt(at);
}

function skipBlank(cursor: Cursor): void {
  let comment = false;
  for (; cursor.at < cursor.text.length; cursor.at++) {
    const char = peek(cursor);
    if (char === "\n") comment = false;
    else if (char === "#" || char === ";") comment = true;
    else if (!comment && !SPACE.test(char)) return;
  }
}

/** `[section]`, `[section.sub]` or `[section "Sub"]`; undefined if it is malformed. */
function readHeader(cursor: Cursor): string | undefined {
  cursor.at++;
  const start = cursor.at;
  while (KEY_CHARACTER.test(peek(cursor)) || peek(cursor) === ".") cursor.at++;
  const name = cursor.text.slice(start, cursor.at).toLowerCase();
  if (peek(cursor) === "]") {
    cursor.at++;
    return name === "" ? undefined : name;
  }
  const gap = cursor.at;
  while (BLANK.test(peek(cursor))) cursor.at++;
  const subsection = cursor.at > gap ? readSubsection(cursor) : undefined;
  return subsection === undefined ? undefined : `${name}.${subsection}`;
}

function readSubsection(cursor: Cursor): string | undefined {
  if (peek(cursor) !== '"') return undefined;
  let subsection = "";
  for (cursor.at++; peek(cursor) !== '"'; cursor.at++) {
    if (peek(cursor) === "\\") cursor.at++;
    if (peek(cursor) === "\n") return undefined;
    subsection += peek(cursor);
  }
  if (cursor.text.charAt(cursor.at + 1) !== "]") return undefined;
  cursor.at += 2;
  return subsection;
}

function readVariable(cursor: Cursor, section: string): GitVariable | undefined {
  const start = cursor.at;
  while (KEY_CHARACTER.test(peek(cursor))) cursor.at++;
  const key = section + cursor.text.slice(start, cursor.at).toLowerCase();
  while (/[ \t]/.test(peek(cursor))) cursor.at++;
  const next = peek(cursor);
  cursor.at++;
  if (next === "\n") return { key: untilNul(key), value: undefined };
  const value = next === "=" ? readValue(cursor) : undefined;
  return value === undefined ? undefined : { key: untilNul(key), value: untilNul(value) };
}

/** The rest of the line after `=`, with quotes, escapes, comments and continued lines; undefined if it is malformed. */
function readValue(cursor: Cursor): string | undefined {
  let value = "";
  let quoted = false;
  // Blanks before a comment or the end of the line are dropped, so they are added only when more text follows.
  let blanks = "";
  for (;;) {
    const char = peek(cursor);
    cursor.at++;
    if (char === "\n" || char === "") return quoted ? undefined : value;
    if (!quoted && SPACE.test(char)) {
      if (value !== "") blanks += char;
      continue;
    }
    if (!quoted && (char === "#" || char === ";")) {
      cursor.at = cursor.text.indexOf("\n", cursor.at) + 1;
      return value;
    }
    value += blanks;
    blanks = "";
    if (char === '"') quoted = !quoted;
    else if (char === "\\") {
      const escaped = ESCAPES[peek(cursor)];
      if (escaped === undefined) return undefined;
      value += escaped;
      cursor.at++;
    } else value += char;
  }
}

/** The text up to the first NUL, because git stores it as a C string. */
function untilNul(text: string): string {
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}

/** The parts of a key; the subsection may contain dots. */
export function splitKey(key: string): {
  section: string;
  subsection: string | undefined;
  name: string;
} {
  const first = key.indexOf(".");
  const last = key.lastIndexOf(".");
  const subsection = first < last ? key.slice(first + 1, last) : undefined;
  return { section: key.slice(0, Math.max(first, 0)), subsection, name: key.slice(last + 1) };
}

/** The effective value of a key: the last one that is not a key without `=`. */
export function lastValue(variables: readonly GitVariable[], key: string): string | undefined {
  return variables.findLast((variable) => variable.key === key && variable.value !== undefined)
    ?.value;
}

/** Whether the last setting of a boolean is true; false if it is not set or not a boolean. */
export function isOn(variables: readonly GitVariable[], key: string): boolean {
  const found = variables.findLast((variable) => variable.key === key);
  return found !== undefined && (found.value === undefined || gitBoolean(found.value));
}

/** Whether a text is true by git-config(1): true, yes, on, or a number other than zero, optionally with k, m or g. */
export function gitBoolean(value: string): boolean {
  if (/^(true|yes|on)$/i.test(value)) return true;
  const number = /^[+-]?(0x[0-9a-f]+|\d+)[kmg]?$/i.exec(value)?.[1];
  return number !== undefined && Number(number) !== 0;
}
