import { describe, expect, test } from "bun:test";
import { mergeConfig } from "../../src/config/merge.ts";
import { parseConfig } from "../../src/config/parse.ts";
import type { FileConfig } from "../../src/config/schema.ts";
import { requestsOf, patternRequests, type RequestContext } from "../../src/trust/requests.ts";
import {
  approvedDigest,
  approvedPattern,
  isApproved,
  knownPatterns as known,
  movedMounts,
  NO_TRUST,
  parseRecord,
  refuseMoved,
  withApproval,
  withDigests,
  withoutApproval,
  withoutDigests,
  withoutPatterns,
  withPatternApproval,
  withPatterns,
  type GitPlace,
  type TrustRecord,
} from "../../src/trust/record.ts";

const CWD = "/home/me/app";
/** `out` is a link to a path outside, `lost` a dangling link, `in` a link that stays inside. */
const LINKS: Record<string, string | undefined> = {
  [`${CWD}/out`]: "/home/me/.ssh",
  [`${CWD}/out/id`]: "/home/me/.ssh/id",
  [`${CWD}/lost`]: undefined,
  [`${CWD}/in`]: `${CWD}/data`,
};
const PLACE: RequestContext = {
  home: "/home/me",
  env: {},
  cwd: CWD,
  real: (path) => (path in LINKS ? LINKS[path] : path),
};

const parsed = (text: string): FileConfig => {
  const result = parseConfig(text);
  if ("problems" in result) throw new Error(JSON.stringify(result.problems));
  return result.config;
};
const asks = (text: string, base = CWD, place = PLACE) =>
  requestsOf(parsed(text), base, place).map((ask) => ask.text);

describe("settings that need no approval", () => {
  test.each([
    "{}",
    '{"$schema": "x", "trusted_paths": ["/"]}',
    '{"image": {"toolchains": ["docker", "go"]}}',
    '{"backends": {"docker": {"socket": false}}}',
    '{"env": ["CI=1", "NODE_ENV=test", "TZ=UTC", "LANG=C.UTF-8", "LC_ALL=C", "DEBUG="]}',
    '{"env": ["RUST_LOG=debug", "RUST_BACKTRACE=1", "LOG_LEVEL=info", "LC_TIME=C"]}',
    '{"mounts_ro": [".", "./data", "in", "missing/yet", "~/app/x", "/home/me/app"]}',
    '{"tools": {"codex": {"mounts_ro": ["x"], "env": ["CI=b"]}}, "repos": {"r": {"env": ["CI=b"]}}}',
    '{"ports": [], "mounts_rw": [], "repos": {}, "tools": {"claude": {}}}',
  ])("%s", (text) => expect(asks(text)).toEqual([]));
});

