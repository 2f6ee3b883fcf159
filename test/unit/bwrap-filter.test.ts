import { expect, test } from "bun:test";
import { FILTER, filterHex, hex } from "../../src/backends/bwrap/filter.ts";
import { filterFor } from "../../src/core/seccomp/filter.ts";
import { sha256 } from "../../src/runtime/bun.ts";

test("the filter's name changes with the filter, so that no prefix keeps an outdated one", () => {
  const forms = (["x64", "arm64"] as const).flatMap((arch) =>
    (["root", "user"] as const).map((inhabitant) => hex(filterFor(arch, inhabitant))),
  );
  expect(FILTER).toBe(sha256(forms.join("")).slice(0, 16));
});

test("the filter as text equals the filter, for root and for an ordinary user", async () => {
  const arch = process.arch === "arm64" ? "arm64" : "x64";
  expect(Buffer.from(await filterHex(0), "hex")).toEqual(Buffer.from(filterFor(arch, "root")));
  expect(Buffer.from(await filterHex(1), "hex")).toEqual(Buffer.from(filterFor(arch, "user")));
});
