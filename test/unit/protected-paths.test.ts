import { describe, expect, test } from "bun:test";
import type { FileConfig } from "../../src/config/schema.ts";
import { protect } from "../../src/core/protected-paths.ts";
import type { Mount, PathFact } from "../../src/core/types.ts";
import { toolByName } from "../../src/tools/index.ts";
import { planOf, type Setting } from "../support/plan.ts";

const codex = toolByName("codex");
const shown = (mounts: readonly Mount[]) => mounts.map(({ mode, target }) => `${mode} ${target}`);
const plan = (config: FileConfig, setting: Setting = {}) => planOf(codex, { config, ...setting });

describe("silo's own files in a writable mount", () => {
  test("are read-only, and no directory above them can be renamed", () => {
    const { mounts, warnings } = plan({ mounts_rw: ["~"] });
    expect(shown(mounts).filter((line) => /\.(config|local|cache)/.test(line))).toEqual([
      "rw /home/ada/.config",
      "rw /home/ada/.cache",
      "rw /home/ada/.local",
      "ro /home/ada/.config/silo",
      "ro /home/ada/.cache/silo",
      "rw /home/ada/.local/state",
      "rw /home/ada/.local/share",
      "ro /home/ada/.local/state/silo",
      "ro /home/ada/.local/share/silo",
    ]);
    expect(warnings.join("\n")).toContain(
      "~/.config/silo, ~/.local/state/silo, ~/.cache/silo, ~/.local/share/silo belongs to silo and is read-only",
    );
  });

  test("are created if missing, because a tool could create them", () => {
    const path = "/home/ada/.config/silo";
    const { mounts, creations } = plan(
      { mounts_rw: ["~/.config"] },
      { missing: [path, `${path}/silo.jsonc`] },
    );
    expect(shown(mounts)).toContain(`ro ${path}`);
    expect(creations).toContainEqual({ path, kind: "dir" });
  });

  test.each(["/home/ada/.config/silo", "/home/ada/.local/state/silo/sessions"])(
    "%s as the working directory is read-only",
    (cwd) => {
      const { mounts } = plan({}, { host: { cwd, logicalCwd: cwd } });
      expect(shown(mounts)).toContain(`ro ${cwd}`);
    },
  );

  test("are protected at their real path, behind a linked directory", () => {
    const own = ["/h/.config/silo", "/h/.config/silo/silo.jsonc"];
    const links = [{ at: "/h/.config", writtenIn: undefined }];
    const facts: Record<string, PathFact> = {
      "/h/.config/silo": { kind: "dir", real: "/data/config/silo", links },
      "/h/.config/silo/silo.jsonc": { kind: "file", real: "/data/config/silo/silo.jsonc", links },
    };
    const mount = { source: "/data", target: "/srv", mode: "rw", kind: "dir", from: "x" } as const;
    const { mounts } = protect({ mounts: [mount], creations: [], warnings: [] }, own, facts, "/h");
    expect(shown(mounts)).toEqual(["rw /srv", "rw /srv/config", "ro /srv/config/silo"]);
  });

  const led = (path: string, real: string, ...links: string[]) => ({
    [path]: {
      kind: path.endsWith(".jsonc") ? "file" : "dir",
      real,
      links: links.map((at) => ({ at, writtenIn: undefined })),
    } as const,
  });
  test.each([
    [
      "a file that is linked into it",
      led("/h/.config/silo/silo.jsonc", "/d/silo.jsonc", "/h/.config/silo/silo.jsonc"),
    ],
    [
      "the target directory of a link in it",
      led("/h/.config/silo", "/x/silo", "/h/.config", "/d/on"),
    ],
    ["one of its own links", led("/h/.local/state/silo", "/x/state", "/d/state")],
  ])("prevent the start if a tool could change %s", (_, facts) => {
    const mount = (source: string) =>
      ({ source, target: source, mode: "rw", kind: "dir", from: "x" }) as const;
    const guard = (source: string) =>
      protect(
        { mounts: [mount(source)], creations: [], warnings: [] },
        Object.keys(facts),
        facts,
        "/h",
      );
    expect(() => guard("/d")).toThrow("the tool could change in /d");
    expect(guard("/other").mounts).toEqual([mount("/other")]);
  });

  test("change nothing if no writable mount contains them", () => {
    const { mounts, warnings } = plan({ mounts_ro: ["~"], mounts_rw: ["~/.config/other"] });
    expect(shown(mounts).filter((line) => line.includes("silo"))).toEqual([]);
    expect(warnings).toEqual([]);
  });
});
