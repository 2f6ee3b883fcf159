/** A failing command line, with the files, programs and variables that cause the error. */
export type Scene = {
  readonly args: readonly string[];
  /** Files by their path below the scene's directory; the text `/` makes a directory. */
  readonly files?: Readonly<Record<string, string>>;
  /** The `docker` command, as the cases of a shell's `case "$1"`. */
  readonly engine?: string;
  /** The same for Apple's `container`. */
  readonly container?: string;
  /** The same for `bwrap`. */
  readonly bwrap?: string;
  /** Whether perl is installed; true by default. */
  readonly perl?: boolean;
  /** The same for other programs. */
  readonly programs?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** The working directory below the scene's; `app` by default. */
  readonly cwd?: string;
};

const GLOBAL = "home/.config/silo/silo.jsonc";
const LOCAL = "app/silo.jsonc";
/** A silo container in the output of `docker ps`. */
const row = (name: string, state: string, status: string) =>
  `'{"Names":"${name}","Image":"silo-codex:1","Labels":"silo.tool=codex,silo.session=5e55","State":"${state}","Status":"${status}"}'`;
const ps = (...rows: string[]) =>
  rows.length === 0 ? "ps) ;;" : `ps) printf '%s\\n' ${rows.join(" ")};;`;
const says = (verb: string, text: string, code: number) =>
  `${verb}) echo ${JSON.stringify(text)} >&2; exit ${code};;`;
const refuses = (text: string) =>
  `${ps()} ${says("run", `docker: Error response from daemon: ${text}`, 125)}`;
const builds = (log: string, code: number) =>
  `${refuses("No such image: silo-codex:1.")} buildx) exit 1;; build) echo ${JSON.stringify(log)}; exit ${code};;`;
const RUNS = ps(
  row("app-1", "running", "Up 2 minutes"),
  row("app-2", "exited", "Exited (0) 1 hour ago"),
);

const DOWN =
  'Error: interrupted: \\"XPC connection error: Connection invalid\\"\\nEnsure container system service has been started with container system start.';
const THERE =
  "--version) echo 'container CLI version 1.2.2';; list) echo '[]';; image) echo '[{}]';;";
const apple = (verb: string, text: string) => `${THERE} ${says(verb, text, 1)}`;
const IMAGELESS =
  "--version) echo 'container CLI version 1.2.2';; list) echo '[]';; image) echo '[]';; builder) echo '[]';;";

const KEYGEN =
  '-q) eval "file=\\${$#}"; echo key >"$file"; echo "ssh-ed25519 A silo" >"$file.pub";;';
const STARTED = "echo ' Machine ID: 9080e6f3c12345'";
/** A run with the fly backend and these cases of `fly`; mutagen and ssh are installed and do nothing. */
const onFly = (cases: Readonly<Record<string, string>>): Scene => {
  const said = { list: "echo '[]'", destroy: ":", ...cases };
  const machine = Object.entries(said).filter(([verb]) => !["ssh", "deploy"].includes(verb));
  const verbs = machine.map(([verb, does]) => `${verb}) ${does};;`).join(" ");
  const top = (["ssh", "deploy"] as const).map((verb) => `${verb}) ${cases[verb] ?? "exit 64"};;`);
  return {
    args: ["codex", "--backend", "fly"],
    files: { [GLOBAL]: '{ "backends": { "fly": { "app": "agents" } } }' },
    programs: {
      fly: `machine) case "$2" in ${verbs} esac;; ${top.join(" ")}`,
      mutagen: "sync) echo '[]';;",
      ssh: "x) ;;",
      "ssh-keygen": KEYGEN,
    },
  };
};
const fails = (text: string) => `echo "Error: ${text}" >&2; exit 1`;
/** A run in which every `fly` command fails with the same error. */
const flyFails = (text: string) =>
  onFly({ list: fails(text), run: fails(text), deploy: fails(text) });
const launchFails = (text: string) => onFly({ run: fails(`could not launch machine: ${text}`) });

