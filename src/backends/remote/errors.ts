import { SiloError } from "../../errors.ts";

/** Number of output lines that an error shows. */
const LAST_LINES = 20;

/** The last lines of a program's output, without empty ones. */
export function lastLines(text: string): readonly string[] {
  const lines = text.split("\n").map((line) => line.trimEnd());
  return lines.filter((line) => line !== "").slice(-LAST_LINES);
}

const INSTALL = {
  mutagen: "brew install mutagen-io/mutagen/mutagen",
  ssh: "sudo apt-get install openssh-client   # on macOS: brew install openssh",
} as const;

/** The error for a missing program that remote machines need on this laptop. */
export function missingProgram(program: keyof typeof INSTALL): SiloError {
  return new SiloError(`the command "${program}" is not installed; remote machines need it`, {
    hint: INSTALL[program],
  });
}
