import { expect, test } from "bun:test";
import { signalExit } from "../../src/runtime/child.ts";
import { capture } from "../../src/sys/process/process.ts";

test("a process ended by signal n has the exit status 128 + n", async () => {
  expect([signalExit("SIGTERM"), signalExit(9)]).toEqual([143, 137]);
  const ended = ["exit 7", "kill -9 $$", "kill -2 $$"].map((script) =>
    capture({ bin: "sh", args: ["-c", script] }).then(({ code }) => code),
  );
  expect(await Promise.all(ended)).toEqual([7, 137, 130]);
});
