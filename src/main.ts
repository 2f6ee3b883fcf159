const argv = process.argv.slice(2);

if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V")) {
  // Scripts call this often, so nothing else is loaded. Uses the console, because creating process.stdout takes longer.
  const { default: manifest } = await import("../package.json", { with: { type: "json" } });
  console.log(`silo ${manifest.version}`);
} else {
  process.exit(await main());
}

/** Runs the command line and reports every error. @returns the exit code. */
async function main(): Promise<number> {
  process.on("uncaughtException", (error: Error & { code?: string }) => {
    // Errors of a closed pipe or terminal are ignored, because silo still has to clean up.
    if (error.code !== "EPIPE" && error.code !== "EIO")
      void failed(error).then((code) => process.exit(code));
  });
  try {
    const { dispatch } = await import("./cli/dispatch.ts");
    return await dispatch(argv);
  } catch (error) {
    return await failed(error);
  }
}

async function failed(error: unknown): Promise<number> {
  const { printError } = await import("./cli/report-error.ts");
  return printError(error);
}
