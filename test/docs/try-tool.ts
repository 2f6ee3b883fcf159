import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./document.ts";

const NEEDED = [
  "src",
  "scripts",
  "test/escape/table.ts",
  "test/escape/threats.ts",
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "Dockerfile.template",
  "silo.schema.json",
  "THIRD-PARTY-LICENSES.txt",
];

/**
 * Follows the architecture document's steps to add a tool in a copy of the source: the file of the block, its line in the
 * registry, and its name in the lists.
 * @returns the problems.
 */
export async function tryTool(text: string): Promise<readonly string[]> {
  const name = /^\/\/ src\/tools\/([a-z]+)\.ts\n/.exec(text)?.[1];
  if (name === undefined) return ["the first line of a tool is its path: // src/tools/<name>.ts"];
  const copy = mkdtempSync(join(tmpdir(), "silo-tool-"));
  try {
    for (const path of NEEDED) cpSync(join(ROOT, path), join(copy, path), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
    writeFileSync(join(copy, `src/tools/${name}.ts`), `${text}\n`);
    edit(join(copy, "src/core/tool-names.ts"), /(?=\n\] as const)/, () => `\n  "${name}",`);
    const list = join(copy, "src/tools/index.ts");
    edit(list, /(?=\n\/\*\*|\nconst )/, () => `\nimport { ${name} } from "./${name}.ts";`);
    edit(list, /(?=\n\};)/, () => `\n  ${name},`);
    return follows(copy, name);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function edit(path: string, at: RegExp, put: (found: string) => string): void {
  const text = readFileSync(path, "utf8");
  if (!at.test(text)) throw new Error(`${path} has no place for a tool any more`);
  writeFileSync(path, text.replace(at, put));
}

/** The documented results of adding a tool. */
function follows(copy: string, name: string): readonly string[] {
  const bun = (...args: readonly string[]) => {
    const env = { PATH: process.env["PATH"] ?? "", HOME: copy, USER: "ada" };
    const { stdout, stderr, status } = spawnSync(process.execPath, args, {
      cwd: copy,
      env,
      encoding: "utf8",
    });
    return status === 0 ? stdout : `exit code ${status}: ${stderr}${stdout}`;
  };
  const silo = (...args: readonly string[]) => bun("src/main.ts", ...args);
  const config = `{ "tool": "${name}", "tools": { "${name}": { "env": ["A=b"] } } }`;
  const held: readonly (readonly [string, () => string, string])[] = [
    ["types", () => bun("node_modules/typescript/bin/tsc", "--noEmit") || "fits", "fits"],
    ["help", () => silo("--help"), `\n  ${name} `],
    ["its own help", () => silo(name, "--help"), `Usage: silo ${name}`],
    ["completion", () => silo("__complete", ""), `${name}\t`],
    [
      "the schema",
      () => bun("scripts/schema.ts") || readFileSync(join(copy, "silo.schema.json"), "utf8"),
      `"${name}"`,
    ],
    ["the plan", () => silo(name, "--dry-run", "--backend", "docker"), `silo-${name}:`],
    [
      "settings",
      () => {
        writeFileSync(join(copy, "silo.jsonc"), config);
        return silo("config", "show");
      },
      `"${name}": {`,
    ],
  ];
  return held.flatMap(([what, made, wanted]) => {
    const text = made();
    return text.includes(wanted) ? [] : [`${what} of the tool: ${text.slice(0, 2000)}`];
  });
}
