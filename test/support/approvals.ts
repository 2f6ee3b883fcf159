import { afterEach, beforeEach } from "bun:test";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { SILO } from "./settings.ts";

const DOUBLES = join(import.meta.dir, "../contract/doubles");
export const HINT = "hint: silo config trust";
export const RECORD = "home/.local/state/silo/trust.json";
export const GLOBAL = "home/.config/silo/silo.jsonc";

let root = "";
export const at = (path: string) => join(root, path);
export const read = (path: string) => readFileSync(at(path), "utf8");
export const record = () => (existsSync(at(RECORD)) ? read(RECORD) : "");

/** A fresh home, project and engine double for each test. */
export function approvals(): void {
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "silo-trust-")));
    for (const name of ["home", "app", "state"]) mkdirSync(join(root, name));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
}

export function put(path: string, content: unknown): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), typeof content === "string" ? content : JSON.stringify(content));
}

export const environment = (added: Record<string, string> = {}) => ({
  HOME: at("home"),
  PATH: `${DOUBLES}:/usr/bin:/bin`,
  DOUBLE_BUN: process.execPath,
  DOUBLE_STATE: at("state"),
  SILO_NO_VERSION_CHECK: "1",
  ...added,
});

export function silo(line: string, env: Record<string, string> = {}, cwd = "app") {
  const { status, stdout, stderr } = spawnSync(SILO, line.split(" "), {
    cwd: at(cwd),
    encoding: "utf8",
    input: "",
    timeout: 20_000,
    env: environment(env),
  });
  return { status, stdout, stderr };
}

/** silo's error without a TTY if something is not approved; empty if the run starts. */
export function refusal(line: string, env: Record<string, string> = {}, cwd = "app"): string {
  const { stderr } = silo(line, env, cwd);
  return stderr.includes(HINT) || stderr.includes("not trusted") ? stderr : "";
}
