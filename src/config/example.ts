/** A setting with its sentence; commented out, so that the file asks for nothing. */
type Example = { readonly about: string; readonly line: string; readonly globalOnly?: boolean };

const EXAMPLES: readonly Example[] = [
  { about: "What plain `silo` runs.", line: '"tool": "claude",' },
  { about: "Where tools run; chosen by itself when not set.", line: '"backend": "docker",' },
  {
    about: "NAME passes your value, NAME=value sets it.",
    line: '"env": ["EDITOR=vi", "GH_TOKEN"],',
  },
  { about: "Paths that the tool may read.", line: '"mounts_ro": ["~/.config/git"],' },
  { about: "Paths that it may read and write.", line: '"mounts_rw": ["~/notes"],' },
  {
    about: "Package caches that runs in one directory share, apart from yours.",
    line: '"caches": ["cargo", "npm"],',
  },
  { about: "Ports on 127.0.0.1, unless an address is given.", line: '"ports": ["3000:3000"],' },
  {
    about: "Commands that run once, when the image is built.",
    line: '"post_build_hooks": ["npm install -g typescript"],',
  },
  {
    about: "Commands that run before each start, in one bash.",
    line: '"pre_run_hooks": ["export FROM_HOOK=1"],',
  },
  {
    about: "What the image is made of.",
    line: '"image": { "base": "ubuntu:24.04", "toolchains": ["node", "go"] },',
  },
  {
    about: "Settings of each backend.",
    line: '"backends": { "docker": { "cpus": 4, "memory": "8g" } },',
  },
  { about: "Settings of one tool.", line: '"tools": { "codex": { "env": ["OPENAI_API_KEY"] } },' },
  {
    about: "Settings of repositories, by a part of a remote's address.",
    line: '"repos": { "github.com/acme": { "tool": "codex" } },',
  },
  {
    about: "Directories whose silo.jsonc files are obeyed without asking.",
    line: '"trusted_paths": ["~/src/mine"],',
    globalOnly: true,
  },
];

/** A new file: every setting explained, none made. It asks for nothing. */
export function exampleText(schema: string, scope: "global" | "local"): string {
  const shown = EXAMPLES.filter(({ globalOnly }) => globalOnly !== true || scope === "global");
  const where =
    scope === "global"
      ? "Your settings for silo, in every project."
      : "Settings of silo for this directory and those below it.";
  return [
    `// ${where}`,
    "// All are optional; take the // away from what you need.",
    "// `silo config show` prints what holds, and where each value came from.",
    "{",
    `  "$schema": ${JSON.stringify(schema)},`,
    ...shown.flatMap(({ about, line }) => ["", `  // ${about}`, `  // ${line}`]),
    "}",
    "",
  ].join("\n");
}