describe("settings that need approval", () => {
  test.each([
    ['{"backend": "docker"}', 'backend: "docker"'],
    ['{"tool": "claude"}', 'tool: "claude"'],
    [
      '{"backends": {"docker": {"command": "/opt/x"}}}',
      'backends.docker.command: "/opt/x"   // runs this program on the host',
    ],
    [
      '{"backends": {"docker": {"socket": true}}}',
      "backends.docker.socket: true   // effectively root on the Docker host",
    ],
    ['{"backends": {"docker": {"cpus": 64}}}', "backends.docker.cpus: 64"],
    ['{"backends": {"container": {"memory": "99g"}}}', 'backends.container.memory: "99g"'],
    ['{"backends": {"fly": {"app": "theirs"}}}', 'backends.fly.app: "theirs"'],
    ['{"image": {"base": "evil/x"}}', 'image.base: "evil/x"'],
    ['{"mounts_rw": ["./data"]}', 'mounts_rw: "./data"   // ~/app/data'],
    ['{"mounts_ro": ["~/.ssh"]}', 'mounts_ro: "~/.ssh"   // gives ~/.ssh (keys and credentials)'],
    [
      '{"mounts_ro": ["!~/.ssh"]}',
      'mounts_ro: "!~/.ssh"   // ~/.ssh; gives ~/.ssh (keys and credentials)',
    ],
    ['{"mounts_ro": ["../other"]}', 'mounts_ro: "../other"   // ~/other'],
    ['{"mounts_ro": ["../apple"]}', 'mounts_ro: "../apple"   // ~/apple'],
    ['{"mounts_ro": ["out"]}', 'mounts_ro: "out"   // ~/.ssh; gives ~/.ssh (keys and credentials)'],
    [
      '{"mounts_ro": ["out/id"]}',
      'mounts_ro: "out/id"   // ~/.ssh/id; gives ~/.ssh (keys and credentials)',
    ],
    ['{"mounts_ro": ["lost"]}', 'mounts_ro: "lost"   // ~/app/lost'],
    ['{"env": ["TOKEN"]}', 'env: "TOKEN"   // your value'],
    ['{"ports": ["8080:80"]}', 'ports: "8080:80"'],
    ['{"pre_run_hooks": ["true"]}', 'pre_run_hooks: "true"'],
    ['{"post_build_hooks": ["true"]}', 'post_build_hooks: "true"'],
    ['{"tools": {"codex": {"env": ["A"]}}}', 'tools.codex.env: "A"   // your value'],
    ['{"repos": {"a.b/c": {"tool": "vibe"}}}', 'repos."a.b/c".tool: "vibe"'],
    ['{"repos": {"r": {"ports": ["1:1"]}}}', 'repos.r.ports: "1:1"'],
  ])("%s", (text, line) => expect(asks(text)).toEqual([line]));

  test.each(
    "PATH LD_PRELOAD NODE_OPTIONS DOCKER_HOST https_proxy ANTHROPIC_BASE_URL OPENAI_BASE_URL CODEX_HOME CLAUDE_CONFIG_DIR NPM_CONFIG_REGISTRY PIP_INDEX_URL AWS_ENDPOINT_URL GH_HOST EDITOR A CI_SERVER XCI DEBUG_FD LC_ LC_all LOCPATH LANGUAGE ci".split(
      " ",
    ),
  )("%s=…, whose value is not shown", (name) =>
    expect(asks(`{"env": ["${name}=s3cret\\nmore=x"]}`)).toEqual([`env: "${name}=…"`]),
  );

  test.each("CI NODE_ENV TZ LC_ALL DEBUG".split(" "))("the host's %s", (name) =>
    expect(asks(`{"env": ["${name}"]}`)).toEqual([`env: "${name}"   // your value`]),
  );

  test("a mount has its real path", () =>
    expect(requestsOf(parsed('{"mounts_ro": ["out", "~/.ssh"]}'), CWD, PLACE)).toMatchObject([
      { mount: { path: `${CWD}/out`, real: "/home/me/.ssh" } },
      { mount: { path: "/home/me/.ssh", real: "/home/me/.ssh" } },
    ]));

  test("a key that a later version adds", () => {
    const later = { backends: { other: { place: "far" } } } as unknown as FileConfig;
    expect(requestsOf(later, CWD, PLACE).map(({ key }) => key.join("."))).toEqual([
      "backends.other.place",
    ]);
  });

  test("a mount whose real path has changed since it was approved shows both", () => {
    const place = { ...PLACE, approved: { [`${CWD}/out`]: "/home/me/data", "/home/me/x": "/x" } };
    expect(asks('{"mounts_ro": ["out", "~/y"]}', CWD, place)).toEqual([
      'mounts_ro: "out"   // ~/.ssh, but ~/data when it was approved; gives ~/.ssh (keys and credentials)',
      'mounts_ro: "~/y"',
    ]);
  });

  test("a mount of a file in a parent directory, outside of the working directory", () => {
    expect(asks('{"mounts_ro": ["app/x"]}', "/home/me")).toEqual([]);
    expect(asks('{"mounts_ro": ["secrets"]}', "/home/me")).toHaveLength(1);
  });

  test("without a working directory, every mount", () => {
    expect(asks('{"mounts_ro": ["./data"]}', CWD, { ...PLACE, cwd: undefined })).toHaveLength(1);
  });
});

test("characters of a value that a terminal interprets are escaped", () => {
  const odd = 'a\u001B[2J\u009B1m\u0007\r\n\u202Eevil\u200B\u2028\u3164\u00A0\uDB40\uDC41"b';
  const texts = asks(
    JSON.stringify({
      post_build_hooks: [odd],
      mounts_rw: ["./\u001B]0;x\u0007"],
      repos: { [odd]: { ports: ["1:1"] } },
    }),
  );
  expect(texts).toHaveLength(3);
  for (const text of texts) expect(text).toMatch(/^[\x20-\x7E]+$/);
  expect(texts[1]).toBe(
    String.raw`post_build_hooks: "a\u001b[2J\u009b1m\u0007\r\n\u202eevil\u200b\u2028\u3164\u00a0\udb40\udc41\"b"`,
  );
});

