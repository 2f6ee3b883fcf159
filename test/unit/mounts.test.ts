import { describe, expect, test } from "bun:test";
import {
  planMounts,
  withoutShownLinks,
  toolPath,
  type MountRequest,
} from "../../src/core/mounts.ts";
import type { PathFact } from "../../src/core/types.ts";

const HOME = "/home/me";

type Ask = Partial<MountRequest> & { path: string };

function plan(
  asks: readonly Ask[],
  facts: Record<string, PathFact | "dir" | "file" | "other"> = {},
) {
  const requests = asks.map((ask) => ({
    mode: "rw" as const,
    from: "/home/me/.config/silo/silo.jsonc",
    rank: 1,
    missing: "warn" as const,
    ...ask,
  }));
  const known = Object.entries(facts).map(([path, fact]) => [
    path,
    typeof fact === "string" ? { kind: fact, real: path } : fact,
  ]);
  return planMounts(requests, Object.fromEntries(known), HOME);
}

const link = (at: string, writtenIn?: string) => ({ at, writtenIn });
const shown = (result: ReturnType<typeof plan>) =>
  result.mounts.map(({ source, target, mode }) =>
    source === target ? `${mode} ${target}` : `${mode} ${source}=${target}`,
  );

describe("missing paths", () => {
  test("a tool's own paths are created: a file for .json, otherwise a directory", () => {
    const asks = [`${HOME}/.claude.json`, `${HOME}/.claude`].map((path) => ({
      path,
      missing: "create" as const,
    }));
    const result = plan(asks);
    expect(result.creations).toEqual([
      { path: `${HOME}/.claude.json`, kind: "file" },
      { path: `${HOME}/.claude`, kind: "dir" },
    ]);
    expect(result.mounts.map(({ kind }) => kind)).toEqual(["file", "dir"]);
  });

  test("a configured path is skipped with a warning that names it and the file", () => {
    const result = plan([{ path: `${HOME}/nowhere`, mode: "ro" }]);
    expect(shown(result)).toEqual([]);
    expect(result.warnings).toEqual([
      "~/nowhere does not exist and is not mounted (mounts_ro in ~/.config/silo/silo.jsonc)",
    ]);
  });

  test("a tool's read-only path is skipped silently", () => {
    expect(plan([{ path: "/x", missing: "skip" }])).toEqual({
      mounts: [],
      creations: [],
      warnings: [],
    });
  });

  test("a device or socket is not mounted", () => {
    expect(plan([{ path: "/x" }], { "/x": "other" }).warnings[0]).toContain(
      "neither a file nor a directory",
    );
  });
});

describe("one path requested twice", () => {
  test.each([
    ["rw wins a tie", [{ mode: "ro" }, { mode: "rw" }], "rw /x"],
    ["rw wins a tie, the other way round", [{ mode: "rw" }, { mode: "ro" }], "rw /x"],
    [
      "the higher rank wins",
      [
        { mode: "ro", rank: 2 },
        { mode: "rw", rank: 1 },
      ],
      "ro /x",
    ],
    [
      "the higher rank wins for rw",
      [
        { mode: "rw", rank: 3 },
        { mode: "ro", rank: 2 },
      ],
      "rw /x",
    ],
  ] as const)("%s", (_, asks, expected) => {
    expect(
      shown(
        plan(
          asks.map((ask) => ({ path: "/x", ...ask })),
          { "/x": "dir" },
        ),
      ),
    ).toEqual([expected]);
  });
});

describe("a mount below another", () => {
  test.each([
    ["is not mounted twice", ["rw /p", "rw /p/a"], ["rw /p"]],
    ["stays when it is read-only", ["rw /p", "ro /p/a"], ["rw /p", "ro /p/a"]],
    ["stays when it opens a read-only one", ["ro /p", "rw /p/a"], ["ro /p", "rw /p/a"]],
    [
      "is judged by the nearest one around it",
      ["rw /p", "ro /p/a", "rw /p/a/b"],
      ["rw /p", "ro /p/a", "rw /p/a/b"],
    ],
    ["is not taken for one with the same beginning", ["rw /p", "rw /pa"], ["rw /p", "rw /pa"]],
    ["comes after the one around it", ["ro /p/a", "rw /p"], ["rw /p", "ro /p/a"]],
  ])("%s", (_, asked, expected) => {
    const asks = asked.map((text) => ({
      mode: text.slice(0, 2) as "ro" | "rw",
      path: text.slice(3),
    }));
    const facts = Object.fromEntries(asks.map(({ path }) => [path, "dir" as const]));
    expect(shown(plan(asks, facts))).toEqual(expected);
  });
});

