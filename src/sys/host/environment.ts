import type { HostFacts } from "../../core/types.ts";
import { errorCode, SiloError } from "../../errors.ts";

/** What is known of this machine without looking at a file. */
export type HostEnvironment = Pick<HostFacts, "platform" | "home" | "uid" | "gid" | "cwd" | "env">;

/** The user and the working directory, at once and without a process. */
export function readEnvironment(): HostEnvironment {
  if (process.platform !== "linux" && process.platform !== "darwin") {
    throw new SiloError(`silo runs on Linux and macOS, not on ${process.platform}`);
  }
  return {
    platform: process.platform,
    home: home(),
    // Windows alone has no such ids.
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    cwd: workingDirectory(),
    env: process.env,
  };
}

function home(): string {
  // As `homedir` has it, which is loaded only where the variable does not say: few commands need anything else of it.
  const path = process.env["HOME"] || process.getBuiltinModule("node:os").homedir();
  if (!path.startsWith("/")) {
    throw new SiloError("HOME is not an absolute path", { hint: "export HOME=/home/<you>" });
  }
  return path.length > 1 ? path.replace(/\/+$/, "") : path;
}

function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    throw new SiloError("the working directory does not exist any more", { hint: "cd ." });
  }
}
