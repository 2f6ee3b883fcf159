import { readFileSync } from "node:fs";
import { join } from "node:path";

export const RELEASE = join(import.meta.dir, "../../dist/release");

/** The releases' addresses on this machine, answered as GitHub answers them. */
export type Releases = {
  readonly address: string;
  /** What was asked for, in order. */
  readonly asked: string[];
  readonly stop: () => Promise<void>;
};

/** @param replaced what some files are instead of what was built. */
export function serveReleases(
  version: string,
  replaced: Readonly<Record<string, string>> = {},
): Releases {
  const asked: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: ({ url }) => {
      const { pathname } = new URL(url);
      asked.push(pathname);
      if (pathname === "/latest")
        return Response.redirect(`https://github.com/o/r/releases/tag/v${version}`, 302);
      const name = /^\/(?:latest\/download|download\/v[\d.]+)\/([^/]+)$/.exec(pathname)?.[1];
      const isOther = pathname.startsWith("/download/") && !pathname.includes(`/v${version}/`);
      if (name === undefined || isOther) return new Response("", { status: 404 });
      return new Response(replaced[name] ?? file(name), { status: file(name) === "" ? 404 : 200 });
    },
  });
  return { address: server.url.origin, asked, stop: async () => await server.stop(true) };
}

function file(name: string): Buffer | string {
  try {
    return readFileSync(join(RELEASE, name));
  } catch {
    return "";
  }
}
