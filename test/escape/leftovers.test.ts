import { describe, expect } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { silo, startSilo } from "../support/silo.ts";
import { eventually } from "../support/eventually.ts";
import type { World } from "../support/world.ts";
import { TESTER } from "../support/settings.ts";
import { own, stage } from "./boxes.ts";
import { choices, storm } from "./storm.ts";
import { bites, holds, tableAtEnd } from "./suite.ts";

const SECRET = "a secret left in a file after a kill";
const KILLED = "a kill at any moment";

const PASSWORD = `pass-${crypto.randomUUID()}`;
const PROXY = `http://u:${PASSWORD}@proxy.invalid:3128`;

describe("docker", () => {
  const { project, configure } = stage("docker", TESTER);

  /** All files of the world and in the temporary directories that contain the password. */
  function found({ root }: World): readonly string[] {
    const places = [root, "/dev/shm", "/run/user", "/var/tmp"].filter((path) => existsSync(path));
    const { stdout } = spawnSync("grep", ["-rlIs", PASSWORD, ...places], { encoding: "utf8" });
    return stdout.split("\n").filter((path) => path !== "");
  }

  const place = (world: World) => {
    const folder = join(world.root, `tmp-${crypto.randomUUID()}`);
    mkdirSync(folder);
    own(world);
    return folder;
  };

  for (const variable of ["TMPDIR", "XDG_RUNTIME_DIR"]) {
    holds(
      SECRET,
      "docker",
      `no file has it while it runs, and none after a kill, with ${variable}`,
      async () => {
        const world = project();
        configure({ env: ["https_proxy"] });
        const env = { https_proxy: PROXY, [variable]: place(world) };
        const script = 'printf %s "$https_proxy" | md5sum > up; exec sleep 100';
        const child = startSilo(world, ["codex", "--", "probe", script], { env });
        await eventually(
          "it has the secret",
          () =>
            existsSync(join(world.project, "up")) &&
            readFileSync(join(world.project, "up"), "utf8") !== "",
          200_000,
        );
        const sum = new Bun.CryptoHasher("md5").update(PROXY).digest("hex");
        expect(readFileSync(join(world.project, "up"), "utf8")).toContain(sum);
        expect(found(world)).toEqual([]);
        child.kill("SIGKILL");
        await eventually("silo is dead", () => child.signalCode !== null);
        expect(found(world)).toEqual([]);
        expect((await silo(world, ["ls", "-q"])).stdout).not.toContain(basename(world.project));
        expect(found(world)).toEqual([]);
      },
    );
  }

  bites(SECRET, "docker", "a file with a name is still there after the kill", async () => {
    const world = project();
    const name = join(place(world), "env");
    const line = `printf %s '${PROXY}' > '${name}'; sleep 100; rm '${name}'`;
    const child = Bun.spawn(["sh", "-c", line]);
    await eventually("it is written", () => existsSync(name));
    child.kill("SIGKILL");
    await child.exited;
    expect(found(world)).toEqual([name]);
  });
});

/** Number of starts for each user; for a longer test see kill-storm.ts. */
const STARTS = 15;

describe.each([
  ["docker", TESTER],
  ["bwrap", undefined],
  ["bwrap", TESTER],
] as const)("%s", (backend, user) => {
  const who = user === undefined ? "root" : "an ordinary user";

  holds(KILLED, backend, `${STARTS} starts leave nothing, as ${who}`, async () => {
    const { strikes, afterwards } = await storm(backend, user, choices(STARTS, 20_261_126));
    expect(strikes.filter(({ left }) => left.length > 0)).toEqual([]);
    expect(afterwards).toEqual([]);
    // A killed process cannot restore its terminal; after every other exit it is restored.
    const changed = strikes.filter(({ raw, start }) => raw && start.signal !== "SIGKILL");
    expect(changed).toEqual([]);
  });
});

describe("without the next command", () => {
  for (const backend of ["docker", "bwrap"] as const) {
    describe(backend, () => {
      const { project } = stage(backend, TESTER);

      bites(KILLED, backend, "a killed silo's session is still there", async () => {
        const world = project();
        const child = startSilo(world, ["codex", "--", "probe", "touch up; exec sleep 100"]);
        await eventually("it runs", () => existsSync(join(world.project, "up")), 200_000);
        child.kill("SIGKILL");
        await eventually("silo is dead", () => child.signalCode !== null);
        const folder = join(world.home, ".local/state/silo/sessions");
        expect(spawnSync("ls", [folder], { encoding: "utf8" }).stdout).toContain(".json");
        await silo(world, ["ls", "-q"]);
        expect(spawnSync("ls", [folder], { encoding: "utf8" }).stdout).toBe("");
      });
    });
  }
});

tableAtEnd("escape/leftovers.test.ts");
