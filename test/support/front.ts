import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { User } from "./settings.ts";

export const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The label of everything that a world creates on an engine; its value is the world's root. */
const LABEL = "silo.test";

const folder = (root: string) => join(root, "engine");

/** A directory for a world's PATH. Its `docker` or `podman` creates and lists only objects of this world. */
export function installFront(root: string, command: "docker" | "podman"): string {
  const engine = Bun.which(command, { PATH: SYSTEM_PATH });
  if (engine === null) return folder(root);
  mkdirSync(folder(root), { recursive: true });
  const front = join(folder(root), command);
  writeFileSync(front, script(engine, `${LABEL}=${root}`));
  chmodSync(front, 0o755);
  return folder(root);
}

/** The wrapper. It is written in Perl, since a shell changes the environment that it passes on. */
const script = (engine: string, label: string) => `#!/usr/bin/perl
# Adds the label of a test's world to what is made, and lists only what has it.
my ($engine, $label) = ('${engine}', '${label}');
my ($verb, $what) = @ARGV;
if ($verb =~ /^(run|create|build|commit)$/) {
  s/^(type=volume,.*)/$1,volume-label=$label/ for $engine =~ /docker/ ? @ARGV : ();
  my @option = $verb eq 'commit' ? ('--change', "LABEL $label") : ('--label', $label);
  splice @ARGV, 1, 0, @option;
} elsif ("$verb $what" eq 'volume create') {
  splice @ARGV, 2, 0, '--label', $label;
} elsif ($verb eq 'ps') {
  splice @ARGV, 1, 0, '--filter', "label=$label";
} elsif ("$verb $what" =~ /^(image|volume) ls$/) {
  splice @ARGV, 2, 0, '--filter', "label=$label";
}
exec {$engine} $engine, @ARGV or die "$engine: $!";
`;

type Place = {
  readonly root: string;
  readonly user: User | undefined;
  readonly env: Readonly<Record<string, string>>;
};

/**
 * Runs `docker`, or `podman` as the world's user, with the world's label.
 * @returns its output.
 * @throws Error if it fails.
 */
export function engine(
  { root, user, env }: Place,
  args: readonly string[],
  command: "docker" | "podman" = "docker",
): string {
  const line = [join(folder(root), command), ...args];
  const isRootless = command === "podman" && user !== undefined;
  const asUser = isRootless
    ? ["setpriv", `--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups", "--"]
    : [];
  const [bin = "", ...rest] = [...asUser, ...line];
  const { stdout, stderr, status } = spawnSync(bin, rest, {
    encoding: "utf8",
    cwd: "/",
    env: command === "podman" ? env : process.env,
  });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}
