/** Times two commands in turn, A B A B …, so that changes in the machine's speed affect both. */
export async function paired(
  a: () => Promise<void>,
  b: () => Promise<void>,
  rounds: number,
): Promise<{ a: number; b: number; difference: number; ratio: number }> {
  const times = { a: [] as number[], b: [] as number[] };
  await a();
  await b();
  for (let round = 0; round < rounds; round += 1) {
    times.a.push(await milliseconds(a));
    times.b.push(await milliseconds(b));
  }
  const differences = times.a.map((time, i) => time - (times.b[i] ?? 0));
  const [medianA, medianB] = [median(times.a), median(times.b)];
  return { a: medianA, b: medianB, difference: median(differences), ratio: medianA / medianB };
}

async function milliseconds(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((x, y) => x - y);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
