/** What the tests of write targets share: mutations with ledger keys of their own, and options. */
import type { Mutation, Texts, WriteEntity, WriteOptions } from '../../src/connectors/write-contract.ts';

let mutations = 0;
/** The ledger of a database that outlives the tests has those of earlier runs. */
export const device = `device-${Date.now()}`;

/** An update of nothing, with a ledger key of its own, unless told otherwise. */
export function mutation(given: Partial<Mutation> & { readonly entity: string }): Mutation {
  return {
    ledgerKey: `${device}/${++mutations}`,
    operation: 'update',
    key: null,
    values: {},
    base: null,
    origin: null,
    ...given,
  };
}

export function insertOf(entity: string, values: Texts, key: string | null = null): Mutation {
  return mutation({ entity, operation: 'insert', key, values });
}

export function writeOptions(
  entities: readonly WriteEntity[],
  more: Partial<WriteOptions> = {},
): WriteOptions {
  return {
    entities: Object.fromEntries(entities.map((each) => [each.entity, each])),
    signal: new AbortController().signal,
    lockWaitMs: 1_000,
    ...more,
  };
}
