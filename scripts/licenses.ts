import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import lock from "../package-lock.json" with { type: "json" };
import { ROOT } from "./compile.ts";

const PATH = join(ROOT, "THIRD-PARTY-LICENSES.txt");

type Manifest = { readonly version: string; readonly license: string };

/** Packages in the binary, taken from the bundler's output, so that none is missed. */
export async function bundled(): Promise<readonly string[]> {
  process.chdir(ROOT);
  const built = await Bun.build({
    entrypoints: [join(ROOT, "src/main.ts")],
    target: "bun",
    splitting: true,
    metafile: true,
  });
  const names = Object.keys(built.metafile?.inputs ?? {}).map(
    (path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1],
  );
  return [...new Set(names.filter((name) => name !== undefined))].toSorted();
}

function ofPackage(name: string): string {
  const folder = join(ROOT, "node_modules", name);
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.\w+)?$/i.test(entry));
  if (file === undefined) throw new Error(`${name} has no licence text`);
  const text = readFileSync(join(folder, file), "utf8").replaceAll("\r\n", "\n").trim();
  return section(`${name} ${manifest.version} (${manifest.license})`, text);
}

/** Bun's package has no licence text, so this text names its licences and where to find them. */
const ofBun = () =>
  section(
    `bun ${lock.packages["node_modules/bun"].version} (MIT, and others)`,
    `The binary is made of the Bun runtime, Copyright (c) Oven, which is under the MIT license.

Bun links JavaScriptCore and other parts of WebKit, which are under the GNU Library General Public License 2, and
further libraries under the MIT, BSD, Apache 2.0, zlib, ICU, BoringSSL and LGPL 2.1 (tinycc) licenses. All of them, with
their addresses, and how to link Bun with a changed WebKit, are listed for that version in Bun's LICENSE.md:
https://github.com/oven-sh/bun/blob/bun-v${lock.packages["node_modules/bun"].version}/LICENSE.md

silo is linked anew with a changed Bun by \`bun build --compile\`, as scripts/compile.ts does it.`,
  );

const section = (title: string, text: string) => `${"=".repeat(78)}\n${title}\n\n${text}\n`;

const HEAD = `silo, Copyright 2026 The silo authors, is under the Apache License, Version 2.0:
https://www.apache.org/licenses/LICENSE-2.0

Its binary contains the following software, under the terms that stand with each.
`;

/** All licence texts that must be distributed with the binary. */
export async function licensesText(): Promise<string> {
  return [HEAD, ...(await bundled()).map(ofPackage), ofBun()].join("\n");
}

if (import.meta.main) {
  const text = await licensesText();
  if (!process.argv.includes("--check")) writeFileSync(PATH, text);
  else if (readFileSync(PATH, "utf8") !== text) {
    process.stderr.write("THIRD-PARTY-LICENSES.txt is out of date; run: bun scripts/licenses.ts\n");
    process.exit(1);
  }
}
