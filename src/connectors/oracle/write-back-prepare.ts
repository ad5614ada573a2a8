/** From a mutation to the statement that writes it, without asking the database. */
import { refused } from '../write-back/outcomes.ts';
import type { Mutation, Texts } from '../write-contract.ts';
import {
  callProcedure,
  deleteRow,
  insertRow,
  keyParts,
  type Statement,
  updateRow,
  valueParts,
} from './write-back-sql.ts';
import type { WriteTable } from './write-back-table.ts';

/** Everything that can be refused without asking the database. @throws InvalidValue, Refused */
export function prepare(table: WriteTable, mutation: Mutation): Statement | null {
  const { operation, key, origin } = mutation;
  if (key === null && operation !== 'insert') throw refused('INVALID_VALUE', `${operation} needs a key`);
  const values = withoutKey(table, mutation);
  const { originColumn, call } = table.spec;
  const tagged = originColumn === undefined ? values : { ...values, [originColumn]: origin };
  const parts = valueParts(table, tagged);
  if (call !== undefined) return callProcedure(table, mutation, parts);
  if (operation === 'delete') return deleteRow(table, key as string);
  // With nothing but its origin to change, the row stays as it is.
  if (operation === 'update') {
    return Object.keys(values).length === 0 ? null : updateRow(table, key as string, parts);
  }
  if (key === null) return insertRow(table, parts, 'generated');
  return insertRow(table, [...keyParts(table, key), ...parts], 'given');
}

/** Key columns among the values must say what the key says: a row's key never changes. */
function withoutKey(table: WriteTable, { key, values }: Mutation): Texts {
  const own = key === null ? null : keyParts(table, key);
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => {
      const at = table.key.findIndex((column) => column.name === name);
      if (at === -1) return true;
      const given = own === null ? null : valueParts(table, { [name]: value })[0]?.bind.val;
      if (own === null ? value === null : given === own[at]?.bind.val) return false;
      throw refused('KEY_CHANGED', `${name} is part of the key, which cannot be changed`);
    }),
  );
}
