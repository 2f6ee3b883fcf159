/**
 * How much more of the random tests to run: 1 for a quick answer, 20 in test/run.sh and in CI.
 * Set by SILO_SOAK.
 */
export const SOAK = Math.max(1, Number(process.env["SILO_SOAK"] ?? 1));
