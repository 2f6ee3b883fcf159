import { afterEach, beforeEach, expect, test } from "bun:test";
import { capture, startOnTerminal, stream } from "../../src/sys/process/process.ts";

// Variables that change how Bun behaves; a child may be a Bun too, such as an agent or silo itself.

const STEERING = { BUN_OPTIONS: "--smol", BUN_BE_BUN: "1", BUN_INSPECT: "1" };
const before = { ...process.env };
beforeEach(() => void Object.assign(process.env, STEERING, { SILO_TEST_KEPT: "yes" }));
afterEach(() => {
  for (const name of [...Object.keys(STEERING), "SILO_TEST_KEPT"]) delete process.env[name];
  Object.assign(process.env, before);
});

const ENV = { bin: "env", args: [] };

/** The names of the variables in the output of `env`. */
const names = (text: string) => text.split(/\r?\n/).map((line) => line.replace(/=.*$/s, ""));

async function onTerminal(): Promise<string> {
  let text = "";
  const ended = Promise.withResolvers<void>();
  const child = startOnTerminal(
    ENV,
    { columns: 80, rows: 24 },
    (chunk) => {
      text += new TextDecoder().decode(chunk);
    },
    ended.resolve,
  );
  await Promise.all([child.exit, ended.promise]);
  return text;
}

async function streamed(): Promise<string> {
  const lines: string[] = [];
  await stream(ENV, (line) => void lines.push(line));
  return lines.join("\n");
}

test.each([
  ["whose output is captured", async () => (await capture(ENV)).stdout],
  ["whose output is streamed", streamed],
  ["on its own PTY", onTerminal],
])("BUN_OPTIONS, BUN_BE_BUN and BUN_INSPECT do not reach a child %s", async (_, run) => {
  const found = names(await run());
  expect(found).toContain("SILO_TEST_KEPT");
  for (const name of Object.keys(STEERING)) expect(found).not.toContain(name);
});

test("a command that sets one of them itself gets it", async () => {
  const { stdout } = await capture({ ...ENV, env: { BUN_BE_BUN: "1" } });
  expect(names(stdout)).toContain("BUN_BE_BUN");
});
