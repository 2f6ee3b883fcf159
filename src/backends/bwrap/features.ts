import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { capture } from "../../sys/process/process.ts";
import type { Features, HostView } from "./args.ts";
import { FILTER, filterHex } from "./filter.ts";
import { launchCommand } from "./launch.ts";

/** What a prefix's file tells: how it was built, and what the bwrap can do that was asked then. */
export type Made = Features & {
  /** Whether silo's own runtime stands in for node. */
  readonly ownRuntime: boolean;
  /** The bwrap that was asked, and the filter that was made. */
  readonly version: string;
  readonly filterOf: string;
};

/** Where the prefix of an image lies; its name says what went in. */
export function prefixRoot(cache: string, tag: string): string {
  return `${cache}/silo/bwrap/${tag.replace(":", "-")}`;
}

const file = (root: string) => `${root}/made.json`;

/** How a prefix was made; undefined where there is none, or one of an older silo. */
export function made(root: string): Made | undefined {
  try {
    return JSON.parse(readFileSync(file(root), "utf8")) as Made;
  } catch {
    return undefined;
  }
}

/** What bwrap is asked of in a preview, where nothing was built yet. */
export const LIKELY: Features = {
  sizes: true,
  descriptors: false,
  noNamespaces: false,
  filter: "",
};

/** What a prefix's file has of this machine's bwrap, asked anew where that or the filter is another. */
export async function featuresFor(
  view: HostView,
  uid: number,
  root: string,
  known: Made,
): Promise<Features> {
  if (known.version === view.version && known.filterOf === FILTER) return known;
  return await note(view, uid, root, known.ownRuntime);
}

/** Asks bwrap what it can do, and notes that in the prefix, so that no start has to ask. */
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
    deaf: false,
    memory: undefined,
  });
  return (await capture(command)).code === 0;
}
