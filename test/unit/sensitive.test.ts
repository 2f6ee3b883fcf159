import { expect, test } from "bun:test";
import { sensitive } from "../../src/core/sensitive.ts";
import { toolByName } from "../../src/tools/index.ts";
import { planOf, type Setting } from "../support/plan.ts";

const HOME = "/home/ada";
const holds = (path: string, env = {}) => sensitive(path, HOME, env);
const asked = (setting: Setting) =>
  planOf(toolByName("codex"), setting).sensitive.map(({ path }) => path);

test.each([
  ["/home/ada/.ssh", "~/.ssh (keys and credentials)"],
  ["/home/ada/.ssh/keys", "~/.ssh (keys and credentials)"],
  ["/home/ada/.config/gcloud", "~/.config/gcloud (keys and credentials)"],
  ["/home/ada/.mozilla/firefox/x", "~/.mozilla (browser profiles)"],
  ["/home/ada/.config", "~/.config/gcloud (keys and credentials)"],
  ["/home/ada/.local/state/silo", "~/.local/state/silo (silo's own files)"],
  ["/etc/ssl", "/etc (parts of the system)"],
  ["/var", "/var/run (parts of the system)"],
  ["/usr/local/src", "/usr (parts of the system)"],
])("%s asks: %s", (path, why) => {
  expect(holds(path)).toBe(why);
});

test.each(["/home/ada/src/app", "/home/ada/.sshx", "/home/ada/.config/git", "/srv", "/etcetera"])(
  "%s needs no confirmation",
  (path) => {
    expect(holds(path)).toBeUndefined();
  },
);

test("silo's own directories follow XDG variables, and a home below /usr is not part of the system", () => {
  expect(holds("/conf/silo", { XDG_CONFIG_HOME: "/conf" })).toBe("/conf/silo (silo's own files)");
  expect(sensitive("/usr/home/ada/src", "/usr/home/ada", {})).toBeUndefined();
});

test("the working directory needs a confirmation, and so does a mount of the global file without a leading !", () => {
  const cwd = "/home/ada/.ssh";
  expect(asked({ host: { cwd, logicalCwd: cwd } })).toEqual([cwd]);
  expect(asked({ config: { mounts_ro: ["~/.ssh", "!~/.aws", "~/src"] } })).toEqual([cwd]);
  expect(asked({ config: { mounts_rw: ["~/.kube"] }, missing: ["/home/ada/.kube"] })).toEqual([]);
  const { mounts } = planOf(toolByName("codex"), { config: { mounts_ro: ["!~/.aws"] } });
  expect(mounts.map(({ source }) => source)).toContain("/home/ada/.aws");
});

test("a link to a sensitive path needs a confirmation like the path itself", () => {
  const path = "/home/ada/keys";
  const facts = { [path]: { kind: "dir" as const, real: "/home/ada/.ssh" } };
  expect(asked({ config: { mounts_ro: ["~/keys"] }, facts })).toEqual([path]);
});
