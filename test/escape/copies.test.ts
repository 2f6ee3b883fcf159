import { describe, expect } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import type { World } from "../support/world.ts";
import { TESTER } from "../support/settings.ts";
import { canary, file, liveBox, own, siloWithin, stage } from "./boxes.ts";
import { bites, holds, tableAtEnd } from "./suite.ts";

const NAME = "a guest that replaces its copies of files by symlinks";
const AGENT = readFileSync(join(import.meta.dir, "swap.pl"), "utf8");

const START = '{"start":1}\n';

/** Things that a guest can put in the place of its copy. `$copy` is that place, `$secret` and `$victim` are files of the host. */
const TRICKS = [
  ["a link to a secret of the host", 'ln -sfn "$secret" "$copy"'],
  ["a link that leads there step by step", 'ln -sfn ../../../../../../.secret/key "$copy"'],
  ["a link to a link", 'ln -sfn "$secret" "$dir/l"; ln -sfn l "$copy"'],
  ["a directory with a link in it", 'rm "$copy"; mkdir "$copy"; ln -s "$secret" "$copy/s.json"'],
  ["a pipe", 'rm "$copy"; mkfifo "$copy"'],
  ["a pipe with a writer", 'rm "$copy"; mkfifo "$copy"; { yes "{}" > "$copy" & }'],
  ["a file of 64 GiB", 'truncate -s 64G "$copy"'],
  ["an endless device", 'ln -sfn /dev/zero "$copy"'],
  [
    "a socket",
    `rm "$copy"; python3 -c 'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$copy"`,
  ],
  ["nothing", 'rm "$copy"'],
] as const;

describe("container", () => {
  const { project, configure } = stage("container", TESTER);

  /** A file of the host that a guest has a copy of, a secret, and a file that must stay as it is. */
  function scene(): { world: World; secret: string; prelude: string; victim: string } {
    const world = project();
    const secret = canary(world);
    file(world, "~/s.json", START);
    const victim = file(world, "~/victim", "untouched");
    own(world);
    configure({ mounts_rw: ["~/s.json"] });
    const paths = `secret=${world.home}/.secret/key; victim=${victim}`;
    return {
      world,
      secret,
      victim,
      prelude: `${paths}; copy=$(readlink ~/s.json); dir=$(dirname "$copy")`,
    };
  }

  /** Everything of the home directory that a sync could have written; the secret itself is not among it. */
  const written = ({ home }: World) =>
    readdirSync(home, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => readFileSync(join(home, name), "utf8"))
      .join("\n");

  for (const [what, trick] of TRICKS) {
    holds(NAME, "container", `${what}, while the host saves its file`, async () => {
      const { world, secret, victim, prelude } = scene();
      const box = await liveBox(world, `${prelude}; ${trick}; touch tricked; sleep 100`);
      await eventually("the trick is played", () => existsSync(join(world.project, "tricked")));
      writeFileSync(join(world.home, "s.json"), '{"start":2}\n');
      await Bun.sleep(1000);
      const { code } = await box.stop();
      expect(code).toBe(0);
      expect(written(world)).not.toContain(secret);
      expect(JSON.parse(readFileSync(join(world.home, "s.json"), "utf8"))).toEqual({ start: 2 });
      expect(readFileSync(victim, "utf8")).toBe("untouched");
    });
  }

  holds(NAME, "container", "a link to a file that the host's save would go to", async () => {
    const { world, victim, prelude } = scene();
    const trick = `ln -sfn "$victim" "$copy"; touch tricked; sleep 100`;
    const box = await liveBox(world, `${prelude}; ${trick}`);
    await eventually("the trick is played", () => existsSync(join(world.project, "tricked")));
    for (let i = 0; i < 5; i++) {
      writeFileSync(join(world.home, "s.json"), `{"start":${i}}\n`);
      await Bun.sleep(300);
    }
    await box.stop();
    expect(readFileSync(victim, "utf8")).toBe("untouched");
  });

  holds(NAME, "container", "the copy exchanged for a link and back, without a pause", async () => {
    const { world, secret, victim, prelude } = scene();
    file(world, "swap.pl", AGENT);
    own(world);
    const race = `${prelude}; cd "$dir"; ln -s "$secret" l; ln -s "$victim" m; perl ${world.project}/swap.pl "$(basename "$copy")" l & cd "$dir"; perl ${world.project}/swap.pl l m`;
    const box = await liveBox(world, race);
    for (let i = 0; i < 20; i++) {
      writeFileSync(join(world.home, "s.json"), `{"start":1,"host":${i}}\n`);
      await Bun.sleep(200);
    }
    await box.stop();
    expect(written(world)).not.toContain(secret);
    expect(readFileSync(victim, "utf8")).toBe("untouched");
  });

  holds(
    NAME,
    "container",
    "silo is killed, and the next command reads what the guest left",
    async () => {
      for (const [, trick] of TRICKS) {
        const { world, secret, victim, prelude } = scene();
        const box = await liveBox(world, `${prelude}; ${trick}; touch tricked; sleep 100`);
        await eventually("the trick is played", () => existsSync(join(world.project, "tricked")));
        await box.kill();
        expect((await siloWithin(60, world, ["ls", "-q"])).code).toBe(0);
        expect(written(world)).not.toContain(secret);
        expect(readFileSync(victim, "utf8")).toBe("untouched");
      }
    },
  );

  bites(NAME, "container", "a copy by name reads and writes what the link leads to", () => {
    const { world, secret, victim } = scene();
    const copy = join(world.project, "copy");
    symlinkSync(join(world.home, ".secret/key"), copy);
    spawnSync("cp", [copy, join(world.home, "s.json")]);
    expect(written(world)).toContain(secret);
    spawnSync("ln", ["-sfn", victim, copy]);
    spawnSync("cp", [join(world.home, "s.json"), copy]);
    expect(readFileSync(victim, "utf8")).toBe(secret);
  });
});

tableAtEnd("escape/copies.test.ts");