test("settings of a repository pattern, merged from all files", () => {
  const files = [
    {
      path: "/home/me/.config/silo/silo.jsonc",
      config: { repos: { acme: { env: ["KEY", "CI=b"], tool: "vibe" as const } } },
    },
    {
      path: `${CWD}/silo.jsonc`,
      config: { repos: { acme: { mounts_ro: ["./x", "../y"] }, free: { env: ["CI=b"] } } },
    },
  ];
  const config = mergeConfig(files, {});
  expect(patternRequests(config, "acme", PLACE).map(({ text }) => text)).toEqual([
    'repos.acme.tool: "vibe"',
    'repos.acme.mounts_ro: "../y"   // ~/y',
    'repos.acme.env: "KEY"   // your value',
  ]);
  expect(patternRequests(config, "free", PLACE)).toEqual([]);
});

describe("the record of approvals", () => {
  const path = `${CWD}/silo.jsonc`;

  test("applies to one path and exactly its newest content until it is revoked", () => {
    const record = withApproval(withApproval(NO_TRUST, path, "one", []), path, "two", []);
    expect(isApproved(record, path, "one")).toBe(false);
    expect(isApproved(record, path, "two")).toBe(true);
    expect(isApproved(record, path, "two ")).toBe(false);
    expect(isApproved(record, "/elsewhere/silo.jsonc", "one")).toBe(false);
    expect(isApproved(withoutApproval(record, path), path, "two")).toBe(false);
  });

  test("is read back as it was written", () => {
    const mounts = [{ path: "/a", real: "/b" }];
    const file = withApproval(NO_TRUST, path, "x", mounts);
    const places = withPatterns(file, { cwd: CWD, shared: [] }, ["p"]);
    const patterns = withPatternApproval(places, CWD, "constructor", mounts);
    const record = withDigests(patterns, CWD, { ".mcp.json": "d" });
    expect(parseRecord(JSON.stringify(record))).toEqual(record);
    expect(record.files[path]?.mounts).toEqual({ "/a": "/b" });
  });

  test("in the first format: the last of a file's hashes counts", () => {
    const { hash = "" } = withApproval(NO_TRUST, path, "two", []).files[path] ?? {};
    const text = JSON.stringify({ files: { [path]: ["x", hash], "/b": [] }, places: {} });
    const record = parseRecord(text) ?? NO_TRUST;
    expect(isApproved(record, path, "two")).toBe(true);
    expect(record.files).toEqual({ [path]: { hash, mounts: {} } });
  });

  test("of a pattern applies in one directory, whatever the pattern's name", () => {
    const record = withPatternApproval(NO_TRUST, CWD, "acme", []);
    expect(approvedPattern(record, CWD, "acme")).toEqual({});
    expect(approvedPattern(record, CWD, "constructor")).toBeUndefined();
    expect(approvedPattern(record, `${CWD}/lib`, "acme")).toBeUndefined();
    expect(approvedPattern(withoutPatterns(record, CWD), CWD, "acme")).toBeUndefined();
  });

  test("of a tool's files applies in one directory", () => {
    const record = withDigests(NO_TRUST, CWD, { ".mcp.json": "d" });
    expect(approvedDigest(record, CWD, ".mcp.json")).toBe("d");
    expect(approvedDigest(record, CWD, "toString")).toBeUndefined();
    expect(approvedDigest(record, "/elsewhere", ".mcp.json")).toBeUndefined();
    expect(approvedDigest(withoutDigests(record, CWD), CWD, ".mcp.json")).toBeUndefined();
  });

  test("lists mounts whose real paths have changed since they were approved", () => {
    const mounts = [
      { path: "/a", real: "/a" },
      { path: "/b", real: "/elsewhere" },
      { path: "/c", real: "/c" },
    ];
    expect(movedMounts({ "/a": "/a", "/b": "/b" }, mounts)).toEqual([
      { path: "/b", real: "/elsewhere", before: "/b" },
      { path: "/c", real: "/c", before: undefined },
    ]);
  });

  test("refuses a plan whose mounts have other real paths than were checked", () => {
    const checked = [{ path: "/a", real: "/a" }];
    expect(() =>
      refuseMoved(checked, { "/a": { real: "/a" }, "/b": { real: "/c" } }),
    ).not.toThrow();
    expect(() => refuseMoved(checked, {})).not.toThrow();
    expect(() => refuseMoved(checked, { "/a": { real: "/home" } })).toThrow("/a resolved to /a");
  });

  test.each([
    "",
    "null",
    "[]",
    "{}",
    '{"files": {}}',
    '{"files": [], "places": {}}',
    '{"files": {"/a": "x"}, "places": {}}',
    '{"files": {"a": []}, "places": {}}',
    '{"files": {}, "places": {"/a": [1]}}',
    '{"files": {"/a": {"hash": 1, "mounts": {}}}, "places": {}}',
    '{"files": {"/a": {"hash": "x", "mounts": {"/b": 1}}}, "places": {}}',
    '{"files": {"/a": null}, "places": {}}',
    '{"files": {}, "places": {}, "patterns": {"/a": {"p": []}}}',
    '{"files": {}, "places": {}, "patterns": {"a": {}}}',
    '{"files": {}, "places": {}, "toolFiles": {"/a": {"p": 1}}}',
    '{"files": {}, "pla',
  ])("%j is damaged", (text) => expect(parseRecord(text)).toBeUndefined());
});

