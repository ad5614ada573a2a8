/** Rows that need not be read back after they were written. */
import { decodeKey } from '../../domain/keys.ts';
import type { Mutation, Texts } from '../write-contract.ts';

type Table = {
  readonly key: readonly { readonly name: string }[];
  /** What is asked for of each row. */
  readonly rowColumns: readonly unknown[];
};

/** What was updated was locked by this key, and nobody asks for more of it. An insert may have made a second row of its key. */
export function isKeyEnough(
  { rowColumns, key }: Table,
  operation: Mutation['operation'] | undefined,
): boolean {
  return rowColumns.length === key.length && operation === 'update';
}

/** @param key encoded, of as many parts as the table's. */
export function keyRow({ key: columns }: Table, key: string): Texts {
  const texts = decodeKey(key, columns.length);
  return Object.fromEntries(columns.map(({ name }, i) => [name, texts[i] as string]));
}
