/**
 * Factor for the number of random tests, from SILO_SOAK: 1 by default, 20 in test/run.sh and in CI.
 */
export const SOAK = Math.max(1, Number(process.env["SILO_SOAK"] ?? 1));
