import manifest from "../package.json" with { type: "json" };

/** Starts silo: the only catch, and the only place that ends the process. */
async function main(argv: readonly string[]): Promise<number> {
  // Loads nothing else: it is what scripts ask most often.
  if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V")) {
    process.stdout.write(`silo ${manifest.version}\n`);
    return 0;
  }
  try {
    const { dispatch } = await import("./cli/dispatch.ts");
    return await dispatch(argv, manifest.version);
  } catch (error) {
    const { report } = await import("./cli/report.ts");
    return report(error);
  }
}

// A reader that has gone, as in `silo ls | head -0`, is no error of ours.
process.stdout.on("error", () => process.exit(0));
// The terminal may be gone before silo has cleaned up.
process.stderr.on("error", () => {});

process.exit(await main(process.argv.slice(2)));
