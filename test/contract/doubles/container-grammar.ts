/**
 * The options of Apple's `container` by command and version, as read from apple/container 0.9.0, 0.12.3, 1.0.0 and
 * 1.2.2, and a parser that is as strict as Swift's ArgumentParser.
 */

/** `-x`: short name; `=`: takes a value; `*`: may be repeated; `>=V`, `<V`: since, until. */
const PROCESS =
  "--env -e =* | --env-file =* | --gid = | --interactive -i | --tty -t | --user -u = | --uid = | --workdir -w = | --cwd = | --ulimit =*";
const RESOURCE = "--cpus -c = | --memory -m =";
const MANAGEMENT = `--arch -a = | --cap-add =* | --cap-drop =* >=0.12 | --cidfile = | --detach -d | --dns =* |
  --dns-domain = | --dns-option =* | --dns-search =* | --entrypoint = | --init >=0.10 | --init-image = >=0.10 |
  --kernel -k = | --kernel-arg =* >=1.2.0 | --label -l =* | --masked-path =* >=1.2.1 | --read-only-path =* >=1.2.1 |
  --mount =* | --name = | --network =* | --no-dns | --os = | --publish -p =* | --platform = | --publish-socket =* |
  --read-only | --rm | --remove | --rosetta | --runtime = >=0.10 | --shm-size = >=1.0 | --ssh | --tmpfs =* |
  --volume -v =* | --virtualization | --scheme = | --max-concurrent-downloads =`;
const FORMAT = "--format =";

const GRAMMAR: Readonly<Record<string, string>> = {
  run: `${PROCESS} | ${RESOURCE} | ${MANAGEMENT} | --progress =`,
  create: `${PROCESS} | ${RESOURCE} | ${MANAGEMENT}`,
  exec: `${PROCESS} | --detach -d`,
  build: `--arch -a =* | --build-arg =* | ${RESOURCE} | --dns =* | --dns-domain = | --dns-option =* | --dns-search =* |
    --file -f = | --label -l =* | --no-cache | --output -o =* | --os =* | --platform =* | --progress = | --pull >=0.10 |
    --quiet -q | --secret =* >=0.11 | --ssh = >=1.2.1 | --tag -t =* | --target = | --vsock-port =`,
  "builder status": `${FORMAT} | --quiet -q`,
  "builder start": RESOURCE,
  "builder stop": "",
  "builder delete": "--force -f",
  "image list": `${FORMAT} | --quiet -q | --verbose -v`,
  "image inspect": "",
  "image delete": "--all -a | --force -f",
  list: `--all -a | ${FORMAT} | --quiet -q`,
  inspect: "",
  start: "--attach -a | --interactive -i",
  stop: "--all -a | --signal -s = | --time -t =",
  kill: "--all -a | --signal -s =",
  delete: "--all -a | --force -f",
  logs: "--boot | --follow -f | -n =",
  stats: `${FORMAT} | --no-stream`,
  "system start":
    "--app-root -a = | --install-root = | --log-root = >=0.10 | --enable-kernel-install | --disable-kernel-install | --timeout = >=0.10",
  "system status": `--prefix -p = | ${FORMAT} >=0.10`,
  "system version": FORMAT,
  "system stop": "",
};

const ALIASES: Readonly<Record<string, string>> = {
  ls: "list",
  rm: "delete",
  i: "image",
  "image ls": "image list",
  "image rm": "image delete",
  "i ls": "image list",
  "builder rm": "builder delete",
};

/** Commands whose arguments after the first one belong to the guest. */
const PASSTHROUGH: Readonly<Record<string, number>> = { run: 1, create: 1, exec: 1 };

export type Option = { readonly name: string; readonly value: boolean; readonly repeat: boolean };
export type Parsed = {
  readonly command: string;
  readonly options: ReadonlyMap<string, readonly string[]>;
  readonly words: readonly string[];
};

