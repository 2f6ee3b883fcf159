/** Runs a program. @returns its stdout. @throws Error if it fails. */
export function must(command: readonly string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command]);
  if (exitCode !== 0) throw new Error(`${command.join(" ")} failed: ${stderr.toString()}`);
  return stdout.toString();
}