/** Every error that users can get, by its origin. */
export const SCENES: Readonly<Record<string, Readonly<Record<string, Scene>>>> = {
  "the command line": {
    "an unknown command": { args: ["cluade"] },
    "an argument without --": { args: ["codex", "fix it"] },
    "an unexpected argument": { args: ["ls", "app-1"] },
    "an unknown option": { args: ["codex", "--dryrun"] },
    "a repeated option": { args: ["codex", "--verbose", "-v"] },
    "a value for an option that takes none": { args: ["codex", "--dry-run=yes"] },
    "an option without a value": { args: ["codex", "--name"] },
    "an unsupported value": { args: ["codex", "--backend", "dokcer"] },
    "a missing subcommand": { args: ["config"] },
    "a missing argument": { args: ["exec", "app-1"] },
    "an option of a run for another command": { args: ["--dry-run", "ls"] },
    "-- for a command that takes none": { args: ["ls", "--", "x"] },
    "an option of the tool": { args: ["codex", "--version"] },
    "--version with other options": { args: ["--version", "--verbose"] },
    "an unknown shell": { args: ["completion", "bsh"] },
    "no TTY to pick a tool": { args: [] },
    "no TTY to pick a container": { args: ["rm"] },
    "--all and a name": { args: ["rm", "--all", "app-1"] },
    "--global and --local": { args: ["config", "init", "--global", "--local"] },
  },
  "this machine": {
    "no absolute home": { args: ["config", "show"], env: { HOME: "here" } },
    "a tool's directory that cannot be made": {
      args: ["opencode"],
      files: { "home/config": "a file" },
      engine: ps(),
      env: { XDG_CONFIG_HOME: "<root>/home/config/x" },
    },
    "a state directory that cannot be made": {
      args: ["codex"],
      files: { "home/.local": "a file" },
      engine: ps(),
    },
    "the root directory": { args: ["codex"], cwd: "/", engine: ps() },
    "the home directory without a TTY": { args: ["codex"], cwd: "home", engine: ps() },
  },
  "the configuration": {
    "not valid": {
      args: ["codex"],
      files: { [GLOBAL]: '{"bakend": "docker", "env": ["A B=1"], "ports": ["1"]}', [LOCAL]: "{" },
    },
    "not readable": { args: ["codex"], files: { [LOCAL]: "/" } },
    "an existing file": { args: ["config", "init", "--global"], files: { [GLOBAL]: "{}" } },
    "not writable": { args: ["config", "init", "--global"], files: { "home/.config": "a file" } },
    "an editor that fails": {
      args: ["config", "edit", "--local"],
      files: { [LOCAL]: "{}" },
      env: { EDITOR: "false" },
    },
    "a missing editor": {
      args: ["config", "edit", "--local"],
      files: { [LOCAL]: "{}" },
      env: { EDITOR: "no-such-editor --wait" },
    },
    "an editor that deletes the file": {
      args: ["config", "edit", "--local"],
      files: { [LOCAL]: "{}" },
      env: { EDITOR: "rm" },
    },
    "an editor that writes an invalid file": {
      args: ["config", "edit", "--local"],
      files: { [LOCAL]: "{}" },
      env: { EDITOR: `printf '{"tol": "codex"}' >` },
    },
    "a file that changed meanwhile": {
      args: ["config", "edit", "--local"],
      files: { [LOCAL]: "{}" },
      env: { EDITOR: `printf '{}\\n' >silo.jsonc; printf '{ }' >` },
    },
  },
  trust: {
    "one file with requests": {
      args: ["codex"],
      files: { [LOCAL]: '{"mounts_rw": ["~/.ssh"], "env": ["AWS_SECRET_ACCESS_KEY"]}' },
    },
    "several files with requests": {
      args: ["codex"],
      files: { "silo.jsonc": '{"env": ["A"]}', [LOCAL]: '{"ports": ["80:80"]}' },
    },
    "a file that was approved with another content": {
      args: ["codex"],
      files: {
        [LOCAL]: '{"env": ["A"]}',
        "home/.local/state/silo/trust.json":
          '{"files": {"<root>/app/silo.jsonc": {"hash": "x", "mounts": {}}}, "places": {}}',
      },
    },
    "files that the tool runs": {
      args: ["claude"],
      files: {
        "app/.claude/settings.json": '{"hooks": {}}',
        "app/.claude/hooks/start.sh": "#!/bin/sh\n",
        "app/.mcp.json": "{}",
      },
    },
    "a pattern with a variable": {
      args: ["codex"],
      files: {
        [GLOBAL]: '{"repos": {"github.com/acme": {"env": ["ACME_TOKEN"]}}}',
        "app/.git/HEAD": "ref: refs/heads/main\n",
        "app/.git/config": '[remote "origin"]\n\turl = git@github.com:acme/app.git\n',
        "app/.git/objects": "/",
        "app/.git/refs": "/",
      },
    },
    "damaged approvals": {
      args: ["codex"],
      files: { [LOCAL]: '{"env": ["A"]}', "home/.local/state/silo/trust.json": "{" },
    },
    "approvals that could be forged": {
      args: ["codex"],
      files: { [LOCAL]: '{"env": ["A"]}' },
      env: { XDG_STATE_HOME: "<root>/app/state" },
    },
    "the user's own file": {
      args: ["config", "trust", "<root>/home/.config/silo"],
      files: { [GLOBAL]: "{}" },
    },
    "no such file": { args: ["config", "trust", "nowhere"] },
    "a file that is not valid": { args: ["config", "trust"], files: { [LOCAL]: "{" } },
    "--list and a path": { args: ["config", "trust", "--list", "x"] },
  },
  "the engine": {
    "not installed": { args: ["ls", "--backend", "docker"] },
    "not running": {
      args: ["ls"],
      engine: says(
        "ps",
        "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
        1,
      ),
    },
    "no permission on the socket": {
      args: ["ls"],
      engine: says(
        "ps",
        "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
        1,
      ),
    },
    "another error": {
      args: ["ls"],
      engine: says("ps", "Error response from daemon: it rains", 1),
    },
  },
  "a build": {
    "a failed step": { args: ["codex"], engine: builds("Step 3/9 : RUN false\nno luck", 1) },
    "a missing base image": {
      args: ["codex"],
      engine: builds("pull access denied for nowhere/none, repository does not exist", 1),
    },
    "a stopped engine": {
      args: ["codex"],
      engine: builds(
        "Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?",
        1,
      ),
    },
    "built, but not found": { args: ["codex"], engine: builds("done", 0) },
  },
  "a start": {
    "a name in use": {
      args: ["codex", "--name", "app-1"],
      engine: refuses(
        'Conflict. The container name \\"/app-1\\" is already in use by container \\"f00\\".',
      ),
    },
    "a port in use": {
      args: ["codex"],
      files: { [GLOBAL]: '{"ports": ["8080:80"]}' },
      engine: refuses("driver failed: Bind for 127.0.0.1:8080 failed: port is already allocated."),
    },
    "a full disk": { args: ["codex"], engine: refuses("write /x: no space left on device") },
    "another CPU architecture": {
      args: ["codex"],
      engine: refuses("exec /usr/bin/bash: exec format error"),
    },
    "a directory that is not shared with the VM": {
      args: ["codex"],
      engine: refuses("invalid mount config for type bind: bind source path does not exist: /x"),
    },
    "a runtime that is not registered": {
      args: ["codex"],
      files: { [GLOBAL]: '{"backends": {"docker": {"runtime": "kata"}}}' },
      engine: refuses("unknown or invalid runtime name: kata"),
    },
    "a runtime that does not isolate silo exec": {
      args: ["codex"],
      files: { [GLOBAL]: '{"backends": {"docker": {"runtime": "/usr/bin/crun-krun"}}}' },
    },
    "a kernel without seccomp": {
      args: ["codex"],
      engine: refuses(
        "seccomp is not enabled in your kernel, cannot run a custom seccomp profile.",
      ),
    },
    "an old docker": {
      args: ["codex"],
      engine: `${ps()} ${says("run", "docker: unknown flag: --pull", 125)}`,
    },
    "a missing program in the image": {
      args: ["codex"],
      engine: refuses("exec: codex: executable file not found in $PATH: unknown."),
    },
    "another error": { args: ["codex"], engine: refuses("it rains") },
    "Paperclip as root": { args: ["paperclipai"], engine: ps() },
    "a variable for the env file with a line break": {
      args: ["codex"],
      files: { [GLOBAL]: '{"env": ["DOCKER_HOST"]}' },
      engine: ps(),
      env: { DOCKER_HOST: "a\nb" },
    },
  },
  containers: {
    "no such name": { args: ["rm", "app-3"], engine: RUNS },
    "a running container": { args: ["rm", "app-1"], engine: RUNS },
    "--all with a running container": { args: ["rm", "--all"], engine: RUNS },
    "exec in a missing container": { args: ["exec", "app-3", "ls"], engine: RUNS },
    "exec in a stopped container": { args: ["exec", "app-2", "ls"], engine: RUNS },
    "no TTY to reconnect": { args: ["reconnect", "app-1"], engine: RUNS },
    "a container that cannot be removed": {
      args: ["rm", "--force", "app-1"],
      engine: `${RUNS} ${says("rm", "Error response from daemon: it rains", 1)}`,
    },
    "prune without a TTY": {
      args: ["prune"],
      engine: `${RUNS} image) ;; images) ;; system) ;; volume) ;;`,
    },
  },
  "Apple's container": {
    "not installed": { args: ["ls", "--backend", "container"] },
    "too old": {
      args: ["codex"],
      container: THERE.replace("1.2.2", "0.8.1"),
    },
    "not running, without a TTY": { args: ["codex"], container: says("image", DOWN, 1) },
    "a port in use": {
      args: ["codex"],
      files: { [GLOBAL]: '{"ports": ["8080:80"]}' },
      container: apple("run", 'Error: unknown: "Address already in use (errno: 48)"'),
    },
    "a path that the command cannot quote": {
      args: ["codex"],
      files: { "odd,:name/x": "", [GLOBAL]: '{"mounts_ro": ["<root>/odd,:name"]}' },
      container: THERE,
    },
    "another error": {
      args: ["codex"],
      container: apple("run", 'Error: internalError: "it rains"'),
    },
    "an unknown flag": {
      args: ["codex"],
      container: apple("run", "Error: Unknown option '--init'"),
    },
    "a Dockerfile that is too large": {
      args: ["codex"],
      files: { [GLOBAL]: JSON.stringify({ post_build_hooks: ["x".repeat(20_000)] }) },
      container: IMAGELESS,
    },
    "a failed build": {
      args: ["codex"],
      container: `${IMAGELESS} ${says("build", "#7 [2/3] RUN false\\nno luck", 1)}`,
    },
    "a missing base image": {
      args: ["codex"],
      container: `${IMAGELESS} ${says("build", "ERROR: failed to resolve source metadata for docker.io/library/none:1", 1)}`,
    },
  },
  "Fly.io": {
    "no app": { args: ["codex", "--backend", "fly"] },
    "flyctl is not installed": { ...onFly({}), programs: { mutagen: "x) ;;", ssh: "x) ;;" } },
    "mutagen is not installed": { ...onFly({}), programs: { fly: "x) ;;", ssh: "x) ;;" } },
    "ssh is not installed": { ...onFly({}), programs: { fly: "x) ;;", mutagen: "x) ;;" } },
    "not signed in": flyFails("no access token available. Please login with 'flyctl auth login'"),
    "a missing app": flyFails("Could not find App agents"),
    "an old flyctl": onFly({ run: fails("unknown flag: --rootfs-persist") }),
    "an unknown region": launchFails("region zzz not found"),
    "a region without capacity": launchFails("insufficient resources available to fulfill request"),
    "the machine quota": launchFails("your organization is over the allowed machine quota"),
    "a missing payment method": launchFails("please add a credit card to your organization"),
    "another error": launchFails("internal error (Request ID: 01H)"),
    "a failed build": onFly({
      run: fails("could not find image registry.fly.io/agents:x"),
      deploy: `echo '#7 [2/5] RUN npm install'; echo 'npm error network'; ${fails("failed to fetch an image or build from source: error building")}`,
    }),
    "a token without SSH access": onFly({
      run: STARTED,
      ssh: fails("could not create ssh certificate: not authorized"),
    }),
    "a full disk": onFly({
      run: STARTED,
      ssh: `echo 'bash: printf: write error: No space left on device' >&2; ${fails("ssh shell: Process exited with status 1")}`,
    }),
    "a missing program in the machine": onFly({
      run: STARTED,
      ssh: `echo 'bash: ssh-keygen: command not found' >&2; ${fails("ssh shell: Process exited with status 127")}`,
    }),
  },
  bwrap: {
    "not installed": { args: ["codex", "--backend", "bwrap"] },
    "perl is missing": { args: ["codex", "--backend", "bwrap"], bwrap: "x) ;;", perl: false },
    "tmp with an old bubblewrap": {
      args: ["codex", "--backend", "bwrap"],
      files: { [GLOBAL]: '{"backends": {"bwrap": {"tmp": "1g"}}}' },
      bwrap: "--unshare-user) exit 0;;",
    },
    "a mapped port": {
      args: ["codex", "--backend", "bwrap"],
      files: { [GLOBAL]: '{"ports": ["8080:80"]}' },
      bwrap: "x) ;;",
    },
    "no user namespaces": {
      args: ["codex", "--backend", "bwrap"],
      bwrap: `--unshare-user) echo "bwrap: No permissions to create new namespace, likely because the kernel does not allow non-privileged user namespaces." >&2; exit 1;;`,
    },
    "a failed build": {
      args: ["codex", "--backend", "bwrap"],
      bwrap: "--unshare-user) echo 'STEP 1/1: install Codex CLI'; echo no luck; exit 1;;",
    },
  },
};
