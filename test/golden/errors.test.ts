import { afterAll, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { Glob } from "bun";
import { dirname, join } from "node:path";
import { held } from "../support/held.ts";
import { SILO } from "../support/settings.ts";
import { SCENES, type Scene } from "./scenes.ts";

// Each error as people read it. `UPDATE_GOLDEN=1 npm run test:unit` writes it anew: read it as a whole.

const roots: string[] = [];
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

/** Plays a scene with the compiled binary. @returns what a reader sees: the command, the words, the exit code. */
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
  // Nothing is said to who is signed in.
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

test("the gallery of errors", () => {
  const text = played.flatMap(({ chapter, scenes }) => [
    `=== ${chapter} ===\n`,
    ...scenes.map((scene) => `--- ${scene.name}\n${scene.text}`),
  ]);
  held("errors.txt", text.join("\n"));
});

const scenes = played.flatMap(({ chapter, scenes: list }) =>
  list.map(({ name, text }) => [`${chapter}: ${name}`, text] as const),
);

test.each(scenes)("%s: says what, and what to do", (_, text) => {
  expect(text).toMatch(/^error: \S/m);
  expect(text).toMatch(/^hint: \S/m);
  expect(text).toMatch(/\[exit code [12]\]\n$/);
  expect(text).not.toMatch(/\bat \S+ \(|\.ts:\d+|undefined|\[object|silo failed/);
});

/** Errors that cannot be met in a scene, and where they are proven. */
const ELSEWHERE = [
  /^silo runs on Linux and macOS/, // another platform
  /^there is no command$/, // a type's corner
  /^unknown tool "/, // a type's corner: the command line and the schema know the tools
  /resolved to .* when it was checked/, // test/pty/trust.test.ts, test/unit/trust.test.ts
  /^port ".*" in .* is not of the form/, // test/unit/ports.test.ts; the schema refuses it first
  /^backends.docker.socket is enabled, but/, // a machine without the socket
  /^\$\{path\} is not a regular file|is larger than 64 MiB/, // what a guest may put in a file's place: test/e2e/staging.test.ts
  /is now a link/, // test/unit/staging.test.ts
  /^\$\{file\.host\} keeps changing/, // a program that writes to a staged file all the time
  /does not run$|^starting the sandbox failed|is still running after SIGKILL$/, // test/e2e/bwrap.test.ts
  /is setuid root/, // test/e2e/bwrap.test.ts
  /^the image \$\{tag\} was removed/, // by another process, between two looks
  /could not be started:/, // a program that is there and cannot run
  /^the working directory does not exist any more/, // the compiled binary's runtime says so itself
  / is already running \(process .*\); two would damage/, // test/e2e/agents.test.ts
  /is already attached/, // test/pty/reconnect.test.ts
  /^\$\{name\} \$\{why\}|^cannot connect to|requests \$\{bad\.local\}|^not connected|has changes that are not synced|is stopped, so|on another laptop, which|^the record in|^machine started, but/, // test/e2e/fly-failures.test.ts
  /^silo has no machine|must be owned by you|^ssh-keygen failed|^the mutagen daemon does not/, // a machine that goes, or a program that breaks, between two questions
  /^\$\{name\} is not running: |^\$\{name\} is no longer running$/, // it stops between the list and the command
  /is still starting/, // test/e2e/fly.test.ts
  /^attaching the terminal failed/, // a type's corner: ssh's words are never taken for a refusal
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