/** A usage error: the text, and exit code 64. */
export class Usage extends Error {}

function newer(version: string, least: string): boolean {
  const [own, wanted] = [version, least].map((text) => text.split(".").map(Number));
  for (const [i, part] of (wanted ?? []).entries())
    if ((own?.[i] ?? 0) !== part) return (own?.[i] ?? 0) > part;
  return true;
}

export const since = newer;

function optionsOf(command: string, version: string): ReadonlyMap<string, Option> {
  const known = new Map<string, Option>();
  for (const entry of `${GRAMMAR[command] ?? ""} | --debug`.split("|")) {
    const words = entry
      .trim()
      .split(/\s+/)
      .filter((word) => word !== "");
    const names = words.filter((word) => word.startsWith("-"));
    const least = words.find((word) => word.startsWith(">="))?.slice(2);
    if (names[0] === undefined || (least !== undefined && !newer(version, least))) continue;
    const kind = words.find((word) => word.startsWith("=")) ?? "";
    const option = { name: names[0], value: kind !== "", repeat: kind === "=*" };
    for (const name of names) known.set(name, option);
  }
  return known;
}

function commandOf(argv: readonly string[]): { command: string; rest: readonly string[] } {
  const [first = "", second = ""] = argv;
  const two = `${ALIASES[first] ?? first} ${second}`;
  if ((ALIASES[two] ?? two) in GRAMMAR)
    return { command: ALIASES[two] ?? two, rest: argv.slice(2) };
  const one = ALIASES[first] ?? first;
  if (one in GRAMMAR) return { command: one, rest: argv.slice(1) };
  if (["image", "builder", "system"].includes(one))
    throw new Usage(`Error: Unexpected argument '${second}'\nUsage: container ${one} <subcommand>`);
  throw new Usage(`Error: Plugin 'container-${first}' not found.`);
}

/** Parses a command line. @throws Usage with the text of the real command. */
export function parse(argv: readonly string[], version: string): Parsed {
  const { command, rest } = commandOf(argv);
  const known = optionsOf(command, version);
  const usage = (text: string) =>
    new Usage(
      `Error: ${text}\nUsage: container ${command} [<options>]\n  See 'container ${command} --help' for more information.`,
    );
  const options = new Map<string, readonly string[]>();
  const words: string[] = [];
  const give = (option: Option, value: string) => {
    const before = option.repeat ? (options.get(option.name) ?? []) : [];
    options.set(option.name, [...before, value]);
  };
  for (let i = 0; i < rest.length; i += 1) {
    const word = rest[i] ?? "";
    if (!word.startsWith("-") || word === "-") {
      words.push(word);
      if (words.length === PASSTHROUGH[command]) {
        words.push(...rest.slice(i + 1));
        break;
      }
      continue;
    }
    if (word === "--") {
      words.push(...rest.slice(i + 1));
      break;
    }
    const [name = "", joined] = word.split(/=(.*)/s);
    // Short flags combine; a short option's value is never joined to it.
    if (/^-[a-zA-Z]{2,}$/.test(name)) {
      for (const letter of name.slice(1)) {
        const flag = known.get(`-${letter}`);
        if (flag === undefined || flag.value) throw usage(`Unknown option '${name}'`);
        give(flag, "true");
      }
      continue;
    }
    const option = known.get(name);
    if (option === undefined) throw usage(`Unknown option '${name}'`);
    if (!option.value) {
      if (joined !== undefined)
        throw usage(`The option '${name}' does not take any value, but '${joined}' was specified`);
      give(option, "true");
    } else if (joined !== undefined) give(option, joined);
    else {
      const next = rest[i + 1];
      if (next === undefined || (next.startsWith("-") && next !== "-"))
        throw usage(`Missing value for '${name} <${name.replace(/^-+/, "")}>'`);
      give(option, next);
      i += 1;
    }
  }
  return { command, options, words };
}
