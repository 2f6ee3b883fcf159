/**
 * The flags of `fly` by command, from flyctl's source of August 2026, and a parser that behaves like pflag and cobra,
 * including their error messages.
 */

/** `-x`: shorthand. A value: `=` string, `=*` array, `=,` slice, `=#` integer, `=.` number, `=~` duration, `=?X` X when bare. */
const GLOBAL = "--access-token -t = | --verbose | --debug | --help -h";
const APP = "--app -a = | --config -c =";
const VM = `--vm-size = | --vm-cpus/--cpus =# | --vm-cpu-kind/--vm-cpukind = | --vm-memory/--memory = | --vm-max-memory = |
  --vm-gpus =# | --vm-gpu-kind = | --host-dedication-id =`;
const FILES = "--file-local =* | --file-literal =* | --file-secret =*";
const BUILD = "--dockerfile = | --image-label = | --build-arg =* | --build-target = | --build-only";
const MACHINE = `--region -r = | --id = | --name -n = | --org = | --rm | --volume -v =, | --use-zstd | ${APP} | --detach |
  --port -p =, | --env -e =* | --entrypoint = | ${BUILD} | --build-remote-only | --build-local-only | --build-depot |
  --build-nixpacks | --no-build-cache | --build-context-warn-size = | --machine-config = | --kernel-arg =* |
  --metadata -m =* | --schedule = | --skip-dns-registration | --autostart | --autostop =?stop | --restart = |
  --standby-for =, | ${FILES} | ${VM} | --rootfs-persist = | --rootfs-size = | --swap-size = | --cachedrive-size =`;
const DEPLOY = `${APP} | --image -i = | --now | --remote-only | --local-only | --push | --wg | --https-failover/--http-failover |
  --detach | --strategy = | --ignorefile = | ${BUILD} | --build-secret =* | --build-context-warn-size = | --no-cache |
  --depot =?true | --depot-scope = | --nixpacks | --buildkit | --buildkit-addr = | --buildkit-image = |
  --buildpacks-docker-host = | --buildpacks-volume =, | --recreate-builder | --yes/--auto-confirm -y | ${VM} | --env -e =* |
  --wait-timeout = | --release-command-timeout = | --lease-timeout = | --force-machines | --ha | --smoke-checks |
  --dns-checks | --max-unavailable =. | --no-public-ips | --flycast | ${FILES} | --primary-region = |
  --regions/--only-regions =, | --exclude-regions =, | --only-machines =, | --exclude-machines =, | --process-groups =, |
  --label =* | --max-concurrent =# | --immediate-max-concurrent =# | --volume-initial-size =# | --signal -s = |
  --deploy-retries = | --builder-pool = | --compression = | --compression-level =# | --update-only |
  --skip-release-command | --export-manifest = | --from-manifest =`;

/** Minimum and maximum number of positional arguments. */
type Count = readonly [least: number, most: number];
const ANY: Count = [0, Infinity];
const NONE: Count = [0, 0];

const COMMANDS: Readonly<Record<string, readonly [flags: string, count: Count]>> = {
  version: ["--json -j | --saveinstall -s", NONE],
  "auth whoami": ["--json -j", NONE],
  "auth token": ["--json -j | --quiet -q", NONE],
  "auth docker": ["", NONE],
  "apps list": ["--json -j | --org -o = | --quiet -q", NONE],
  "apps create": [
    "--name = | --generate-name | --network = | --machines | --yes/--auto-confirm -y | --save | --org -o = | --json -j",
    [0, 1],
  ],
  "apps destroy": ["--yes/--auto-confirm -y", ANY],
  deploy: [DEPLOY, [0, 1]],
  "machine run": [`${MACHINE} | --wg | --user = | --command = | --shell | --container =`, ANY],
  "machine create": [MACHINE, [1, Infinity]],
  "machine list": [`${APP} | --json -j | --quiet -q`, NONE],
  "machine status": [`${APP} | --select | --display-config -d`, [0, 1]],
  "machine wait": [`${APP} | --select | --state = | --wait-timeout -w =~`, [0, 1]],
  "machine start": [`${APP} | --select`, ANY],
  "machine stop": [`${APP} | --select | --signal -s = | --timeout =# | --wait-timeout -w =~`, ANY],
  "machine suspend": [`${APP} | --select | --wait-timeout -w =~`, ANY],
  "machine destroy": [`${APP} | --select | --force -f | --image -i =`, ANY],
  "machine exec": [
    `${APP} | --json -j | --select | --timeout =# | --container = | --no-container`,
    [1, 2],
  ],
  "ssh console": [
    `--org -o = | ${APP} | --command -C = | --machine = | --select -s | --region -r = | --quiet -q | --address -A = |
     --container = | --no-container | --pty | --user -u = | --process-group/--group -g =`,
    [0, 1],
  ],
  proxy: [
    `${APP} | --org -o = | --select -s | --quiet -q | --bind-addr -b = | --watch-stdin`,
    [1, 2],
  ],
  "platform regions": ["--json -j", NONE],
};

