import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, realpathSync, rmSync, unlinkSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listeningIn, pathsIn, socketWarnings } from "../../src/sys/files/sockets.ts";

let root = "";
const servers: Server[] = [];
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "silo-sock-")));
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((done) => server.close(done))));
  rmSync(root, { recursive: true });
});

async function listen(path: string): Promise<void> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((done) => server.listen(path, done));
}

test("only sockets that listen below a mount are listed", () => {
  const list = [
    "Num       RefCount Protocol Flags    Type St Inode Path",
    "0000000000000000: 00000002 00000000 00010000 0001 01 10 /home/ada/app/a b.sock",
    "0000000000000000: 00000002 00000000 00010000 0005 01 11 /home/ada/app",
    "0000000000000000: 00000003 00000000 00000000 0001 03 12 /home/ada/app/connected",
    "0000000000000000: 00000002 00000000 00010000 0001 01 13 @/home/ada/app/abstract",
    "0000000000000000: 00000002 00000000 00010000 0001 01 14 /home/ada/app2/other",
    "0000000000000000: 00000002 00000000 00010000 0001 01 15 relative.sock",
    "0000000000000000: 00000002 00000000 00010000 0001 01 16",
    "garbage",
    "",
  ].join("\n");
  expect(pathsIn(list, [{ source: "/home/ada/app" }])).toEqual([
    "/home/ada/app/a b.sock",
    "/home/ada/app",
  ]);
  expect(pathsIn(list, [])).toEqual([]);
});

test.skipIf(process.platform !== "linux")(
  "a real socket is listed, and a deleted one is not",
  async () => {
    const mounts = [{ source: root }];
    expect(socketWarnings(mounts, "/home/ada")).toEqual([]);
    for (const name of ["a", "b", "c", "d"]) await listen(join(root, name));
    expect(listeningIn(mounts).toSorted()).toEqual(
      ["a", "b", "c", "d"].map((name) => join(root, name)),
    );
    expect(listeningIn([{ source: join(root, "x") }])).toEqual([]);
    expect(socketWarnings(mounts, root)[0]).toMatch(
      /^the tool can reach these sockets of host programs: (~\/[abcd], ){3}and 1 more$/,
    );
    unlinkSync(join(root, "a"));
    expect(listeningIn(mounts)).toHaveLength(3);
  },
);
