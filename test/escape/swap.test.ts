import { describe, expect } from "bun:test";
import { lstatSync, mkdirSync, readFileSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { probe } from "../support/silo.ts";
import { eventually } from "../support/eventually.ts";
import type { World } from "../support/world.ts";
import { TESTER } from "../support/settings.ts";
import { canary, file, liveBox, MINUTES, own, planned, stage } from "./boxes.ts";
import { plainBox } from "./plain.ts";
import { bites, holds, tableAtEnd } from "./suite.ts";

const NAME = "a directory replaced by a symlink between the check and the mount";
const AGENT = readFileSync(join(import.meta.dir, "swap.pl"), "utf8");

/** Either side of the exchange may resolve the mount's target. */
const LOOT = "cat docs/.secret/key ~/.secret/key";

/** Number of starts against each agent. */
const STARTS = 30;

const isDirectory = (path: string) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory();

/** Results of the starts under attack. */
type Tally = { readonly won: number; readonly ran: number; readonly refused: readonly string[] };

/** Starts silo repeatedly while an agent exchanges the directory. */
async function attacked(
  victim: World,
  exchanged: string,
  loot: string,
  secret: string,
): Promise<Tally> {
  let [won, ran] = [0, 0];
  const refused: string[] = [];
  for (let i = 0; i < STARTS; i++) {
    // The working directory is a directory, not a link.
    await eventually("it is a directory", () => isDirectory(exchanged) === true, MINUTES);
    const { code, stdout, stderr } = await probe(victim, loot);
    if (stdout.includes(secret)) won++;
    else if (stdout.includes("looked")) ran++;
    else refused.push(`${code}: ${stderr}`);
  }
  return { won, ran, refused };
}

/** A project within another one, whose agent can exchange the inner project's directory. */
function nested(make: (above?: string) => World): { outer: World; inner: World; secret: string } {
  // In the home directory, so that the link next to it points there.
  const outer = make("home");
  const inner = make(outer.project.slice(outer.root.length + 1));
  const secret = canary(outer);
  file(inner, "silo.jsonc", "{}");
  file(inner, ".git/HEAD", "ref: refs/heads/main\n");
  symlinkSync("..", join(outer.project, "swap"));
  file(outer, "swap.pl", AGENT);
  own(outer);
  return { outer, inner, secret };
}

/** A project with a directory that its settings mount read-only. */
function readOnly(make: (above?: string) => World): { world: World; secret: string } {
  const world = make("home");
  const secret = canary(world);
  mkdirSync(join(world.project, "docs/.secret"), { recursive: true });
  file(world, "silo.jsonc", JSON.stringify({ mounts_ro: ["docs/.secret"] }));
  file(world, ".git/HEAD", "ref: refs/heads/main\n");
  symlinkSync("..", join(world.project, "swap"));
  file(world, "swap.pl", AGENT);
  own(world);
  return { world, secret };
}

const AGENTS = [
  ["that watches silo read its files", true],
  ["that exchanges blindly", false],
] as const;

describe.each([
  ["docker", TESTER],
  ["bwrap", undefined],
  ["bwrap", TESTER],
] as const)("%s", (backend, user) => {
  const { project } = stage(backend, user);
  const who = user === undefined ? "root" : "an ordinary user";

  for (const [agent, watches] of AGENTS) {
    holds(
      NAME,
      backend,
      `${STARTS} starts in a subdirectory, against an agent ${agent}, as ${who}`,
      async () => {
        const { outer, inner, secret } = nested(project);
        const name = inner.project.slice(outer.project.length + 1);
        const watched = watches ? ` ${name}/silo.jsonc ${name}/.git/HEAD` : "";
        const box = await liveBox(outer, `perl swap.pl ${name} swap${watched}`);
        const tally = await attacked(inner, inner.project, "cat .secret/key; echo looked", secret);
        await box.stop();
        expect(tally).toMatchObject({ won: 0 });
      },
    );

    holds(
      NAME,
      backend,
      `${STARTS} starts with a read-only mount, against an agent ${agent}, as ${who}`,
      async () => {
        const { world, secret } = readOnly(project);
        const watched = watches ? " silo.jsonc .git/HEAD" : "";
        const box = await liveBox(world, `perl swap.pl docs swap${watched}`);
        const tally = await attacked(
          world,
          join(world.project, "docs"),
          `${LOOT}; echo looked`,
          secret,
        );
        await box.stop();
        expect(tally).toMatchObject({ won: 0 });
      },
    );
  }

  holds(NAME, backend, `a start that nobody attacks is not refused, as ${who}`, async () => {
    const { inner } = nested(project);
    expect((await probe(inner, "echo ran")).stdout).toBe("ran\n");
    const { world } = readOnly(project);
    expect((await probe(world, "echo ran")).stdout).toBe("ran\n");
  });

  bites(
    NAME,
    backend,
    `the planned mounts alone give what the link leads to, as ${who}`,
    async () => {
      const { inner, outer, secret } = nested(project);
      const { mounts } = await planned(inner);
      renameSync(inner.project, join(outer.project, "away"));
      symlinkSync("..", inner.project);
      expect(plainBox(inner, mounts, "cat .secret/key").stdout).toBe(secret);
      const { world, secret: second } = readOnly(project);
      const plan = await planned(world);
      renameSync(join(world.project, "docs"), join(world.project, "away"));
      symlinkSync("..", join(world.project, "docs"));
      expect(plainBox(world, plan.mounts, LOOT).stdout).toContain(second);
    },
  );
});

tableAtEnd("escape/swap.test.ts");
