import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { TOOLS } from "../../src/tools/index.ts";
import { planOf } from "../support/plan.ts";

/** `UPDATE_GOLDEN=1 npm run test:unit` writes the files anew; read the difference before you commit it. */
function held(name: string, text: string): void {
  const path = join(import.meta.dir, "files", name);
  if (process.env["UPDATE_GOLDEN"] === "1") {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  expect(text).toBe(readFileSync(path, "utf8"));
}

test.each(TOOLS.map((tool) => [tool.name, tool] as const))("the Dockerfile of %s", (name, tool) => {
  const { image } = planOf(tool);
  // Apple's builder refuses files of 16 KiB and more.
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