const knownPatterns = (record: TrustRecord, at: GitPlace, ran: readonly string[] = []) =>
  known(record, at, () => ran);

describe("patterns that apply without approval", () => {
  const place = (cwd: string, ...shared: string[]) => ({ cwd, shared });
  const ran = withPatterns(NO_TRUST, place("/w/app"), ["acme"]);

  test.each([
    ["all, if no tool has run", place("/w/new"), undefined],
    ["all, next to a directory in which a tool ran", place("/w/app2"), undefined],
    ["those of the last time", place("/w/app"), ["acme"]],
    ["those of the directory around it, which a tool could write", place("/w/app/lib"), ["acme"]],
    ["none, if a tool could write a part of it", place("/w"), []],
    ["those of the main repository, in its worktree", place("/w/tree", "/w/app/.git"), ["acme"]],
  ])("%s", (_, where, known) => expect(knownPatterns(ran, where)).toEqual(known));

  test("none, if a tool ran before any matched", () => {
    expect(knownPatterns(withPatterns(NO_TRUST, place("/w/app"), []), place("/w/app"))).toEqual([]);
  });

  test.each([
    ["here", "/w/app"],
    ["in a directory above", "/w"],
    ["in a directory below", "/w/app/lib"],
    ["in the git directory of another worktree", "/w/main/.git"],
  ])("none, if a tool ran before there was any pattern: %s", (_, ran) => {
    expect(knownPatterns(NO_TRUST, place("/w/app", "/w/main/.git"), [ran])).toEqual([]);
    expect(knownPatterns(NO_TRUST, place("/w/app2"), ["/w/app"])).toBeUndefined();
  });

  test("none of an outer directory's, if a tool without them could write too", () => {
    const outer = withPatterns(NO_TRUST, place("/w"), ["secret", "acme"]);
    const both = withPatterns(outer, place("/w/app"), ["acme"]);
    expect(knownPatterns(both, place("/w/app/lib"))).toEqual(["acme"]);
    expect(knownPatterns(outer, place("/w/app/lib"), ["/w/app"])).toEqual([]);
  });

  test("those of a worktree, in its main repository, but none that only a part of it has", () => {
    const tree = withPatterns(NO_TRUST, place("/w/tree", "/w/app/.git"), ["acme"]);
    expect(knownPatterns(tree, place("/w/app"))).toEqual(["acme"]);
    const part = withPatterns(ran, place("/w/app/lib"), ["secret"]);
    expect(knownPatterns(part, place("/w/app"))).toEqual(["acme"]);
  });

  test("a directory that lacks a pattern does not get it from the one around it", () => {
    const both = withPatterns(withPatterns(NO_TRUST, place("/w/app/lib"), []), place("/w/app"), [
      "secret",
    ]);
    expect(knownPatterns(both, place("/w/app/lib"))).toEqual([]);
  });

  test("without a new pattern the record is the same object", () => {
    expect(withPatterns(ran, place("/w/app"), ["acme"])).toBe(ran);
    expect(withPatterns(ran, place("/w/app"), [])).toBe(ran);
    expect(withPatterns(ran, place("/w/app"), ["more"])).not.toBe(ran);
  });
});
