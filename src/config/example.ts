/** A setting and its explanation; written commented out, so that the new file needs no approval. */
type Example = { readonly about: string; readonly line: string; readonly globalOnly?: boolean };

const EXAMPLES: readonly Example[] = [
  { about: "Tool that plain `silo` runs.", line: '"tool": "claude",' },
  { about: "Backend that runs the tools; detected if not set.", line: '"backend": "docker",' },
  {
    about: "Environment variables: NAME passes your value, NAME=value sets it.",
    line: '"env": ["EDITOR=vi", "GH_TOKEN"],',
  },
  { about: "Paths to mount read-only.", line: '"mounts_ro": ["~/.config/git"],' },
  { about: "Paths to mount read-write.", line: '"mounts_rw": ["~/notes"],' },
  {
    about: "Package caches to keep for the next run in this directory; separate from yours.",
    line: '"caches": ["cargo", "npm"],',
  },
  {
    about: "Ports to publish, on 127.0.0.1 unless you give an address.",
    line: '"ports": ["3000:3000"],',
  },
  {
    about: "Commands to run once, when the image is built.",
    line: '"post_build_hooks": ["npm install -g typescript"],',
  },
  {
    about: "Commands to run before each start, all in one bash.",
    line: '"pre_run_hooks": ["export FROM_HOOK=1"],',
  },
  {
    about: "Contents of the image.",
    line: '"image": { "base": "ubuntu:24.04", "toolchains": ["node", "go"] },',
  },
  {
    about: "Settings of the backends.",
    line: '"backends": { "docker": { "cpus": 4, "memory": "8g" } },',
  },
  {
    about: "Settings for one tool only.",
    line: '"tools": { "codex": { "env": ["OPENAI_API_KEY"] } },',
  },
  {
    about: "Settings for matching repositories, by segments of a remote's address.",
    line: '"repos": { "github.com/acme": { "tool": "codex" } },',
  },
  {
    about: "Directories whose silo.jsonc files need no approval.",
    line: '"trusted_paths": ["~/src/mine"],',
    globalOnly: true,
  },
];

/** The text of a new silo.jsonc: every setting explained and commented out. */
export function exampleText(schema: string, scope: "global" | "local"): string {
  const shown = EXAMPLES.filter(({ globalOnly }) => globalOnly !== true || scope === "global");
  const where =
    scope === "global"
      ? "Your silo settings, for every project."
      : "silo settings for this directory and its subdirectories.";
  return [
    `// ${where}`,
    "// All settings are optional. Uncomment those that you need.",
    "// `silo config show` prints the merged settings and the file of each value.",
    "{",
    `  "$schema": ${JSON.stringify(schema)},`,
    ...shown.flatMap(({ about, line }) => ["", `  // ${about}`, `  // ${line}`]),
    "}",
    "",
  ].join("\n");
}
