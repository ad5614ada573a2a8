/** What stands in for chance in Oracle's SQL: arithmetic of row numbers, the same on every database. */

const PRIME = 2_147_483_647;

/** One for each salt. */
const FACTORS = [
  654_435_761, 246_822_519, 266_489_917, 668_265_263, 374_761_393, 971_215_073, 500_450_271, 267_000_013,
  1_093_082_899, 860_486_313, 367_900_313, 1_073_676_287,
] as const;

/** SQL of a whole number from 0 to `below` − 1, made of the number `n`; another one for each `salt` from 1 to 12. */
export function chance(n: string, salt: number, below: number): string {
  const factor = FACTORS[salt - 1];
  if (factor === undefined) throw new RangeError(`No factor for salt ${salt}`);
  // Of squares, since the multiples themselves would go up in steps that anyone sees.
  return `MOD(MOD(${n} * ${n} * ${factor}, ${PRIME}), ${below})`;
}

/** SQL of the word with this number, from 0. */
export function oneOf(number: string, words: readonly string[]): string {
  const cases = words.map((word, at) => `${at}, '${word.replaceAll("'", "''")}'`);
  return `DECODE(${number}, ${cases.join(', ')})`;
}
