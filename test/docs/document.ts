import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export const ROOT = join(import.meta.dir, "../..");

export type Document = { readonly path: string; readonly text: string };

/** A fenced block; its kind is the first word after the fence. */
export type Block = { readonly line: number; readonly kind: string; readonly text: string };

/** All documents. */
export function documents(): readonly Document[] {
  const own = readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md"));
  return ["README.md", "CONTRIBUTING.md", "SECURITY.md", ...own.map((name) => `docs/${name}`)].map(
    (path) => ({
      path,
      text: readFileSync(join(ROOT, path), "utf8"),
    }),
  );
}

/** The fenced blocks. @throws Error if a fence is not closed. */
export function blocks({ path, text }: Document): readonly Block[] {
  const found: Block[] = [];
  let open: { line: number; fence: string; kind: string; lines: string[] } | undefined;
  for (const [i, line] of text.split("\n").entries()) {
    const [, fence = "", kind = ""] = /^\s*(`{3,}|~{3,})\s*([^\s`]*)/.exec(line) ?? [];
    if (open === undefined) {
      if (fence !== "") open = { line: i + 1, fence, kind, lines: [] };
    } else if (fence.startsWith(open.fence) && kind === "") {
      found.push({ line: open.line, kind: open.kind, text: open.lines.join("\n") });
      open = undefined;
    } else open.lines.push(line);
  }
  if (open !== undefined) throw new Error(`${path}:${open.line}: this block has no end`);
  return found;
}

/** The text without its blocks and comments. */
export function prose({ text }: Document): string {
  return text
    .replaceAll(/^(\s*)(`{3,}|~{3,})[^]*?^\s*\2\s*$/gm, "")
    .replaceAll(/<!--[^]*?-->/g, "");
}

/** The inline code. */
export function spans(document: Document): readonly string[] {
  return [...prose(document).matchAll(/`([^`]+)`/g)].map(([, span = ""]) =>
    span.replaceAll(/\s+/g, " "),
  );
}

/** The anchors of headings, as GitHub makes them. */
function anchors(document: Document): readonly string[] {
  const headings = prose(document).matchAll(/^#{1,6} +(.+?)\s*$/gm);
  return [...headings].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** Links to missing files or anchors of this repository. */
export function deadLinks(document: Document): readonly string[] {
  const targets = [...prose(document).matchAll(/\]\(([^)\s]+)[^)]*\)/g)].map(([, to = ""]) => to);
  return targets.filter((target) => {
    if (/^https?:/.test(target)) return false;
    const [file = "", anchor] = target.split("#");
    const path = file === "" ? document.path : join(dirname(document.path), file);
    if (file !== "" && !existsSync(join(ROOT, path))) return true;
    if (anchor === undefined) return false;
    const text = file === "" ? document.text : readFileSync(join(ROOT, path), "utf8");
    return !anchors({ path, text }).includes(anchor);
  });
}
