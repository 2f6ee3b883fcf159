/** Runs a program that has to succeed. @returns what it printed. */
export function must(command: readonly string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command]);
  if (exitCode !== 0) throw new Error(`${command.join(" ")} failed: ${stderr.toString()}`);
  return stdout.toString();
}
