const argv = process.argv.slice(2);

if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V")) {
  // What scripts ask most often: nothing else is loaded, and making process.stdout alone takes longer than all the rest.
  const { default: manifest } = await import("../package.json", { with: { type: "json" } });
  console.log(`silo ${manifest.version}`);
} else {
  process.exit(await main());
}

/** Starts silo: the only catch, and the only place that ends the process. */
async function main(): Promise<number> {
  process.on("uncaughtException", (error: Error & { code?: string }) => {
    // A reader or a terminal that has gone is no error of silo's, which still has to clean up.
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
  const { report } = await import("./cli/report-error.ts");
  return report(error);
}
