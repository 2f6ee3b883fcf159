import { expect, test } from "bun:test";
import { signalExit } from "../../src/runtime/child.ts";
import { capture } from "../../src/sys/process/process.ts";

test("a process that a signal ended has 128 and the number of the signal", async () => {
  expect([signalExit("SIGTERM"), signalExit(9)]).toEqual([143, 137]);
  const ended = ["exit 7", "kill -9 $$", "kill -2 $$"].map((script) =>
    capture({ bin: "sh", args: ["-c", script] }).then(({ code }) => code),
  );
  expect(await Promise.all(ended)).toEqual([7, 137, 130]);
});
