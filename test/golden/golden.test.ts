import { expect, test } from "bun:test";
import { TOOLS } from "../../src/tools/index.ts";
import { helpText } from "../../src/cli/grammar/help.ts";
import { parseArgv } from "../../src/cli/grammar/parse.ts";
import { held } from "../support/held.ts";
import { planOf } from "../support/plan.ts";

test.each(TOOLS.map((tool) => [tool.name, tool] as const))("the Dockerfile of %s", (name, tool) => {
  const { image } = planOf(tool);
  // Apple's builder refuses Dockerfiles of 16 KiB and more.
  expect(image.dockerfile.length).toBeLessThan(16_384);
  held(`${name}.Dockerfile`, image.dockerfile);
});

test.each(TOOLS.map((tool) => [tool.name, tool] as const))("the plan of %s", (name, tool) => {
  const { image, env, ...plan } = planOf(tool);
  const shown = {
    ...plan,
    tag: image.tag,
    buildArgs: image.buildArgs,
    env: env.map((entry) => entry.name),
  };
  held(`${name}.json`, `${JSON.stringify(shown, undefined, 2)}\n`);
});

test("all help", () => {
  held("help.txt", `${helpText(parseArgv(["--help", "--all"]), 80)}\n`);
});
