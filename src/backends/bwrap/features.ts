import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { capture } from "../../sys/process/process.ts";
import type { Features, HostView } from "./args.ts";
import { FILTER, filterHex } from "./filter.ts";
import { launchCommand } from "./launch.ts";

/** Content of a prefix's `made.json`: how it was built, and the features of the bwrap that was probed. */
export type Made = Features & {
  /** Whether the prefix was built with silo's own runtime instead of node. */
  readonly ownRuntime: boolean;
  /** Identify the bwrap that was probed, and the filter. */
  readonly version: string;
  readonly filterOf: string;
};

/** Path of the prefix of an image; the name contains the hash of all build inputs. */
export function prefixRoot(cache: string, tag: string): string {
  return `${cache}/silo/bwrap/${tag.replace(":", "-")}`;
}

const file = (root: string) => `${root}/made.json`;

/** Reads the `made.json` of a prefix; undefined if there is none. */
export function made(root: string): Made | undefined {
  try {
    return JSON.parse(readFileSync(file(root), "utf8")) as Made;
  } catch {
    return undefined;
  }
}

/** Assumed features for a preview before the first build. */
export const LIKELY: Features = {
  sizes: true,
  descriptors: false,
  noNamespaces: false,
  filter: "",
};

/** Returns the features in the prefix's file. Probes bwrap again if bwrap or the filter has changed. */
export async function featuresFor(
  view: HostView,
  uid: number,
  root: string,
  known: Made,
): Promise<Features> {
  if (known.version === view.version && known.filterOf === FILTER) return known;
  return await note(view, uid, root, known.ownRuntime);
}

/** Probes the features of bwrap and saves them in the prefix, so that starts need no probe. */
export async function note(
  view: HostView,
  uid: number,
  root: string,
  ownRuntime: boolean,
): Promise<Features> {
  const [help, filter] = await Promise.all([
    capture({ bin: view.bwrap, args: ["--help"], env: {}, cleanEnv: true }),
    filterHex(uid),
  ]);
  const knows = (option: string) => `${help.stdout}${help.stderr}`.includes(`${option} `);
  const noNamespaces =
    knows("--disable-userns") && (await worksWithoutNamespaces(view, uid, filter));
  const [sizes, descriptors] = [knows("--size"), knows("--bind-fd")];
  const features: Features = { sizes, descriptors, noNamespaces, filter };
  const content: Made = { ...features, ownRuntime, version: view.version, filterOf: FILTER };
  await writeFile(file(root), JSON.stringify(content), { mode: 0o600 });
  return features;
}

async function worksWithoutNamespaces(
  view: HostView,
  uid: number,
  filter: string,
): Promise<boolean> {
  const args = ["--unshare-user", "--disable-userns", "--unshare-pid", "--ro-bind", "/", "/"];
  const command = launchCommand(view, uid, {
    args: [...args, "--dev", "/dev", "--", "true"],
    inside: {},
    name: "probe",
    features: { ...LIKELY, filter },
    workdir: "/",
    tty: false,
    ignoreSigint: false,
    memory: undefined,
  });
  return (await capture(command)).code === 0;
}
