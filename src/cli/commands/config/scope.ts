import { fileIn, globalFile } from "../../../config/files.ts";
import { xdgDirectories } from "../../../core/paths.ts";
import { UsageError } from "../../../errors.ts";
import type { HostEnvironment } from "../../../sys/host/environment.ts";
import { replaceFile, createFile } from "../../../sys/files/write.ts";
import type { OptionsOf } from "../../grammar/command.ts";
import type { SCOPE_OPTIONS } from "../../grammar/options.ts";
import { pathToFileURL } from "node:url";

export type ScopeOptions = OptionsOf<typeof SCOPE_OPTIONS>;

export type Scope = "global" | "local";

/** The scope of `--global` or `--local`; undefined without either. @throws UsageError if both are given. */
export function scopeOf({ global, local }: ScopeOptions): Scope | undefined {
  if (global && local) {
    throw new UsageError("--global and --local cannot be used together", {
      hint: "silo config --help",
    });
  }
  return global ? "global" : local ? "local" : undefined;
}

/** The configuration file of a scope. */
export function fileOf(scope: Scope, { cwd, home, env }: HostEnvironment): string {
  return scope === "global" ? globalFile(home, env) : fileIn(cwd);
}

/** Writes the schema of this version for editors. @returns the file: URL of the schema. */
export async function schemaAddress({ home, env }: HostEnvironment): Promise<string> {
  const { default: schema } = await import("../../../../silo.schema.json", {
    with: { type: "json" },
  });
  const path = `${xdgDirectories(home, env).data}/silo/silo.schema.json`;
  const text = `${JSON.stringify(schema, undefined, 2)}\n`;
  if (!(await createFile(path, text, 0o644))) await replaceFile(path, text, 0o644);
  return pathToFileURL(path).href;
}
