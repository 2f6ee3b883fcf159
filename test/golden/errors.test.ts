import { afterAll, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { Glob } from "bun";
import { dirname, join } from "node:path";
import { held } from "../support/held.ts";
import { SILO } from "../support/settings.ts";
import { SCENES, type Scene } from "./scenes.ts";

// Every error as it is printed. `UPDATE_GOLDEN=1 npm run test:unit` rewrites the file; review the diff.

const roots: string[] = [];
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

/** Runs a scene with the compiled binary. @returns the command, the output and the exit code. */
function play({
  args,
  files = {},
  engine,
  container,
  bwrap,
  perl = true,
  programs = {},
  env = {},
  cwd = "app",
}: Scene): string {
  const root = mkdtempSync("/tmp/silo-scene-");
  roots.push(root);
  for (const directory of ["home", "app", "bin"]) mkdirSync(join(root, directory));
  for (const program of ["sh", "rm", ...(perl ? ["perl"] : [])])
    symlinkSync(`/usr/bin/${program}`, join(root, "bin", program));
  // Signed in, so that no tip is printed.
  const all = { "home/.codex/auth.json": "{}", ...files };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(join(root, text === "/" ? path : dirname(path)), { recursive: true });
    if (text !== "/") writeFileSync(join(root, path), text.replaceAll("<root>", root));
  }
  const here = (text: string) => text.replaceAll("<root>", root);
  for (const [name, cases] of Object.entries({
    docker: engine,
    container,
    bwrap,
    ...programs,
  })) {
    if (cases === undefined) continue;
    const script = `#!/bin/sh\ncase "$1" in\n${cases}\n*) exit 64;;\nesac\n`;
    writeFileSync(join(root, "bin", name), script, { mode: 0o755 });
  }
  const { status, stdout, stderr } = spawnSync(SILO, args.map(here), {
    cwd: cwd === "/" ? cwd : join(root, cwd),
    encoding: "utf8",
    input: "",
    env: {
      HOME: join(root, "home"),
      PATH: join(root, "bin"),
      SILO_NO_VERSION_CHECK: "1",
      ...Object.fromEntries(Object.entries(env).map(([name, value]) => [name, here(value)])),
    },
  });
  const told = `${stdout}${stderr}`
    .replaceAll(`${root}/home`, "/home/ada")
    .replaceAll(root, "/work")
    .replaceAll(/silo-(\w+):[0-9a-f]{16}/g, "silo-$1:<hash>")
    .replaceAll(/edit-[0-9a-f-]{36}/g, "edit-<id>")
    .replaceAll(/in \d+s/g, "in 0s");
  return `$ silo ${args.join(" ")}\n${told}[exit code ${status}]\n`;
}

const played = Object.entries(SCENES).map(([chapter, scenes]) => ({
  chapter,
  scenes: Object.entries(scenes).map(([name, scene]) => ({ name, text: play(scene) })),
}));

test("the printed errors", () => {
  const text = played.flatMap(({ chapter, scenes }) => [
    `=== ${chapter} ===\n`,
    ...scenes.map((scene) => `--- ${scene.name}\n${scene.text}`),
  ]);
  held("errors.txt", text.join("\n"));
});

const scenes = played.flatMap(({ chapter, scenes: list }) =>
  list.map(({ name, text }) => [`${chapter}: ${name}`, text] as const),
);

test.each(scenes)("%s: has a message, a hint and an exit code", (_, text) => {
  expect(text).toMatch(/^error: \S/m);
  expect(text).toMatch(/^hint: \S/m);
  expect(text).toMatch(/\[exit code [12]\]\n$/);
  expect(text).not.toMatch(/\bat \S+ \(|\.ts:\d+|undefined|\[object|silo failed/);
});

/** Errors that no scene can produce, and the reason or the tests that cover them. */
const ELSEWHERE = [
  /^silo runs on Linux and macOS/, // only on another platform
  /^there is no command$/, // excluded by the types
  /^unknown tool "/, // excluded by the types: the command line and the schema check the name
  /resolved to .* when it was checked/, // test/pty/trust.test.ts, test/unit/trust.test.ts
  /^port ".*" in .* is not of the form/, // test/unit/ports.test.ts; the schema refuses it first
  /^backends.docker.socket is enabled, but/, // a machine without the socket
  /^\$\{path\} is not a regular file|is larger than 64 MiB/, // a guest's replacement of a file: test/e2e/staging.test.ts
  /is now a link/, // test/unit/staging.test.ts
  /^\$\{file\.host\} keeps changing/, // a program that writes to a staged file all the time
  /does not run$|^starting the sandbox failed|is still running after SIGKILL$/, // test/e2e/bwrap.test.ts
  /is setuid root/, // test/e2e/bwrap.test.ts
  /^the image \$\{tag\} was removed/, // by another process, between two checks
  /could not be started:/, // an installed program that cannot run
  /^the working directory does not exist any more/, // the runtime of the compiled binary prints its own error
  / is already running \(process .*\); two would damage/, // test/e2e/agents.test.ts
  /is already attached/, // test/pty/reconnect.test.ts
  /^\$\{name\} \$\{why\}|^cannot connect to|requests \$\{bad\.local\}|^not connected|has changes that are not synced|is stopped, so|on another laptop, which|^the record in|^machine started, but/, // test/e2e/fly-failures.test.ts
  /^silo has no machine|must be owned by you|^ssh-keygen failed|^the mutagen daemon does not/, // a machine that is destroyed, or a program that fails, between two queries
  /^\$\{name\} is not running: |^\$\{name\} is no longer running$/, // the container stops between the list and the command
  /is still starting/, // test/e2e/fly.test.ts
  /^attaching the terminal failed/, // excluded by the types: an error of ssh is never a refusal
  /^no space left for all files|^copying files failed/, // test/e2e/fly-failures.test.ts
  /^mutagen is installed without|^syncing \$\{sync\.local\} failed$/, // test/e2e/fly-failures.test.ts
  /does not support reconnect/, // test/e2e/container.test.ts
  /failed with exit status \$\{code\}$/, // the service that does not start: on a terminal
  /is a link to .*, which the tool could change/, // a link: test/unit/protected-paths.test.ts
  /was replaced on the host while silo started/, // a race: test/unit/mount-ids.test.ts
  /^not approved, so not started|^not confirmed, so not started|^no silo containers to remove/, // on a terminal: test/pty
];

test("no error is missing", async () => {
  const all = played.flatMap(({ scenes: list }) => list.map(({ text }) => text)).join("\n");
  const written: string[] = [];
  for await (const path of new Glob("src/**/*.ts").scan(join(import.meta.dir, "../.."))) {
    const source = readFileSync(join(import.meta.dir, "../..", path), "utf8");
    const calls = source.matchAll(/new (?:SiloError|UsageError)\(\s*(`[^`]*`|"[^"]*")/g);
    written.push(...[...calls].map(([, literal = ""]) => literal.slice(1, -1)));
  }
  const missing = written.filter((literal) => {
    const form = literal
      .split(/\$\{(?:[^{}]|\{[^}]*\})*\}/)
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
      .join("[^\\n]*");
    return !new RegExp(form).test(all) && !ELSEWHERE.some((known) => known.test(literal));
  });
  expect(missing).toEqual([]);
});
