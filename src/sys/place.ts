import { homedir, userInfo } from "node:os";
import type { HostFacts } from "../core/types.ts";
import { errorCode, SiloError } from "../errors.ts";

/** What is known of this machine without looking at a file. */
export type Place = Omit<HostFacts, "git" | "logicalCwd" | "cwdOwner" | "stdinTty" | "stdoutTty">;

/** The user and the working directory, at once and without a process. */
export function place(): Place {
  if (process.platform !== "linux" && process.platform !== "darwin") {
    throw new SiloError(`silo runs on Linux and macOS, not on ${process.platform}`);
  }
  const user = userInfo();
  return {
    platform: process.platform,
    home: home(),
    user: user.username,
    uid: user.uid,
    gid: user.gid,
    cwd: workingDirectory(),
    env: process.env,
  };
}

function home(): string {
  const path = homedir();
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
