/** What stands in for chance in Oracle's SQL: arithmetic of row numbers, the same on every database. */

/** Odd and large, one for each salt: multiples of them spread over 2³². */
const FACTORS = [
  2_654_435_761, 2_246_822_519, 3_266_489_917, 668_265_263, 374_761_393, 2_971_215_073, 1_500_450_271,
  3_267_000_013, 4_093_082_899, 2_860_486_313, 3_367_900_313, 1_073_676_287,
] as const;

/** SQL of a whole number from 0 to `below` − 1, made of the number `n`; another one for each `salt` from 1 to 12. */
export function chance(n: string, salt: number, below: number): string {
  const factor = FACTORS[salt - 1];
  if (factor === undefined) throw new RangeError(`No factor for salt ${salt}`);
  // The low digits of a product repeat soon: those in the middle count.
  return `MOD(TRUNC(MOD(${n} * ${factor}, 4294967296) / 97), ${below})`;
}

/** SQL of the word with this number, from 0. */
export function oneOf(number: string, words: readonly string[]): string {
  const cases = words.map((word, at) => `${at}, '${word.replaceAll("'", "''")}'`);
  return `DECODE(${number}, ${cases.join(', ')})`;
}