const GROUPS: Readonly<Record<string, string>> = {
  machine: "machine",
  machines: "machine",
  m: "machine",
  apps: "apps",
  app: "apps",
  auth: "auth",
  ssh: "ssh",
  platform: "platform",
};

const ALIASES: Readonly<Record<string, string>> = {
  "machine ls": "machine list",
  "machine remove": "machine destroy",
  "machine rm": "machine destroy",
  "apps delete": "apps destroy",
  "apps remove": "apps destroy",
  "apps rm": "apps destroy",
};

export const KNOWN_COMMANDS: readonly string[] = Object.keys(COMMANDS);

export type Parsed = {
  readonly command: string;
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly words: readonly string[];
};

/** A usage error. cobra prints the usage on stdout, since it has not parsed the flags for silence yet. */
export class Usage extends Error {
  readonly usage: string;
  constructor(message: string, usage: string) {
    super(message);
    this.usage = usage;
  }
}

/** `--help` was given. */
export class Help extends Error {}

type Flag = { readonly name: string; readonly short: string; readonly kind: string };

function flagsOf(command: string): ReadonlyMap<string, Flag> {
  const known = new Map<string, Flag>();
  for (const entry of `${COMMANDS[command]?.[0] ?? ""} | ${GLOBAL}`.split("|")) {
    const [names = "", ...rest] = entry.trim().split(/\s+/);
    const longs = names.split("/").map((name) => name.slice(2));
    const short = rest.find((word) => /^-\w$/.test(word))?.slice(1) ?? "";
    const kind = rest.find((word) => word.startsWith("=")) ?? "";
    const flag = { name: longs[0] ?? "", short, kind };
    if (flag.name === "") continue;
    for (const long of longs) known.set(`--${long}`, flag);
    if (short !== "") known.set(`-${short}`, flag);
  }
  return known;
}

/** Go's error for a value that does not parse. */
function complaint(kind: string, value: string): string | undefined {
  const quoted = JSON.stringify(value);
  if (kind === "" && !/^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(value))
    return `strconv.ParseBool: parsing ${quoted}: invalid syntax`;
  if (kind === "=#" && !/^[+-]?\d+$/.test(value))
    return `strconv.ParseInt: parsing ${quoted}: invalid syntax`;
  if (kind === "=." && (value === "" || Number.isNaN(Number(value))))
    return `strconv.ParseFloat: parsing ${quoted}: invalid syntax`;
  if (kind === "=~" && !/^(0|(\d+(\.\d+)?(h|m|s|ms|us|ns))+)$/.test(value))
    return /^\d+$/.test(value)
      ? `time: missing unit in duration ${quoted}`
      : `time: invalid duration ${quoted}`;
  return undefined;
}

/** Splits a slice at commas, as a line of CSV; the double refuses quoted fields. */
function valuesOf(kind: string, value: string): readonly string[] {
  if (kind !== "=,") return [value];
  if (value.includes('"')) throw new Error(`the double does not read CSV quotes: ${value}`);
  return value.split(",");
}

class Reader {
  readonly flags = new Map<string, readonly string[]>();
  readonly words: string[] = [];
  readonly #known: ReadonlyMap<string, Flag>;
  readonly #usage: string;

  constructor(known: ReadonlyMap<string, Flag>, usage: string) {
    this.#known = known;
    this.#usage = usage;
  }

  #give(flag: Flag, value: string): void {
    const why = complaint(flag.kind, value);
    const shown = flag.short === "" ? `--${flag.name}` : `-${flag.short}, --${flag.name}`;
    if (why !== undefined)
      throw new Usage(`invalid argument "${value}" for "${shown}" flag: ${why}`, this.#usage);
    const before = ["=*", "=,"].includes(flag.kind) ? (this.flags.get(flag.name) ?? []) : [];
    this.flags.set(flag.name, [...before, ...valuesOf(flag.kind, value)]);
  }