describe("links", () => {
  test("the real path and the link's own path both work", () => {
    const result = plan([{ path: `${HOME}/.claude` }], {
      [`${HOME}/.claude`]: { kind: "dir", real: "/data/claude" },
    });
    expect(shown(result)).toEqual(["rw /data/claude", `rw /data/claude=${HOME}/.claude`]);
  });

  test("a link out of a writable mount is not followed", () => {
    const result = plan([{ path: "/p", from: "project" }, { path: "/p/data" }], {
      "/p": "dir",
      "/p/data": { kind: "dir", real: `${HOME}/.ssh`, links: [link("/p/data")] },
    });
    expect(shown(result)).toEqual(["rw /p"]);
    expect(result.warnings[0]).toContain(
      "/p/data is not mounted, because a link in /p, which a tool could",
    );
  });

  test("nor is a link in the middle of a path, or a link to another link", () => {
    const facts = (...links: string[]) => ({
      "/p": "dir" as const,
      "/x/a/b": { kind: "dir" as const, real: "/y/b", links: links.map((at) => link(at)) },
    });
    const asks = [{ path: "/p", from: "project" }, { path: "/x/a/b" }];
    expect(shown(plan(asks, facts("/x/a")))).toEqual(["rw /p", "rw /y/b", "rw /y/b=/x/a/b"]);
    expect(shown(plan(asks, facts("/x/a", "/p/on")))).toEqual(["rw /p"]);
  });

  test("nor is a link that a tool of an earlier run could write", () => {
    const leading = (real: string) =>
      shown(
        plan([{ path: `${HOME}/lib/data` }], {
          [`${HOME}/lib/data`]: {
            kind: "dir",
            real,
            links: [link(`${HOME}/lib/data`, `${HOME}/lib`)],
          },
        }),
      );
    expect(leading(HOME)).toEqual([]);
    expect(leading(`${HOME}/lib/real`)).toContain(`rw ${HOME}/lib/real`);
  });

  test("a link that stays inside is followed, even below a linked directory", () => {
    const result = plan([{ path: "/link" }, { path: "/link/a", mode: "ro" }], {
      "/link": { kind: "dir", real: "/real", links: [link("/link")] },
      "/link/a": { kind: "dir", real: "/real/a", links: [link("/link")] },
    });
    expect(result.warnings).toEqual([]);
    expect(shown(result)).toContain("ro /real/a");
  });
});

test("a mount on a link is left out if the guest has the link anyway", () => {
  const asks = [{ path: "/p" }, { path: "/p/data", mode: "ro" as const }, { path: "/x" }];
  const direct = (...chain: string[]) => {
    const { mounts } = plan(asks, {
      "/p": "dir",
      "/p/data": { kind: "dir", real: "/p/real", links: chain.map((at) => link(at)) },
      "/x": { kind: "dir", real: "/y", links: [link("/x")] },
    });
    return withoutShownLinks(mounts).map(({ target }) => target);
  };
  expect(direct("/p/data")).toEqual(["/p", "/y", "/x", "/p/real"]);
  // A link on the way is outside of the mounts, so it is missing in the guest.
  expect(direct("/p/data", "/elsewhere")).toContain("/p/data");
});

describe("a read-only path below a writable one", () => {
  test("cannot be moved by renaming a directory above it", () => {
    const asks = ["rw /p", "ro /p/a/b/c"].map((text) => ({
      mode: text.slice(0, 2) as "ro" | "rw",
      path: text.slice(3),
    }));
    const result = plan(asks, { "/p": "dir", "/p/a/b/c": "dir" });
    expect(shown(result)).toEqual(["rw /p", "rw /p/a", "rw /p/a/b", "ro /p/a/b/c"]);
  });

  test("is read-only under every name of the writable path", () => {
    const result = plan([{ path: "/link" }, { path: "/real/a", mode: "ro" }], {
      "/link": { kind: "dir", real: "/real", links: [link("/link")] },
      "/real/a": "dir",
    });
    expect(shown(result)).toEqual([
      "rw /real",
      "rw /real=/link",
      "ro /real/a",
      "ro /real/a=/link/a",
    ]);
  });

  test("makes nothing writable inside a read-only path", () => {
    const asks = ["rw /p", "ro /p/a", "rw /p/a/b", "ro /p/a/b/c/d"].map((text) => ({
      mode: text.slice(0, 2) as "ro" | "rw",
      path: text.slice(3),
    }));
    const facts = Object.fromEntries(asks.map(({ path }) => [path, "dir" as const]));
    expect(shown(plan(asks, facts))).toEqual([
      "rw /p",
      "ro /p/a",
      "rw /p/a/b",
      "rw /p/a/b/c",
      "ro /p/a/b/c/d",
    ]);
  });

  test("as a single file, gives a warning", () => {
    const facts = { "/p": "dir", "/p/a/f": "file" } as const;
    const { warnings } = plan([{ path: "/p" }, { path: "/p/a/f", mode: "ro" }], facts);
    expect(warnings).toEqual([
      "/p/a/f stays read-only only until a host program replaces it; mount its directory with mounts_ro instead",
    ]);
    expect(plan([{ path: "/p/a/f", mode: "ro" }], facts).warnings).toEqual([]);
  });
});

describe("names that an engine would interpret as another name", () => {
  const odd = ["/p/g\r\nh", "/p/g\nh", "/p/g\u0000", "/p/\u007f", "/p/\u0085", "/p/\uFFFD"];
  test.each(odd)("%j is not mounted, directly or through a link", (path) => {
    const asked = plan([{ path, from: "git", missing: "skip" }], { [path]: "dir" });
    const led = plan([{ path: "/x", from: "git" }], { "/x": { kind: "dir", real: path } });
    for (const { mounts, warnings } of [asked, led]) {
      expect(mounts).toEqual([]);
      expect(warnings[0]).toMatch(/^[ -~\uFFFD]+ has a control character or invalid UTF-8/);
    }
  });

  test.each(odd)("%j as the working directory or a tool's own path prevents the start", (path) => {
    for (const from of ["project", "tool"])
      expect(() => plan([{ path, from }], { [path]: "dir" })).toThrow("cannot be mounted");
  });
});

const XDG = { config: "/c", data: "/d", state: "/s" };
test.each([
  ["~/.codex", `${HOME}/.codex`],
  ["$XDG_CONFIG_HOME/opencode", "/c/opencode"],
  ["$XDG_DATA_HOME/opencode", "/d/opencode"],
  ["$XDG_STATE_HOME/opencode", "/s/opencode"],
])("%s is %s", (written, path) => {
  expect(toolPath(written, HOME, XDG)).toBe(path);
});
