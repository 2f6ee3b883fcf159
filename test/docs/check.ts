import { Glob } from "bun";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { referenceText } from "../../scripts/reference.ts";
import { REPOSITORY } from "../../scripts/source.ts";
import { parseArgv } from "../../src/cli/grammar/parse.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { errorText } from "../../src/errors.ts";
import { blocks, deadLinks, ROOT, spans, type Block, type Document } from "./document.ts";
import { machine, type Machine } from "./machine.ts";
import { tryTool } from "./try-tool.ts";

/** Programs in examples, replaced by ones that do nothing. Any other program is not found, so that misspelt names fail. */
const OTHERS = ["brew", "curl", "sudo", "fly", "bun"];

/** The check for each kind of block. Any other kind is an error, so that every example is checked. */
const KINDS: Readonly<Record<string, (text: string) => Promise<readonly string[]>>> = {
  jsonc: (text) => Promise.resolve(configProblems(text)),
  sh: (text) => onMachine(OTHERS, (here) => Promise.resolve(script(text, here))),
  console: (text) => onMachine([], (here) => transcript(text, here)),
  ts: tryTool,
  // Plain text; commands belong in the other kinds.
  text: (text) =>
    Promise.resolve(
      /^\s*(\$ |silo [a-z-])/m.test(text) ? ["commands belong in sh or console"] : [],
    ),
};

/** All problems of a document, as `path:line: problem`. */
export async function problems(document: Document): Promise<readonly string[]> {
  const told: string[] = [];
  for (const block of blocks(document))
    for (const what of await blockProblems(block))
      told.push(`${document.path}:${block.line}: ${what}`);
  const others = [
    ...deadLinks(document).map((target) => `a link leads nowhere: ${target}`),
    ...spans(document).flatMap(spanProblems),
    ...addressProblems(document),
  ];
  return [...told, ...others.map((what) => `${document.path}: ${what}`)];
}

async function blockProblems({ kind, text }: Block): Promise<readonly string[]> {
  const check = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  return check === undefined ? [`a block of the unknown kind "${kind}"`] : await check(text);
}

function configProblems(text: string): readonly string[] {
  const parsed = parseConfig(text);
  if ("config" in parsed) return [];
  return parsed.problems.map(({ line, column, message }) => `${line}:${column}: ${message}`);
}

async function onMachine(
  idle: readonly string[],
  work: (here: Machine) => Promise<readonly string[]>,
) {
  const here = machine(idle);
  try {
    const found = await work(here);
    return [...found, ...here.calls().flatMap(callProblems)];
  } finally {
    here.remove();
  }
}

function script(text: string, here: Machine): readonly string[] {
  const { code, output } = here.run(text);
  if (code !== 0) return [`exit code ${code}: ${output.trim()}`];
  return here.calls().length === 0 && /^\s*(silo|npm) /m.test(text) ? ["nothing was called"] : [];
}

/** Checks `$ command` and its output, in which … matches anything. `$ cat file` creates the file. */
async function transcript(text: string, here: Machine): Promise<readonly string[]> {
  const found: string[] = [];
  const [before = "", ...parts] = `\n${text}`.split(/\n\$ /);
  if (before.trim() !== "" || parts.length === 0) return ["a transcript begins with $"];
  for (const part of parts) {
    const [command = "", ...lines] = part.split("\n");
    const file = /^cat (\S+)$/.exec(command)?.[1];
    const shown = lines.join("\n").trim();
    if (file !== undefined) {
      here.write(file, `${lines.join("\n")}\n`);
      if (file.endsWith("silo.jsonc")) found.push(...configProblems(lines.join("\n")));
    } else if (shown.includes("◆")) {
      const texts = lines
        .map((line) => line.replace(/…$/, "").trim())
        .filter((line) => line !== "");
      await here.show(command, texts).catch((error: unknown) => found.push(errorText(error)));
    } else {
      const { output } = here.run(command);
      if (!fits(shown, output.trim())) found.push(`${command} prints:\n${output}`);
    }
  }
  return found;
}

