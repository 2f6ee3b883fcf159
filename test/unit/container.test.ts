import { expect, test } from "bun:test";
import { list } from "../../src/backends/container/list.ts";

test("only containers with a session label of silo are listed, so no others are reaped or removed", async () => {
  const row = (id: string, labels: object) => ({
    id,
    status: "running",
    configuration: { labels },
  });
  const rows = [
    row("app-1", { "silo.session": "0123456789abcdef", "silo.tool": "codex" }),
    row("buildkit", {}),
    row("theirs", { "silo.managed": "1" }),
  ];
  const listed = await list(() =>
    Promise.resolve({ code: 0, stdout: JSON.stringify(rows), stderr: "" }),
  );
  expect(listed.map(({ name, tool }) => [name, tool])).toEqual([["app-1", "codex"]]);
});
