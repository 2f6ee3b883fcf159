import type { HostFacts } from "../../core/types.ts";
import { errorCode, SiloError } from "../../errors.ts";

/** Facts of the host that are known without reading files. */
export type HostEnvironment = Pick<HostFacts, "platform" | "home" | "uid" | "gid" | "cwd" | "env">;

/** The user and the working directory, without starting a process. @throws SiloError on other systems. */
export function readEnvironment(): HostEnvironment {
  if (process.platform !== "linux" && process.platform !== "darwin") {
    throw new SiloError(`silo runs on Linux and macOS, not on ${process.platform}`);
  }
  return {
    platform: process.platform,
    home: home(),
    // Only Windows lacks these ids.
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    cwd: workingDirectory(),
    env: process.env,
  };
}

function home(): string {
  // As os.homedir(), but node:os is loaded only if HOME is not set.
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