  /** Takes `--name`, `--name=value` or `--name value`. @returns how many words that were */
  #long(word: string, next: string | undefined): number {
    const [name = "", joined] = word.split(/=(.*)/s);
    if (name === "--" || name.startsWith("---"))
      throw new Usage(`bad flag syntax: ${word}`, this.#usage);
    const flag = this.#known.get(name);
    if (flag === undefined) throw new Usage(`unknown flag: ${name}`, this.#usage);
    if (joined !== undefined) this.#give(flag, joined);
    else if (flag.kind === "") this.#give(flag, "true");
    else if (flag.kind.startsWith("=?")) this.#give(flag, flag.kind.slice(2));
    else if (next === undefined) throw new Usage(`flag needs an argument: ${name}`, this.#usage);
    else {
      this.#give(flag, next);
      return 2;
    }
    return 1;
  }

  /** Takes `-x`, `-xy`, `-xvalue`, `-x=value` or `-x value`. @returns how many words that were */
  #short(word: string, next: string | undefined): number {
    for (let rest = word.slice(1); rest !== ""; rest = rest.slice(1)) {
      const flag = this.#known.get(`-${rest[0]}`);
      if (flag === undefined)
        throw new Usage(`unknown shorthand flag: '${rest[0]}' in ${word}`, this.#usage);
      if (rest.length > 2 && rest[1] === "=") return (this.#give(flag, rest.slice(2)), 1);
      if (flag.kind === "") this.#give(flag, "true");
      else if (rest.length > 1) return (this.#give(flag, rest.slice(1)), 1);
      else if (next === undefined)
        throw new Usage(`flag needs an argument: '${rest}' in ${word}`, this.#usage);
      else return (this.#give(flag, next), 2);
    }
    return 1;
  }

  read(argv: readonly string[]): void {
    for (let i = 0; i < argv.length;) {
      const word = argv[i] ?? "";
      if (word === "--") {
        this.words.push(...argv.slice(i + 1));
        return;
      }
      if (!word.startsWith("-") || word === "-") {
        this.words.push(word);
        i += 1;
      } else
        i += word.startsWith("--") ? this.#long(word, argv[i + 1]) : this.#short(word, argv[i + 1]);
    }
  }
}

/** Finds the command. Before it, global flags are supported only without a value or as `--flag=value`. */
function commandOf(argv: readonly string[]): { command: string; rest: readonly string[] } {
  const [first = "", second = ""] = argv;
  const help = "Usage:\n  fly [flags]\n  fly [command]\n";
  if (first === "" || first.startsWith("-"))
    throw new Usage(`the double takes the command's name first, not "${first}"`, help);
  if (first in COMMANDS) return { command: first, rest: argv.slice(1) };
  const group = GROUPS[first];
  if (group === undefined) throw new Usage(`unknown command "${first}" for "fly"`, help);
  const name = `${group} ${second}`;
  const command = ALIASES[name] ?? name;
  // The real command prints its help and succeeds, which would hide a wrong call.
  if (!(command in COMMANDS))
    throw new Usage(`unknown command "${second}" for "fly ${group}"`, help);
  return { command, rest: argv.slice(2) };
}

function countComplaint(command: string, words: readonly string[]): string | undefined {
  const [least, most] = COMMANDS[command]?.[1] ?? ANY;
  const got = words.length;
  if (got >= least && got <= most) return undefined;
  if (most === 0) return `unknown command ${JSON.stringify(words[0])} for "fly ${command}"`;
  if (most === Infinity) return `requires at least ${least} arg(s), only received ${got}`;
  // These two commands have another message.
  if (command === "ssh console" || command === "deploy")
    return `accepts at most ${most} arg(s), received ${got}`;
  return `accepts between ${least} and ${most} arg(s), received ${got}`;
}

/** Parses a command line. @throws Usage with the text of the real command, Help for `--help`. */
export function parse(argv: readonly string[]): Parsed {
  const { command, rest } = commandOf(argv);
  const usage = `Usage:\n  fly ${command} [flags]\n`;
  const reader = new Reader(flagsOf(command), usage);
  reader.read(rest);
  if (reader.flags.get("help")?.at(-1) === "true") throw new Help(usage);
  const why = countComplaint(command, reader.words);
  if (why !== undefined) throw new Usage(why, usage);
  return { command, flags: reader.flags, words: reader.words };
}

/** Splits a command line like Go's shlex: with quotes, backslashes and comments, but without shell syntax. */
export function shellWords(line: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let i = 0; i < line.length; i += 1) {
    const c = line[i] ?? "";
    if (/[ \t\r\n]/.test(c)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (c === "#" && word === undefined) {
      const end = line.indexOf("\n", i);
      i = end === -1 ? line.length : end;
    } else if (c === "'") {
      const end = line.indexOf("'", i + 1);
      if (end === -1) throw new Error("EOF found when expecting closing quote");
      word = (word ?? "") + line.slice(i + 1, end);
      i = end;
    } else if (c === '"') {
      word ??= "";
      for (i += 1; line[i] !== '"'; i += 1) {
        if (i >= line.length) throw new Error("EOF found when expecting closing quote");
        if (line[i] === "\\") i += 1;
        word += line[i] ?? "";
      }
    } else if (c === "\\") {
      if (i + 1 >= line.length) throw new Error("EOF found after escape character");
      i += 1;
      word = (word ?? "") + (line[i] ?? "");
    } else word = (word ?? "") + c;
  }
  return word === undefined ? words : [...words, word];
}

/** The last value of a flag. */
export const one = (parsed: Parsed, name: string): string => parsed.flags.get(name)?.at(-1) ?? "";

/** All its values. */
export const all = (parsed: Parsed, name: string): readonly string[] =>
  parsed.flags.get(name) ?? [];

/** Whether a boolean flag is set. */
export const on = (parsed: Parsed, name: string): boolean => /^(1|t)/i.test(one(parsed, name));
