// Runs ours and its baselines in turn (A B A B …), so that other load on the machine affects all alike.

/** The results of one run, by name: a rate, a latency. */
export type Values = Record<string, number>;
export type Run = () => Promise<Values>;

/** The results of each named run in each round; a round runs each once. */
export async function alternate<Name extends string>(
  rounds: number,
  runs: Record<Name, Run>,
): Promise<Record<Name, Values[]>> {
  const names = Object.keys(runs) as Name[];
  const given = Object.fromEntries(names.map((name) => [name, [] as Values[]])) as Record<Name, Values[]>;
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) given[name].push(await runs[name]());
  }
  return given;
}

export function median(values: readonly number[]): number {
  const ascending = values.toSorted((a, b) => a - b);
  const middle = Math.floor(ascending.length / 2);
  const upper = ascending[middle] ?? Number.NaN;
  return ascending.length % 2 === 1 ? upper : ((ascending[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The ratio of ours to its baseline in each round. */
export function ratios(ours: readonly number[], baseline: readonly number[]): number[] {
  return ours.map((value, round) => value / (baseline[round] ?? Number.NaN));
}
