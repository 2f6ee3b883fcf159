/** Whether the locale is UTF-8 (locale(7): LC_ALL, then LC_CTYPE, then LANG); on macOS also if none is set. */
export function isUtf8(
  env: Readonly<Record<string, string | undefined>>,
  platform: string,
): boolean {
  const set = [env["LC_ALL"], env["LC_CTYPE"], env["LANG"]].find((value) => (value ?? "") !== "");
  return set === undefined ? platform === "darwin" : /utf-?8/i.test(set);
}