/** A pattern for expected output: … on its own line matches any number of lines, otherwise a part of a line. */
function fits(shown: string, output: string): boolean {
  const literal = (part: string) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const lines = shown
    .split("\n")
    .map((line) =>
      line.trim() === "…"
        ? String.raw`(?:.*\n)*?`
        : String.raw`${line.split("…").map(literal).join(".*")} *\n`,
    );
  return new RegExp(`^${lines.join("")}$`).test(`${output}\n`);
}

const SCRIPTS: readonly string[] = Object.keys(manifest.scripts);
const OWN = ["ci", "test", "start"];

/** The front door's word on a command line of silo, and the manifest's on one of npm. */
function callProblems([program = "", ...args]: readonly string[]): readonly string[] {
  if (program === "silo") return lineProblems(args);
  const [verb = "", ...rest] = args;
  if (verb === "start") return lineProblems(rest.slice(1));
  if (verb === "run" ? SCRIPTS.includes(rest[0] ?? "") : OWN.includes(verb)) return [];
  return verb === "version" ? [] : [`there is no npm ${args.join(" ")}`];
}

function lineProblems(args: readonly string[]): readonly string[] {
  if (["--version", "-V"].includes(args.join(" "))) return [];
  try {
    parseArgv(args);
    return [];
  } catch (error) {
    return [`silo ${args.join(" ")}: ${errorText(error)}`];
  }
}

/** Checks the commands, settings and files in the text itself. */
function spanProblems(span: string): readonly string[] {
  if (/^(bun |npm (run|start|ci|test)\b|silo )/.test(span) && !span.includes("…"))
    return spoken(span);
  if (/^\{ "|^"[a-z_]+": ./.test(span)) {
    const text = span.startsWith("{") ? span : `{ ${span} }`;
    return configProblems(text).map((what) => `${span}: ${what}`);
  }
  if (/^(backends|image)\.[\w.]+$/.test(span)) return KEYS.has(span) ? [] : [`no setting ${span}`];
  if (/^(src|test|scripts|docs)\/[\w./-]+$/.test(span))
    return existsSync(join(ROOT, span)) ? [] : [`there is no ${span}`];
  const variable = /^SILO_[A-Z_]+/.exec(span)?.[0];
  return variable === undefined || READ.includes(variable) ? [] : [`nothing reads ${variable}`];
}

/** All settings and sections of settings, from the generated reference. */
const KEYS: ReadonlySet<string> = new Set(
  [...referenceText().matchAll(/^\| `([\w.]+)` \|/gm)].flatMap(([, key = ""]) =>
    key.split(".").map((_, i, words) => words.slice(0, i + 1).join(".")),
  ),
);

/** The source files that read silo's own variables. */
const READ = [...new Glob("{src,scripts}/**/*.ts").scanSync(ROOT), "install.sh"]
  .map((path) => readFileSync(join(ROOT, path), "utf8"))
  .join("");

/** Checks a command in a sentence, without optional arguments and with placeholders as they are. */
function spoken(span: string): readonly string[] {
  const plain = span
    .replaceAll(/ \[[^\]]*\]/g, "")
    .replaceAll(/<([\w -]+)>/g, (_, name: string) => name.replaceAll(" ", "-"));
  const [program = "", ...args] = plain.split(" ");
  // A command that is only mentioned needs no arguments.
  if (program === "silo")
    return /^[a-z]+$/.test(args.join(" ")) ? lineProblems([...args, "--help"]) : lineProblems(args);
  if (program === "npm") return callProblems([program, ...args]);
  const file = Bun.file(join(ROOT, args[0] ?? ""));
  return file.size > 0 ? [] : [`there is no ${args[0]}`];
}

/** Checks that URLs of silo's repository are those of the manifest. */
function addressProblems({ text }: Document): readonly string[] {
  const found = [...text.matchAll(/github\.com\/([\w.-]+\/silo)\b/g)].map(([, name = ""]) => name);
  return found.filter((name) => name !== REPOSITORY).map((name) => `${name} is not ${REPOSITORY}`);
}
