/** Aggregate and analytic functions: how many arguments, and whether they need OVER. */
export type AggregateSpec = { readonly least: number; readonly most: number; readonly analyticOnly: boolean };

const aggregates: ReadonlyMap<string, AggregateSpec> = new Map(
  (
    [
      ['COUNT', 1, 1],
      ['SUM', 1, 1],
      ['AVG', 1, 1],
      ['MIN', 1, 1],
      ['MAX', 1, 1],
      ['STDDEV', 1, 1],
      ['STDDEV_POP', 1, 1],
      ['STDDEV_SAMP', 1, 1],
      ['VARIANCE', 1, 1],
      ['VAR_POP', 1, 1],
      ['VAR_SAMP', 1, 1],
      ['LISTAGG', 1, 2],
    ] as const
  ).map(([name, least, most]) => [name, { least, most, analyticOnly: false }]),
);

const analytic: ReadonlyMap<string, AggregateSpec> = new Map(
  (
    [
      ['ROW_NUMBER', 0, 0],
      ['RANK', 0, 0],
      ['DENSE_RANK', 0, 0],
      ['PERCENT_RANK', 0, 0],
      ['CUME_DIST', 0, 0],
      ['NTILE', 1, 1],
      ['LAG', 1, 3],
      ['LEAD', 1, 3],
      ['FIRST_VALUE', 1, 1],
      ['LAST_VALUE', 1, 1],
      ['NTH_VALUE', 2, 2],
    ] as const
  ).map(([name, least, most]) => [name, { least, most, analyticOnly: true }]),
);

export function aggregateSpec(name: string): AggregateSpec | null {
  return aggregates.get(name) ?? analytic.get(name) ?? null;
}
